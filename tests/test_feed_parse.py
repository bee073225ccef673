"""Feeds as people publish them → Feed and Episodes."""

from __future__ import annotations

import contextlib
from datetime import UTC, datetime
from time import process_time
from typing import Any

import pytest
from cryptography.fernet import Fernet
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.domain import Episode, Feed
from bot.errors import NotAFeed
from bot.feeds.document import read_document
from bot.feeds.fetch import Fetcher
from bot.feeds.reader import FeedparserReader
from bot.vault import Vault

VAULT = Vault(Fernet.generate_key().decode())
# Here, not in a process of its own (tests/test_feed_apart.py does that): its time is measured too.
READER = FeedparserReader(Fetcher(VAULT), VAULT, jitter=lambda: 0.0, read=read_document)
BASE = "https://pod.example.com/shows/one/feed.xml"
HEAD = (
    '<?xml version="1.0" encoding="UTF-8"?><rss version="2.0" '
    'xmlns:itunes="http://www.itunes.com/dtds/podcast-1.0.dtd" '
    'xmlns:content="http://purl.org/rss/1.0/modules/content/" '
    'xmlns:media="http://search.yahoo.com/mrss/" '
    'xmlns:podcast="https://podcastindex.org/namespace/1.0">'
)


def rss(items: str, channel: str = "<title>Show</title>", head: str = HEAD) -> bytes:
    return f"{head}<channel>{channel}{items}</channel></rss>".encode()


def parse(body: bytes | str, url: str = BASE, content_type: str = "") -> tuple[Feed, tuple[Episode, ...]]:
    return READER.parse(body.encode() if isinstance(body, str) else body, url, content_type)


def only(item: str, url: str = BASE, channel: str = "<title>Show</title>") -> Episode:
    (episode,) = parse(rss(f"<item>{item}</item>", channel), url)[1]
    return episode


def test_a_whole_episode() -> None:
    feed, (episode,) = parse(
        rss(
            """<item><title>Trees &amp;amp; heat</title><guid isPermaLink="false">g1</guid>
            <link>/episodes/1</link><pubDate>Sun, 01 Mar 2026 13:00:00 +0100</pubDate>
            <itunes:duration>1:02:03</itunes:duration><itunes:episodeType>Full</itunes:episodeType>
            <description>&lt;p&gt;Short&lt;/p&gt;</description>
            <content:encoded><![CDATA[<p>Long <b>notes</b></p><p>with lines</p>]]></content:encoded>
            <enclosure url="../audio/1.mp3" type="audio/mpeg" length="1000"/></item>""",
            "<title>The &lt;b&gt;Show&lt;/b&gt;</title><link>https://pod.example.com</link>"
            "<language>EN-us</language><podcast:guid>pg</podcast:guid>",
        )
    )
    assert (feed.title, feed.link, feed.language) == ("The Show", "https://pod.example.com", "en-us")
    assert (feed.podcast_guid, feed.medium, feed.url, feed.sealed) == ("pg", "podcast", BASE, "")
    assert (episode.title, episode.guid, episode.show) == ("Trees & heat", "g1", "The Show")
    assert episode.link == "https://pod.example.com/episodes/1"
    assert episode.published_at == datetime(2026, 3, 1, 12, tzinfo=UTC)
    assert episode.summary == "Long notes\n\nwith lines"
    assert (episode.duration_s, episode.kind, episode.status) == (3723.0, "full", "wanted")
    assert episode.enclosure and episode.enclosure.url == "https://pod.example.com/shows/audio/1.mp3"
    assert (episode.enclosure.mime_type, episode.enclosure.length_bytes) == ("audio/mpeg", 1000)


