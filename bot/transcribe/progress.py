"""What has been heard so far, on disk, so that a killed transcription goes on where it was.

The file stays until it is swept by age: a transcript that could not be stored is then made again in no time.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from bot.domain import Word
from bot.transcribe.gate import Heard, Span

GAP_S = 0.5  # decoders round


@dataclass(frozen=True, kw_only=True)
class Stretch:
    """One window that is done: heard from `start` up to `until` seconds of the episode."""

    start: float
    until: float
    language: str
    speech: tuple[Span, ...]
    heard: tuple[Heard, ...]


class Checkpoint:
    """A file with one finished stretch a line; a line that was torn by a kill is forgotten."""

    def __init__(self, path: Path) -> None:
        self._path = path

    @classmethod
    def of(cls, folder: Path, audio: Path, *made_by: object) -> Checkpoint:
        """The checkpoint of this very audio (by content) and whatever decides what is heard in it."""
        with open(audio, "rb") as file:
            content = hashlib.file_digest(file, "sha256").hexdigest()[:16]
        how = hashlib.sha256(repr(made_by).encode()).hexdigest()[:8]
        return cls(folder / f"{content}-{how}.jsonl")

    def stretches(self) -> list[Stretch]:
        """What is done; the file is cut back to that, so that appending stays safe.

        Two workers that had the same episode in hand (a lost lease) wrote each stretch twice: one counts.
        A stretch that doesn't begin where the last one ended is no use, nor is what comes after it.
        """
        if not self._path.is_file():
            return []
        data, length = self._path.read_bytes(), 0
        found: list[Stretch] = []
        for line in data.splitlines(keepends=True):
            try:
                stretch = _read(json.loads(line))
            except (ValueError, KeyError, TypeError):
                break
            end = found[-1].until if found else 0.0
            if not line.endswith(b"\n") or stretch.start > end + GAP_S:
                break
            if stretch.until > end:
                found.append(stretch)
            length += len(line)
        os.truncate(self._path, length)
        return found

    def add(self, stretch: Stretch) -> None:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        with open(self._path, "ab") as file:
            file.write(json.dumps(asdict(stretch)).encode() + b"\n")
            file.flush()
            os.fsync(file.fileno())


def _read(row: dict[str, Any]) -> Stretch:
    return Stretch(
        start=float(row["start"]),
        until=float(row["until"]),
        language=row["language"],
        speech=_spans(row["speech"]),
        heard=tuple(_heard(piece) for piece in row["heard"]),
    )


def _heard(row: dict[str, Any]) -> Heard:
    return Heard(**{**row, "clip": _spans([row["clip"]])[0], "words": _words(row["words"])})


def _spans(rows: Sequence[Sequence[float]]) -> tuple[Span, ...]:
    return tuple((float(start), float(end)) for start, end in rows)


def _words(rows: Sequence[dict[str, Any]]) -> tuple[Word, ...]:
    return tuple(Word(**row) for row in rows)
