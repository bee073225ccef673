"""Real `earmark run` processes on a fresh database, killed at random: `python -m bench.soak --minutes 120`.

A local server publishes real transcripts (of `EARMARK_TEST_DATA`) as new episodes, and two recordings that
must be heard. Thirty channels post once each, spread over the time. At random a worker or the parent gets
SIGKILL; a parent is started again at once. At the end all is left in peace, then counted: what a channel
has twice, and what it lacks.
"""

from __future__ import annotations

import argparse
import os
import random
import re
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path

from bot import config
from bot.calendar import next_post_at
from bot.domain import Channel, Feed, Stage, Subscription, WorkRow
from bot.store.sql import SqlStore
from tests.feed_server import Asked, FeedServer, Reply

ROOT = Path(__file__).resolve().parent.parent
DATA = Path(os.environ.get("EARMARK_TEST_DATA", ROOT.parent / "shared" / "data"))
SHOWS, CHANNELS = 3, 30
NEWS_S, ASK_S = 20.0, 15.0  # at least that long between two episodes
PEACE_S = 300.0

ITEM = """<item><title>{title}</title><guid>{title}</guid><pubDate>{date}</pubDate>
<itunes:duration>{seconds}</itunes:duration><enclosure url="{audio}" type="audio/mpeg"/>{link}</item>"""
HEAD = """<rss version="2.0" xmlns:itunes="http://www.itunes.com/dtds/podcast-1.0.dtd"
xmlns:podcast="https://podcastindex.org/namespace/1.0"><channel><title>{0}</title>"""


@dataclass
class Press:
    """What is out so far. Texts are real transcripts, each used once."""

    server: FeedServer
    texts: list[Path]
    items: dict[str, list[str]] = field(default_factory=dict)
    came: list[str] = field(default_factory=list)

    def publish(self, recording: str = "") -> None:
        number = len(self.came) + 1
        show, title = f"show{number % SHOWS}", f"Episode {number}"
        now = format_datetime(datetime.now(UTC))
        if recording:
            given = {"audio": self.server.url(f"/{recording}.mp3"), "link": "", "seconds": 300}
        else:
            text = self.texts.pop()
            link = f'<podcast:transcript url="{self.server.url(f"/{text.name}")}" type="text/vtt"/>'
            given = {"audio": self.server.url("/none.mp3"), "link": link, "seconds": _seconds(text)}
        self.items.setdefault(show, []).insert(0, ITEM.format(title=title, date=now, **given))
        self.came.append(title)

    def feed(self, asked: Asked) -> Reply:
        show = asked.path.rpartition("/")[2]
        body = f"{HEAD.format(show)}{''.join(self.items.get(show, []))}</channel></rss>"
        return Reply(200, body.encode())


def _seconds(vtt: Path) -> int:
    *_, last = re.findall(r"--> (\d+):(\d\d):(\d\d)", vtt.read_text("utf-8"))
    hours, minutes, seconds = map(int, last)
    return hours * 3600 + minutes * 60 + seconds


def main() -> None:
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--minutes", type=float, default=20)
    asked.add_argument("--every", type=float, default=30, help="seconds between two kills, on average")
    asked.add_argument("--seed", type=int, default=0)
    given = asked.parse_args()
    rng = random.Random(given.seed)
    texts = sorted((DATA / "pythonbytes").glob("*.vtt"))
    rng.shuffle(texts)
    with tempfile.TemporaryDirectory() as home, FeedServer(folder=DATA / "pythonbytes") as server:
        press = Press(server, texts)
        for name in ("sleep", "canopy"):
            server.routes[f"/{name}.mp3"] = Reply(200, (ROOT / "bot" / "demo" / f"{name}.mp3").read_bytes())
        server.routes |= {f"/feed/show{n}": press.feed for n in range(SHOWS)}
        for n in range(SHOWS):
            press.publish(("sleep", "canopy", "")[n])
        soak = Soak(Path(home), server, press, rng, given.minutes * 60, given.every)
        soak.prepare()
        soak.run()
        sys.exit(soak.judge())


