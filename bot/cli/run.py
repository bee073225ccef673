"""Verbs that keep running: run, work and serve."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Annotated

import typer

from bot.cli.app import app, earmark, say
from bot.cli.watched import port_of_child, watched
from bot.domain import Claim
from bot.errors import EarmarkError

if TYPE_CHECKING:
    from bot.wiring import Earmark

GRACE_S = 9.0  # after which children are killed
LOOK_UP_S = 1.0
RELEASE_S = 3.0  # for the database to take what is given back
PARENT = "EARMARK_PARENT"  # tells a child whose it is


MODELS = {"models", "asr", "write"}
NICE = 10  # of their process: about a tenth of what another one gets where both want all


@app.command()
def work(
    lanes: Annotated[
        list[str] | None,
        typer.Argument(help="Which of feeds, models, posts (with QUEUE: io, asr, write, post, clock)."),
    ] = None,
) -> None:
    """Run the stages until stopped: the half of the bot that listens to podcasts."""
    with earmark() as it:
        _end_with_parent(lambda: _let_go(it))
        known = it.queue.LANES
        wanted = tuple(lanes or known)
        if unknown := ", ".join(sorted({*wanted} - {*known})):
            hint = "" if it.settings.queue == "procrastinate" else " (More with QUEUE=procrastinate.)"
            raise EarmarkError(f"There is no lane {unknown}; there are {', '.join(known)}.{hint}")
        if {*wanted} <= MODELS:
            _stand_back()
        it.channel()
        if {"posts", "post"} & {*wanted}:  # not at each start of a process that may crash again and again
            _try_again(it)
        it.pipeline.overdue = _end_overdue
        worker = it.queue.worker(it, wanted)
        watched(it, "work", *wanted, pulses=worker.pulses)
        worker.run()
        _let_go(it)
        _leave()


def _leave() -> None:
    """At once: a model in the middle of an episode and an answer whose address hangs can't be interrupted,
    and Python would wait for their threads. What a model made so far stands in its checkpoint."""
    sys.stdout.flush()
    os._exit(0)


def _try_again(it: Earmark) -> None:
    """Whoever starts the program anew may have mended what kept it from a channel: a token, a scope."""
    for channel in it.store.channels():
        if channel.trouble:
            it.store.save_channel(replace(channel, trouble=""))


def _end_overdue(claim: Claim) -> None:
    """Nothing but the end of its process stops a decoder that hangs; whoever started us does so again."""
    say(f"{claim.stage} {claim.subject} hangs; this worker ends, and it is tried again.")
    os._exit(os.EX_TEMPFAIL if hasattr(os, "EX_TEMPFAIL") else 75)


def _let_go(it: Earmark) -> None:
    """In a thread: a database that is locked or gone keeps nobody from ending. Leases run out then."""

    def give_back() -> None:
        with contextlib.suppress(EarmarkError):
            it.pipeline.let_go()

    thread = threading.Thread(target=give_back, daemon=True, name="let go")
    thread.start()
    thread.join(RELEASE_S)


def _end_with_parent(first: Callable[[], None] = lambda: None) -> None:
    """A child whose parent was killed outright ends too, or each new start would add more workers."""
    parent = int(os.environ.get(PARENT) or 0)

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(1)
        first()
        os._exit(0)

    if parent:
        threading.Thread(target=watch, daemon=True, name="parent watch").start()


def _stand_back() -> None:
    """Models yield the processors to the processes that answer people and post; and where memory runs out,
    Linux ends theirs rather than one of those."""
    if hasattr(os, "nice"):
        os.nice(NICE)
    with contextlib.suppress(OSError):
        Path("/proc/self/oom_score_adj").write_text("500", "ascii")


@app.command()
def serve(platform: Annotated[str, typer.Argument(help="Which chat platform.")] = "console") -> None:
    """Answer people on one platform: the half of the bot that must never keep anyone waiting."""
    with earmark() as it:
        _end_with_parent()
        watched(it, "serve", platform)
        it.adapter(platform).serve(it, it)
        _leave()


def at_console(it: Earmark, name: str = "console") -> None:
    from adapters.console import talk, typed

    talk(it, lambda: it.channel(name), typed(), sys.stdout)


@app.command()
def run() -> None:
    """The whole bot in one command: the worker and each platform that is set up as child processes, and the
    console here."""
    # A service manager's stop and a closed terminal end us as Ctrl-C does, and our children with us.
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _exit)
    children: list[Child] = []
    try:
        with earmark() as it:
            it.channel()
            _refuse_without_key(it)
            watched(it, "run")
            verbs = [
                *(("work", *lanes) for lanes in it.queue.PROCESSES),
                *(("serve", name) for name in it.settings.listeners),
            ]
            children += [Child(*verb, env=port_of_child(it, n)) for n, verb in enumerate(verbs, 1)]
            for child in children:
                child.start()
            if sys.stdin and sys.stdin.isatty():
                at_console(it)
            else:
                said = ", ".join(it.settings.platforms) or "no chat platform is set up"
                say(f"Working ({said}); no terminal to talk on. Stop with Ctrl-C or SIGTERM.")
                children[0].wait()
    finally:
        stop_all(children)


def _refuse_without_key(it: Earmark) -> None:
    """ConfigError where private feeds are stored whose key isn't here: they would fall silent one by one."""
    for feed in it.store.feeds():
        it.vault.open(feed.url, feed.sealed)


def _exit(number: int, frame: FrameType | None) -> None:
    raise SystemExit(0)


class Child:
    """`earmark VERB …` as a process that is started again when it dies by itself, and ended when we stop."""

    def __init__(self, *verb: str, env: Mapping[str, str] | None = None) -> None:
        self._verb, self._env = verb, env or {}
        self._process: subprocess.Popen[bytes] | None = None
        self._stopping = threading.Event()
        name = f"{' '.join(verb)} watch"
        self._watcher = threading.Thread(target=self._watch, daemon=True, name=name)

    def start(self) -> None:
        self._watcher.start()

    def wait(self) -> None:
        # A signal that the system gave to another thread is seen when this one looks up.
        while self._watcher.is_alive():
            self._watcher.join(LOOK_UP_S)

    def _watch(self) -> None:
        command = [sys.executable, "-m", "bot", *self._verb]
        pause = 1.0
        while not self._stopping.is_set():
            began = time.monotonic()
            env = {**os.environ, **self._env, PARENT: str(os.getpid())}
            self._process = subprocess.Popen(command, stdin=subprocess.DEVNULL, env=env)
            code = self._process.wait()
            if self._stopping.is_set():
                return
            pause = 1.0 if time.monotonic() - began > 60 else min(60.0, pause * 2)
            say(f"`earmark {' '.join(self._verb)}` ended (code {code}); starting it again in {pause:.0f} s.")
            self._stopping.wait(pause)

    def stop(self) -> None:
        """Ask it to end."""
        self._stopping.set()
        if self._process is not None and self._process.poll() is None:
            self._process.terminate()

    def end(self, deadline: float) -> None:
        """Wait for its end until `deadline` (of time.monotonic), then kill it."""
        if self._process is None:
            return
        try:
            self._process.wait(max(0.0, deadline - time.monotonic()))
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()


def stop_all(children: Sequence[Child]) -> None:
    """All at once, within GRACE_S."""
    for child in children:
        child.stop()
    deadline = time.monotonic() + GRACE_S
    for child in children:
        child.end(deadline)
