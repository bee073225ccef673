"""What one machine does when there is much of everything: feeds, channels, episodes; and nothing to do.

    python -m bench.scale_local [feeds|channels|episodes|idle …] [--sizes N …] [--profile]

Each measurement runs in a process of its own on a fresh SQLite database (or an empty Postgres named by
--database). Feeds answer 304 from a server on 127.0.0.1 with as many ports as hosts. `wall` is what a clock
says, `cpu` what this process used: on a machine that others use as well, compare the latter. Memory is the
peak of the resident set from then on (what laid the rows out may not be given back). The last column is cost
a unit against that of the smallest size: 1 is linear.
"""

from __future__ import annotations

import argparse
import asyncio
import cProfile
import json
import pstats
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from bench.e2e import peak_mb, reset_peak
from bot.config import load
from bot.domain import Episode, Feed, Insight, Reading, Segment, Transcript
from bot.store import rows, tables
from bot.store.database import connect, parse
from bot.wiring import Earmark

HOSTS = 50
DAY, HOUR = timedelta(days=1), timedelta(hours=1)
SIZES = {"feeds": (100, 1000, 10_000), "channels": (10, 100, 1000), "episodes": (10, 100, 1000, 10_000)}
ANSWER = b'HTTP/1.1 304 Not Modified\r\nETag: "one"\r\nConnection: close\r\n\r\n'
TRANSCRIPT = Transcript(segments=(Segment(start=0.0, end=2.0, speaker="Ann", text="Trees cool."),))
READING = Reading(sentences=(), passages=(), model="bench")


def main() -> None:
    asked = arguments()
    if asked.one:
        return print(json.dumps(measure(asked.one, asked.size, asked.database, asked.profile)))
    for kind in asked.kinds:
        first: float | None = None
        print(
            f"\n{kind:10} {'size':>7} {'wall s':>8} {'cpu s':>8} {'peak MB':>8} {'ms/unit':>8} {'growth':>7}"
        )
        for size in asked.sizes or SIZES.get(kind, (0,)):
            got = in_process(kind, size, asked)
            unit = got["cpu"] / max(1, size) * 1000
            first = first or unit
            print(f"{got['what']:10} {size:7} {got['wall']:8.2f} {got['cpu']:8.2f} {got['peak_mb']:8.0f}"
                  f" {unit:8.2f} {unit / first:7.2f}", flush=True)  # fmt: skip


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("kinds", nargs="*", default=list(KINDS), metavar="|".join(KINDS))
    parser.add_argument("--sizes", type=int, nargs="+")
    parser.add_argument("--database", default="", help="an empty Postgres; else SQLite in a new folder")
    parser.add_argument("--profile", action="store_true")
    parser.add_argument("--one", help=argparse.SUPPRESS)
    parser.add_argument("--size", type=int, help=argparse.SUPPRESS)
    return parser.parse_args()


def in_process(kind: str, size: int, asked: argparse.Namespace) -> dict[str, Any]:
    more = ["--profile"] if asked.profile else []
    command = [sys.executable, "-m", "bench.scale_local", "--one", kind, "--size", str(size), *more]
    shown = subprocess.run([*command, "--database", asked.database], stdout=subprocess.PIPE, check=True)
    found: dict[str, Any] = json.loads(shown.stdout)
    return found


def measure(kind: str, size: int, database: str, profile: bool) -> dict[str, Any]:
    with tempfile.TemporaryDirectory() as folder, server(HOSTS) as ports:
        it = program(Path(folder), database, ports)
        act = KINDS[kind](it, size, ports)
        it.store.close()
        it = program(Path(folder), database, ports)
        it.store.channels()  # the database is open, the engines are not
        reset_peak()
        with profiled(profile):
            wall, cpu = time.perf_counter(), time.process_time()
            act(it)
            wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
        it.store.close()
    return {"what": kind, "wall": wall, "cpu": cpu, "peak_mb": peak_mb()}


@contextmanager
def profiled(wanted: bool) -> Iterator[None]:
    if not wanted:
        yield
        return
    with cProfile.Profile() as seen:
        yield
    pstats.Stats(seen, stream=sys.stderr).sort_stats("cumulative").print_stats(45)


def program(folder: Path, database: str, ports: list[int]) -> Earmark:
    hosts = ",".join(f"127.0.0.1:{port}" for port in ports)
    return Earmark(
        load(data_dir=folder, cache_dir=folder / "cache", database_url=database or None, allow=hosts),
        progress=lambda *a: None,
    )


