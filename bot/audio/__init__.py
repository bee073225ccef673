"""An episode's audio: its enclosure as a local file, and any audio file as samples. Needs no ffmpeg."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from bot.audio.kinds import check_is_audio
from bot.domain import Enclosure, Episode
from bot.errors import AudioError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Samples = NDArray[np.float32]

IN_HAND = timedelta(hours=1)  # what was touched since may be arriving, or being heard
RATE = 16_000  # samples a second, what every speech model here expects

# What ffmpeg's demuxers may be. Playlists (hls, concat, dash) are left out on purpose: they make ffmpeg open
# other files and addresses, which a feed must not be able to do.
_FORMATS = "mp3,wav,w64,flac,ogg,mov,matroska,aac,aiff,caf,amr,asf,avi,mpegts,mpeg,flv,au,ac3,ape,wv"


class Fetcher(Protocol):
    def download(
        self,
        url: str,
        path: Path,
        *,
        sealed: str = "",
        max_bytes: int = ...,
        progress: Callable[[int, int | None], None] | None = None,
    ) -> Any: ...


@dataclass(frozen=True, kw_only=True)
class AudioInfo:
    """What a file says about itself; `duration_s` None when it doesn't say (and it may be wrong)."""

    duration_s: float | None
    codec: str
    sample_rate: int
    channels: int


class AudioFiles:
    """Downloaded enclosures in `folder`, named by a hash of their URL and kept `keep_days` after last use."""

    def __init__(
        self,
        fetcher: Fetcher,
        folder: Path,
        *,
        max_bytes: int = 500_000_000,
        max_s: float = 6 * 3600,
        keep_days: float = 7,
        progress: Callable[[str, float, float], None] | None = None,
        look: Callable[[Path, str], AudioInfo] | None = None,
    ) -> None:
        self._look = look or probe
        self._fetcher = fetcher
        self._folder = folder
        self._max_bytes = max_bytes
        self.max_s = max_s
        self._keep_days = keep_days
        self._progress = progress

    def get(self, episode: Episode) -> Path:
        """The episode's audio as a local file, downloaded unless it is there.

        Raises AudioError when it isn't audio or is longer than allowed, FetchError when it can't be had.
        """
        enclosure = episode.enclosure
        if enclosure is None or not enclosure.url:
            raise AudioError(f"“{episode.title}” has no audio file in its feed")
        self._check_length(episode.duration_s, f"“{episode.title}”")
        path = self._path(enclosure)
        if not path.is_file():
            self._download(enclosure, path, f"the audio of “{episode.title}”")
        os.utime(path)
        return path

    def cached(self, episode: Episode) -> Path | None:
        """The episode's audio where it has been downloaded and not been swept yet."""
        path = self._path(episode.enclosure) if episode.enclosure else None
        return path if path and path.is_file() else None

    def _path(self, enclosure: Enclosure) -> Path:
        return self._folder / hashlib.sha256(enclosure.url.encode()).hexdigest()[:24]

    def sweep(self, now: datetime) -> int:
        """Delete what hasn't been used for `keep_days` (unfinished downloads too); how many files went."""
        return sweep(self._folder, now, self._keep_days)

    def _download(self, enclosure: Enclosure, path: Path, what: str) -> None:
        self._folder.mkdir(parents=True, exist_ok=True)
        part = path.with_suffix(".part")
        self._fetcher.download(
            enclosure.url,
            part,
            sealed=enclosure.sealed,
            max_bytes=self._max_bytes,
            progress=lambda done, total: self._report(what, done, total),
        )
        try:
            check_is_audio(part, what)
            self._check_length(self._look(part, what).duration_s, what)
        except AudioError:
            part.unlink()
            raise
        part.replace(path)

    def _report(self, what: str, done: int, total: int | None) -> None:
        if self._progress and total:
            self._progress(f"Fetching {what}", done, total)

    def _check_length(self, duration_s: float | None, what: str) -> None:
        if duration_s and duration_s > self.max_s:
            hours, most = duration_s / 3600, self.max_s / 3600
            raise AudioError(f"{what} is {hours:.1f} hours long; more than {most:g} are not transcribed")


def sweep(folder: Path, now: datetime, keep_days: float) -> int:
    """Delete the files of a folder that weren't touched for `keep_days`; how many went."""
    oldest = (now - max(IN_HAND, timedelta(days=keep_days))).timestamp()
    old = [path for path in folder.glob("*") if path.is_file() and path.stat().st_mtime <= oldest]
    for path in old:
        path.unlink(missing_ok=True)
    return len(old)


def probe(path: Path, what: str = "") -> AudioInfo:
    """What `path` says about itself. AudioError when it can't be opened or has no audio track."""
    with _opened(path, what or path.name) as (container, stream):
        seconds = None
        if stream.duration and stream.time_base:
            seconds = float(stream.duration * stream.time_base)
        elif container.duration:
            seconds = container.duration / 1e6
        of = stream.codec_context
        return AudioInfo(duration_s=seconds, codec=of.name, sample_rate=of.sample_rate, channels=of.channels)


