"""Strangers' files are taken apart in a process of its own: what crashes, hangs or swells costs one attempt.

One mechanism for feeds, pages, transcripts and sound. The process is `serve.py`, started with the name of a
module whose `TASKS` it serves. It is given no key and no token, writes no file, and answers in JSON or plain
samples, which are checked: nothing is unpickled. Where the system has no `resource` (Windows) only the clock
limits it; macOS keeps to the processor seconds but not always to the memory.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
import weakref
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from bot import errors
from bot.apart.wire import WHY, receive, send
from bot.errors import EarmarkError

MAX_MESSAGE = 1000  # characters of an error that comes from there
# All that the process is told of the surroundings: nothing that could be a secret.
_KNOWN = (
    *("PATH", "PYTHONHOME", "VIRTUAL_ENV", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH"),
    *("LANG", "LC_ALL", "SYSTEMROOT"),
)
# Each thread of a numeric library takes address space, which is counted.
_ALONE = {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}


def surroundings(*more: str) -> dict[str, str]:
    """The environment for a process that is to know no secret; `more` names variables that it may see too."""
    known = {name: os.environ[name] for name in (*_KNOWN, *more) if name in os.environ}
    return known | {"PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}


@dataclass(frozen=True, kw_only=True)
class Limits:
    """What one request may take. `seconds` by the clock for each part of the answer, `cpu_s` of the processor
    for the whole of it; `memory_bytes` of address space. After `renew_after` requests a new process serves:
    what a library leaks goes with the old one."""

    seconds: float = 60.0
    cpu_s: int = 60
    memory_bytes: int = 1_500_000_000
    reply_bytes: int = 64_000_000
    renew_after: int = 500


class Apart:
    """Serves the TASKS of `module` from a process, started when first needed, and kept. Safe in threads.

    What the process refuses comes as the error it is, if that is a `raises` or one below it in the tree; a
    `raises` says when a limit is met or the process dies (not permanent: the next attempt may fare better).
    """

    def __init__(self, module: str, raises: type[EarmarkError], limits: Limits | None = None) -> None:
        self._module, self._raises, self.limits = module, raises, limits or Limits()
        self._turn = threading.Lock()  # many feeds come at once; one process takes them apart, in turn
        self._idle: list[_Process] = []

    def ask(
        self,
        task: str,
        arguments: Sequence[Any],
        body: bytes = b"",
        *,
        name: str,
        cpu_s: int | None = None,
    ) -> bytes:
        """The task's answer as JSON. `name` is what errors call the thing; `cpu_s` may lower the limit."""
        with self._turn, self._process() as process:
            process.ask(task, arguments, body, self.limits, cpu_s)
            return self._answer(process, name)[1]

    def stream(self, task: str, arguments: Sequence[Any], *, name: str) -> Iterator[bytes]:
        """The parts of the task's answer as they come; the process waits while nobody takes them."""
        with self._process() as process:
            process.ask(task, arguments, b"", self.limits)
            while (answer := self._answer(process, name))[0] == "part":
                yield answer[1]

    def close(self) -> None:
        """End the idle process; the next request starts another."""
        while self._idle:
            self._idle.pop().end()

    @property
    def pids(self) -> list[int]:
        return [process.pid for process in self._idle]

    @contextmanager
    def _process(self) -> Iterator[_Process]:
        """An idle process or a new one. It is kept if it answered to the end, and ended otherwise."""
        process = self._take()
        try:
            yield process
        finally:
            worn = process.served >= self.limits.renew_after or process.limits != self.limits
            if process.busy or worn or self._idle:
                process.end()
            else:
                self._idle.append(process)

    def _take(self) -> _Process:
        try:
            process = self._idle.pop()
        except IndexError:
            return _Process(self._module, self.limits)
        if process.alive and process.limits == self.limits:
            return process
        process.end()
        return _Process(self._module, self.limits)

    def _answer(self, process: _Process, name: str) -> tuple[str, bytes]:
        status, reply = process.answer(self.limits)
        if status == "refused":
            raise self._refusal(reply, name)
        if status in WHY:
            process.busy = True  # its answer can't be relied on any more
            raise self.failed(status, name)
        return status, reply

    def _refusal(self, reply: bytes, name: str) -> EarmarkError:
        try:
            kind, message, permanent = json.loads(reply)
            found = getattr(errors, kind)
            if issubclass(found, self._raises) and isinstance(message, str):
                error: EarmarkError = found(message[:MAX_MESSAGE])
                error.permanent = permanent is True
                return error
        except (ValueError, TypeError, AttributeError):
            pass
        return self.failed("crash", name)

    def failed(self, status: str, name: str) -> EarmarkError:
        """The error for "time", "memory", "crash" or "size"."""
        error = self._raises(f"{name} {WHY[status]}")
        error.permanent = False
        return error


class _Process:
    """This side of one process. `busy`: it owes an answer, or broke off in the middle of one."""

    def __init__(self, module: str, limits: Limits) -> None:
        command = [sys.executable, "-m", "bot.apart.serve", module, str(limits.memory_bytes)]
        self._process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=surroundings() | _ALONE,
        )
        self.limits, self.served, self.busy = limits, 0, False
        self.end = weakref.finalize(self, _ended, self._process)
        self._late = threading.Event()

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def alive(self) -> bool:
        return self._process.poll() is None

    def ask(
        self, task: str, arguments: Sequence[Any], body: bytes, limits: Limits, cpu_s: int | None = None
    ) -> None:
        self.busy, self.served = True, self.served + 1
        most_s = min(limits.cpu_s, cpu_s or limits.cpu_s)
        head = json.dumps([task, most_s, limits.reply_bytes, *arguments]).encode()
        assert self._process.stdin
        with self._in_time(limits.seconds):
            try:
                send(self._process.stdin, head, body)
            except OSError:
                return  # the answer will tell why

    def answer(self, limits: Limits) -> tuple[str, bytes]:
        assert self._process.stdout
        with self._in_time(limits.seconds):
            try:
                status, reply = receive(self._process.stdout, limits.reply_bytes)
            except (OSError, EOFError):
                return self._how_it_ended(), b""
        self.busy = status == "part"
        return status, reply

    def _how_it_ended(self) -> str:
        self._process.kill()
        # -24 is SIGXCPU on Linux and macOS; whoever leaves no processor seconds took too long, too.
        return "time" if self._late.is_set() or self._process.wait() == -24 else "crash"

    @contextmanager
    def _in_time(self, seconds: float) -> Iterator[None]:
        def late() -> None:
            self._late.set()
            self._process.kill()

        timer = threading.Timer(seconds, late)
        timer.daemon = True
        timer.start()
        try:
            yield
        finally:
            timer.cancel()


def _ended(process: subprocess.Popen[bytes]) -> None:
    process.kill()
    process.wait()
    for pipe in (process.stdin, process.stdout):
        if pipe is not None:
            try:
                pipe.close()
            except OSError:  # what was left to be written has nobody to read it
                continue