@pytest.mark.parametrize(
    "head",
    [HEAD, "<rss version='2.0'>", HEAD.replace("podcast:", "p2:").replace("podcast=", "p=")],
    ids=["declared", "undeclared", "other declaration"],
)
def test_all_transcripts_of_an_item_are_read(head: str) -> None:
    item = """<item><title>A</title><guid>1</guid><enclosure url="https://h.example/a.mp3"/>
      <podcast:transcript url="https://h.example/a.json" type="application/json" language="en"/>
      <podcast:transcript url="/a.vtt" type="text/vtt"/>
      <podcast:transcript url="ftp://h.example/a.srt"/><podcast:transcript/></item>"""
    (episode,) = parse(rss(item + "", head=head))[1]
    links = [(t.url, t.mime_type, t.language) for t in episode.transcripts]
    assert links == [
        ("https://h.example/a.json", "application/json", "en"),
        ("https://pod.example.com/a.vtt", "text/vtt", ""),
    ]


def test_transcripts_stay_with_their_item() -> None:
    one = '<item><guid>{0}</guid><podcast:transcript url="https://h.example/{0}.vtt"/></item>'
    episodes = parse(rss("".join(one.format(n) for n in range(5))))[1]
    assert [e.transcripts[0].url[-5:] for e in episodes] == [f"{n}.vtt" for n in range(5)]


@pytest.mark.parametrize(
    ("item", "channel", "kind", "reason"),
    [
        ("<itunes:episodeType>trailer</itunes:episodeType>", "", "trailer", "a trailer"),
        ("<itunes:episodeType>Bonus</itunes:episodeType>", "", "bonus", "a bonus episode"),
        ("", "<podcast:medium>music</podcast:medium>", "full", "music"),
        ("<podcast:trailer>x</podcast:trailer>", "", "full", ""),
    ],
)
def test_what_is_skipped(item: str, channel: str, kind: str, reason: str) -> None:
    episode = only(f'{item}<enclosure url="https://h.example/a.mp3"/>', channel=channel)
    assert episode.kind == kind
    assert episode.status == ("skipped" if reason else "wanted") and reason in episode.status_reason


@pytest.mark.parametrize(
    ("files", "url", "reason"),
    [
        ('<enclosure url="a.mp4"/><enclosure url="a.mp3"/>', "a.mp3", ""),
        ('<media:content url="a.m4a" duration="90"/>', "a.m4a", ""),
        (
            '<enclosure url="a.mp4" type="video/mp4"/><podcast:alternateEnclosure type="audio/mpeg">'
            '<podcast:source uri="a.mp3"/></podcast:alternateEnclosure>',
            "a.mp3",
            "",
        ),
        ('<enclosure url="a.mp4" type="video/mp4"/>', "", "video"),
        ('<enclosure url="a.jpg" type="image/jpeg"/>', "", "no audio"),
        ('<enclosure url="javascript:alert(1)" type="audio/mpeg"/>', "", "no audio"),
        ('<enclosure url="file:///etc/passwd" type="audio/mpeg"/>', "", "no audio"),
        ('<enclosure url="http://[bad/a.mp3" type="audio/mpeg"/>', "", "no audio"),
        ('<enclosure url=" https://h.example/a b.mp3&#10;"/>', "https://h.example/a%20b.mp3", ""),
        ("", "", "no audio"),
    ],
)
def test_which_file_is_taken(files: str, url: str, reason: str) -> None:
    episode = only(files)
    found = episode.enclosure.url if episode.enclosure else ""
    assert found == (url if "//" in url or not url else f"https://pod.example.com/shows/one/{url}")
    assert (episode.status == "skipped") == bool(reason) and reason in episode.status_reason


def test_only_web_links_are_kept() -> None:
    assert only("<title>x</title><link>javascript:alert(1)</link>").link == ""


def test_dates_that_are_none() -> None:
    assert only("<title>x</title><pubDate>31 Febtober</pubDate>").published_at is None


