"""Polling over real HTTP: conditional, moved, gone, failing; and what stays known meanwhile."""

from __future__ import annotations

import gzip
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from cryptography.fernet import Fernet

from bot.domain import Feed
from bot.feeds.fetch import Fetcher
from bot.feeds.reader import FeedparserReader
from bot.vault import Vault
from tests.feed_server import Asked, FeedServer, Reply

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
VAULT = Vault(Fernet.generate_key().decode())
ITUNES = 'xmlns:itunes="http://www.itunes.com/dtds/podcast-1.0.dtd"'
PODCAST = 'xmlns:podcast="https://podcastindex.org/namespace/1.0"'
SY = 'xmlns:sy="http://purl.org/rss/1.0/modules/syndication/"'


def rss(*guids: str, channel: str = "", title: str = "Show") -> bytes:
    items = "".join(
        f'<item><guid>{g}</guid><title>{g}</title><enclosure url="https://h.example/{g}.mp3"/></item>'
        for g in guids
    )
    head = f'<rss version="2.0" {ITUNES} {PODCAST} {SY}>'
    return f"{head}<channel><title>{title}</title>{channel}{items}</channel></rss>".encode()


@pytest.fixture
def server() -> Iterator[FeedServer]:
    with FeedServer() as running:
        yield running


@pytest.fixture
def reader(server: FeedServer) -> FeedparserReader:
    fetcher = Fetcher(VAULT, allow={server.host}, page_s=5)
    return FeedparserReader(fetcher, VAULT, jitter=lambda: 0.0)


def known(server: FeedServer, path: str = "/f") -> Feed:
    return Feed(
        id=9, url=server.url(path), title="Known", link="https://l.example", language="en", backfill=4
    )


def test_first_poll(server: FeedServer, reader: FeedparserReader) -> None:
    headers = {"ETag": '"1"', "Last-Modified": "Sun, 01 Mar 2026 11:00:00 GMT"}
    server.routes["/f"] = Reply(200, rss("a", "b"), headers)
    poll = reader.poll(known(server), NOW)
    assert poll.episodes is not None and [e.guid for e in poll.episodes] == ["a", "b"]
    feed = poll.feed
    assert (feed.id, feed.title, feed.backfill, feed.etag) == (9, "Show", 4, '"1"')
    assert feed.last_modified == "Sun, 01 Mar 2026 11:00:00 GMT"
    assert (feed.checked_at, feed.next_check_at) == (NOW, NOW + timedelta(hours=1))


def test_an_unchanged_feed_sends_nothing(server: FeedServer, reader: FeedparserReader) -> None:
    def answer(asked: Asked) -> Reply:
        unchanged = asked.headers.get("if-none-match") == '"1"'
        return Reply(304) if unchanged else Reply(200, rss("a"), {"ETag": '"1"', "Last-Modified": "x"})

    server.routes["/f"] = answer
    first = reader.poll(known(server), NOW)
    second = reader.poll(replace(first.feed, failures=3, error="was down"), NOW + timedelta(hours=1))
    assert second.episodes is None
    assert (second.feed.etag, second.feed.last_modified, second.feed.title) == ('"1"', "x", "Show")
    assert (second.feed.failures, second.feed.error) == (0, "")
    assert server.asked[1].headers["if-modified-since"] == "x"


def test_validators_that_vanish_are_forgotten(server: FeedServer, reader: FeedparserReader) -> None:
    server.routes["/f"] = Reply(200, rss("a"))
    feed = reader.poll(replace(known(server), etag='"old"', last_modified="old"), NOW).feed
    assert (feed.etag, feed.last_modified) == ("", "")


def test_gzip(server: FeedServer, reader: FeedparserReader) -> None:
    server.routes["/f"] = Reply(200, gzip.compress(rss("a")), {"Content-Encoding": "gzip"})
    assert len(reader.poll(known(server), NOW).episodes or ()) == 1


@pytest.mark.parametrize(("status", "stored"), [(301, True), (308, True), (302, False), (307, False)])
def test_moves(server: FeedServer, reader: FeedparserReader, status: int, stored: bool) -> None:
    server.routes |= {"/f": Reply(status, headers={"Location": "/new"}), "/new": Reply(200, rss("a"))}
    feed = reader.poll(known(server), NOW).feed
    assert feed.url == server.url("/new" if stored else "/f")


def test_a_move_to_something_else_is_not_stored(server: FeedServer, reader: FeedparserReader) -> None:
    server.routes |= {
        "/f": Reply(301, headers={"Location": "/login"}),
        "/login": Reply(200, b"<!doctype html><html>Log in</html>"),
    }
    feed = reader.poll(known(server), NOW).feed
    assert feed.url == server.url("/f")
    assert (feed.failures, feed.title) == (1, "Known") and "web page" in feed.error


