"""Real workers on a real Postgres: the same digests as in one process; kill -9 loses and repeats nothing."""

from __future__ import annotations

import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from bot import work
from bot.domain import Digest
from bot.pipeline import Pipeline
from bot.schedule import Worker
from bot.store.sql import SqlStore
from tests import store_postgres
from tests.queue_kit import SHORT_S, engines, follow, make_worker, start, traces, until

pytestmark = pytest.mark.postgres


@pytest.fixture
def url() -> str:
    return store_postgres.new_database()


@pytest.fixture
def store(url: str) -> Iterator[SqlStore]:
    opened = SqlStore.open(url, work.outbox())
    yield opened
    opened.close()


@pytest.fixture
def launch(url: str, tmp_path: Path) -> Iterator[Callable[..., subprocess.Popen[bytes]]]:
    processes: list[subprocess.Popen[bytes]] = []

    def started(*lanes: str) -> subprocess.Popen[bytes]:
        processes.append(start(url, tmp_path, *lanes))
        return processes[-1]

    yield started
    for process in processes:
        process.kill()
        process.wait()


def make_due(store: SqlStore) -> None:
    channel = store.channels()[0]
    store.save_channel(replace(channel, next_post_at=datetime.now(UTC)))


def written(store: SqlStore) -> list[bool]:
    return [bool(store.insights(e.id)) for feed in store.feeds() for e in store.episodes(feed.id)]


def said(digests: list[Digest]) -> list[list[str]]:
    return [[pick.insight.text for pick in made.picks] for made in digests]


@contextmanager
def running(worker: work.QueueWorker) -> Iterator[None]:
    thread = threading.Thread(target=worker.run)
    thread.start()
    try:
        yield
    finally:
        worker.stop()
        thread.join(20)
        assert not thread.is_alive()


def by_queue(url: str, store: SqlStore, folder: Path) -> list[Digest]:
    channel = follow(store)
    with running(make_worker(url, folder, work.LANES, store)):
        until(lambda: written(store) == [True] * 3)
        make_due(store)
        until(lambda: traces(folder, "posted"))
    return store.digests(channel.id)


def embedded(folder: Path) -> list[Digest]:
    store = SqlStore.open(f"{folder}/earmark.db")
    channel = follow(store)
    worker = Worker(Pipeline(store, engines(folder), lambda: datetime.now(UTC)), lambda now: None)
    worker.feeds()
    worker.models()
    make_due(store)
    worker.posts()
    made = store.digests(channel.id)
    store.close()
    return made


def test_the_same_digests_as_in_one_process(url: str, store: SqlStore, tmp_path: Path) -> None:
    alone, shared = tmp_path / "alone", tmp_path / "shared"
    alone.mkdir()
    shared.mkdir()
    first, second = embedded(alone), by_queue(url, store, shared)
    assert said(first) == said(second)
    assert [len(texts) for texts in said(first)] == [5]
    for kind in ("polled", "began", "ended", "posted"):
        assert len(traces(alone, kind)) == len(traces(shared, kind)), kind


def test_a_killed_workers_work_is_done_elsewhere_and_once(
    store: SqlStore, tmp_path: Path, launch: Callable[..., subprocess.Popen[bytes]]
) -> None:
    follow(store, backfill=1)
    (tmp_path / "hang").touch()
    launch("io", "write", "post", "clock")
    victim = launch("asr")
    until(lambda: traces(tmp_path, "began"))
    victim.kill()
    victim.wait()
    (tmp_path / "hang").unlink()
    launch("asr")
    until(lambda: traces(tmp_path, "ended"), 15 * SHORT_S)
    until(lambda: any(written(store)))
    make_due(store)
    until(lambda: traces(tmp_path, "posted"))
    assert len(traces(tmp_path, "began")) == 2
    assert len(traces(tmp_path, "ended")) == 1
    assert {(row.stage, row.attempt) for row in store.work(unfinished=False)} >= {
        ("transcribe", 2),
        ("read", 1),
    }


def test_two_of_everything_do_nothing_twice(
    store: SqlStore, tmp_path: Path, launch: Callable[..., subprocess.Popen[bytes]]
) -> None:
    follow(store)
    for _ in range(2):
        launch(*work.LANES)
    until(lambda: written(store) == [True] * 3)
    make_due(store)
    until(lambda: traces(tmp_path, "posted"))
    assert [len(traces(tmp_path, kind)) for kind in ("polled", "began", "ended", "posted")] == [1, 3, 3, 1]


def test_told_to_stop_it_ends_in_order(
    launch: Callable[..., subprocess.Popen[bytes]], store: SqlStore, tmp_path: Path
) -> None:
    follow(store)
    process = launch(*work.LANES)
    until(lambda: traces(tmp_path, "polled"))
    process.terminate()
    assert process.wait(20) == 0
