"""Reads GGUF files (version 3): what they say of themselves, and tensors of types F32, F16, Q8_0 and Q4_1."""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from bot.errors import ModelError

Floats = NDArray[np.float32]
# https://github.com/ggml-org/ggml/blob/master/docs/gguf.md
_SCALARS = {0: "B", 1: "b", 2: "H", 3: "h", 4: "I", 5: "i", 6: "f", 7: "?", 10: "Q", 11: "q", 12: "d"}
_STRING, _ARRAY = 8, 9
BLOCK = 32


@dataclass(frozen=True, kw_only=True)
class _Place:
    name: str
    shape: tuple[int, ...]
    kind: int
    offset: int


class GGUF:
    """One file: `fields` is its metadata; tensors are read when asked for. ModelError for other files."""

    def __init__(self, path: Path) -> None:
        self._path = path
        try:
            with open(path, "rb") as file:
                self.fields, self._places = _header(file)
                align = int(self.fields.get("general.alignment", 32))
                self._start = -(-file.tell() // align) * align
        except (OSError, ValueError, KeyError, struct.error) as error:
            raise ModelError(f"{path.name} can't be read as GGUF: {error}") from error

    def tensors(self) -> Iterator[tuple[str, Floats]]:
        """Name and values of each, rows first, one at a time."""
        data = np.memmap(self._path, np.uint8, "r")
        for place in self._places:
            if place.kind not in _KINDS:
                raise ModelError(f"{self._path.name} holds tensors of a type ({place.kind}) that isn't known")
            size, read = _KINDS[place.kind]
            begin = self._start + place.offset
            count = int(np.prod(place.shape))
            values = read(data[begin : begin + int(count * size)])
            yield place.name, values.reshape(place.shape[::-1])


def _header(file: BinaryIO) -> tuple[dict[str, Any], list[_Place]]:
    magic, version, tensors, fields = _unpack(file, "4sIQQ")
    if magic != b"GGUF" or version != 3:
        raise ValueError("it isn't a GGUF file of version 3")
    known = {_string(file): _value(file, _one(file, "I")) for _ in range(fields)}
    return known, [_place(file) for _ in range(tensors)]


def _place(file: BinaryIO) -> _Place:
    name = _string(file)
    shape = _unpack(file, f"{_one(file, 'I')}Q")
    kind, offset = _unpack(file, "IQ")
    return _Place(name=name, shape=shape, kind=kind, offset=offset)


def _value(file: BinaryIO, kind: int) -> Any:
    if kind == _STRING:
        return _string(file)
    if kind != _ARRAY:
        return _one(file, _SCALARS[kind])
    inner, count = _unpack(file, "IQ")
    if inner in _SCALARS:
        return list(_unpack(file, f"{count}{_SCALARS[inner]}"))
    return [_value(file, inner) for _ in range(count)]


def _string(file: BinaryIO) -> str:
    return file.read(_one(file, "Q")).decode("utf-8")


def _one(file: BinaryIO, form: str) -> Any:
    return _unpack(file, form)[0]


def _unpack(file: BinaryIO, form: str) -> tuple[Any, ...]:
    form = f"<{form}"
    return struct.unpack(form, file.read(struct.calcsize(form)))


def _f32(raw: NDArray[np.uint8]) -> Floats:
    return raw.view("<f4").astype(np.float32)


def _f16(raw: NDArray[np.uint8]) -> Floats:
    return raw.view("<f2").astype(np.float32)


def _q8_0(raw: NDArray[np.uint8]) -> Floats:
    """Blocks of a half-precision scale and 32 signed bytes."""
    blocks = raw.reshape(-1, 2 + BLOCK)
    scale = np.ascontiguousarray(blocks[:, :2]).view("<f2").astype(np.float32)
    whole: Floats = scale * blocks[:, 2:].view(np.int8).astype(np.float32)
    return whole


def _q4_1(raw: NDArray[np.uint8]) -> Floats:
    """Blocks of a scale, a least value, and 32 nibbles: low ones first, then the high ones."""
    blocks = raw.reshape(-1, 4 + BLOCK // 2)
    scale, least = np.ascontiguousarray(blocks[:, :4]).view("<f2").astype(np.float32).T[:, :, None]
    nibbles = np.concatenate([blocks[:, 4:] & 15, blocks[:, 4:] >> 4], axis=1)
    whole: Floats = scale * nibbles.astype(np.float32) + least
    return whole


# By ggml's number of the type: bytes a value, and how they are read.
_KINDS: dict[int, tuple[float, Callable[[NDArray[np.uint8]], Floats]]] = {
    0: (4, _f32),
    1: (2, _f16),
    3: ((4 + BLOCK // 2) / BLOCK, _q4_1),
    8: ((2 + BLOCK) / BLOCK, _q8_0),
}
