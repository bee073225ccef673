"""Work shared through Postgres: how much faster more workers are, and how soon a dead one's work goes on.

    python -m bench.queue [io asr resume …] [--workers 1 2 4] [--wait-ms 200]

A real Postgres from a pip wheel, real worker processes with the constants that ship. io: 1,000 feeds polled
whose servers take `--wait-ms` to answer (what a network is: waiting). asr: 12 episodes that each take a
second of one core. Work is laid out first; the time runs from the first unit's begin to the last one's end.
Efficiency is speed against that of one worker, over their number; `cores`: what the machine has.
resume: one worker of two is killed (-9) in the middle of a unit; seconds until the other begins it again.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import threading
import time
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from bot import work
from bot.domain import Episode, Feed, Poll, Subscription, Transcript
from bot.feeds.crowd import together
from bot.pipeline import Pipeline
from bot.store.sql import SqlStore
from tests import store_postgres
from tests.fakes import FakeEngines, FakeTranscriber, episode
from tests.queue_kit import ROOT, follow, trace, traces

FEEDS, EPISODES = 1000, 12


@dataclass
class WaitingFeeds:
    """Answers "unchanged" after a while, as a network does."""

    folder: Path
    wait_s: float

    def poll(self, feed: Feed, now: datetime) -> Poll:
        threading.Event().wait(self.wait_s)
        trace(self.folder, "done", str(time.time()))
        return Poll(feed=replace(feed, checked_at=now, next_check_at=now + timedelta(days=1)))

    def poll_all(self, feeds, clock):  # type: ignore[no-untyped-def]
        return together(feeds, lambda feed: self.poll(feed, clock()), lambda feed: feed.id)


@dataclass
class BusyTranscriber(FakeTranscriber):
    """Keeps one core busy for a second of its time, or hangs for as long as there is a file `hang`."""

    folder: Path = Path()

    def transcribe(self, episode: Episode) -> Transcript:
        trace(self.folder, "began", f"{time.time()} {os.getpid()} {episode.title}")
        until = time.thread_time() + 1
        while time.thread_time() < until or (self.folder / "hang").exists():
            pass
        trace(self.folder, "done", str(time.time()))
        return super().transcribe(episode)


def serve(url: str, folder: str, wait_ms: str, *lanes: str) -> None:
    engines = FakeEngines(transcriber=BusyTranscriber(folder=Path(folder)))
    engines.feeds = WaitingFeeds(Path(folder), int(wait_ms) / 1000)  # type: ignore[assignment]
    flow = Pipeline(SqlStore.open(url, work.outbox()), engines, lambda: datetime.now(UTC))
    work.QueueWorker(flow, lambda now: None, url, lanes).run()


def main() -> None:
    if sys.argv[1:2] == ["--serve"]:
        return serve(*sys.argv[2:])
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("kinds", nargs="*", default=["io", "asr", "resume"])
    parser.add_argument("--workers", type=int, nargs="+", default=[1, 2, 4])
    parser.add_argument("--wait-ms", type=int, default=200)
    asked = parser.parse_args()
    for kind in asked.kinds:
        if kind == "resume":
            print(f"resume: begun again {resumed():.1f} s after the kill")
            continue
        print(f"\n{kind:8} {'workers':>8} {'units':>6} {'seconds':>8} {'units/s':>8} {'efficiency':>10}"
              f"   {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}")  # fmt: skip
        first = 0.0
        for workers in asked.workers if kind == "io" else [n for n in asked.workers if n <= 2]:
            units, seconds = measured(kind, workers, asked.wait_ms)
            first = first or units / seconds
            efficiency = units / seconds / first / workers * asked.workers[0]
            print(f"{kind:8} {workers:8} {units:6} {seconds:8.2f} {units / seconds:8.1f} {efficiency:10.2f}")


def measured(kind: str, workers: int, wait_ms: int) -> tuple[int, float]:
    with tempfile.TemporaryDirectory() as name:
        folder, url = Path(name), store_postgres.new_database()
        store = SqlStore.open(url, work.outbox())
        lay_out(store, kind)
        units = FEEDS + 1 if kind == "io" else EPISODES
        lanes = ["io"] if kind == "io" else ["asr"]
        began = time.time()
        processes = [start(url, folder, wait_ms, *lanes) for _ in range(workers)]
        while not listening(store, url, workers):
            time.sleep(0.1)
        processes.append(start(url, folder, wait_ms, "clock"))
        while len(traces(folder, "done")) < units:
            time.sleep(0.05)
            assert time.time() - began < 300, "it takes too long"
        end(processes)
        ends = sorted(float(line) for line in traces(folder, "done"))
        first = min(
            [float(line.split()[0]) for line in traces(folder, "began")] or [ends[0] - wait_ms / 1000]
        )
        store.close()
    return len(ends), ends[-1] - first


def listening(store: SqlStore, url: str, workers: int) -> bool:
    """Whether as many workers have put their names down."""
    import psycopg

    with psycopg.connect(work.conninfo(url)) as connection:
        there = connection.execute("SELECT to_regclass('procrastinate_workers')").fetchone()
        if not there or not there[0]:
            return False
        found = connection.execute("SELECT count(*) FROM procrastinate_workers").fetchone()
        return bool(found) and found[0] >= workers


def lay_out(store: SqlStore, kind: str) -> None:
    channel = follow(store)
    [feed] = store.feeds()
    if kind == "io":
        for number in range(FEEDS):
            more = store.add_feed(Feed(url=f"https://b.example/{number}"))
            store.subscribe(Subscription(channel_id=channel.id, feed_id=more.id))
        return
    store.save_feed(replace(feed, next_check_at=datetime.now(UTC) + timedelta(days=1)))
    for number in range(EPISODES if kind == "asr" else 1):
        store.save_episode(replace(episode(number), feed_id=feed.id))


def start(url: str, folder: Path, wait_ms: int, *lanes: str) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "bench.queue", "--serve", url, str(folder), str(wait_ms), *lanes]
    return subprocess.Popen(command, cwd=ROOT)


def end(processes: list[subprocess.Popen[bytes]]) -> None:
    for process in processes:
        process.kill()
        process.wait()


def resumed() -> float:
    with tempfile.TemporaryDirectory() as name:
        folder, url = Path(name), store_postgres.new_database()
        store = SqlStore.open(url, work.outbox())
        lay_out(store, "resume")
        (folder / "hang").touch()
        processes = [start(url, folder, 0, "asr"), start(url, folder, 0, "clock")]
        while not traces(folder, "began"):
            time.sleep(0.05)
        time.sleep(12)  # long enough for its lease to have been renewed
        processes[0].kill()
        killed = time.time()
        (folder / "hang").unlink()
        processes.append(start(url, folder, 0, "asr"))
        while len(traces(folder, "began")) < 2:
            time.sleep(0.05)
            assert time.time() - killed < 120, "nobody took it up"
        end(processes)
        store.close()
        return float(traces(folder, "began")[1].split()[0]) - killed


if __name__ == "__main__":
    main()
