"""A database that an earlier Earmark filled is brought up to date: each row says what it said, and the
program goes on with it."""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from cryptography.fernet import Fernet

from bot.domain import Insight, Provenance
from bot.pipeline import Pipeline
from bot.store.database import connect, parse
from bot.store.migrate import migrate
from bot.store.sql import SqlStore
from bot.vault import Vault
from tests import store_postgres
from tests.fakes import FakeClock, FakeEngines
from tests.test_migrations import REVISIONS

NOW = datetime(2026, 11, 24, 6, tzinfo=UTC)
DAY = timedelta(days=1)
KEY = Fernet.generate_key().decode()
PRIVATE = "https://ann:secret@feeds.example/private"
SAFE, SEALED = Vault(KEY).seal(PRIVATE)

# As the first versions wrote them: what later ones added to these is missing.
TRANSCRIPT = b"""{"segments": [{"start": 0.0, "end": 9.0, "speaker": "Ann", "text": "Trees cool streets.",
 "words": []}], "language": "en", "source": "publisher", "model": "vtt", "duration_s": 600.0,
 "seconds_spent": 0.0, "warnings": [], "usable": true}"""
READING = b"""{"sentences": [{"start": 0.0, "end": 9.0, "speaker": "Ann", "text": "Trees cool streets."}],
 "passages": [{"first": 0, "last": 0, "score": 0.9, "evidence": [0], "quote_at": 0}], "set_aside": [],
 "model": "reader", "seconds_spent": 1.0}"""
PROVENANCE = b"""{"transcript": "publisher (vtt)", "reader": "reader", "writer": "extractive", "prompt": "",
 "tokens": 0, "seconds": 0.5}"""
LINKS = b'[{"url": "https://a.example/1.vtt", "sealed": "", "mime_type": "text/vtt", "language": ""}]'
REASONS = b"""[{"insight_id": 1, "headline": "Claim 1", "digest_id": 1, "local_date": "2026-11-23"},
 {"score": 0.9}]"""


def _feed(url: str, **more: Any) -> dict[str, Any]:
    texts = dict.fromkeys(("sealed", "link", "language", "podcast_guid", "last_modified", "error"), "")
    return {
        **texts, "url": url, "title": "Tree Talk", "medium": "podcast", "etag": '"1"', "status": "active",
        "checked_at": NOW - DAY, "next_check_at": NOW + DAY, "failures": 0, "backfill": 2,
        "failing_since": None, "give_up_at": None, **more,
    }  # fmt: skip


def _episode(number: int, **more: Any) -> dict[str, Any]:
    texts = dict.fromkeys(("link", "summary", "enclosure_sealed", "language", "status_reason"), "")
    return {
        **texts, "feed_id": 1, "guid": f"e{number}", "title": f"Episode {number}", "kind": "full",
        "published_at": NOW - DAY, "enclosure_url": f"https://cdn.example/{number}.mp3",
        "enclosure_mime_type": "audio/mpeg", "enclosure_length_bytes": 3_000_000_000, "duration_s": 600.0,
        "transcripts": LINKS,
        "status": "wanted", "first_seen_at": NOW - DAY, **more,
    }  # fmt: skip


def _insight(number: int) -> dict[str, Any]:
    return {
        "episode_id": 1, "headline": f"Claim {number}", "text": f"Because of tree {number}.",
        "quote": "Trees cool streets.", "speaker": "Ann", "start": 0.0, "end": 9.0,
        "score": 0.9 - number / 10, "provenance": PROVENANCE, "created_at": NOW - DAY,
    }  # fmt: skip


def _channel(name: str, **more: Any) -> dict[str, Any]:
    texts = dict.fromkeys(("workspace", "title", "prefer", "mute", "trouble"), "")
    return {
        **texts, "platform": "console", "name": name, "post_time": "08:00", "timezone": "UTC",
        "weekdays": "01234", "count": 3, "quiet_line": False, "paused": False, "thread_answers": "auto",
        "admins_only": False, "clips": True, "taste_since": None, "next_post_at": NOW + 2 * DAY, **more,
    }  # fmt: skip


def _digest(local_date: datetime) -> dict[str, Any]:
    return {
        "channel_id": 1, "local_date": local_date.date(), "part": 0, "episodes_scanned": 1,
        "hours_scanned": 0.2, "created_at": local_date,
    }  # fmt: skip


def _work(stage: str, subject: int, **more: Any) -> dict[str, Any]:
    return {
        "stage": stage, "subject": subject, "status": "done", "attempt": 1, "fence": 1, "lease_until": None,
        "not_before": None, "error": "", "touched_at": NOW - DAY, **more,
    }  # fmt: skip


