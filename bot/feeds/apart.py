"""Feeds are taken apart in a process of their own: what crashes, hangs or swells there costs one attempt.

The process knows no key and no database. It answers in JSON, which is checked: nothing is unpickled.
"""

from __future__ import annotations

import json
import struct
import subprocess
import sys
import threading
import weakref
from dataclasses import asdict, dataclass
from functools import cache
from typing import IO, Any

from bot.errors import FeedError, NotAFeed
from bot.feeds.raw import RawFeed

MAX_S = 60.0
MAX_MEMORY_BYTES = 1_500_000_000  # of address space; the libraries alone take 0.1 GB of it
MAX_REPLY_BYTES = 64_000_000
RENEW_AFTER = 500  # feeds; what a library leaks goes with its process

_LENGTHS = struct.Struct(">II")
_WHY = {
    "time": "takes too long to read",
    "memory": "takes too much memory to read",
    "crash": "can't be read: the process that took it apart ended in the middle",
    "size": "is too large once it has been read",
}


@dataclass(frozen=True, kw_only=True)
class Limits:
    """What one feed may take; memory is limited where the system can (not on Windows)."""

    seconds: float = MAX_S
    memory_bytes: int = MAX_MEMORY_BYTES
    reply_bytes: int = MAX_REPLY_BYTES


class Apart:
    """A ReadFeed. One process, started when it is first needed and kept; safe in several threads.

    Raises NotAFeed as `read_document` does, and FeedError when a limit is met or the process dies.
    """

    def __init__(self, limits: Limits | None = None) -> None:
        self._limits = limits or Limits()
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._end: weakref.finalize[Any, Any] | None = None
        self._served = 0

    def __call__(self, body: bytes, base: str, content_type: str, url: str) -> RawFeed:
        head = json.dumps([base, content_type, url]).encode()
        with self._lock:
            status, reply = self._asked(head, body)
        if status == "ok":
            return _checked(reply, url)
        if status == "no feed":
            raise NotAFeed(reply.decode())
        raise FeedError(f"{url} {_WHY[status]}. It is tried again later.")

    def close(self) -> None:
        """End the process; the next feed starts another."""
        if self._end is not None:
            self._end()
        self._process, self._served = None, 0

    def _asked(self, head: bytes, body: bytes) -> tuple[str, bytes]:
        process, late = self._running(), threading.Event()

        def end() -> None:
            late.set()
            process.kill()

        timer = threading.Timer(self._limits.seconds, end)
        timer.start()
        try:
            assert process.stdin and process.stdout
            _send(process.stdin, head, body)
            status, reply = _receive(process.stdout, self._limits.reply_bytes)
        except (OSError, EOFError):
            status, reply = "time" if late.is_set() else "crash", b""
        finally:
            timer.cancel()
        self._served += 1
        if status not in {"ok", "no feed"} or self._served >= RENEW_AFTER:
            self.close()
        return status, reply

    def _running(self) -> subprocess.Popen[bytes]:
        if self._process is None or self._process.poll() is not None:
            self.close()
            command = [sys.executable, "-m", "bot.feeds.apart", str(self._limits.memory_bytes)]
            self._process = subprocess.Popen(
                command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
            )
            self._end = weakref.finalize(self, _ended, self._process)
        return self._process


def _ended(process: subprocess.Popen[bytes]) -> None:
    process.kill()
    process.wait()
    for pipe in (process.stdin, process.stdout):
        if pipe is not None:
            try:
                pipe.close()
            except OSError:  # what was left to be written has nobody to read it
                continue


def _send(pipe: IO[bytes], head: bytes, body: bytes) -> None:
    pipe.write(_LENGTHS.pack(len(head), len(body)))
    pipe.write(head)
    pipe.write(body)
    pipe.flush()


def _receive(pipe: IO[bytes], most: int) -> tuple[str, bytes]:
    status_length, length = _LENGTHS.unpack(_exactly(pipe, _LENGTHS.size))
    status = _exactly(pipe, status_length if status_length <= 16 else 0).decode("ascii", "replace")
    if length > most:
        return "size", b""
    reply = _exactly(pipe, length)
    return (status if status in {"ok", "no feed", *_WHY} else "crash"), reply


def _exactly(pipe: IO[bytes], length: int) -> bytes:
    read = pipe.read(length)
    if len(read) < length:
        raise EOFError
    return read


def _checked(reply: bytes, url: str) -> RawFeed:
    from pydantic import ValidationError

    try:
        feed: RawFeed = _feeds().validate_json(reply)
        return feed
    except ValidationError:
        raise FeedError(f"{url} {_WHY['crash']}.") from None


@cache
def _feeds() -> Any:
    from pydantic import TypeAdapter

    return TypeAdapter(RawFeed)


# ── the other process ───────────────────────────────────────────────────────────────────────────────────


def _serve(source: IO[bytes], sink: IO[bytes]) -> None:
    """Answer until the other end is closed."""
    while begin := source.read(_LENGTHS.size):
        head_length, body_length = _LENGTHS.unpack(begin)
        head, body = _exactly(source, head_length), _exactly(source, body_length)
        status, reply = _answer(head, body)
        _send(sink, status.encode(), reply)


def _answer(head: bytes, body: bytes) -> tuple[str, bytes]:
    from bot.feeds.document import read_document

    base, content_type, url = json.loads(head)
    try:
        raw = read_document(body, base, content_type, url)
        # Half a surrogate pair, which some libraries let pass, is nothing that can be sent.
        return "ok", json.dumps(asdict(raw), ensure_ascii=False, default=str).encode("utf-8", "replace")
    except NotAFeed as error:
        return "no feed", str(error).encode("utf-8", "replace")
    except (MemoryError, RecursionError):
        return "memory", b""


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
        resource.setrlimit(what, (limit, limit))


if __name__ == "__main__":
    _limit(int(sys.argv[1]))
    _serve(sys.stdin.buffer, sys.stdout.buffer)