class Soak:
    def __init__(
        self, home: Path, server: FeedServer, press: Press, rng: random.Random, seconds: float, every_s: float
    ) -> None:
        self.home, self.server, self.press, self.rng, self.seconds = home, server, press, rng, seconds
        self.every_s = every_s
        self.database = home / "data" / "earmark.db"
        self.kills: Counter[str] = Counter()
        self.log = (home / "log").open("w", encoding="utf-8")
        self.process: subprocess.Popen[bytes] | None = None

    def prepare(self) -> None:
        (self.home / "data").mkdir()
        (self.home / "cache").mkdir()
        weights = config.load().cache_dir / "weights"
        (self.home / "cache" / "weights").symlink_to(weights)
        store, now = SqlStore.open(str(self.database)), datetime.now(UTC)
        for n in range(SHOWS):
            store.add_feed(Feed(url=self.server.url(f"/feed/show{n}"), next_check_at=now))
        for n in range(CHANNELS):
            at = now + timedelta(seconds=120 + (self.seconds - 180) * n / CHANNELS)
            made = Channel(name=f"c{n}", post_time=f"{at:%H:%M}")
            channel = store.save_channel(replace(made, next_post_at=next_post_at(made, now)))
            for feed in store.feeds():
                store.subscribe(
                    Subscription(channel_id=channel.id, feed_id=feed.id, since=now - timedelta(hours=1))
                )
        store.close()

    def run(self) -> None:
        began = time.monotonic()
        # The first polls come before any news: what is older than them is history.
        end, news, ask, kill = began + self.seconds, began + 60, 0.0, began + 20
        every_s = max(NEWS_S, self.seconds / (len(self.press.texts) + 1))
        while time.monotonic() < end:
            now = time.monotonic()
            if self.process is None or self.process.poll() is not None:
                self.process = self._start()
            if now > news and self.press.texts:
                self.press.publish()
                news = now + every_s
            if now > ask:
                self._ask()
                ask = now + ASK_S
            if now > kill:
                self._kill()
                kill = now + self.rng.uniform(0, 2 * self.every_s)
            time.sleep(0.2)
        self._peace()

    def _start(self) -> subprocess.Popen[bytes]:
        env = {
            **os.environ,
            "EARMARK_DATA_DIR": str(self.home / "data"),
            "EARMARK_CACHE_DIR": str(self.home / "cache"),
            "EARMARK_ALLOW": self.server.host,
            "EARMARK_THREADS": "1",
            "OMP_NUM_THREADS": "1",
        }
        command = [sys.executable, "-m", "bot", "run"]
        return subprocess.Popen(
            command, cwd=ROOT, env=env, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=self.log
        )

    def _ask(self) -> None:
        """Make the feeds due, as `earmark refresh --all` does: nobody waits an hour here."""
        with sqlite3.connect(self.database, timeout=30) as connection:
            connection.execute("UPDATE feed SET next_check_at = '2000-01-01 00:00:00.000000'")
        connection.close()

    def _kill(self) -> None:
        assert self.process is not None
        family = {"parent": self.process.pid, **dict(_workers(self.process.pid))}
        name = self.rng.choice(sorted(family))
        try:
            os.kill(family[name], signal.SIGKILL)
        except ProcessLookupError:
            return
        self.kills[name] += 1
        if name == "parent":
            self.process.wait()

    def _peace(self) -> None:
        """No more kills until nothing is due, some minutes at most; then a stop as a person does it."""
        if self.process is None or self.process.poll() is not None:
            self.process = self._start()
        until = time.monotonic() + PEACE_S
        while time.monotonic() < until and self._open():
            time.sleep(5)
        began = time.monotonic()
        self.process.terminate()
        self.process.wait(30)
        self.stop_s = time.monotonic() - began
        self.log.close()

    def _open(self) -> bool:
        store, now = SqlStore.open(str(self.database)), datetime.now(UTC)
        try:
            stages: tuple[Stage, ...] = ("transcribe", "read", "write", "compose", "publish")
            return any(store.pending(stage, now) for stage in stages) or any(
                row.lease_until or row.not_before for row in store.work() if row.stage != "refresh"
            )
        finally:
            store.close()

    def judge(self) -> int:
        """Print the counts; 1 if anything is there twice or is lacking."""
        store = SqlStore.open(str(self.database))
        rows = store.work(unfinished=False)
        episodes = [e for feed in store.feeds() for e in store.episodes(feed.id)]
        marks = Counter(_marks(self.home / "data" / "posts"))
        digests = {d.id: d for c in store.channels() for d in store.digests(c.id, 100)}
        had = Counter((d.channel_id, p.insight.id) for d in digests.values() for p in d.picks)
        days = Counter((d.channel_id, d.local_date, d.part) for d in digests.values())
        silent = [c.name for c in store.channels() if c.name != "console" and not store.digests(c.id)]
        unseen = set(self.press.came) - {e.title for e in episodes}
        wanted = [e for e in episodes if e.status == "wanted"]
        unwritten = [e.title for e in wanted if not any(_is_written(r, e.id) for r in rows)]
        lost = [*unseen, *unwritten, *silent, *(f"post {d}" for d in digests if not marks[str(d)])]
        twice = [k for counts in (marks, had, days) for k, n in counts.items() if n > 1]
        twice += [t for t, n in Counter(e.title for e in episodes).items() if n > 1]
        fences = Counter(r.fence for r in rows if r.stage in ("transcribe", "read", "write", "publish"))
        counts = {
            "minutes": round(self.seconds / 60),
            "kills": dict(self.kills),
            "episodes": len(wanted),
            "with insights": sum(bool(store.insights(e.id)) for e in episodes),
            "digests": len(digests),
            "posts": marks.total(),
            "taken over after a kill": sum(n for fence, n in fences.items() if fence > 1),
            "set aside": [(r.stage, r.error) for r in rows if r.status == "set aside"],
            "stopped in s": round(self.stop_s, 1),
            "lost": lost,
            "twice": twice,
        }
        for name, value in counts.items():
            print(f"{name}: {value}")
        store.close()
        shutil.copyfile(self.home / "log", Path(tempfile.gettempdir()) / "earmark-soak.log")
        return 1 if lost or twice else 0


def _is_written(row: WorkRow, episode_id: int) -> bool:
    return (row.stage, row.subject, row.status) == ("write", episode_id, "done")


def _marks(folder: Path) -> Iterator[str]:
    for file in folder.glob("*.txt"):
        yield from re.findall(r"^-- .* \(post (\d+)\)$", file.read_text("utf-8"), re.M)


def _workers(parent: int) -> Iterator[tuple[str, int]]:
    """Children by what they do, from /proc: (name, pid)."""
    for status in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = status.read_text().rpartition(")")[2].split()
            words = (status.parent / "cmdline").read_bytes().split(b"\0")
        except OSError:
            continue
        if int(fields[1]) == parent and b"work" in words:
            yield words[words.index(b"work") + 1].decode(), int(status.parent.name)


if __name__ == "__main__":
    main()