# By table, in an order that foreign keys allow. Ids follow: 1, 2, … A revision takes what it has columns for.
ROWS: dict[str, list[dict[str, Any]]] = {
    "feed": [_feed("https://a.example/feed"), _feed(SAFE, sealed=SEALED, title="Members only")],
    "episode": [_episode(1), _episode(2), _episode(3, feed_id=2, status="seen")],
    "transcript": [
        {"episode_id": 1, "usable": True, "duration_s": 600.0, "content": zlib.compress(TRANSCRIPT)}
    ],
    "reading": [{"episode_id": 1, "read_at": NOW - DAY, "content": zlib.compress(READING)}],
    "insight": [_insight(1), _insight(2), _insight(3)],
    "channel": [_channel("town"), _channel("quiet", paused=True)],
    "subscription": [
        {"channel_id": 1, "feed_id": 1, "since": None},
        {"channel_id": 1, "feed_id": 2, "since": NOW},
    ],
    "digest": [_digest(NOW - DAY), _digest(NOW)],
    "digest_item": [
        {"digest_id": 1, "position": 0, "insight_id": 1, "reasons": None},
        {"digest_id": 2, "position": 0, "insight_id": 2, "reasons": zlib.compress(REASONS)},
    ],
    "post": [
        {"digest_id": 1, "platform": "console", "channel": "town", "message_id": "m1", "thread_id": "t1",
         "posted_at": NOW - DAY},
    ],
    "work": [
        _work("transcribe", 1), _work("read", 1), _work("write", 1), _work("publish", 1),
        _work("transcribe", 2, status="set aside", attempt=5, fence=5, error="The audio is damaged."),
        _work("publish", 2, status="open", attempt=2, fence=2, lease_until=NOW - timedelta(minutes=1)),
    ],
    "note": [{"key": "slack:command:1", "noted_at": NOW - DAY}],
    "secret": [{"name": "slack:T1", "sealed": Vault(KEY).seal_text("xoxb-1")}],
    "turn": [
        {"digest_id": 1, "position": 1, "user": "U1", "question": "Why?", "answer": "Shade.",
         "asked_at": NOW - DAY, "found": True, "provenance": PROVENANCE},
    ],
    "rating": [
        {"channel_id": 1, "insight_id": 1, "user": "U1", "useful": True, "rated_at": NOW - DAY},
    ],
    "digest_also": [{"digest_id": 1, "position": 0, "place": 0, "insight_id": 3}],
    "flag": [
        {"channel_id": 1, "insight_id": 1, "user": "U1", "reason": "Not said.", "flagged_at": NOW - DAY,
         "status": "open"},
    ],
    "erratum": [
        {"insight_id": 1, "channel_id": 1, "verdict": "corrected", "reason": "Slip.", "headline": "Claim 1b",
         "text": "Because of tree 1b.", "decided_at": NOW - DAY},
    ],
    "revision": [{"digest_id": 1, "erratum_id": 1}],
    "digest_notice": [
        {"digest_id": 1, "position": 0, "feed_id": 1, "state": "failing", "text": "Tree Talk fails."}
    ],
}  # fmt: skip


def fill(url: str) -> set[str]:
    """Rows for every table that is there; which those are."""
    engine = connect(parse(url))
    with engine.execution_options(writes=True).connect() as connection, connection.begin():
        found = sa.MetaData()
        found.reflect(connection)
        for name in (name for name in ROWS if name in found.tables):
            table = found.tables[name]
            for row in ROWS[name]:
                given = {column: value for column, value in row.items() if column in table.columns}
                connection.execute(table.insert().values(given))
    engine.dispose()
    return {*found.tables} - {"alembic_version"}


class Upgraded:
    """A database that was filled at `revision` and opened by today's program."""

    def __init__(self, url: str, revision: str) -> None:
        migrate(parse(url), revision)
        self.had = fill(url)
        self.store = SqlStore.open(url)


