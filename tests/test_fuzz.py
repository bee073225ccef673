"""Damaged feeds, transcripts, lists and commands: an answer or an EarmarkError, never a crash.

EARMARK_FUZZ=5000 tries that many of each; a few hundred otherwise.
"""

from __future__ import annotations

import contextlib
import os
from functools import cache
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot import commands
from bot.errors import EarmarkError
from bot.feeds.document import read_document
from bot.feeds.opml import parse_opml
from bot.feeds.raw import RawFeed
from bot.transcribe.published import parse
from bot.views import plain
from tests.test_commands import core_with_post
from tests.test_feed_parse import HEAD

EXAMPLES = int(os.environ.get("EARMARK_FUZZ", "150"))
fuzzed = settings(
    max_examples=EXAMPLES,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)

FEED = f"""{HEAD}<channel><title>A &amp; B</title><link>https://a.example</link><language>en</language><ttl>60</ttl>
<itunes:new-feed-url>https://b.example/f</itunes:new-feed-url><podcast:guid>1-2</podcast:guid><item>
<title><![CDATA[One <b>two</b>]]></title><guid isPermaLink="true">g&#49;</guid>
<pubDate>Sun, 01 Mar 2026 13:00:00 +0100</pubDate><itunes:duration>1:02:03</itunes:duration>
<content:encoded><![CDATA[<p>Notes</p>]]></content:encoded><media:content url="a.mp3" duration="9"/>
<podcast:transcript url="a.vtt" type="text/vtt"/><enclosure url="../a.mp3" type="audio/mpeg" length="1"/>
</item></channel></rss>""".encode()
ATOM = b"""<?xml version="1.0"?><feed xmlns="http://www.w3.org/2005/Atom"><title>T</title><updated>2026-03-01T00:00:00Z
</updated><entry><id>urn:1</id><title type="html">&lt;i&gt;x</title><updated>2026-03-01T00:00:00Z</updated>
<link rel="enclosure" href="/a.mp3" type="audio/mpeg"/></entry></feed>"""
OPML = b"""<?xml version="1.0"?><opml version="2.0"><head/><body><outline text="a"><outline
type="rss" text="b" xmlUrl="https://a.example/f" htmlUrl="https://a.example"/></outline></body></opml>"""
TRANSCRIPTS = (
    b"WEBVTT\n\nNOTE x\n\n1\n00:00.500 --> 00:00:02.000 align:start\n<v Ann>Hello <i>there</i>\n",
    b"1\n00:00:00,500 --> 00:00:02,000\nAnn: Hello\n\n2\n00:00:02,000 --> 00:00:03,000\nBob: Hi\n",
    b'{"segments": [{"speaker": "Ann", "startTime": 0.5, "endTime": 2, "body": "Hello"}]}',
    b"<html><cite>Ann:</cite><time>0:00</time><p>Hello &amp; bye</p></html>",
)
# What parsers trip over: ends of things, numbers too large, halves of characters, other encodings' marks.
SHARP = (
    *(b"", b"\0", b"<", b">", b"&", b"&#xD800;", b"&#99999999999;", b"]]>", b"<![CDATA[", b"<!DOCTYPE x ["),
    *(b"\xff\xfe", b"\xed\xa0\x80", b"\xef\xbb\xbf", "\u202e".encode(), b"\r", b"\x1b", b"}", b'"', b"-->"),
    *(b"9" * 400, b"-1", b"1e999", b"NaN", b"<" * 300, b"://[", b"http://[::1", b"xmlns:x='"),
    b"<?xml version='1.0' encoding='utf-7'?>",
)


def damaged(*wholes: bytes) -> st.SearchStrategy[bytes]:
    """One of these with up to six places replaced, moved or cut."""
    place = st.integers(0, max(map(len, wholes)))
    change = st.tuples(place, st.integers(0, 40), st.one_of(st.sampled_from(SHARP), st.binary(max_size=6)))
    return st.builds(_damage, st.sampled_from(wholes), st.lists(change, max_size=6))


def _damage(whole: bytes, changes: list[tuple[int, int, bytes]]) -> bytes:
    for at, length, put in changes:
        whole = whole[:at] + put + whole[at + length :]
    return whole


def test_what_is_whole_is_read() -> None:
    """Else the tests below would damage what is no good anyway."""
    assert [len(read_document(d, "https://a.example/f", "", "u").episodes) for d in (FEED, ATOM)] == [1, 1]
    assert all(parse(t).segments for t in TRANSCRIPTS) and len(parse_opml(OPML).outlines) == 1


@fuzzed
@given(damaged(FEED, ATOM), st.sampled_from(["", "text/xml; charset=utf-16", "text/html; charset=\udcff"]))
def test_feeds(body: bytes, content_type: str) -> None:
    with contextlib.suppress(EarmarkError):
        assert isinstance(read_document(body, "https://a.example/f", content_type, "u"), RawFeed)


@fuzzed
@given(damaged(OPML))
def test_lists_of_feeds(body: bytes) -> None:
    with contextlib.suppress(EarmarkError):
        parse_opml(body)


@fuzzed
@given(
    damaged(*TRANSCRIPTS),
    st.sampled_from(["", "text/vtt", "application/json", "text/html", "application/srt"]),
)
def test_transcripts(body: bytes, mime: str) -> None:
    with contextlib.suppress(EarmarkError):
        for segment in parse(body, mime).segments:
            assert segment.text
            assert segment.start is None or segment.end is None or 0 <= segment.start <= segment.end


@cache
def core() -> Any:
    return core_with_post()[0]


NAMES = ("/ask", "/dig", "/rate", "/insights", "/digest", "/podcasts", "/help", "/", "")
SAID = (
    "time timezone count days topics prefer mute pause resume why preview add remove import search list yes "
    "1 -1 0 99999999999999999999 ٣ ² 08:00 25:99 Europe/Berlin ../../etc mon,tue useful "
    "https://[ https://a.example/f topic: days:9 <@U1> é"
)
WORDS = (*SAID.split(), "\x00", "\u202e")


@fuzzed
@given(st.sampled_from(NAMES), st.lists(st.one_of(st.sampled_from(WORDS), st.text(max_size=8)), max_size=5))
def test_commands(name: str, words: list[str]) -> None:
    with contextlib.suppress(EarmarkError):
        assert plain(commands.run(core(), core().store.channel(1), " ".join((name, *words)), user="U1"))
