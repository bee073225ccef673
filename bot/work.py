"""Work for machines that share a Postgres: procrastinate hands it over, our own rows say what is due.

A job is only a message: a stage and the subjects to do. It may be lost, come twice or come too late without
harm, since whoever gets it claims each row anew. What saves a result also hands over what is due next, in the
same transaction; the clock offers again whatever is due and in nobody's hands (level-triggered), and takes
away the jobs of workers that died. No `lock`: that of a killed job would block its successor.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import signal
import threading
from collections.abc import Awaitable, Callable, Collection, Coroutine, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from itertools import islice
from typing import Any, Protocol, TypeAlias

from procrastinate import App, PsycopgConnector, SyncPsycopgConnector
from procrastinate.exceptions import AlreadyEnqueued, ConnectorException
from procrastinate.jobs import DeleteJobCondition, Job, Status

from bot.domain import STAGES, Stage
from bot.errors import EarmarkError, StoreError
from bot.health import Pulse
from bot.pipeline import Pipeline

log = logging.getLogger(__name__)

QUEUES: Mapping[Stage, str] = {
    "refresh": "io",
    "transcribe": "asr",
    "read": "write",
    "write": "write",
    "compose": "post",
    "publish": "post",
    "revise": "post",
}
LANES = ("io", "asr", "write", "post", "clock")
# The processes of `earmark run`: as without a queue, models apart from feeds and posts.
PROCESSES = (("io", "post", "clock"), ("asr", "write"))
BATCH: Mapping[Stage, int] = {"refresh": 100, "compose": 50}  # subjects in one job; else one
AHEAD = (
    100  # jobs a stage that wait in the queue; the rest stays in the rows, where newer work may overtake it
)
TICK_S = 5.0
DEAD_S = 30.0  # without a sign of life, after which a worker's jobs are taken away; as long as our own lease
GRACE_S = 5.0  # for what is in hand when we are told to stop
TASK = "earmark.run"
# Names of Postgres advisory locks: any two numbers that nothing else in this database uses.
SETUP_LOCK, CLOCK_LOCK = 0x0EA2_3A21, 0x0EA2_3A22


# See bot/store/database.py: the connection inside a transaction, a stage, and what its commit makes due.
Wake: TypeAlias = Callable[[Any, Stage, Sequence[int]], None]


class Program(Protocol):
    """What the worker gets of the program around it."""

    @property
    def pipeline(self) -> Pipeline: ...
    @property
    def database_url(self) -> str: ...
    def sweep(self, now: datetime) -> None: ...


def worker(program: Program, lanes: Collection[str] = LANES) -> QueueWorker:
    return QueueWorker(program.pipeline, program.sweep, program.database_url, lanes)


def outbox() -> Wake:
    return Outbox().wake


class Outbox:
    """Hands work over inside the transaction that made it due: both are committed, or neither."""

    def __init__(self) -> None:
        # Never opened: each job goes through the connection that it is given.
        self._app = App(connector=SyncPsycopgConnector())

    def wake(self, connection: Any, stage: Stage, subjects: Sequence[int]) -> None:
        """`connection`: psycopg's, inside a transaction. Always in the same order: two of these at once wait
        for one another's `queueing_lock`, and must not do so crosswise."""
        for batch in batches(sorted(subjects), BATCH.get(stage, 1)):
            # A savepoint: the transaction must outlive the news that the job is there already.
            with contextlib.suppress(AlreadyEnqueued), connection.transaction():
                _job(self._app, stage, batch, connection).defer(stage=stage, subjects=batch)


