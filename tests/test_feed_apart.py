"""Feeds taken apart in a process of its own: the same result, and a crash, a hang or a bomb costs one try."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from cryptography.fernet import Fernet

from bot.apart import Limits
from bot.domain import Feed
from bot.errors import FeedError, NotAFeed
from bot.feeds.apart import Apart
from bot.feeds.document import MAX_EPISODES, read_document
from bot.feeds.fetch import Fetcher
from bot.feeds.reader import FeedparserReader
from bot.vault import Vault
from tests.feed_server import FeedServer, Reply

FEED = b"""<rss version="2.0"><channel><title>Show \xf0\x9f\x8c\xb3</title><item>
<title>One</title><guid>1</guid><pubDate>Sun, 01 Mar 2026 13:00:00 +0100</pubDate><enclosure url="https://h.example/1.mp3"/></item>
</channel></rss>"""
URL = "https://h.example/feed"
LONG = FEED.replace(b"<guid>", b"<description>" + b"x" * 25_000_000 + b"</description><guid>")
HUGE = b"<rss version='2.0'><channel>" + b"<item><title>a</title></item>" * 30_000 + b"</channel></rss>"

unlimited = pytest.mark.skipif(sys.platform == "win32", reason="Windows has no limits of memory here")


@pytest.fixture
def reads() -> Iterator[Apart]:
    one = Apart()
    yield one
    one.close()


def pid(reads: Apart) -> int:
    [one] = reads.process.pids
    return one


def test_nothing_is_lost_on_the_way(reads: Apart) -> None:
    assert reads(FEED, URL, "", URL) == read_document(FEED, URL, "", URL)


def test_one_process_serves_them_all(reads: Apart) -> None:
    reads(FEED, URL, "", URL)
    first = pid(reads)
    reads(FEED, URL, "", URL)
    assert pid(reads) == first != os.getpid()


def test_what_is_no_feed_is_said_as_ever(reads: Apart) -> None:
    with pytest.raises(NotAFeed, match="is a PDF, not a podcast feed"):
        reads(b"%PDF-1.7", URL, "", URL)


def test_a_crash_costs_one_try(reads: Apart) -> None:
    reads(FEED, URL, "", URL)
    os.kill(pid(reads), 9)
    while reads.process._idle[0].alive:
        time.sleep(0.01)
    assert reads(FEED, URL, "", URL).title.startswith("Show")


@pytest.mark.parametrize(
    ("limits", "body", "why"),
    [
        (Limits(seconds=0.05), HUGE, "takes too long"),
        pytest.param(Limits(memory_bytes=110_000_000), LONG, "too much memory", marks=unlimited),
        (Limits(reply_bytes=10_000), HUGE, "too large"),
    ],
)
def test_a_limit_is_worded_and_the_next_feed_is_read(limits: Limits, body: bytes, why: str) -> None:
    reads = Apart(limits)
    with pytest.raises(FeedError, match=f"{URL} .*{why}"):
        reads(body, URL, "", URL)
    assert reads.process.pids == []
    reads.process.limits = Limits()
    assert reads(FEED, URL, "", URL).episodes[0].guid == "1"
    reads.close()


def test_only_so_many_items_are_taken_and_they_are_the_newest() -> None:
    item = "<item><guid>{0}</guid><pubDate>Sun, 01 Mar {1} 13:00:00 +0000</pubDate></item>"
    items = "".join(item.format(n, 2026 if n >= 7 else 2001) for n in range(MAX_EPISODES + 7))
    raw = read_document(f"<rss version='2.0'><channel>{items}</channel></rss>".encode(), URL, "", URL)
    assert [e.guid for e in raw.episodes] == [str(n) for n in range(7, MAX_EPISODES + 7)]


def test_a_feed_that_swells_is_a_failed_poll_and_no_more() -> None:
    vault = Vault(Fernet.generate_key().decode())
    now = datetime(2026, 3, 1, 12, tzinfo=UTC)
    with FeedServer({"/f": Reply(200, HUGE)}) as server:
        reads = Apart(Limits(reply_bytes=10_000))
        reader = FeedparserReader(Fetcher(vault, allow={server.host}), vault, jitter=lambda: 0.0, read=reads)
        feed = reader.poll(Feed(url=server.url("/f"), title="Known"), now).feed
        assert (feed.failures, feed.title) == (1, "Known")
        assert feed.error.endswith("is too large once it has been read")
        server.routes["/f"] = Reply(200, FEED)
        reads.process.limits = Limits()
        assert reader.poll(feed, now).feed.failures == 0
        reads.close()
