"""From an address, a page, a list, an Apple link or a name to feeds; and lists written and read."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from cryptography.fernet import Fernet

from bot.domain import Feed
from bot.errors import FetchError, NotAFeed, NotFound, Refused
from bot.feeds.discover import Discoverer
from bot.feeds.fetch import Fetcher
from bot.feeds.opml import parse_opml, to_opml
from bot.feeds.reader import FeedparserReader
from bot.vault import Vault
from tests.feed_server import FeedServer, Reply

VAULT = Vault(Fernet.generate_key().decode())


def rss(title: str, audio: bool = True) -> Reply:
    enclosure = '<enclosure url="https://h.example/a.mp3"/>' if audio else ""
    item = f"<item><title>a</title>{enclosure}</item>"
    return Reply(200, f'<rss version="2.0"><channel><title>{title}</title>{item}</channel></rss>'.encode())


def page(body: str, head: str = "") -> Reply:
    return Reply(200, f"<!doctype html><html><head>{head}</head><body>{body}</body></html>".encode())


@pytest.fixture
def server() -> Iterator[FeedServer]:
    with FeedServer({"/f": rss("Show"), "/blog": rss("Blog", audio=False)}) as running:
        yield running


@pytest.fixture
def problems() -> list[str]:
    return []


@pytest.fixture
def discoverer(server: FeedServer, problems: list[str]) -> Discoverer:
    fetcher = Fetcher(VAULT, allow={server.host}, connect_s=3, page_s=5)
    reader = FeedparserReader(fetcher, VAULT, jitter=lambda: 0.0)
    return Discoverer(fetcher, reader, VAULT, itunes_url=server.url("/apple"), report=problems.append)


@pytest.mark.parametrize("form", ["http://{}/f", "feed://{}/f", "pcast://{}/f", "feed:http://{}/f", " {}/f "])
def test_an_address_however_it_is_written(server: FeedServer, discoverer: Discoverer, form: str) -> None:
    (feed,) = discoverer.find(form.format(server.host))
    assert (feed.title, feed.url, feed.etag) == ("Show", server.url("/f"), "")


def test_a_feed_is_fetched_once(server: FeedServer, discoverer: Discoverer) -> None:
    discoverer.find(server.url("/f"))
    assert len(server.asked) == 1


def test_a_private_address_is_sealed(server: FeedServer, discoverer: Discoverer) -> None:
    (feed,) = discoverer.find(server.url("/f?token=tok3n", "jo:hunter2@"))
    assert "tok3n" not in str(feed) and "hunter2" not in str(feed)
    assert VAULT.open(feed.url, feed.sealed) == server.url("/f?token=tok3n", "jo:hunter2@")
    (hidden,) = discoverer.find(server.url("/f"), private=True)
    assert "/f" not in hidden.url and VAULT.open(hidden.url, hidden.sealed) == server.url("/f")


@pytest.mark.parametrize(
    ("head", "body"),
    [
        ('<link rel="alternate" type="application/rss+xml" href="/f">', ""),
        ('<link rel="ALTERNATE feed" type="application/atom+xml; charset=utf-8" href="f">', ""),
        ('<base href="/x/"><link rel="alternate" type="application/rss+xml" href="../f">', ""),
        ("", '<a href="/f">RSS</a>'),
        ("", '<a class="b" href="/about">About</a><a href="/feed/"><b>Subscribe</b></a>'),
        (
            '<link rel="alternate" type="application/rss+xml" href="/blog">'
            '<link rel="alternate" type="application/rss+xml" href="/f">',
            "",
        ),
        (
            '<link rel="alternate" type="application/rss+xml" href="/missing">'
            '<link rel="alternate" type="application/rss+xml" href="/f">',
            "",
        ),
    ],
)
def test_a_web_page_leads_to_its_podcast(
    server: FeedServer, discoverer: Discoverer, head: str, body: str
) -> None:
    server.routes |= {"/": page(body, head), "/feed/": rss("Show")}
    assert [feed.title for feed in discoverer.find(server.url("/"))] == ["Show"]


def test_a_page_that_names_no_feed(server: FeedServer, discoverer: Discoverer) -> None:
    server.routes["/"] = page('<a href="/about">About</a>')
    with pytest.raises(NotFound, match="names no feed"):
        discoverer.find(server.url("/"))


def test_a_page_whose_feeds_are_broken(
    server: FeedServer, discoverer: Discoverer, problems: list[str]
) -> None:
    server.routes["/"] = page('<a href="/feed">RSS</a>')
    with pytest.raises(NotFound, match="none of them"):
        discoverer.find(server.url("/"))
    assert len(problems) == 1 and "404" in problems[0]


@pytest.mark.parametrize(("body", "words"), [(b'{"a": 1}', "JSON"), (b"", "nothing"), (b"ID3", "audio")])
def test_what_is_no_feed(server: FeedServer, discoverer: Discoverer, body: bytes, words: str) -> None:
    server.routes["/x"] = Reply(200, body)
    with pytest.raises(NotAFeed, match=words):
        discoverer.find(server.url("/x"))


def test_what_must_not_be_fetched_is_refused(discoverer: Discoverer) -> None:
    with pytest.raises(Refused):
        discoverer.find("http://127.0.0.1/feed")
    with pytest.raises(Refused):
        discoverer.find("file:///etc/passwd")


def test_missing_things_say_so(server: FeedServer, discoverer: Discoverer) -> None:
    with pytest.raises(FetchError, match="404"):
        discoverer.find(server.url("/nothing"))
    with pytest.raises(NotFound, match="Nothing to look for"):
        discoverer.find("  ")


OPML = b"""<?xml version="1.0"?><opml version="1.0"><head><title>x</title></head><body>
<outline text="Folder"><outline text="Inner">
  <outline type="rss" text="One &amp; only" xmlUrl="https://a.example/1" htmlUrl="https://a.example"/></outline>
  <outline type="rss" title="Two" text="2" xmlURL=" feed://b.example/2 "/></outline>