def test_atom() -> None:
    feed, (episode,) = parse(
        """<feed xmlns="http://www.w3.org/2005/Atom" xml:lang="de"><title>Ä</title><id>f</id>
        <entry><id>e1</id><title type="html">A &amp;lt;b&amp;gt; B</title>
        <updated>2026-03-01T12:00:00Z</updated><link rel="alternate" href="/e1"/>
        <link rel="enclosure" href="/1.ogg" type="audio/ogg" length="7"/></entry></feed>"""
    )
    assert (feed.title, episode.guid, episode.link) == ("Ä", "e1", "https://pod.example.com/e1")
    assert episode.enclosure and episode.enclosure.url == "https://pod.example.com/1.ogg"
    assert episode.published_at == datetime(2026, 3, 1, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("encoding", "declared", "content_type"),
    [
        ("iso-8859-1", True, ""),
        ("iso-8859-1", False, "text/xml; charset=iso-8859-1"),
        ("utf-8", True, "application/rss+xml; charset=iso-8859-1"),
        ("windows-1252", True, "text/xml"),
        ("utf-16", True, ""),
    ],
)
def test_encodings(encoding: str, declared: bool, content_type: str) -> None:
    declaration = f'<?xml version="1.0" encoding="{encoding}"?>' if declared else ""
    text = f"{declaration}<rss version='2.0'><channel><title>Café Größe</title></channel></rss>"
    assert parse(text.encode(encoding), content_type=content_type)[0].title == "Café Größe"


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b"", "nothing"),
        (b"  \n", "nothing"),
        (b"<!DOCTYPE html><html><body>Hi</body></html>", "web page"),
        (b"<html><head><title>x</title></head></html>", "web page"),
        (b'\xef\xbb\xbf{"version": "https://jsonfeed.org/version/1"}', "JSON"),
        (b"[1]", "JSON"),
        (b'<?xml version="1.0"?><opml version="2.0"><body/></opml>', "OPML"),
        (b"ID3\x04\x00\x00", "audio"),
        (b"\x1f\x8b\x08\x00", "compressed"),
        (b"\x00\x01\x02\x03" * 50, "binary"),
        (b"just words", "isn't an RSS or Atom feed"),
        (b'<?xml version="1.0"?><urlset/>', "isn't an RSS or Atom feed"),
    ],
)
def test_what_is_no_feed_is_said(body: bytes, words: str) -> None:
    with pytest.raises(NotAFeed, match=words) as caught:
        parse(body, "https://example.com/?token=hunter2hunter2")
    assert "hunter2" not in str(caught.value)


def test_unclosed_markup_takes_no_more_than_linear_time() -> None:
    began = process_time()
    with contextlib.suppress(NotAFeed):
        parse(rss("<!" * 200_000))
    with pytest.raises(NotAFeed, match="begins with 200,"):
        parse(b"\n" * 200_000 + rss(""))
    assert process_time() - began < 30  # each took minutes


def test_entities_are_neither_fetched_nor_blown_up() -> None:
    bomb = "".join(f'<!ENTITY {b} "{f"&{a};" * 10}">' for a, b in zip("abcdefgh", "bcdefghi", strict=True))
    body = (
        f'<?xml version="1.0"?><!DOCTYPE rss [<!ENTITY a "aaaaaaaaaa">{bomb}'
        '<!ENTITY file SYSTEM "file:///etc/hostname">]><rss version="2.0"><channel>'
        "<title>T&file;</title><item><title>&i;</title></item></channel></rss>"
    )
    feed, episodes = parse(body)
    assert feed.title.startswith("T") and len(feed.title) < 10
    assert all(len(episode.title) < 1000 for episode in episodes)