@pytest.mark.parametrize(
    ("there", "follow"),
    [
        (Reply(200, rss("b", "a")), True),
        (Reply(200, rss("x", "y")), False),
        (Reply(404), False),
        (Reply(410), False),
        (Reply(200, b"<html>hello</html>"), False),
        (
            Reply(200, rss("a", channel="<itunes:new-feed-url>https://back.example/f</itunes:new-feed-url>")),
            False,
        ),
    ],
    ids=["same show", "other show", "missing", "gone", "no feed", "points elsewhere"],
)
def test_new_feed_url(server: FeedServer, reader: FeedparserReader, there: Reply, follow: bool) -> None:
    notice = f"<itunes:new-feed-url>{server.url('/new')}</itunes:new-feed-url>"
    server.routes |= {"/f": Reply(200, rss("a", channel=notice), {"ETag": '"f"'}), "/new": there}
    poll = reader.poll(known(server), NOW)
    assert poll.feed.url == server.url("/new" if follow else "/f")
    assert poll.feed.error == "" and poll.feed.etag == ("" if follow else '"f"')
    assert [e.guid for e in poll.episodes or ()] == (["b", "a"] if follow else ["a"])


def test_new_feed_url_by_podcast_guid(server: FeedServer, reader: FeedparserReader) -> None:
    guid = "<podcast:guid>p</podcast:guid>"
    notice = f"<itunes:new-feed-url>{server.url('/new')}</itunes:new-feed-url>{guid}"
    server.routes |= {"/f": Reply(200, rss("a", channel=notice)), "/new": Reply(200, rss("z", channel=guid))}
    assert reader.poll(known(server), NOW).feed.url == server.url("/new")


def test_gone(server: FeedServer, reader: FeedparserReader) -> None:
    server.routes["/f"] = Reply(410)
    told = reader.poll(known(server), NOW).feed
    assert (told.status, told.title) == ("active", "Known") and "gone for good" in told.error
    feed = reader.poll(replace(told, give_up_at=NOW), NOW).feed
    assert (feed.status, feed.next_check_at, feed.title) == ("gone", None, "Known")


def test_that_nobody_answers_counts_only_while_another_feed_does(
    server: FeedServer, reader: FeedparserReader
) -> None:
    server.routes["/f"] = Reply(200, rss("a"))
    dead = replace(known(server), url="http://nobody.invalid/f")
    assert reader.poll(dead, NOW).feed.give_up_at is None
    reader.poll(known(server), NOW)
    later = NOW + timedelta(hours=2)
    failing = reader.poll(dead, later).feed
    assert (failing.failing_since, failing.give_up_at) == (later, later + timedelta(days=14))
    assert reader.poll(dead, later + timedelta(minutes=1)).feed.give_up_at is None


@pytest.mark.parametrize("status", [429, 503])
def test_retry_after(server: FeedServer, reader: FeedparserReader, status: int) -> None:
    server.routes["/f"] = Reply(status, headers={"Retry-After": "7200"})
    feed = reader.poll(known(server), NOW).feed
    assert feed.next_check_at == NOW + timedelta(hours=2)
    assert (feed.status, feed.failures) == ("active", 1)


@pytest.mark.parametrize(
    "reply",
    [Reply(500), Reply(404), Reply(200, b""), Reply(200, b"{}"), Reply(200, rss("a"), cut=9)],
    ids=["500", "404", "empty", "json", "cut"],
)
def test_a_failed_poll_loses_nothing_and_waits_longer(
    server: FeedServer, reader: FeedparserReader, reply: Reply
) -> None:
    server.routes["/f"] = reply
    before = replace(
        known(server), etag='"e"', last_modified="m", failures=2, checked_at=NOW - timedelta(days=1)
    )
    poll = reader.poll(before, NOW)
    assert poll.episodes is None and poll.feed.error
    assert replace(poll.feed, error="", failing_since=None, give_up_at=None) == replace(
        before, failures=3, checked_at=NOW, next_check_at=NOW + timedelta(minutes=40)
    )


@pytest.mark.parametrize(
    ("channel", "headers", "hours"),
    [
        ("<ttl>300</ttl>", {}, 5),
        ("<sy:updatePeriod>daily</sy:updatePeriod><sy:updateFrequency>2</sy:updateFrequency>", {}, 12),
        ("", {"Cache-Control": "max-age=10800"}, 3),
        ("<ttl>5</ttl>", {"Cache-Control": "no-cache"}, 1),
    ],
)
def test_hints(
    server: FeedServer, reader: FeedparserReader, channel: str, headers: dict[str, str], hours: int
) -> None:
    server.routes["/f"] = Reply(200, rss("a", channel=channel), headers)
    assert reader.poll(known(server), NOW).feed.next_check_at == NOW + timedelta(hours=hours)


@pytest.mark.parametrize("status", [200, 404, 500])
def test_a_private_feed_never_tells(server: FeedServer, reader: FeedparserReader, status: int) -> None:
    url, sealed = VAULT.seal(server.url("/f?token=tok3ntok3n", "jo:hunter2@"))
    server.routes["/f"] = Reply(status, rss("a"))
    poll = reader.poll(Feed(url=url, sealed=sealed), NOW)
    assert server.asked[0].headers["authorization"].startswith("Basic ")
    assert server.asked[0].path == "/f?token=tok3ntok3n"
    assert poll.feed.url == url
    assert "hunter2" not in str(poll) and "tok3n" not in str(poll)


def test_a_feed_whose_key_is_lost_says_so(server: FeedServer, reader: FeedparserReader) -> None:
    url, sealed = Vault(Fernet.generate_key().decode()).seal(server.url("/f?token=x"))
    feed = reader.poll(Feed(url=url, sealed=sealed), NOW).feed
    assert "sealed with another key" in feed.error and feed.failures == 1
