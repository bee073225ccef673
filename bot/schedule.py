"""Which stage runs how often: APScheduler with in-memory ticks; what is due is the store's to say."""

from __future__ import annotations

import logging
import signal
from collections.abc import Callable, Collection
from contextlib import suppress
from datetime import UTC, datetime
from queue import Empty, SimpleQueue
from types import FrameType
from typing import Protocol

from apscheduler.executors.pool import ThreadPoolExecutor
from apscheduler.jobstores.memory import MemoryJobStore
from apscheduler.schedulers.background import BackgroundScheduler

from bot.domain import Stage
from bot.errors import EarmarkError
from bot.health import Pulse
from bot.pipeline import Pipeline

log = logging.getLogger(__name__)

TICK_S = 10.0
GRACE_S = 5.0  # for a post in flight when we are told to stop
LOOK_UP_S = 1.0
LANES = ("feeds", "models", "posts")
# The processes of `earmark run`: a model that crashes or takes all memory costs an attempt at its episode,
# and no post.
PROCESSES = (("feeds", "posts"), ("models",))


class Program(Protocol):
    """What the worker gets of the program around it."""

    @property
    def pipeline(self) -> Pipeline: ...
    def sweep(self, now: datetime) -> None: ...


def worker(program: Program, lanes: Collection[str] = LANES) -> Worker:
    return Worker(program.pipeline, program.sweep, lanes=lanes)


class Worker:
    """Runs the stages until told to stop. Three lanes, so that an hour of transcription holds up neither
    a refresh nor a post: feeds, models, posts (all of them unless `lanes` names some). A lane never runs
    twice at once (max_instances=1), and ticks that were missed while it ran count as one (coalesce)."""

    def __init__(
        self,
        pipeline: Pipeline,
        sweep: Callable[[datetime], object],
        tick_s: float = TICK_S,
        lanes: Collection[str] = LANES,
    ) -> None:
        self._pipeline = pipeline
        self._lanes = tuple(getattr(self, name) for name in LANES if name in lanes)
        self._sweep = sweep
        self._tick_s = tick_s
        self._stopped = False
        # A signal may come in the middle of anything, of another one's handler too. A queue's put() is made
        # for that; an Event's set() waits for ever for the lock that it was interrupted with.
        self._told = SimpleQueue[None]()
        self.pulses = {"beat": Pulse(), **{lane.__name__: Pulse() for lane in self._lanes}}
        # A tick that finds its lane still at work is the rule here, not worth a warning each time.
        logging.getLogger("apscheduler.scheduler").setLevel(logging.ERROR)
        # An in-memory store and no persistent jobs: rows in our own store are the truth about what is due.
        self._scheduler = BackgroundScheduler(
            jobstores={"default": MemoryJobStore()},
            executors={"default": ThreadPoolExecutor(5)},
            job_defaults={"coalesce": True, "max_instances": 1, "misfire_grace_time": None},
            timezone="UTC",
        )

    def run(self) -> None:
        """Blocks until `stop` or SIGTERM/SIGINT; a post in flight gets GRACE_S."""
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._on_signal)
        now = datetime.now(UTC)  # the scheduler lives on the machine's clock, the pipeline on its own
        for lane in self._lanes:
            tick = _surviving(lane, self.pulses[lane.__name__])
            self._scheduler.add_job(tick, "interval", seconds=self._tick_s, next_run_time=now)
        # An hour of transcription is no standstill: a job that does nothing tells whether ticks come.
        self._scheduler.add_job(self.pulses["beat"].beat, "interval", seconds=self._tick_s, next_run_time=now)
        if self.posts in self._lanes:  # one process of several is enough
            self._scheduler.add_job(_surviving(self.tidy), "interval", hours=1, next_run_time=now)
        self._scheduler.start()
        # A signal that the system gave to another thread is seen when this one looks up.
        while not self._stopped:
            with suppress(Empty):
                self._told.get(timeout=LOOK_UP_S)
        self._scheduler.shutdown(wait=False)
        self._pipeline.settle(GRACE_S)

    def stop(self) -> None:
        self._stopped = True
        self._told.put(None)

    def feeds(self) -> None:
        self._until_idle("refresh")

    def models(self) -> None:
        """One episode goes all the way before the next is begun, so the newest is ready soonest."""
        busy = True
        while busy and not self._stopped:
            # What was heard before the last stop is quick to finish: it need not wait for the next hour.
            self._until_idle("read")
            self._until_idle("write")
            busy = bool(self._pipeline.run("transcribe", 1))

    def posts(self) -> None:
        self._until_idle("compose")
        self._until_idle("publish")
        self._until_idle("revise")

    def tidy(self) -> None:
        self._sweep(self._pipeline.clock())

    def _until_idle(self, stage: Stage) -> None:
        while not self._stopped and self._pipeline.run(stage):
            pass

    def _on_signal(self, number: int, frame: FrameType | None) -> None:
        self.stop()


def _surviving(lane: Callable[[], None], pulse: Pulse | None = None) -> Callable[[], None]:
    """A tick's error is logged and the next tick comes: the database may be back by then."""

    seen = pulse or Pulse()

    def tick() -> None:
        seen.beat()
        try:
            lane()
        except EarmarkError as error:
            log.error("%s: %s", lane.__name__, error)
        except ExceptionGroup:
            pass  # each bug of the round is in the log already, with its traceback
        finally:
            seen.beat()

    return tick