@pytest.mark.parametrize(
    "damage",
    [
        b"&#xD800;",
        b"&#99999999;",
        b"\xed\xa0\x80",
        b"\x00",
        b"\xff\xfe",
        b"<!DOCTYPE",
        b"]]>",
        b'<x xml:base="http://[::">',
        b"<podcast:transcript url='\xed\xa0\x80'/>",
        b"<georss:point>1</georss:point><psc:chapter start='x'/><itunes:image/>",
    ],
)
def test_damaged_feeds_are_read_as_far_as_possible(damage: bytes) -> None:
    body = rss("<item><title>A</title><guid>1</guid>DAMAGE</item><item><title>B</title><guid>2</guid></item>")
    titles = [episode.title for episode in parse(body.replace(b"DAMAGE", damage))[1]]
    assert titles[0].startswith("A")


@settings(deadline=None, max_examples=60)
@given(st.data())
def test_no_damage_makes_it_crash(data: st.DataObject) -> None:
    body = bytearray(rss(PRIVATE_ITEM * 2))
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(body) - 1))
        end = at + data.draw(st.integers(0, 30))
        body[at:end] = data.draw(
            st.binary(max_size=6) | st.sampled_from([b"<", b"&#x110000;", b"\xed\xa0\x80"])
        )
    with contextlib.suppress(NotAFeed):
        parse(bytes(body), content_type=data.draw(st.sampled_from(["", "text/xml; charset=x-foo"])))


PRIVATE_ITEM = """<item><title>For hunter2hunter2 only</title>
  <guid>https://pod.example.com/ep?auth=hunter2hunter2</guid>
  <link>https://pod.example.com/ep?auth=hunter2hunter2</link>
  <description>Listen at https://pod.example.com/ep?auth=hunter2hunter2</description>
  <enclosure url="https://pod.example.com/1.mp3?e=77&amp;m=member9" type="audio/mpeg"/>
  <podcast:transcript url="/1.vtt?m=member9"/></item>"""


@pytest.mark.parametrize(
    ("url", "secrets"),
    [
        ("https://pod.example.com/rss?auth=hunter2hunter2", ["hunter2", "member9"]),
        ("https://jo:hunter2hunter2@pod.example.com/rss", ["hunter2", "member9", "jo:"]),
    ],
)
def test_nothing_of_a_private_feed_shows_its_secret(url: str, secrets: list[str]) -> None:
    feed, (episode,) = parse(rss(PRIVATE_ITEM), url)
    shown = f"{feed} {episode}"
    assert not [secret for secret in secrets if secret in shown]
    assert VAULT.open(feed.url, feed.sealed) == url
    assert episode.enclosure
    real = VAULT.open(episode.enclosure.url, episode.enclosure.sealed)
    assert real.endswith("/1.mp3?e=77&m=member9")
    link = episode.transcripts[0]
    assert VAULT.open(link.url, link.sealed).endswith("/1.vtt?m=member9")


def test_audio_on_a_feeds_own_host_is_asked_with_its_password() -> None:
    episode = only(
        '<enclosure url="https://pod.example.com/1.mp3"/>', "https://jo:hunter2@pod.example.com/rss"
    )
    assert episode.enclosure
    real = VAULT.open(episode.enclosure.url, episode.enclosure.sealed)
    assert real == "https://jo:hunter2@pod.example.com/1.mp3"
    elsewhere = only('<enclosure url="https://cdn.example.com/1.mp3"/>', "https://jo:pw@pod.example.com/r")
    assert elsewhere.enclosure and elsewhere.enclosure.url == "https://cdn.example.com/1.mp3"


def test_a_secret_in_a_public_feed_is_sealed_too() -> None:
    enclosure = only('<enclosure url="https://h.example/a.mp3?token=abc"/>').enclosure
    assert enclosure and "abc" not in enclosure.url and enclosure.sealed


def test_a_poll_of_a_private_feed_gives_stable_episodes() -> None:
    def bare(episode: Episode) -> Any:
        return (episode.guid, episode.link, episode.enclosure and episode.enclosure.url)

    url = "https://pod.example.com/rss?auth=hunter2hunter2"
    one, two = (parse(rss(PRIVATE_ITEM), url)[1][0] for _ in range(2))
    assert bare(one) == bare(two)
