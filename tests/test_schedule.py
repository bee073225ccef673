"""The worker: its lanes do all that is due, a failing tick is survived, and it stops when told."""

from __future__ import annotations

import sys
import threading
from types import FrameType

import pytest

from bot import leases
from bot.domain import Claim, Episode, Stage, Transcript
from bot.errors import StoreError
from bot.pipeline import Pipeline
from bot.schedule import Worker, _surviving
from tests.test_pipeline import World


def test_lanes_go_the_whole_way() -> None:
    world = World()
    world.clock.forward(hours=2)
    worker = Worker(world.pipeline, lambda now: None)
    worker.feeds()
    worker.models()
    worker.posts()
    assert len(world.posted()) == 5


def test_one_episode_goes_all_the_way_before_the_next() -> None:
    world = World()
    order: list[tuple[Stage, int]] = []
    run = world.pipeline.run

    def noting(stage: Stage, limit: int = 100) -> int:
        done = run(stage, limit)
        if done:
            order.append((stage, done))
        return done

    world.pipeline.run = noting  # type: ignore[method-assign]
    Worker(world.pipeline, lambda now: None).feeds()
    Worker(world.pipeline, lambda now: None).models()
    assert order[1:] == [("transcribe", 1), ("read", 1), ("write", 1)] * 3


def test_what_was_heard_before_is_written_before_more_is_heard() -> None:
    world = World()
    world.settle(("refresh",))
    world.pipeline.run("transcribe", 1)
    heard = list(world.engines.transcriber.heard)
    world.engines.transcriber.broken = {e.title: Stop() for e in world.episodes()}
    with pytest.raises(Stop):
        Worker(world.pipeline, lambda now: None).models()
    assert len(heard) == 1
    assert [bool(world.store.insights(e.id)) for e in world.episodes()].count(True) == 1


class Stop(BaseException):
    """The process ends here."""


def test_a_tick_survives_what_can_be_expected_and_logs_it(caplog: pytest.LogCaptureFixture) -> None:
    def locked() -> None:
        raise StoreError("The database is locked.")

    def broken() -> None:
        raise ExceptionGroup("refresh", [ZeroDivisionError()])

    _surviving(locked)()
    _surviving(broken)()
    assert "The database is locked." in caplog.text


def test_runs_until_stopped(monkeypatch: pytest.MonkeyPatch) -> None:
    world = World()
    world.clock.forward(hours=2)
    swept = threading.Event()
    worker = Worker(world.pipeline, lambda now: swept.set(), tick_s=0.05)
    monkeypatch.setattr("bot.schedule.signal.signal", lambda *args: None)  # only the main thread may set them
    thread = threading.Thread(target=worker.run, daemon=True)
    thread.start()
    assert swept.wait(10)
    for _ in range(200):
        if world.posted():
            break
        world.clock.forward(seconds=20)
        threading.Event().wait(0.05)
    worker.stop()
    thread.join(10)
    assert not thread.is_alive()
    assert len(world.posted()) == 5


def test_told_again_while_it_is_told_it_ends() -> None:
    """Ctrl-C reaches a worker twice, from the terminal and from its parent: the second signal may come in the
    middle of the first one's handler."""
    worker = Worker(World().pipeline, lambda now: None)
    ended = threading.Event()

    def again(frame: FrameType, event: str, arg: object) -> None:
        if event in ("call", "c_call"):
            worker._on_signal(15, None)

    def told() -> None:
        sys.setprofile(again)  # which Python doesn't call while it is called
        worker._on_signal(15, None)
        sys.setprofile(None)
        ended.set()

    threading.Thread(target=told, daemon=True).start()
    assert ended.wait(10)


def test_a_worker_of_some_lanes_does_those_alone() -> None:
    world = World()
    assert [lane.__name__ for lane in Worker(world.pipeline, lambda now: None, lanes=("posts",))._lanes] == [
        "posts"
    ]
    assert len(Worker(world.pipeline, lambda now: None)._lanes) == 3


def test_work_that_hangs_loses_its_lease_and_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.pipeline.LEASE_S", 0.03)
    monkeypatch.setitem(leases.LIMIT_S, "transcribe", 0.0)
    world = World(backfill=1)
    world.settle(("refresh",))
    hung, told = threading.Event(), list[Claim]()
    pipeline = Pipeline(
        world.store, world.engines, world.clock, overdue=lambda c: (told.append(c), hung.set())
    )  # type: ignore[arg-type]
    transcribe = world.engines.transcriber.transcribe

    def hangs(episode: Episode) -> Transcript:
        assert hung.wait(10)
        return transcribe(episode)

    world.engines.transcriber.transcribe = hangs  # type: ignore[method-assign]
    pipeline.run("transcribe")
    assert [(c.stage, c.attempt) for c in told] == [("transcribe", 1)]
