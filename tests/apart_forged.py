"""A process that was taken over (test_hostile_apart): it misbehaves as the body or the file's name says."""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import repeat
from pathlib import Path
from typing import Any

from tests import apart_tasks


@dataclass(frozen=True)
class Forged:
    """Nothing that was asked for."""

    segments: Any = None
    outlines: Any = None
    links: Any = None
    values: Any = None
    codec: Any = None


WRONG = {
    "nothing": None,
    "text for a list": "a",
    "a number for a list": 7,
    "a list of numbers": [7],
    "a list of lists": [[["a"]]],
    "objects of another kind": [{"__class__": "os.system", "text": ["rm"], "url": {}, "start": "soon"}],
}
PARTS: Mapping[str, Callable[[], Iterator[bytes]]] = {
    "half a sample": lambda: iter([b"\0\0\0"]),
    "no number": lambda: iter([struct.pack("<f", float("nan"))]),
    "without end": lambda: repeat(bytes(640_000)),
    "too much at once": lambda: iter([bytes(4_000_000)]),
    "dies in the middle": lambda: apart_tasks.count([9, 4], b""),
}


def _misbehave(what: str) -> Any:
    if what in WRONG:
        wrong = WRONG[what]
        return Forged(segments=wrong, outlines=wrong, links=wrong, values=wrong, codec=wrong)
    return apart_tasks.TASKS[what]([0, -1], b"")


def _document(arguments: Sequence[Any], body: bytes) -> Any:
    return _misbehave(body.decode())


def _probe(arguments: Sequence[Any], body: bytes) -> Any:
    return _misbehave(Path(arguments[0]).name)


def _samples(arguments: Sequence[Any], body: bytes) -> Iterator[bytes]:
    name = Path(arguments[0]).name
    if name in PARTS:
        yield from PARTS[name]()
    else:
        _misbehave(name)


TASKS = {
    **dict.fromkeys(("transcript", "feed", "opml", "links"), _document),
    "probe": _probe,
    "samples": _samples,
}
