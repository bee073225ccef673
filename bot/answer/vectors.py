"""Vectors of passages on disk: half precision rows, and their signs as a sketch that is quick to scan."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]
Rows = NDArray[np.int64]
Bits = NDArray[np.uint64]
# Up to so many rows every vector is looked at; beyond, the signs choose which (see docs/experiments.md).
EXACT = 20_000
SHORTLIST = 2_000
WORD = 64


class VectorFiles:
    """Rows by number, in two files of a generation: `NAME.f16` and `NAME.signs`. Nothing tells whether a row
    was written: whoever keeps the numbers knows, and writes here first.

    `width` is a multiple of 64. Safe for one writer and any number of readers.
    """

    def __init__(self, folder: Path, name: str, width: int) -> None:
        self._width = width
        self._f16, self._signs = folder / f"{name}.f16", folder / f"{name}.signs"
        self._vectors = np.zeros((0, width), np.float16)
        self._bits: Bits = np.zeros((0, width // WORD), np.uint64)

    def write(self, first: int, vectors: Floats) -> None:
        """Rows from `first` on, on the disk when this returns."""
        _put(self._f16, first * self._width * 2, vectors.astype("<f2").tobytes())
        _put(self._signs, first * self._width // 8, signs(vectors).tobytes())

    def holds(self, rows: int) -> bool:
        """Whether both files are long enough for so many rows."""
        sizes = ((self._f16, self._width * 2), (self._signs, self._width // 8))
        return rows == 0 or all(p.exists() and p.stat().st_size >= rows * n for p, n in sizes)

    def nearest(self, vector: Floats, rows: Rows, limit: int, *, exact: bool = False) -> tuple[Rows, Floats]:
        """The rows (of those given, ascending) with the highest cosines, best first, and these.

        `exact` looks at all of them however many they are. Vectors are of length one.
        """
        if len(rows) == 0:
            return rows, np.zeros(0, np.float32)
        if len(rows) > EXACT and not exact:
            rows = self._shortlist(vector, rows)
        cosines = np.concatenate(
            [self.of(part) @ vector for part in np.array_split(rows, len(rows) // EXACT + 1)]
        )
        best = np.argsort(-cosines, kind="stable")[:limit]
        return rows[best], cosines[best]

    def of(self, rows: Rows) -> Floats:
        """Their vectors, (n, width)."""
        self._map(int(rows.max()) + 1 if len(rows) else 0)
        found: Floats = self._vectors[rows].astype(np.float32)
        return found

    def _shortlist(self, vector: Floats, rows: Rows) -> Rows:
        """By how many signs differ, which estimates the angle (Charikar, STOC 2002) from 48 bytes."""
        self._map(int(rows.max()) + 1)
        low, high = int(rows[0]), int(rows[-1]) + 1
        run = high - low == len(rows)
        bits = self._bits[low:high] if run else self._bits[rows]
        apart = np.bitwise_count(bits ^ signs(vector[None])).sum(axis=1, dtype=np.uint16)
        return np.sort(rows[np.argpartition(apart, SHORTLIST)[:SHORTLIST]])

    def _map(self, rows: int) -> None:
        """Look again where another process has added rows."""
        if rows <= min(len(self._vectors), len(self._bits)):
            return
        # Whole rows: the last one may be on its way to the disk.
        whole = self._f16.stat().st_size // (2 * self._width)
        self._vectors = np.memmap(self._f16, "<f2", "r", shape=(whole, self._width))
        # In memory: 48 MB for a million, and scanned whole for each question.
        words = self._width // WORD
        read = np.fromfile(self._signs, "<u8")
        self._bits = read[: len(read) // words * words].reshape(-1, words)


def signs(vectors: Floats) -> Bits:
    """One bit a component, (n, width / 64)."""
    packed: Bits = np.packbits(vectors > 0, axis=1).view("<u8")
    return packed


def _put(path: Path, offset: int, content: bytes) -> None:
    with open(os.open(path, os.O_RDWR | os.O_CREAT, 0o600), "r+b") as file:
        file.seek(offset)
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
