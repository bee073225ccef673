"""The other process: serves the TASKS of one module until the other end is closed."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict
from importlib import import_module
from typing import IO, Any

from bot.apart.wire import LENGTHS, exactly, send
from bot.errors import EarmarkError

# name → (arguments, body) → a dataclass, or parts of a stream.
Task = Callable[[Sequence[Any], bytes], Any]
Tasks = Mapping[str, Task]


def _serve(tasks: Tasks, source: IO[bytes], sink: IO[bytes]) -> None:
    """Answer until the other end is closed."""
    while begin := source.read(LENGTHS.size):
        head_length, body_length = LENGTHS.unpack(begin)
        head, body = exactly(source, head_length), exactly(source, body_length)
        for status, reply in _answers(tasks, head, body):
            send(sink, status.encode(), reply)


def _answers(tasks: Tasks, head: bytes, body: bytes) -> Iterator[tuple[str, bytes]]:
    task, cpu_s, most, *arguments = json.loads(head)
    _limit_cpu(cpu_s)
    try:
        made = tasks[task](arguments, body)
        if isinstance(made, Iterator):
            for part in made:
                yield "part", part
            yield "ok", b""
            return
        # Half a surrogate pair, which some libraries let pass, is nothing that can be sent.
        text = json.dumps(asdict(made), ensure_ascii=False, default=str).encode("utf-8", "replace")
        yield ("ok", text) if len(text) <= most else ("size", b"")
    except EarmarkError as error:
        yield "refused", json.dumps([type(error).__name__, str(error), error.permanent]).encode()
    except (MemoryError, RecursionError):
        yield "memory", b""


def _limit(memory_bytes: int) -> None:
    """No more memory than this, no files written, no core dumped (it would hold the feed's address)."""
    try:
        import resource
    except ImportError:  # Windows has none
        return
    wishes = (("AS", memory_bytes), ("FSIZE", 0), ("CORE", 0))
    for name, most in wishes:
        what = getattr(resource, f"RLIMIT_{name}")
        _, ceiling = resource.getrlimit(what)
        limit = most if ceiling == resource.RLIM_INFINITY else min(most, ceiling)
        try:
            resource.setrlimit(what, (limit, limit))
        except (OSError, ValueError):  # macOS knows the name but takes no such limit
            continue


def _limit_cpu(seconds: int) -> None:
    """So many more seconds of the processor, from now on."""
    try:
        import resource
    except ImportError:
        return
    used = resource.getrusage(resource.RUSAGE_SELF)
    _, ceiling = resource.getrlimit(resource.RLIMIT_CPU)
    limit = int(used.ru_utime + used.ru_stime) + 1 + seconds
    resource.setrlimit(
        resource.RLIMIT_CPU, (limit if ceiling == resource.RLIM_INFINITY else min(limit, ceiling), ceiling)
    )


def _main(module: str, memory_bytes: str) -> None:
    # Answers have the pipe for themselves: what a library prints would damage them.
    sink = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    _limit(int(memory_bytes))
    _serve(import_module(module).TASKS, sys.stdin.buffer, sink)


if __name__ == "__main__":
    _main(*sys.argv[1:])