<outline type="rss" text="Broken"/><outline type="rss" text="Odd" xmlUrl="ftp://x.example/"/>
<outline text="Secret" xmlUrl="https://c.example/3?auth=tok3n"/>
<outline text="Lost" private="true" xmlUrl="https://d.example/4?auth=~0123456789"/>
</body></opml>"""


@pytest.mark.parametrize("by", ["file", "address"])
def test_opml(
    server: FeedServer, discoverer: Discoverer, problems: list[str], tmp_path: Path, by: str
) -> None:
    (tmp_path / "list.opml").write_bytes(OPML)
    server.routes["/list"] = Reply(200, OPML)
    feeds = discoverer.find(str(tmp_path / "list.opml") if by == "file" else server.url("/list"))
    assert [feed.title for feed in feeds] == ["One & only", "Two", "Secret"]
    assert [feed.url for feed in feeds[:2]] == ["https://a.example/1", "https://b.example/2"]
    assert "tok3n" not in str(feeds) and feeds[2].sealed
    assert [problem.split(":")[0] for problem in problems] == ["Broken", "Odd", "Lost"]


def test_a_damaged_opml_gives_what_can_be_read() -> None:
    damaged = b'<opml><body><outline text="A & B" xmlUrl="https://a.example/"><outline text="C" xmlUrl="http:'
    assert [o.url for o in parse_opml(damaged).outlines] == ["https://a.example/"]
    with pytest.raises(NotAFeed):
        parse_opml(b"<rss/>")
    with pytest.raises(NotAFeed):
        parse_opml(b"")


def test_a_file_that_is_no_list(discoverer: Discoverer, tmp_path: Path) -> None:
    (tmp_path / "x.txt").write_text("hello")
    with pytest.raises(NotAFeed, match="isn't an OPML list"):
        discoverer.find(str(tmp_path / "x.txt"))


def test_no_file_is_looked_at_unless_it_may(discoverer: Discoverer, tmp_path: Path) -> None:
    (tmp_path / "list.opml").write_bytes(OPML)
    for name in ("list.opml", "nothing.opml"):
        with pytest.raises(NotFound, match=f"There is no file {tmp_path / name}"):
            discoverer.find(str(tmp_path / name), files=False)


def test_export_and_import_again() -> None:
    url, sealed = VAULT.seal("https://jo:hunter2@p.example/f?token=tok3n")
    feeds = [
        Feed(url="https://a.example/?x=1&y=2", title='A "quoted" <b> & \x01', link="https://a.example"),
        Feed(url="https://b.example/f"),
        Feed(url=url, sealed=sealed, title="Private"),
    ]
    text = to_opml(feeds)
    assert "hunter2" not in text and "tok3n" not in text and sealed not in text
    assert "its secret isn't exported" in text
    back = parse_opml(text.encode())
    assert [(o.url, o.title) for o in back.outlines] == [
        ("https://a.example/?x=1&y=2", 'A "quoted" <b> &'),
        ("https://b.example/f", "https://b.example/f"),
    ]
    assert len(back.problems) == 1 and back.problems[0].startswith("Private")


def results(*urls: str) -> Reply:
    found: list[dict[str, Any]] = [{"collectionName": "x", "feedUrl": url} for url in urls]
    return Reply(200, json.dumps({"results": [*found, {"collectionName": "no feed"}]}).encode())


@pytest.mark.parametrize(
    "link",
    [
        "https://podcasts.apple.com/us/podcast/show/id123456?i=99",
        "podcasts.apple.com/podcast/id123456",
        "https://itunes.apple.com/de/podcast/show/id123456?mt=2",
    ],
)
def test_an_apple_link_is_looked_up(server: FeedServer, discoverer: Discoverer, link: str) -> None:
    server.routes["/apple/lookup"] = results(server.url("/f"))
    assert discoverer.find(link)[0].url == server.url("/f")
    assert "id=123456" in server.asked[0].path


def test_a_name_is_searched(server: FeedServer, discoverer: Discoverer) -> None:
    server.routes |= {
        "/apple/search": results(server.url("/missing"), server.url("/blog"), server.url("/f")),
    }
    assert [feed.title for feed in discoverer.find("The Größe of Trees")] == ["Show"]
    assert "term=The+Gr%C3%B6%C3%9Fe+of+Trees" in server.asked[0].path


def test_a_name_that_nobody_knows(server: FeedServer, discoverer: Discoverer) -> None:
    server.routes["/apple/search"] = results()
    with pytest.raises(NotFound, match="No podcast found for “Trees”"):
        discoverer.find("Trees")


def test_an_answer_that_makes_no_sense(server: FeedServer, discoverer: Discoverer) -> None:
    server.routes["/apple/search"] = Reply(200, b"<html>")
    with pytest.raises(NotFound, match="can't be understood"):
        discoverer.find("Trees")


def test_a_name_without_internet_says_so() -> None:
    fetcher = Fetcher(VAULT)
    reader = FeedparserReader(fetcher, VAULT, jitter=lambda: 0.0)
    offline = Discoverer(fetcher, reader, VAULT, itunes_url="https://search.invalid")
    with pytest.raises(NotFound, match=r"needs the internet.*Give the feed's address"):
        offline.find("Trees")
