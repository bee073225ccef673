"""What goes between the two processes: two lengths, then a head (or status) and a body."""

from __future__ import annotations

import struct
from typing import IO

LENGTHS = struct.Struct(">II")
# What meets a limit, and how it is said.
WHY = {
    "time": "takes too long to read",
    "memory": "takes too much memory to read",
    "crash": "can't be read: the process that took it apart ended in the middle",
    "size": "is too large once it has been read",
}
STATUSES = {"ok", "part", "refused", *WHY}


def send(pipe: IO[bytes], head: bytes, body: bytes) -> None:
    pipe.write(LENGTHS.pack(len(head), len(body)))
    pipe.write(head)
    pipe.write(body)
    pipe.flush()


def receive(pipe: IO[bytes], most: int) -> tuple[str, bytes]:
    status_length, length = LENGTHS.unpack(exactly(pipe, LENGTHS.size))
    status = exactly(pipe, status_length if status_length <= 16 else 0).decode("ascii", "replace")
    if length > most:
        return "size", b""
    reply = exactly(pipe, length)
    return (status if status in STATUSES else "crash"), reply


def exactly(pipe: IO[bytes], length: int) -> bytes:
    read = pipe.read(length)
    if len(read) < length:
        raise EOFError
    return read
