"""Handing work over on a real Postgres: with the rows or not at all, never twice, again when it is lost."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from bot import work
from bot.domain import Changes, Episode, Feed, Subscription
from bot.errors import LeaseLost, StoreError
from bot.store.sql import SqlStore
from tests import store_postgres
from tests.queue_kit import follow, make_worker
from tests.store_kit import LEASE_S, TRANSCRIPT, episode

pytestmark = pytest.mark.postgres


class Place:
    """One database with procrastinate's tables, a store that hands over, and a worker to tick."""

    def __init__(self, url: str, folder: Path) -> None:
        self.url, self.folder = url, folder
        self.store = SqlStore.open(url, work.outbox())
        self.channel = follow(self.store)
        self.feed = self.store.feeds()[0]
        self.ask(work.prepare)

    def ask(self, *questions: Callable[[Any], Awaitable[Any]]) -> list[Any]:
        """Ask one after another of an app that is open."""

        async def asked() -> list[Any]:
            worker = make_worker(self.url, self.folder, work.LANES, self.store)
            async with worker.app.open_async():
                return [await question(worker.app) for question in questions]

        return asyncio.run(asked())

    def tick(self, times: int = 1, workers: int = 1) -> list[int]:
        """How many jobs each of some clocks made, all ticking at once, that many times."""

        async def ticking() -> list[int]:
            made = [make_worker(self.url, self.folder, ("clock",), self.store) for _ in range(workers)]
            for one in made:
                await one.app.open_async()
            counts = [sum(await asyncio.gather(*(one.tick() for one in made))) for _ in range(times)]
            for one in made:
                await one.app.close_async()
            return counts

        return asyncio.run(ticking())

    def jobs(self) -> list[tuple[str, str, list[int]]]:
        async def listed(app: Any) -> Any:
            return await app.job_manager.list_jobs_async()

        [found] = self.ask(listed)
        return [(job.queue, job.task_kwargs["stage"], job.task_kwargs["subjects"]) for job in found]

    def poll(self, *new: Episode, stale: bool = False) -> None:
        now = datetime.now(UTC)
        claim = self.store.claim("refresh", self.feed.id, now, LEASE_S)
        assert claim is not None
        claim = replace(claim, fence=claim.fence - 1) if stale else claim
        later = replace(self.feed, next_check_at=now + timedelta(hours=1))
        self.store.save_poll(claim, later, Changes(new=new))


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    made = Place(store_postgres.new_database(), tmp_path)
    yield made
    made.store.close()


def test_what_a_commit_makes_due_is_handed_over_with_it(place: Place) -> None:
    place.poll(episode(1), episode(2), episode(3, status="seen"))
    first, second = sorted(e.id for e in place.store.episodes(place.feed.id) if e.status == "wanted")
    assert place.jobs() == [("asr", "transcribe", [first]), ("asr", "transcribe", [second])]
    claim = place.store.claim("transcribe", first, datetime.now(UTC), LEASE_S)
    assert claim is not None
    place.store.save_transcript(claim, first, TRANSCRIPT)
    assert place.jobs()[2:] == [("write", "read", [first])]


def test_what_is_undone_hands_nothing_over(place: Place) -> None:
    with pytest.raises(LeaseLost):
        place.poll(episode(1), stale=True)
    assert place.jobs() == []


def test_a_job_that_is_there_already_does_not_cost_the_transaction(place: Place) -> None:
    place.poll(episode(1))
    [known] = place.store.episodes(place.feed.id)
    place.store.save_feed(replace(place.feed, next_check_at=None))
    claim = place.store.claim("refresh", place.feed.id, datetime.now(UTC), LEASE_S)
    assert claim is not None
    place.store.save_poll(
        claim, place.feed, Changes(updated=(replace(known, title="Renamed"),), new=(episode(2),))
    )
    assert {e.title for e in place.store.episodes(place.feed.id)} == {"Renamed", "Episode 2"}
    assert len(place.jobs()) == 2


def test_feeds_go_in_batches_and_once(place: Place) -> None:
    for number in range(250):
        feed = place.store.add_feed(Feed(url=f"https://b.example/{number}"))
        place.store.subscribe(Subscription(channel_id=place.channel.id, feed_id=feed.id))
    assert place.tick(times=2) == [3, 0]
    jobs = place.jobs()
    assert [(queue, stage, len(subjects)) for queue, stage, subjects in jobs] == [
        ("io", "refresh", 100),
        ("io", "refresh", 100),
        ("io", "refresh", 51),
    ]
    assert len({subject for _, _, subjects in jobs for subject in subjects}) == 251


def test_two_clocks_at_once_hand_over_once(place: Place) -> None:
    place.poll(*(episode(n) for n in range(9)))

    async def lose_all(app: Any) -> None:
        await app.connector.execute_query_async("DELETE FROM procrastinate_jobs")

    place.ask(lose_all)  # messages may be lost; the rows are still there
    assert sum(place.tick(times=3, workers=2)) == 9
    assert sorted(subject for _, _, [subject] in place.jobs()) == sorted(
        e.id for e in place.store.episodes(place.feed.id)
    )


def test_nothing_due_makes_nothing(place: Place) -> None:
    place.poll()
    assert place.tick(times=3) == [0, 0, 0]


def test_the_queue_holds_no_more_than_it_should(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(work, "AHEAD", 3)
    place.poll()
    for number in range(9):
        place.store.save_episode(replace(episode(number), feed_id=place.feed.id))
    assert place.tick(times=3) == [3, 0, 0]
    newest = place.store.pending("transcribe", datetime.now(UTC), 3)
    assert [subject for _, _, [subject] in place.jobs()] == newest


def test_processes_that_start_at_once_make_the_tables_once(tmp_path: Path) -> None:
    url = store_postgres.new_database()
    SqlStore.open(url).close()

    async def all_at_once() -> list[bool]:
        workers = [make_worker(url, tmp_path, ("clock",)) for _ in range(3)]
        for one in workers:
            await one.app.open_async()
        await asyncio.gather(*(work.prepare(one.app) for one in workers))
        there = [await one.app.check_connection_async() for one in workers]
        for one in workers:
            await one.app.close_async()
            one._pipeline.store.close()
        return there

    assert asyncio.run(all_at_once()) == [True] * 3


def test_an_address_that_is_no_postgres_is_told() -> None:
    with pytest.raises(StoreError, match="DATABASE_URL=postgresql"):
        work.conninfo("sqlite:///earmark.db")
    assert work.conninfo("postgresql+psycopg://u:p@h/d") == "postgresql://u:p@h/d"
    assert work.conninfo("postgres://h/d") == "postgresql://h/d"
