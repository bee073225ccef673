"""All real feed files over local HTTP: every item found, nothing crashes, and a second poll adds nothing."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography.fernet import Fernet

from bot.domain import Episode, Feed, Poll
from bot.feeds.discover import Discoverer
from bot.feeds.document import read_document
from bot.feeds.fetch import Fetcher
from bot.feeds.reader import FeedparserReader
from bot.identity import merge
from bot.vault import Vault
from tests.feed_server import FeedServer

pytestmark = pytest.mark.data
NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
VAULT = Vault(Fernet.generate_key().decode())


@dataclass(frozen=True)
class Polled:
    """One file of the manifest, polled twice."""

    row: dict[str, Any]
    first: Poll
    second: Poll

    @property
    def name(self) -> str:
        return Path(self.row["file"]).name

    @property
    def is_feed(self) -> bool:
        return self.row["kind"] in {"rss", "atom"}


@pytest.fixture(scope="module")
def server(data_dir: Path) -> Iterator[FeedServer]:
    with FeedServer(folder=data_dir / "feeds") as running:
        yield running


@pytest.fixture(scope="module")
def fetcher(server: FeedServer) -> Fetcher:
    return Fetcher(VAULT, allow={server.host})


@pytest.fixture(scope="module")
def reader(fetcher: Fetcher) -> FeedparserReader:
    # Here, not in a process of its own (as in tests/test_feed_apart.py): an error shows where it comes from.
    return FeedparserReader(fetcher, VAULT, jitter=lambda: 0.5, read=read_document)


@pytest.fixture(scope="module")
def polled(data_dir: Path, server: FeedServer, reader: FeedparserReader) -> list[Polled]:
    rows = (data_dir / "feeds" / "manifest.jsonl").read_text("utf-8").splitlines()
    return [_poll(json.loads(row), server, reader) for row in rows]


def _poll(row: dict[str, Any], server: FeedServer, reader: FeedparserReader) -> Polled:
    first = reader.poll(Feed(url=server.url(f"/{Path(row['file']).name}")), NOW)
    return Polled(row, first, reader.poll(first.feed, NOW + timedelta(hours=1)))


def test_all_files_are_there(polled: list[Polled]) -> None:
    assert len(polled) == 102
    assert sum(one.row["real_as_published"] for one in polled) >= 40


def test_every_item_of_every_feed_is_found(polled: list[Polled]) -> None:
    wrong = {
        one.name: (len(one.first.episodes or ()), one.row["items"])
        for one in polled
        if one.is_feed and len(one.first.episodes or ()) != one.row["items"]
    }
    assert wrong == {}


def test_feeds_are_read_without_error_and_have_a_title(polled: list[Polled]) -> None:
    feeds = [one.first.feed for one in polled if one.is_feed]
    assert [feed.error for feed in feeds if feed.error or feed.failures] == []
    assert all(feed.title for feed in feeds)


def test_what_is_no_feed_is_said_clearly(polled: list[Polled]) -> None:
    errors = {one.name: one.first.feed.error for one in polled if not one.is_feed}
    assert "web page" in errors["nf-notafeed.html"]
    assert "compressed" in errors["nf-compressed.xml"]
    assert all("OPML" in text for name, text in errors.items() if name.startswith("opml"))
    assert all(one.first.episodes is None for one in polled if not one.is_feed)


def test_a_second_poll_sends_nothing(polled: list[Polled]) -> None:
    assert [one.name for one in polled if one.is_feed and one.second.episodes is not None] == []


def _stored(episodes: tuple[Episode, ...]) -> list[Episode]:
    return [replace(episode, id=number) for number, episode in enumerate(episodes, 1)]


def test_the_same_items_again_add_nothing(polled: list[Polled]) -> None:
    for one in polled:
        items = one.first.episodes or ()
        known = _stored(merge([], items, first=True, backfill=1, now=NOW).new)
        changes = merge(known, items, first=False, backfill=1, now=NOW)
        assert (one.name, changes.new, changes.updated) == (one.name, (), ())
        assert len(known) == len(items)


def test_enclosures_are_on_the_web_and_guids_kept(polled: list[Polled]) -> None:
    for one in polled:
        for episode in one.first.episodes or ():
            assert episode.enclosure is None or episode.enclosure.url.startswith(("http://", "https://"))
            assert (episode.enclosure is not None) or episode.status == "skipped"
            assert episode.published_at is None or episode.published_at.tzinfo is UTC
            assert bool(episode.status_reason) == (episode.status == "skipped")


def test_transcripts_are_found_where_the_manifest_says(polled: list[Polled]) -> None:
    with_links = {one.name for one in polled if any(e.transcripts for e in one.first.episodes or ())}
    assert with_links == {one.name for one in polled if one.row["has_transcript_tag"]}


def test_the_grown_feed_gives_exactly_the_new_ones(polled: list[Polled]) -> None:
    polls = {one.name: one.first.episodes or () for one in polled}
    earlier, later = polls["tagesschau100s-earlier.xml"], polls["tagesschau100s-huge.xml"]
    known = _stored(merge([], earlier, first=True, backfill=1, now=NOW).new)
    changes = merge(known, later, first=False, backfill=1, now=NOW)
    assert len(known) == 625
    expected = {episode.guid for episode in later} - {episode.guid for episode in earlier}
    assert {episode.guid for episode in changes.new} == expected
    assert len(changes.new) == len(expected) == 2930 - 625
    assert {episode.status for episode in changes.new} == {"wanted"}
    assert all(episode.id for episode in changes.updated)


@pytest.mark.parametrize(
    ("name", "count"), [("opml-overcast.opml", 96), ("opml-GermanTechPodcasts.opml", 112)]
)
def test_exported_lists_are_read_whole(
    data_dir: Path, server: FeedServer, fetcher: Fetcher, reader: FeedparserReader, name: str, count: int
) -> None:
    problems: list[str] = []
    discoverer = Discoverer(fetcher, reader, VAULT, report=problems.append)
    by_file = discoverer.find(str(data_dir / "feeds" / name))
    by_address = discoverer.find(server.url(f"/{name}"))
    assert len(by_file) == len(by_address) == count and problems == []
    assert all(feed.title and feed.url.startswith("http") for feed in by_file)
