"""GGUF: files made by hand are read to the number; others are refused in words."""

from __future__ import annotations

import struct
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from bot.errors import ModelError
from bot.write.gguf import GGUF


def string(text: str) -> bytes:
    return struct.pack("<Q", len(text.encode())) + text.encode()


def field(name: str, kind: int, packed: bytes) -> bytes:
    return string(name) + struct.pack("<I", kind) + packed


def made(path: Path, tensors: dict[str, tuple[tuple[int, ...], int, bytes]], version: int = 3) -> Path:
    """A file with a word, a list and a float as metadata, and tensors of (shape, type, bytes)."""
    fields = [
        field("general.name", 8, string("tiny")),
        field("words", 9, struct.pack("<IQ", 8, 2) + string("a") + string("é")),
        field("numbers", 9, struct.pack("<IQ3i", 5, 3, 1, -2, 3)),
        field("eps", 6, struct.pack("<f", 0.5)),
    ]
    head, data = b"", b""
    for name, (shape, kind, raw) in tensors.items():
        data += b"\0" * (-len(data) % 32)
        sizes = struct.pack(f"<I{len(shape)}Q", len(shape), *shape[::-1])
        head += string(name) + sizes + struct.pack("<IQ", kind, len(data))
        data += raw
    start = b"GGUF" + struct.pack("<IQQ", version, len(tensors), len(fields)) + b"".join(fields) + head
    path.write_bytes(start + b"\0" * (-len(start) % 32) + data)
    return path


def read(path: Path) -> dict[str, Any]:
    return dict(GGUF(path).tensors())


def test_metadata(tmp_path: Path) -> None:
    fields = GGUF(made(tmp_path / "x.gguf", {})).fields
    assert fields == {"general.name": "tiny", "words": ["a", "é"], "numbers": [1, -2, 3], "eps": 0.5}


def test_plain_tensors_come_rows_first_and_in_their_places(tmp_path: Path) -> None:
    a, b = np.arange(6, dtype="<f4").reshape(2, 3), np.array([0.5, -2], "<f2")
    found = read(made(tmp_path / "x.gguf", {"b": ((2,), 1, b.tobytes()), "a": ((2, 3), 0, a.tobytes())}))
    assert np.array_equal(found["a"], a) and np.array_equal(found["b"], b)


def test_eight_bits_with_a_scale(tmp_path: Path) -> None:
    raw = struct.pack("<e32b", 0.25, *range(-16, 16))
    found = read(made(tmp_path / "x.gguf", {"q": ((1, 32), 8, raw)}))["q"]
    assert np.array_equal(found, [[0.25 * n for n in range(-16, 16)]])


def test_four_bits_with_scale_and_least_value(tmp_path: Path) -> None:
    # Sixteen bytes: the low nibble is value i, the high one value i + 16.
    raw = struct.pack("<2e16B", 0.5, -1.0, *(i | (15 - i) << 4 for i in range(16)))
    found = read(made(tmp_path / "x.gguf", {"q": ((32,), 3, raw)}))["q"]
    assert np.array_equal(found, [0.5 * n - 1 for n in [*range(16), *range(15, -1, -1)]])


def test_unknown_types_are_said(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"type \(14\)"):
        read(made(tmp_path / "x.gguf", {"q": ((32,), 14, b"\0" * 32)}))


@pytest.mark.parametrize("content", [b"", b"GGUF", b"<html>" * 20, b"GGUF" + b"\xff" * 40])
def test_other_files_are_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "x.gguf").write_bytes(content)
    with pytest.raises(ModelError, match=r"x\.gguf can't be read as GGUF"):
        GGUF(tmp_path / "x.gguf")


def test_another_version_and_no_file(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="version 3"):
        GGUF(made(tmp_path / "old.gguf", {}, version=2))
    with pytest.raises(ModelError, match=r"none\.gguf"):
        GGUF(tmp_path / "none.gguf")
