"""Where somebody speaks: stretches of speech in audio, and how to cut long audio at silences."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from bot.audio import RATE

if TYPE_CHECKING:
    from bot.audio import Samples

Span = tuple[float, float]  # seconds

# Whisper hears 30 seconds at once. A pause of 1.5 s ends a clip: over longer ones it tends to invent words.
MAX_CLIP_S = 28.0
MAX_PAUSE_S = 1.5


@dataclass(frozen=True, kw_only=True)
class Window:
    """A few minutes of an episode: its samples, and where in the episode (seconds) somebody speaks in it."""

    start: float
    samples: Samples
    speech: tuple[Span, ...]

    @property
    def end(self) -> float:
        return self.start + len(self.samples) / RATE


def speech(samples: Samples) -> tuple[Span, ...]:
    """Stretches with a voice (Silero VAD), each at most MAX_CLIP_S, in seconds from the start."""
    from faster_whisper.vad import VadOptions, get_speech_timestamps

    if not len(samples):
        return ()
    options = VadOptions(max_speech_duration_s=MAX_CLIP_S, min_silence_duration_ms=160, speech_pad_ms=200)
    found = get_speech_timestamps(samples, options)
    return tuple((span["start"] / RATE, span["end"] / RATE) for span in found)


def clips(spans: Sequence[Span]) -> tuple[Span, ...]:
    """Neighbouring stretches joined, as far as a speech model can hear them at once."""
    joined: list[Span] = []
    for start, end in spans:
        if joined and end - joined[-1][0] <= MAX_CLIP_S and start - joined[-1][1] <= MAX_PAUSE_S:
            joined[-1] = (joined[-1][0], end)
        else:
            joined.append((start, end))
    return tuple(joined)


def windows(pieces: Iterable[Samples], length_s: float, start: float = 0.0) -> Iterator[Window]:
    """`pieces` joined and cut again, in a silence, into windows of at most `length_s` (and a piece).

    What lies before `start` (seconds) is passed over.
    """
    skip, held = round(start * RATE), np.zeros(0, np.float32)
    for piece in pieces:
        skipped = min(skip, len(piece))
        skip -= skipped
        held = np.concatenate([held, piece[skipped:]])
        while len(held) >= length_s * RATE:
            window = _window(held, start, last=False)
            yield window
            held = held[len(window.samples) :]
            start = window.end
    if len(held):
        yield _window(held, start, last=True)


def _window(samples: Samples, start: float, *, last: bool) -> Window:
    found = speech(samples)
    cut = len(samples) / RATE if last else cut_at(found, len(samples) / RATE)
    kept = tuple((start + a, start + min(b, cut)) for a, b in found if a < cut)
    return Window(start=start, samples=samples[: round(cut * RATE)], speech=kept)


def cut_at(spans: Sequence[Span], length_s: float) -> float:
    """The middle of the last silence in the second half of `length_s`; its very end when nobody pauses."""
    ends = [0.0, *(end for _, end in spans)]
    starts = [*(start for start, _ in spans), length_s]
    silences = [
        (a, b) for a, b in zip(ends, starts, strict=True) if b - a >= 0.1 and (a + b) / 2 > length_s / 2
    ]
    return (silences[-1][0] + silences[-1][1]) / 2 if silences else length_s