@pytest.fixture(params=REVISIONS)
def revision(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def place(request: pytest.FixtureRequest, tmp_path: Path, revision: str) -> Iterator[Upgraded]:
    postgres = request.param == "postgres"
    made = Upgraded(store_postgres.new_database() if postgres else f"sqlite:///{tmp_path / 'e.db'}", revision)
    yield made
    made.store.close()


def test_there_are_rows_for_every_table(tmp_path: Path) -> None:
    made = Upgraded(f"sqlite:///{tmp_path / 'e.db'}", REVISIONS[0])
    made.store.close()
    assert made.had == {*ROWS}


def test_each_row_says_what_it_said(place: Upgraded) -> None:
    store = place.store
    [public, private] = store.feeds()
    assert (public.title, public.etag, public.next_check_at) == ("Tree Talk", '"1"', NOW + DAY)
    assert (public.failing_since, public.give_up_at) == (None, None)
    assert Vault(KEY).open(private.url, private.sealed) == PRIVATE
    first, second = (next(e for e in store.episodes(1) if e.id == number) for number in (1, 2))
    assert first.enclosure and first.enclosure.length_bytes == 3_000_000_000
    assert (second.show, second.transcripts[0].mime_type) == ("Tree Talk", "text/vtt")
    transcript, reading = store.transcript(1), store.reading(1)
    assert transcript and reading
    assert (transcript.text, reading.passages[0].score) == ("Trees cool streets.", 0.9)
    assert store.insights(1)[0] == Insight(
        id=1, episode_id=1, headline="Claim 1", text="Because of tree 1.", quote="Trees cool streets.",
        speaker="Ann", start=0.0, end=9.0, score=0.8, created_at=NOW - DAY,
        provenance=Provenance(
            transcript="publisher (vtt)", reader="reader", writer="extractive", seconds=0.5
        ),
    )  # fmt: skip
    town, quiet = store.channels()
    assert (town.name, town.weekdays, town.next_post_at) == ("town", (0, 1, 2, 3, 4), NOW + 2 * DAY)
    assert (town.workspace, town.prefer, town.thread_answers, town.admins_only) == ("", (), "auto", False)
    assert town.clips and quiet.paused and [s.since for s in store.subscriptions(1)] == [None, NOW]


def test_each_post_is_as_it_was_frozen(place: Upgraded) -> None:
    store, had = place.store, place.had
    later, earlier = store.digests(1)
    assert (earlier.local_date, earlier.part, later.local_date) == ((NOW - DAY).date(), 0, NOW.date())
    [pick] = earlier.picks
    assert (pick.insight.id, pick.insight.quote, pick.episode.title) == (
        1,
        "Trees cool streets.",
        "Episode 1",
    )
    assert [one.insight.id for one in pick.also] == ([3] if "digest_also" in had else [])
    follows = later.picks[0].follows
    assert bool(follows and follows.headline == "Claim 1") == ("digest_also" in had)
    assert [notice.text for notice in earlier.notices] == (
        ["Tree Talk fails."] if "digest_notice" in had else []
    )
    post = store.post(1)
    assert post and (post.message_id, post.thread_id, post.posted_at) == ("m1", "t1", NOW - DAY)
    assert store.digest_at(1, "t1") == 1


def test_what_people_did_is_kept(place: Upgraded) -> None:
    store, had = place.store, place.had
    if "secret" in had:
        sealed = store.secret("slack:T1")
        assert sealed and Vault(KEY).open_text("slack:T1", sealed) == "xoxb-1"
        assert not store.first_time("slack:command:1", NOW)
        [turn] = store.turns(1)
        assert (turn.question, turn.answer, turn.asked_at) == ("Why?", "Shade.", NOW - DAY)
        assert [rated.rating.useful for rated in store.rated(1, None)] == [True]
    if "flag" in had:
        assert [flag.reason for flag in store.flags(1)] == ["Not said."]
        assert store.digests(1)[1].picks[0].erratum
        assert store.revisions(1)


def test_the_program_goes_on(place: Upgraded) -> None:
    """The frozen digest goes out once, what was posted doesn't again, what was set aside can be retried, and
    the next day has a post of its own."""
    store, engines, clock = place.store, FakeEngines(), FakeClock(NOW)
    pipeline = Pipeline(store, engines, clock)
    pipeline.run("publish")
    assert [made.id for made in engines.console.posts] == [2]
    assert store.retry("transcribe", 2)
    for stage in ("transcribe", "read", "write", "revise"):
        pipeline.run(stage)  # type: ignore[arg-type]
    assert store.insights(2)
    assert len(engines.console.revised) == ("revision" in place.had)
    clock.forward(days=2)
    pipeline.run("compose")
    pipeline.run("publish")
    assert [made.id for made in engines.console.posts] == [2, 3]
    assert {pick.episode.id for pick in engines.console.posts[1].picks} == {2}
    feed = store.feeds()[0]
    store.save_feed(replace(feed, next_check_at=None))
    assert pipeline.run("refresh") and store.feed(feed.id).checked_at == clock()