def decode(path: Path, *, max_s: float = 6 * 3600) -> Samples:
    """All of `path` as mono float32 at 16 kHz; see `pieces`."""
    return np.concatenate(list(pieces(path, 60, max_s=max_s)))


def pieces(path: Path, seconds: float, *, max_s: float = 6 * 3600) -> Iterator[Samples]:
    """`path` as mono float32 at 16 kHz in pieces of `seconds` (the last one shorter).

    What is damaged becomes silence; AudioError when nothing can be decoded, or when it goes on for more than
    `max_s`.
    """
    yield from cut(samples(path, 1), seconds, max_s, path.name)


def samples(path: Path, least_s: float) -> Iterator[Samples]:
    """`path` as mono float32 at 16 kHz, as it comes, in arrays of `least_s` seconds or a little more."""
    for part in _gathered(resampled(frames(path), path.name, RATE), round(least_s * RATE)):
        yield np.nan_to_num(part, copy=False)  # files of floating point numbers can hold anything


def cut(parts: Iterable[Samples], seconds: float, max_s: float, what: str) -> Iterator[Samples]:
    """The same samples in pieces of `seconds`; AudioError when they go on for more than `max_s`."""
    size, total = round(seconds * RATE), 0
    held = np.zeros(0, np.float32)
    for part in parts:
        total += len(part)
        if total > max_s * RATE:
            raise AudioError(f"{what} is longer than {max_s / 3600:g} hours; it is not transcribed")
        held = np.concatenate([held, part])
        while len(held) >= size:
            yield held[:size]
            held = held[size:]
    if len(held):
        yield held


def _gathered(parts: Iterator[Samples], least: int) -> Iterator[Samples]:
    """The same samples in fewer arrays, each of `least` or more (a frame holds a few milliseconds)."""
    held: list[Samples] = []
    length = 0
    for part in parts:
        held.append(part)
        length += len(part)
        if length >= least:
            yield np.concatenate(held)
            held, length = [], 0
    if held:
        yield np.concatenate(held)


def resampled(sounds: Iterable[Any], name: str, rate: int) -> Iterator[Samples]:
    """What `frames` gives as mono float32 at that `rate`. AudioError when there is no sound in it."""
    resampler, shape = None, None
    for frame in sounds:
        if isinstance(frame, float):
            yield np.zeros(round(frame * rate), np.float32)
            continue
        if resampler is None or shape != _shape(frame):
            # A damaged or spliced file can change its channels midway; a resampler takes one shape only.
            yield from _arrays(resampler, None)
            resampler, shape = _resampler(rate), _shape(frame)
        frame.pts = None  # damaged files have broken times, which the resampler would refuse
        yield from _arrays(resampler, frame)
    if resampler is None:
        raise AudioError(f"{name} can't be decoded: there is no sound in it, or it is damaged")
    yield from _arrays(resampler, None)


def _shape(frame: Any) -> tuple[str, str, int]:
    return frame.format.name, frame.layout.name, frame.sample_rate


def _resampler(rate: int) -> Any:
    from av.audio.resampler import AudioResampler

    return AudioResampler(format="flt", layout="mono", rate=rate)


def _arrays(resampler: Any, frame: Any) -> Iterator[Samples]:
    if resampler is not None:
        for resampled in resampler.resample(frame):
            yield np.clip(resampled.to_ndarray().reshape(-1), -1, 1).astype(np.float32, copy=False)


def frames(path: Path, start: float = 0.0) -> Iterator[Any]:
    """Decoded frames, and for each packet that can't be decoded the seconds that are lost with it.

    From the last place before second `start` on that can be sought.
    """
    from av.error import FFmpegError

    with _opened(path, path.name) as (container, stream):
        try:
            if start > 0:
                container.seek(round(start * 1_000_000))
        except FFmpegError:
            return  # it ends before
        packets = container.demux(stream)
        while True:
            try:
                packet = next(packets, None)
            except FFmpegError:  # the container ends in the middle
                return
            if packet is None:
                return
            try:
                yield from packet.decode()
            except FFmpegError as error:
                if isinstance(error, MemoryError):
                    raise
                yield _seconds(packet)


def _seconds(packet: Any) -> float:
    # No more than a second, since the packet is damaged.
    return min(1.0, float((packet.duration or 0) * (packet.time_base or 0)))


@contextmanager
def _opened(path: Path, what: str) -> Iterator[tuple[Any, Any]]:
    import av
    from av.error import FFmpegError

    if not path.is_file():
        raise AudioError(f"there is no file {path}")
    check_is_audio(path, what)
    options = {"protocol_whitelist": "file", "format_whitelist": _FORMATS}
    try:
        container = av.open(str(path), metadata_errors="ignore", options=options)
    except (FFmpegError, ValueError) as error:
        if isinstance(error, MemoryError):
            raise
        raise AudioError(f"{what} can't be read as audio: it is damaged or of a kind not known") from error
    with container:
        if not container.streams.audio:
            raise AudioError(f"{what} has no audio track")
        yield container, container.streams.best("audio") or container.streams.audio[0]
