"""Told to stop in the middle of real work, each kind of process ends in order, within ten seconds."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import threading
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bot import config
from bot.domain import Channel, Feed, Stage, Subscription, WorkRow
from bot.store.sql import SqlStore
from tests import store_postgres
from tests.chat_seed import seeded
from tests.conftest import ROOT
from tests.discord_server import DiscordServer
from tests.feed_server import Asked, FeedServer, Reply
from tests.queue_kit import until
from tests.slack_server import CHANNEL, TEAM, USER, SlackServer, words
from tests.test_discord_process import Posted
from tests.test_health import free_ports, waited

STOP_S = 10.0


class Place:
    """A data folder with its database, and the program's processes on them."""

    def __init__(self, folder: Path, url: str = "") -> None:
        self.folder, self.cache = folder, folder / "cache"
        self.cache.mkdir()
        weights = config.load().cache_dir / "weights"
        weights.mkdir(parents=True, exist_ok=True)
        (self.cache / "weights").symlink_to(weights)
        self.url = url or f"sqlite:///{folder / 'earmark.db'}"
        self.store = SqlStore.open(self.url)

    def follow(self, channel: Channel, *urls: str) -> Channel:
        kept = self.store.save_channel(channel)
        for url in urls:
            feed = self.store.add_feed(Feed(url=url, backfill=1))
            self.store.subscribe(Subscription(channel_id=kept.id, feed_id=feed.id))
        return kept

    @contextmanager
    def running(self, *verb: str, **env: str) -> Iterator[subprocess.Popen[str]]:
        known = {n: v for n, v in os.environ.items() if not n.startswith(("SLACK", "DISCORD", "QUEUE"))}
        given = {
            "EARMARK_DATA_DIR": str(self.folder), "EARMARK_CACHE_DIR": str(self.cache),
            "DATABASE_URL": self.url, "EARMARK_LOG_LEVEL": "INFO", **env,
        }  # fmt: skip
        with (self.folder / "said").open("a") as said:
            process = subprocess.Popen(
                [sys.executable, "-m", "bot", *verb],
                cwd=ROOT, env=known | given, stdin=subprocess.DEVNULL, stderr=said, text=True,
            )  # fmt: skip
            try:
                yield process
            finally:
                process.kill()
                process.wait()

    def rows(self, stage: Stage) -> list[WorkRow]:
        return [row for row in self.store.work(unfinished=False) if row.stage == stage]


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    made = Place(tmp_path)
    yield made
    made.store.close()


@pytest.fixture
def shared(tmp_path: Path) -> Iterator[Place]:
    made = Place(tmp_path, store_postgres.new_database())
    yield made
    made.store.close()


def told_to_stop(process: subprocess.Popen[str]) -> None:
    """From SIGTERM to an end with exit code 0, in time."""
    began = time.monotonic()
    process.send_signal(signal.SIGTERM)
    code = process.wait(3 * STOP_S)
    took = time.monotonic() - began
    assert code == 0
    assert took < STOP_S


LONG = """<?xml version="1.0"?><rss version="2.0"><channel><title>Long</title><link>{0}</link><item>
<title>Sleep</title><guid>1</guid><pubDate>Mon, 23 Nov 2026 05:00:00 GMT</pubDate>
<enclosure url="{0}.mp3" type="audio/mpeg" length="1"/></item></channel></rss>"""


class Hanging(FeedServer):
    """Begins no answer until `go` is set; but at /long there is a feed whose episode takes long to hear."""

    def __init__(self) -> None:
        super().__init__()
        self.go = threading.Event()

    def _reply(self, asked: Asked) -> Reply:
        if asked.path == "/long":
            return Reply(body=LONG.format(self.url("/long")).encode())
        if asked.path == "/long.mp3":
            return Reply(body=(ROOT / "bot/demo/sleep.mp3").read_bytes() * 6)
        self.go.wait(60)
        return Reply(404)

    @property
    def hangs(self) -> bool:
        return any(asked.path == "/feed" for asked in self.asked)

    @property
    def env(self) -> dict[str, str]:
        return {"EARMARK_ALLOW": self.host}


@pytest.fixture
def hanging() -> Iterator[Hanging]:
    with Hanging() as server:
        yield server
        server.go.set()


def far_off() -> Channel:
    return Channel(next_post_at=datetime.now(UTC) + timedelta(hours=9))


def given_back(rows: list[WorkRow]) -> bool:
    """Free at once, and none of their attempts counted."""
    return all((row.status, row.attempt, row.lease_until) == ("open", 0, None) for row in rows)


def test_a_worker_whose_polls_hang(place: Place, hanging: Hanging) -> None:
    place.follow(far_off(), *(hanging.url(f"/{n}") for n in range(3)))
    with place.running("work", "feeds", "posts", **hanging.env) as process:
        until(lambda: len(hanging.asked) == 3)
        told_to_stop(process)
    assert len(place.rows("refresh")) == 3 and given_back(place.rows("refresh"))


