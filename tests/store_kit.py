"""The three stores under one contract, and what the tests of it put into them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest

from bot.domain import (
    STAGES,
    Changes,
    Channel,
    Claim,
    Digest,
    Episode,
    Erratum,
    Feed,
    Insight,
    Pick,
    Post,
    Reading,
    Segment,
    Stage,
    Subscription,
    Transcript,
)
from bot.ports import Store
from tests import store_postgres

NOW = datetime(2025, 3, 3, 9, 0, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
LEASE_S = 30.0
AFTER_LEASE = NOW + timedelta(seconds=LEASE_S)

TRANSCRIPT = Transcript(segments=(Segment(start=0.0, end=2.0, speaker="Ann", text="Trees cool."),))
READING = Reading(sentences=(), passages=(), model="lead")

Opener = Callable[[], Store]

KINDS = ("memory", "sqlite", pytest.param("postgres", marks=pytest.mark.postgres))


@pytest.fixture(params=KINDS)
def opener(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Opener]:
    """Opens the same database again, as another process would (the one in memory is its own process)."""
    opened: list[Store] = []

    def another() -> Store:
        opened.append(open_store())
        return opened[-1]

    open_store = _OPENERS[request.param](tmp_path)
    yield another
    for store in opened:
        store.close()


@pytest.fixture
def store(opener: Opener) -> Store:
    return opener()


def _memory(folder: Path) -> Opener:
    from bot.store.memory import MemoryStore

    only = MemoryStore()
    return lambda: only


def _sqlite(folder: Path) -> Opener:
    from bot.store.sql import SqlStore

    (folder / "earmark.db").write_bytes(_migrated())
    return lambda: SqlStore.open(f"sqlite:///{folder / 'earmark.db'}")


@cache
def _migrated() -> bytes:
    """An empty SQLite database with the schema: copying it is faster than migrating for each test."""
    from bot.store.sql import SqlStore

    with TemporaryDirectory() as folder:
        SqlStore.open(f"{folder}/earmark.db").close()
        return Path(folder, "earmark.db").read_bytes()


def _postgres(folder: Path) -> Opener:
    from bot.store.sql import SqlStore

    url = _one_database()
    _empty(url)
    return lambda: SqlStore.open(url)


_OPENERS: dict[Any, Callable[[Path], Opener]] = {
    "memory": _memory,
    "sqlite": _sqlite,
    "postgres": _postgres,
}


@cache
def _one_database() -> str:
    return store_postgres.new_database()


def _empty(url: str) -> None:
    """The next test finds the tables empty: faster than a database each."""
    import psycopg

    from bot.store.tables import Table

    with psycopg.connect(url) as connection:
        there = connection.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'").fetchall()
        ours = [table for (table,) in there if table in Table.metadata.tables]
        if ours:
            connection.execute(f"TRUNCATE {', '.join(ours)} RESTART IDENTITY".encode())


def episode(number: int = 1, **given: Any) -> Episode:
    defaults: dict[str, Any] = {
        "guid": f"e{number}",
        "title": f"Episode {number}",
        "published_at": NOW - number * HOUR,
        "duration_s": 1800.0,
    }
    return Episode(**(defaults | given))


def insight(number: int = 1, **given: Any) -> Insight:
    defaults: dict[str, Any] = {
        "headline": f"Claim {number}",
        "text": "Because.",
        "quote": "Trees cool.",
        "score": 1 / number,
    }
    return Insight(**(defaults | given))


@dataclass(frozen=True, kw_only=True)
class World:
    """One channel that follows one feed."""

    store: Store
    feed: Feed
    channel: Channel

    def add(self, *episodes: Episode) -> list[int]:
        """Their ids, in the order given."""
        return [self.store.save_episode(replace(e, feed_id=self.feed.id)).id for e in episodes]

    def take(self, stage: Stage, subject: int, now: datetime = NOW) -> Claim:
        claim = self.store.claim(stage, subject, now, LEASE_S)
        assert claim is not None, f"{stage} {subject} can't be claimed"
        return claim

    def bring(self, subject: int, to: Stage, *insights: Insight, now: datetime = NOW) -> None:
        """An episode up to where `to` is its next stage."""
        saves = {
            "transcribe": lambda claim: self.store.save_transcript(claim, subject, TRANSCRIPT),
            "read": lambda claim: self.store.save_reading(claim, subject, READING),
            "write": lambda claim: self.store.save_insights(claim, subject, insights or (insight(),), now),
        }
        for stage in STAGES[1 : STAGES.index(to)]:
            saves[stage](self.take(stage, subject, now))

    def compose(self, picks: list[Pick], now: datetime = NOW) -> Digest:
        """A digest of these, due and made now."""
        due = self.store.save_channel(replace(self.channel, next_post_at=now))
        digest = Digest(
            channel_id=due.id, local_date=now.date(), picks=tuple(picks), created_at=now, hours_scanned=1.5
        )
        later = replace(due, next_post_at=now + DAY)
        self.store.save_digest(self.take("compose", due.id, now), digest, later)
        return self.store.digests(due.id)[0]

    def post_of(self, digest: Digest) -> Post:
        return Post(
            digest_id=digest.id, platform="console", channel="console", message_id="m1", posted_at=NOW
        )

    def poll(self, *new: Episode, updated: tuple[Episode, ...] = (), **state: Any) -> None:
        state = {"next_check_at": NOW + HOUR} | state
        claim = self.take("refresh", self.feed.id)
        self.store.save_poll(claim, replace(self.feed, **state), Changes(new=new, updated=updated))


def withdrawn(world: World) -> Digest:
    """A digest that is posted, and of which an insight was withdrawn since."""
    store, (id_,) = world.store, world.add(episode())
    world.bring(id_, "compose", insight(1))
    made = world.compose(store.backlog(world.channel.id, NOW - DAY))
    store.save_post(world.take("publish", made.id), world.post_of(made))
    about, here = made.picks[0].insight.id, world.channel.id
    store.decide(Erratum(insight_id=about, channel_id=here, verdict="withdrawn", decided_at=NOW))
    return made


@pytest.fixture
def world(store: Store) -> World:
    feed = store.add_feed(Feed(url="https://feeds.example/trees", title="Tree Talk"))
    channel = store.save_channel(Channel())
    store.subscribe(Subscription(channel_id=channel.id, feed_id=feed.id))
    return World(store=store, feed=feed, channel=channel)