@contextmanager
def server(hosts: int) -> Iterator[list[int]]:
    """A process that answers 304 to everything, on as many ports."""
    command = [sys.executable, "-c", f"from bench.scale_local import answer; answer({hosts})"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert process.stdout
    yield json.loads(process.stdout.readline())
    process.terminate()
    process.wait()
    process.stdout.close()


def answer(hosts: int) -> None:
    async def one(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(ANSWER)
        await writer.drain()
        writer.close()

    async def serve() -> None:
        made = [await asyncio.start_server(one, "127.0.0.1", 0, backlog=1000) for _ in range(hosts)]
        print(json.dumps([server.sockets[0].getsockname()[1] for server in made]), flush=True)
        await asyncio.gather(*(server.serve_forever() for server in made))

    asyncio.run(serve())


Act = Callable[[Earmark], object]


def feeds(it: Earmark, size: int, ports: list[int]) -> Act:
    """All of them due, and unchanged since the last time; each with the thirty episodes of a usual feed."""
    urls = [f"http://127.0.0.1:{ports[n % len(ports)]}/feed/{n}" for n in range(size)]
    fill(it, tables.Feed, [rows.of_feed(Feed(url=url, etag='"one"', title=f"Show {n}", checked_at=it.clock()))
                           for n, url in enumerate(urls)])  # fmt: skip
    channel = it.channel()
    follows = [{"channel_id": channel.id, "feed_id": n + 1, "since": None} for n in range(size)]
    fill(it, tables.Subscription, follows)
    fill(it, tables.Episode, [an_episode(n + 1, k, it.clock() - DAY) for n in range(size) for k in range(30)])

    def refresh(it: Earmark) -> None:
        while it.pipeline.run("refresh"):
            pass
        assert not it.store.pending("refresh", it.clock())
        assert all(feed.failures == 0 for feed in it.store.feeds())

    return refresh


def channels(it: Earmark, size: int, ports: list[int]) -> Act:
    """All due in the same minute; each follows ten of a hundred feeds, which had an episode this morning."""
    now = it.clock()
    library(it, 100, 100)
    for n in range(size):
        made = it.channel_at("console", "", f"channel-{n}")
        it.store.save_channel(replace(made, next_post_at=now))
    ids = [channel.id for channel in it.store.channels()]
    fill(it, tables.Subscription, [{"channel_id": id_, "feed_id": (id_ * 7 + k) % 100 + 1, "since": None}
                                   for id_ in ids for k in range(10)])  # fmt: skip

    def compose(it: Earmark) -> None:
        while it.pipeline.run("compose"):
            pass
        assert len(it.store.pending("publish", it.clock(), 2 * size)) == size

    return compose


def episodes(it: Earmark, size: int, ports: list[int]) -> Act:
    """A library of that many episodes; what a tick of every lane, a composition and a status cost in it."""
    library(it, 20, size)
    channel = it.channel()
    fill(
        it,
        tables.Subscription,
        [{"channel_id": channel.id, "feed_id": n + 1, "since": None} for n in range(20)],
    )

    def tick(it: Earmark) -> None:
        for stage in ("refresh", "transcribe", "read", "write", "compose", "publish"):
            it.pipeline.run(stage)
        it.pipeline.digest_for(channel, it.clock())

    return tick


def idle(it: Earmark, size: int, ports: list[int]) -> Act:
    """A thousand ticks of every lane with nothing due, in a library of a thousand episodes."""
    act = episodes(it, 1000, ports)
    act(it)

    def ticks(it: Earmark) -> None:
        for _ in range(100):
            for stage in ("refresh", "transcribe", "read", "write", "compose", "publish"):
                it.pipeline.run(stage)

    return ticks


KINDS: dict[str, Callable[[Earmark, int, list[int]], Act]] = {
    "feeds": feeds,
    "channels": channels,
    "episodes": episodes,
    "idle": idle,
}


def library(it: Earmark, shows: int, size: int) -> None:
    """Episodes that were read, one a show this morning and the others older, with five insights each."""
    now = it.clock()
    made = [(n + 1, now - n // shows * DAY) for n in range(size)]
    state = [Feed(url=f"https://{n}.example/feed", next_check_at=now + DAY) for n in range(shows)]
    fill(it, tables.Feed, [rows.of_feed(feed) for feed in state])
    fill(it, tables.Episode, [an_episode(n % shows + 1, n, at - HOUR, "wanted") for n, at in made])
    words = {"usable": True, "duration_s": 3600.0, "content": rows.pack(rows.TRANSCRIPT, TRANSCRIPT)}
    fill(it, tables.Transcript, [{"episode_id": n, **words} for n, _ in made])
    content = rows.pack(rows.READING, READING)
    fill(it, tables.Reading, [{"episode_id": n, "read_at": at, "content": content} for n, at in made])
    fill(it, tables.Insight, [rows.of_insight(an_insight(n, k), n, at) for n, at in made for k in range(5)])
    stages = ("transcribe", "read", "write")
    fill(it, tables.Work, [done(stage, n, at) for n, at in made for stage in stages])


def done(stage: str, subject: int, at: datetime) -> dict[str, Any]:
    given = {"stage": stage, "subject": subject, "status": "done", "attempt": 1, "fence": 1, "error": ""}
    return {**given, "lease_until": None, "not_before": None, "touched_at": at}


def an_episode(feed_id: int, number: int, at: datetime, status: Any = "seen") -> dict[str, Any]:
    made = Episode(feed_id=feed_id, guid=f"{feed_id}-{number}", title=f"Episode {number} of {feed_id}",
                   published_at=at, first_seen_at=at, duration_s=3600.0, status=status)  # fmt: skip
    return rows.of_episode(made)


def an_insight(episode: int, number: int) -> Insight:
    own = " ".join(f"word{episode * 31 + number * 7 + k}" for k in range(40))
    return Insight(headline=f"Claim {number} of {episode}", text=own, quote=own[:60], score=0.9 - number / 10)


def fill(it: Earmark, table: Any, values: list[dict[str, Any]]) -> None:
    """Rows as they are, in bulk."""
    it.store.channels()
    engine = connect(parse(it.database_url))
    with engine.begin() as connection:
        for at in range(0, len(values), 5000):
            connection.execute(sa.insert(table), values[at : at + 5000])
    engine.dispose()


if __name__ == "__main__":
    main()
