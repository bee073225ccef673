"""Workers on a real Postgres with engines that leave traces in files, as processes that can be killed."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from bot import pipeline, work
from bot.domain import Channel, Digest, Episode, Feed, Poll, Post, Subscription, Transcript
from bot.pipeline import Pipeline
from bot.store.sql import SqlStore
from tests.fakes import FakeEngines, FakeFeeds, FakePublisher, FakeTranscriber, episode

ROOT = Path(__file__).resolve().parent.parent
URL = "https://a.example/feed"
SHORT_S = 2.0  # the leases and signs of life of workers in these tests


@dataclass
class TracingTranscriber(FakeTranscriber):
    """Notes each beginning and end with its process; hangs as long as there is a file `hang`."""

    folder: Path = Path()

    def transcribe(self, episode: Episode) -> Transcript:
        trace(self.folder, "began", episode.title)
        while (self.folder / "hang").exists():
            time.sleep(0.02)
        made = super().transcribe(episode)
        trace(self.folder, "ended", episode.title)
        return made


@dataclass
class TracingPublisher(FakePublisher):
    folder: Path = Path()

    def find(self, channel: Channel, digest: Digest) -> Post | None:
        posted = [line.split()[-1] for line in traces(self.folder, "posted")]
        return self._post(channel, digest) if str(digest.id) in posted else None

    def publish(self, channel: Channel, digest: Digest) -> Post:
        trace(self.folder, "posted", str(digest.id))
        return super().publish(channel, digest)


@dataclass
class TracingFeeds(FakeFeeds):
    folder: Path = Path()
    asked: threading.Event = field(default_factory=threading.Event)

    def poll(self, feed: Feed, now: datetime) -> Poll:
        trace(self.folder, "polled", feed.url)
        return super().poll(feed, now)


def trace(folder: Path, *words: str) -> None:
    with (folder / words[0]).open("a", encoding="utf-8") as file:
        file.write(" ".join(words[1:]) + "\n")


def traces(folder: Path, kind: str) -> list[str]:
    file = folder / kind
    return file.read_text(encoding="utf-8").splitlines() if file.exists() else []


def engines(folder: Path, episodes: int = 3) -> FakeEngines:
    now = datetime.now(UTC)
    recent = [replace(episode(n), published_at=now - timedelta(hours=n + 1)) for n in range(episodes)]
    return FakeEngines(
        feeds=TracingFeeds(published={URL: recent}, folder=folder),
        transcriber=TracingTranscriber(folder=folder),
        console=TracingPublisher(folder=folder),
    )


def follow(store: SqlStore, url: str = URL, backfill: int = 3) -> Channel:
    """A channel whose time is far off, and the feed that it follows."""
    feed = store.add_feed(Feed(url=url, backfill=backfill))
    channel = store.save_channel(Channel(next_post_at=datetime.now(UTC) + timedelta(hours=9)))
    store.subscribe(Subscription(channel_id=channel.id, feed_id=feed.id))
    return channel


def make_worker(
    url: str, folder: Path, lanes: tuple[str, ...], store: SqlStore | None = None
) -> work.QueueWorker:
    store = store or SqlStore.open(url, work.outbox())
    flow = Pipeline(store, engines(folder), lambda: datetime.now(UTC))
    return work.QueueWorker(flow, lambda now: None, url, lanes, tick_s=0.2)


def start(url: str, folder: Path, *lanes: str) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "tests.queue_kit", url, str(folder), *lanes]
    return subprocess.Popen(command, cwd=ROOT)


def until(reached: Callable[[], object], seconds: float = 60) -> None:
    """Wait for what another process does; fails when it doesn't come."""
    deadline = time.monotonic() + seconds
    while not reached():
        assert time.monotonic() < deadline, "it didn't come in time"
        time.sleep(0.02)


def main() -> None:
    url, folder, *lanes = sys.argv[1:]
    pipeline.LEASE_S = work.DEAD_S = SHORT_S
    make_worker(url, Path(folder), tuple(lanes)).run()


if __name__ == "__main__":
    main()