class QueueWorker:
    """Takes jobs from some queues until told to stop, one job a queue at a time; `clock` is a lane as well.

    Any number of them may run, on any number of machines, clocks included: one tick at a time does anything.
    """

    def __init__(
        self,
        pipeline: Pipeline,
        sweep: Callable[[datetime], object],
        url: str,
        lanes: Collection[str] = LANES,
        tick_s: float = TICK_S,
    ) -> None:
        self._pipeline, self._sweep, self._tick_s = pipeline, sweep, tick_s
        self._lanes = tuple(name for name in LANES if name in lanes)
        size = 2 + len(self._lanes)
        self.app = App(
            connector=PsycopgConnector(conninfo=conninfo(url), min_size=1, max_size=size, timeout=10)
        )
        self.app.task(name=TASK)(self._do)
        self._stop = threading.Event()
        self.pulses = {"beat": Pulse()}
        self._wake_up: Callable[[], object] = lambda: None

    def run(self) -> None:
        """Blocks until `stop` or SIGTERM/SIGINT; a unit in hand is given GRACE_S.

        Raises StoreError when the database goes away: whoever started this process does so again.
        """
        loop = asyncio.new_event_loop()
        try:
            loop.run_until_complete(self._run())
        except ConnectorException as error:
            raise StoreError("The queue's database can't be reached: check DATABASE_URL.") from error
        finally:
            if not asyncio.all_tasks(loop):  # else a model is at work in a thread, and would be waited for
                loop.run_until_complete(loop.shutdown_default_executor())
                loop.close()

    def stop(self) -> None:
        self._stop.set()
        self._wake_up()

    def _do(self, stage: Stage, subjects: list[int]) -> None:
        """One job, in a thread. What can be expected to go wrong is in the row already."""
        try:
            self._pipeline.do(stage, subjects)
        except EarmarkError as error:
            log.error("%s: %s", stage, error)
        except ExceptionGroup:
            pass  # each bug is in the log already, with its traceback

    async def _run(self) -> None:
        stopping = self._told_to_stop()
        async with self.app.open_async():
            await prepare(self.app)
            lanes = [asyncio.create_task(one, name=name) for name, one in self._coroutines()]
            told = asyncio.create_task(stopping.wait())
            done, _ = await asyncio.wait([*lanes, told], return_when=asyncio.FIRST_COMPLETED)
            for task in (*lanes, told):
                task.cancel()
            ended, _ = await asyncio.wait(lanes, timeout=GRACE_S)
        errors = [task.exception() for task in ended if not task.cancelled()]
        if told not in done:
            raise StoreError("The queue can't be served any longer: its database went away.") from next(
                iter(filter(None, errors)), None
            )

    def _told_to_stop(self) -> asyncio.Event:
        loop, stopping = asyncio.get_running_loop(), asyncio.Event()
        self._wake_up = lambda: loop.call_soon_threadsafe(stopping.set)
        if self._stop.is_set():
            stopping.set()
        if threading.current_thread() is threading.main_thread():
            for number in (signal.SIGTERM, signal.SIGINT):
                loop.add_signal_handler(number, stopping.set)
        return stopping

    def _coroutines(self) -> Iterator[tuple[str, Coroutine[Any, Any, None]]]:
        for name in self._lanes:
            yield name, self._clock() if name == "clock" else self._serve(name)
        yield "beat", _every(self._tick_s, self._beat)
        if {"asr", "clock"} & {*self._lanes}:  # where audio lies, and where notes grow old
            yield "tidy", _every(3600, lambda: asyncio.to_thread(self._sweep, self._pipeline.clock()))

    async def _beat(self) -> None:
        self.pulses["beat"].beat()

    def _serve(self, queue: str) -> Coroutine[Any, Any, None]:
        return self.app.run_worker_async(
            queues=[queue],
            name=queue,
            concurrency=1,
            delete_jobs=DeleteJobCondition.ALWAYS,
            install_signal_handlers=False,
            shutdown_graceful_timeout=GRACE_S,
            update_heartbeat_interval=DEAD_S / 3,
            stalled_worker_timeout=DEAD_S,
        )

    async def _clock(self) -> None:
        await _every(self._tick_s, self.tick)

    async def tick(self) -> int:
        """Offer what is due and in nobody's hands; how many jobs that made. Nothing while another ticks."""
        async with alone(self.app, CLOCK_LOCK) as is_alone:
            if not is_alone:
                return 0
            await self._bury()
            there = await self.app.job_manager.list_jobs_async(task=TASK)
            waiting = {stage: _subjects(there, stage) for stage in STAGES}
            return sum([await self._offer(stage, waiting[stage]) for stage in STAGES])

    async def _offer(self, stage: Stage, waiting: Collection[int]) -> int:
        size = BATCH.get(stage, 1)
        now, limit = self._pipeline.clock(), AHEAD * size
        due = await asyncio.to_thread(self._pipeline.store.pending, stage, now, limit)
        room = max(0, AHEAD - len(waiting) // size)
        new = islice(batches([one for one in due if one not in waiting], size), room)
        return sum([await self._defer(stage, batch) for batch in new])

    async def _defer(self, stage: Stage, batch: list[int]) -> bool:
        try:
            await _job(self.app, stage, batch).defer_async(stage=stage, subjects=batch)
        except AlreadyEnqueued:
            return False
        return True

    async def _bury(self) -> None:
        """Take away the jobs of dead workers: what they had in hand is due again when its lease is over, and
        is counted in its row, so a unit that kills its worker is set aside after some attempts."""
        manager = self.app.job_manager
        for job in await manager.get_stalled_jobs(task_name=TASK, seconds_since_heartbeat=DEAD_S):
            with contextlib.suppress(ConnectorException):  # finished this very moment: it lived after all
                await manager.finish_job(job, Status.FAILED, delete_job=True)


async def _every(seconds: float, action: Callable[[], Awaitable[object]]) -> None:
    """An expected error is logged and the next turn comes; any other ends the process, to start afresh."""
    while True:
        try:
            await action()
        except EarmarkError as error:
            log.error("%s", error)
        await asyncio.sleep(seconds)


async def prepare(app: App) -> None:
    """procrastinate's tables, if they aren't there; whoever comes second waits for whoever makes them."""
    async with _connection(app) as connection, connection.transaction():
        await connection.execute("SELECT pg_advisory_xact_lock(%s)", (SETUP_LOCK,))
        if not await app.check_connection_async():
            await app.schema_manager.apply_schema_async()


@contextlib.asynccontextmanager
async def alone(app: App, lock: int) -> Any:
    """Whether nobody else is in here with this lock, on any machine; it ends with the connection's life."""
    async with _connection(app) as connection, connection.transaction():
        cursor = await connection.execute("SELECT pg_try_advisory_xact_lock(%s)", (lock,))
        yield (await cursor.fetchone())[0]


def _connection(app: App) -> Any:
    assert isinstance(app.connector, PsycopgConnector)
    return app.connector.pool.connection()


def _job(app: App, stage: Stage, batch: Sequence[int], connection: Any = None) -> Any:
    lock = f"{stage}:{batch[0]}"
    return app.configure_task(TASK, queue=QUEUES[stage], queueing_lock=lock, connection=connection)


def _subjects(jobs: Iterable[Job], stage: Stage) -> set[int]:
    given: Iterable[Any] = (job.task_kwargs for job in jobs)
    return {subject for one in given if one["stage"] == stage for subject in one["subjects"]}


def batches(subjects: Sequence[int], size: int) -> Iterator[list[int]]:
    return (list(subjects[at : at + size]) for at in range(0, len(subjects), size))


def conninfo(url: str) -> str:
    """A DATABASE_URL as libpq takes it. StoreError: it is none of Postgres."""
    scheme, _, rest = url.partition("://")
    if scheme.partition("+")[0] not in {"postgres", "postgresql"}:
        raise StoreError(
            "QUEUE=procrastinate needs DATABASE_URL=postgresql://…, one that all machines share."
        )
    return f"postgresql://{rest}"
