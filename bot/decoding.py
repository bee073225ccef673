"""Strangers' sound, decoded in a process of its own (`bot/apart`) that holds no model: av and numpy only.

As `bot/audio`'s `probe`, `pieces` and `decode`, which run there. AudioError, too, when a limit is met or
the process dies.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from bot import audio
from bot.apart import Apart, Limits
from bot.audio import RATE, AudioInfo
from bot.errors import AudioError

if TYPE_CHECKING:
    from bot.audio import Samples

PART_S = 10  # of sound in one message: 640 kB
# Chosen wide: seven hours of FLAC took 30 processor seconds up to the sixth (docs/experiments.md).
LIMITS = Limits(
    seconds=120, cpu_s=1800, memory_bytes=1_000_000_000, reply_bytes=PART_S * RATE * 4 * 2, renew_after=20
)


class Sound:
    """Takes sound apart; a process for each file that is being decoded, and one kept for the next."""

    def __init__(self, limits: Limits = LIMITS) -> None:
        self.process = Apart(__name__, AudioError, limits)

    def probe(self, path: Path, what: str = "") -> AudioInfo:
        """What `path` says about itself. AudioError when it can't be opened or has no audio track."""
        from pydantic import TypeAdapter, ValidationError

        name = what or path.name
        reply = self.process.ask("probe", (str(path), name), name=name)
        try:
            return TypeAdapter(AudioInfo).validate_json(reply)
        except ValidationError:
            raise self.process.failed("crash", name) from None

    def pieces(self, path: Path, seconds: float, *, max_s: float = 6 * 3600) -> Iterator[Samples]:
        """See `audio.pieces`."""
        parts = self.process.stream("samples", (str(path),), name=path.name)
        checked = (self._samples(part, path.name) for part in parts)
        yield from audio.cut(checked, seconds, max_s, path.name)

    def decode(self, path: Path, *, max_s: float = 6 * 3600) -> Samples:
        """See `audio.decode`."""
        return np.concatenate(list(self.pieces(path, 60, max_s=max_s)))

    def _samples(self, part: bytes, name: str) -> Samples:
        if len(part) % 4:
            raise self.process.failed("crash", name)
        samples = np.frombuffer(part, np.float32)
        if not np.isfinite(samples).all():
            raise self.process.failed("crash", name)
        return samples


@cache
def sound() -> Sound:
    """The one of this process."""
    return Sound()


def _probe(arguments: Sequence[Any], body: bytes) -> AudioInfo:
    path, what = arguments
    return audio.probe(Path(path), what)


def _samples(arguments: Sequence[Any], body: bytes) -> Iterator[bytes]:
    return (part.tobytes() for part in audio.samples(Path(arguments[0]), PART_S))


TASKS = {"probe": _probe, "samples": _samples}
