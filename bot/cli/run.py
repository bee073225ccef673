"""Verbs that keep running, run, work and serve, and `demo`, which shows the whole way once."""

from __future__ import annotations

import io
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from hashlib import sha256
from types import FrameType
from typing import TYPE_CHECKING, Annotated

import typer

from bot.cli.app import app, earmark, say
from bot.domain import STAGES, Stage
from bot.errors import ConfigError, EarmarkError

if TYPE_CHECKING:
    from bot.wiring import Earmark

GRACE_S = 10.0


@app.command()
def work() -> None:
    """Run the stages until stopped: the half of the bot that listens to podcasts."""
    with earmark() as it:
        from bot.schedule import Worker

        it.channel()
        Worker(it.pipeline, it.sweep).run()
        sys.stdout.flush()
        # A model in the middle of an episode can't be interrupted, and needn't be: its lease runs out,
        # its checkpoint stands. Leaving at once keeps a stop under ten seconds.
        os._exit(0)


@app.command()
def serve(platform: Annotated[str, typer.Argument(help="Which chat platform.")] = "console") -> None:
    """Answer people on one platform: the half of the bot that must never keep anyone waiting."""
    if platform != "console":
        raise ConfigError(f"There is no platform “{platform}” yet; there is console.")
    with earmark() as it:
        _console(it)


def _console(it: Earmark, name: str = "console") -> None:
    from adapters.console import serve as serve_console

    serve_console(it, lambda: it.channel(name), _typed(), typer.echo)


def _typed() -> Iterator[str]:
    import readline  # noqa: F401 - gives input() its history and editing

    if sys.stdin is None:
        return
    while True:
        try:
            yield input("earmark> " if sys.stdin.isatty() else "")
        except EOFError:
            return


@app.command()
def run() -> None:
    """The whole bot in one command: the worker as a child process, and the console here."""
    worker = Child([sys.executable, "-m", "bot", "work"])
    # A service manager's stop and a closed terminal end us as Ctrl-C does, and the worker with us.
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _exit)
    try:
        with earmark() as it:
            it.channel()
            worker.start()
            if sys.stdin and sys.stdin.isatty():
                _console(it)
            else:
                say("Working; no terminal to talk on. Stop with Ctrl-C or SIGTERM.")
                worker.wait()
    finally:
        worker.stop()


def _exit(number: int, frame: FrameType | None) -> None:
    raise SystemExit(0)


class Child:
    """A process that is started again when it dies by itself, and ended within GRACE_S when we stop."""

    def __init__(self, command: list[str]) -> None:
        self._command = command
        self._process: subprocess.Popen[bytes] | None = None
        self._stopping = threading.Event()
        self._watcher = threading.Thread(target=self._watch, daemon=True, name="worker watch")

    def start(self) -> None:
        self._watcher.start()

    def wait(self) -> None:
        self._watcher.join()

    def _watch(self) -> None:
        pause = 1.0
        while not self._stopping.is_set():
            began = time.monotonic()
            self._process = subprocess.Popen(self._command, stdin=subprocess.DEVNULL)
            code = self._process.wait()
            if self._stopping.is_set():
                return
            pause = 1.0 if time.monotonic() - began > 60 else min(60.0, pause * 2)
            say(f"The worker ended (code {code}); starting it again in {pause:.0f} s.")
            self._stopping.wait(pause)

    def stop(self) -> None:
        self._stopping.set()
        if self._process is None or self._process.poll() is not None:
            return
        self._process.terminate()
        try:
            self._process.wait(GRACE_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()


@app.command()
def demo(
    feed: Annotated[
        str | None, typer.Argument(help="Any feed address; the bundled podcast if left out.")
    ] = None,
    chat: Annotated[bool, typer.Option("--chat", help="Then stay, to ask and dig.")] = False,
) -> None:
    """Show the whole way on a bundled podcast: new episodes → transcripts → insights → today's post."""
    from bot import config

    home = config.load().data_dir / "demo"
    with earmark(out=io.StringIO(), settings={"data_dir": home, "database_url": None}) as it:
        show_demo(it, feed)
        if chat:
            _console(it, _demo_channel(feed))


def show_demo(it: Earmark, feed: str | None) -> None:
    """Go the whole way, then show the channel's latest post, whichever run of this command made it."""
    from bot import digest
    from bot.following import follow
    from bot.views import plain
    from bot.wiring import DEMO_FEED

    channel = it.channel(_demo_channel(feed))
    found = follow(
        it.store, it.discoverer, channel, feed or DEMO_FEED, now=it.clock(), backfill=1 if feed else 3
    )
    say(f"Following {', '.join(one.feed.title or one.feed.url for one in found)}.")
    earlier = it.store.digests(channel.id, 1)
    settle(it)
    it.pipeline.compose_now(channel)
    settle(it, ("publish",))
    posts = it.store.digests(channel.id, 1)
    if not posts:
        raise EarmarkError("There is nothing to post: " + _why_nothing(it))
    if posts == earlier:
        say(f"Nothing new since the post of {posts[0].local_date}; here it is again.\n")
    typer.echo(plain(digest.view(posts[0])))
    say(NEXT)


def _why_nothing(it: Earmark) -> str:
    troubles = [feed.error for feed in it.store.feeds() if feed.error]
    troubles += [row.error for row in it.store.work() if row.error]
    return " ".join(dict.fromkeys(troubles)) or "the newest episode holds nothing that is worth a post."


NEXT = """
What to type next (in a new shell: `source .venv/bin/activate` first):
  earmark demo --chat                          ask it, dig into an insight
  earmark insights FILE-OR-ADDRESS             the insights of any episode
  earmark add ADDRESS && earmark run           follow a podcast; a post every morning
  earmark doctor                               what is set up, and what is not"""


def _demo_channel(feed: str | None) -> str:
    return f"demo-{sha256(feed.encode()).hexdigest()[:8]}" if feed else "demo"


def settle(it: Earmark, stages: tuple[Stage, ...] = STAGES) -> None:
    """Run stages until nothing is due. Work that a killed process left behind is waited for, half a
    minute at most: that is how long its lease runs."""
    while True:
        if any([it.pipeline.run(stage) for stage in stages]):
            continue
        held = [
            row
            for row in it.store.work()
            if row.stage in stages and row.lease_until and row.lease_until > it.clock()
        ]
        if not held:
            return
        say(f"Waiting for {held[0].stage}, which another process (perhaps a killed one) has in hand …")
        time.sleep(1)
