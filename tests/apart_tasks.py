"""Tasks that misbehave, for the process that takes strangers' files apart (test_apart)."""

from __future__ import annotations

import ctypes
import os
import signal
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bot.errors import NotAFeed, PublishError


@dataclass(frozen=True)
class Said:
    text: str


def say(arguments: Sequence[Any], body: bytes) -> Said:
    sys.stdout.write("a library that prints")
    sys.stdout.flush()
    return Said(f"{arguments} {len(body)} {os.getpid()}")


def surroundings(arguments: Sequence[Any], body: bytes) -> Said:
    return Said(" ".join(os.environ))


def hang(arguments: Sequence[Any], body: bytes) -> Said:
    time.sleep(600)
    return Said("")


def spin(arguments: Sequence[Any], body: bytes) -> Said:
    while True:
        pass


def swell(arguments: Sequence[Any], body: bytes) -> Said:
    return Said(str(len(bytearray(3_000_000_000))))


def crash(arguments: Sequence[Any], body: bytes) -> Said:
    ctypes.string_at(0)
    return Said("")


def killed(arguments: Sequence[Any], body: bytes) -> Said:
    os.kill(os.getpid(), signal.SIGKILL)
    return Said("")


def huge(arguments: Sequence[Any], body: bytes) -> Said:
    return Said("x" * 70_000_000)


def write(arguments: Sequence[Any], body: bytes) -> Said:
    try:
        Path(arguments[0]).write_bytes(b"x")
    except OSError as error:
        return Said(type(error).__name__)
    return Said("written")


def refuse(arguments: Sequence[Any], body: bytes) -> Said:
    error = {"NotAFeed": NotAFeed, "PublishError": PublishError}[arguments[0]]("No. " * 999)
    error.permanent = True
    raise error


def bug(arguments: Sequence[Any], body: bytes) -> Said:
    raise KeyError("bug")


def count(arguments: Sequence[Any], body: bytes) -> Iterator[bytes]:
    for number in range(arguments[0]):
        if number == arguments[1]:
            os.kill(os.getpid(), signal.SIGKILL)
        yield str(number).encode()


TASKS = {
    task.__name__: task
    for task in (say, surroundings, hang, spin, swell, crash, killed, huge, write, refuse, bug, count)
}
