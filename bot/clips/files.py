"""The audio that clips are cut from: the file that is here, parts of one that is far, or all of it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Protocol

from bot.audio import AudioFiles
from bot.audio.mp3 import Map, begins_at, mapped
from bot.domain import Enclosure, Episode

HEAD_BYTES = 65_536
MOST_BYTES = 24_000_000  # of one piece: seven minutes at the highest bitrate there is
MARGIN_S, OF_TABLE = 5.0, 0.015  # around a piece; and of the whole, where only a table says where it lies


class Span(Protocol):
    @property
    def first(self) -> int: ...
    @property
    def total(self) -> int: ...
    @property
    def data(self) -> bytes: ...


class Fetcher(Protocol):
    def span(self, url: str, first: int, last: int, *, sealed: str = "") -> Span | None: ...


@dataclass(frozen=True, kw_only=True)
class Piece:
    """A file whose second 0 is second `offset` of the episode's audio; is it the beginning, and the end?"""

    path: Path
    offset: float = 0.0
    from_start: bool = True
    to_end: bool = True


class NoParts(Exception):
    """The server doesn't serve parts, or the file is none of which the parts can be told."""


class Whole:
    """A file that is here."""

    fetched_bytes = 0

    def __init__(self, path: Path, *, fetched_bytes: int = 0) -> None:
        self._path = path
        self.fetched_bytes = fetched_bytes

    @contextmanager
    def piece(self, start: float, end: float) -> Iterator[Piece]:
        yield Piece(path=self._path)


class Ranged:
    """Parts of an MP3 file, fetched as they are asked for. Raises NoParts where that can't be."""

    def __init__(self, fetcher: Fetcher, enclosure: Enclosure, folder: Path) -> None:
        self._fetcher, self._enclosure, self._folder = fetcher, enclosure, folder
        self.fetched_bytes = 0
        head = self._span(0, HEAD_BYTES - 1)
        begin = begins_at(head.data)
        if begin >= len(head.data) // 2:  # a cover fills it
            head = self._span(begin, begin + HEAD_BYTES - 1)
        self._total = head.total
        found = mapped(head.data[max(0, begin - head.first) :], begin, head.total)
        if found is None:
            raise NoParts
        self._map: Map = found

    def _span(self, first: int, last: int) -> Span:
        span = self._fetcher.span(self._enclosure.url, first, last, sealed=self._enclosure.sealed)
        if span is None or not span.data:
            raise NoParts
        self.fetched_bytes += len(span.data)
        return span

    @contextmanager
    def piece(self, start: float, end: float) -> Iterator[Piece]:
        """What lies there for certain, and so a little more."""
        margin = MARGIN_S + (0 if self._map.exact else OF_TABLE * self._map.duration_s)
        first, last = self._map.at(start - margin), self._map.at(end + margin) - 1
        last = min(last, first + MOST_BYTES, self._total - 1)
        if first >= last:  # beyond the end: the last seconds, which say that it ends there
            first = max(self._map.first, self._map.at(self._map.duration_s - 2 * MARGIN_S))
            last = self._total - 1
        span = self._span(first, last)
        with NamedTemporaryFile(dir=self._folder, prefix="piece-", suffix=".mp3") as file:
            file.write(span.data)
            file.flush()
            yield Piece(
                path=Path(file.name),
                offset=self._map.time(first),
                from_start=first <= self._map.first,
                to_end=last >= self._total - 1,
            )


Source = Whole | Ranged


def source(audio: AudioFiles, fetcher: Fetcher, episode: Episode, folder: Path) -> Source:
    """What is here already, else parts, else all of it. Raises AudioError or FetchError."""
    here = audio.cached(episode)
    if here is not None:
        return Whole(here)
    try:
        if episode.enclosure is not None:
            return Ranged(fetcher, episode.enclosure, folder)
    except NoParts:
        pass
    return whole(audio, episode)


def whole(audio: AudioFiles, episode: Episode) -> Whole:
    path = audio.get(episode)
    return Whole(path, fetched_bytes=path.stat().st_size)