@pytest.mark.model
def test_a_run_that_hears_while_a_poll_hangs(place: Place, hanging: Hanging) -> None:
    place.follow(far_off(), hanging.url("/feed"), hanging.url("/long"))
    with place.running("run", **hanging.env, HF_HUB_OFFLINE="1") as process:
        until(lambda: list(place.cache.glob("checkpoints/*")), 120)
        tasks = Path(f"/proc/{process.pid}/task").glob("*/children")
        children = [child for task in tasks for child in task.read_text().split()]
        told_to_stop(process)
    assert len(children) == 2 and not any(Path(f"/proc/{child}").exists() for child in children)
    assert hanging.hangs and given_back(place.rows("transcribe"))
    assert given_back([row for row in place.rows("refresh") if row.status != "done"])


@pytest.mark.postgres
@pytest.mark.model
def test_workers_on_a_queue(shared: Place, hanging: Hanging) -> None:
    shared.follow(far_off(), hanging.url("/long"))
    with (
        shared.running("work", "clock", QUEUE="procrastinate") as clock,
        shared.running("work", "io", "write", "post", QUEUE="procrastinate", **hanging.env) as worker,
        shared.running("work", "asr", QUEUE="procrastinate", **hanging.env) as hears,
    ):
        until(lambda: any(row.lease_until for row in shared.rows("transcribe")), 120)
        told_to_stop(hears)
        shared.follow(far_off(), hanging.url("/feed"))
        until(lambda: hanging.hangs, 60)
        told_to_stop(worker)
        told_to_stop(clock)
    assert given_back(shared.rows("transcribe")) and len(shared.rows("transcribe")) == 1
    assert given_back([row for row in shared.rows("refresh") if row.status != "done"])


SLACK = {"SLACK_BOT_TOKEN": "xoxb-1", "SLACK_APP_TOKEN": "xapp-1"}


class LateSlack(SlackServer):
    """Takes a post at once and says so `late` seconds later."""

    late = 0.0

    def _chat_postMessage(self, given: dict[str, object]) -> dict[str, object]:
        answer = super()._chat_postMessage(given)
        time.sleep(self.late)
        return answer


@pytest.mark.parametrize("late", [2.0, 15.0])
def test_a_post_in_flight(place: Place, late: float) -> None:
    now = datetime.now(UTC)
    quiet = Channel(
        platform="slack", workspace=TEAM, name=CHANNEL, quiet_line=True,
        post_time=f"{now:%H:%M}", next_post_at=now,
    )  # fmt: skip
    kept = place.follow(quiet)
    with LateSlack() as slack:
        slack.late = late
        env = {**SLACK, "SLACK_API_URL": slack.api_url}
        with place.running("work", "feeds", "posts", **env) as process:
            until(lambda: slack.messages)
            told_to_stop(process)
        slack.late = 0.0
        [made] = place.store.digests(kept.id)
        if late < 5:
            assert place.store.post(made.id), "what comes within the grace is kept"
        else:
            assert given_back(place.rows("publish"))
            with place.running("work", "feeds", "posts", **env):
                until(lambda: place.store.post(made.id))
        assert len(slack.messages) == 1


@pytest.mark.parametrize("late", [2.0, 60.0])
def test_slack_while_somebody_waits_for_an_answer(place: Place, hanging: Hanging, late: float) -> None:
    seeded(place.folder, "slack", TEAM, CHANNEL, message_id="1.1", thread_id="1.1")
    with (
        SlackServer() as slack,
        place.running("serve", "slack", **SLACK, SLACK_API_URL=slack.api_url, **hanging.env) as process,
    ):
        slack.wait(lambda: slack.connections, 60)
        payload = {
            "command": "/podcasts", "text": f"add {hanging.url('/')}", "team_id": TEAM, "user_id": USER,
            "channel_id": CHANNEL, "channel_name": "bakers", "trigger_id": uuid.uuid4().hex,
            "response_url": f"http://{slack.host}/respond/one",
        }  # fmt: skip
        slack.ack(slack.send("slash_commands", payload))
        until(lambda: hanging.asked)
        threading.Timer(late, hanging.go.set).start() if late < 5 else None
        told_to_stop(process)
        if late < 5:
            assert "404" in words(slack.call("respond", name="one"))


@pytest.mark.parametrize("late", [2.0, 60.0])
def test_discord_while_somebody_waits_for_an_answer(tmp_path: Path, hanging: Hanging, late: float) -> None:
    with DiscordServer() as server:
        posted = Posted(tmp_path, server)
        with posted.running(**hanging.env) as process:
            asked = server.slash("podcasts add", podcast=hanging.url("/"))
            until(lambda: hanging.asked)
            threading.Timer(late, hanging.go.set).start() if late < 5 else None
            told_to_stop(process)
            if late < 5:
                assert "404" in str(server.answer_to(asked))
        posted.store.close()


def test_pages_while_a_reader_is_slow(place: Place) -> None:
    port = free_ports()
    with place.running("serve", "web", WEB_PORT=str(port)) as process:
        waited(port, "/healthz")
        slow, idle = (socket.create_connection(("127.0.0.1", port)) for _ in range(2))
        slow.sendall(b"GET /readyz HTTP/1.1\r\nHost: a\r\nContent-Le")
        idle.sendall(b"GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n")
        assert idle.recv(1000).startswith(b"HTTP/1.1 200")
        told_to_stop(process)
        slow.close()
        idle.close()
