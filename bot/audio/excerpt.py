"""A stretch of an audio file as samples, and samples as a small MP3 file: what clips are cut with."""

from __future__ import annotations

from fractions import Fraction
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from bot.audio import frames, resampled
from bot.errors import AudioError

if TYPE_CHECKING:
    from bot.audio import Samples

# MP3 plays in the messages of Slack and Discord and in every browser, which Opus in Ogg (Safari) and AAC
# (Discord on Linux) don't everywhere. 64 kbit/s in mono is clear for speech: 60 seconds are 480 KB.
CLIP_RATE, CLIP_BITRATE = 44_100, 64_000
FADE_S = 0.05
_CHUNK = 1152  # samples a frame of MP3 takes


def stretch(path: Path, start: float, end: float, rate: int) -> Samples:
    """What sounds from `start` to `end` (seconds) as mono float32 of that `rate`; shorter at the file's end.

    Raises AudioError when nothing of it can be decoded. Times are those of the file's own packets, so that
    two calls agree whatever they ask for.
    """
    sounds = frames(path, start)
    first = next((sound for sound in sounds if not isinstance(sound, float)), None)
    if first is None:
        raise AudioError(f"{path.name} has no sound from second {start:.0f} on.")
    wanted = max(0, round((end - start) * rate))
    skip = round((start - (first.time or 0.0)) * rate)
    silence = min(max(0, -skip), wanted)  # the file has a hole there
    held: list[Samples] = [np.zeros(silence, np.float32)]
    length, skip = silence, max(0, skip)
    for samples in resampled(chain([first], sounds), path.name, rate):
        held.append(samples[skip:])
        length += len(held[-1])
        skip -= min(skip, len(samples))
        if length >= wanted:
            break
    return np.concatenate(held)[:wanted]


def faded(samples: Samples, rate: int = CLIP_RATE) -> Samples:
    """With a short fade at either end: a cut in the middle of a sound is heard as a click."""
    length = min(round(FADE_S * rate), len(samples) // 2)
    made, ramp = samples.copy(), np.linspace(0, 1, length, dtype=np.float32)
    made[:length] *= ramp
    made[len(made) - length :] *= ramp[::-1]
    return made


def write_mp3(path: Path, samples: Samples, *, title: str, artist: str) -> None:
    """Mono samples of CLIP_RATE as MP3, with what a player shows. AudioError when it can't be written."""
    import av
    from av.error import FFmpegError

    try:
        with av.open(str(path), "w", format="mp3") as container:
            container.metadata.update({"title": title, "artist": artist})
            stream: Any = container.add_stream("libmp3lame", rate=CLIP_RATE, layout="mono")
            stream.bit_rate = CLIP_BITRATE
            for at in range(0, len(samples), _CHUNK):
                container.mux(stream.encode(_frame(samples[at : at + _CHUNK], at)))
            container.mux(stream.encode(None))
    except (FFmpegError, OSError, ValueError) as error:
        raise AudioError("The clip can't be written: is there room on the disk?") from error


def _frame(samples: Samples, at: int) -> Any:
    from av.audio.frame import AudioFrame

    frame = AudioFrame.from_ndarray(
        np.ascontiguousarray(samples.reshape(1, -1)), format="fltp", layout="mono"
    )
    frame.sample_rate, frame.pts, frame.time_base = CLIP_RATE, at, Fraction(1, CLIP_RATE)
    return frame
