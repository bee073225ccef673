"""How much of a cousin a speech engine is: openai-whisper fp32 against the int8 that ships, on one audio."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from statistics import mean
from tempfile import TemporaryDirectory
from typing import Any, Protocol

import numpy as np

from bot.audio import AudioFiles
from bot.domain import Transcript
from bot.errors import ConfigError
from bot.training.cousins import resident_bytes, timed
from bot.transcribe.faster import FasterWhisperTranscriber
from bot.transcribe.whisper import OpenAIWhisperTranscriber
from bot.weights import Weights

SPOKEN = (".mp3", ".m4a", ".ogg", ".opus", ".flac", ".wav")
SAID = ".ref.txt"


class FileTranscriber(Protocol):
    def transcribe_file(self, path: Path, language: str = "") -> Transcript: ...


@dataclass(frozen=True, kw_only=True)
class HeardAll:
    """Every file by one engine: the words of each, as plain as they are compared."""

    name: str
    words: tuple[tuple[str, ...], ...]
    audio_s: float
    seconds: float
    memory_bytes: int


def files_of(folder: Path, most: int) -> list[Path]:
    """Audio whose words are written down beside it (`X.mp3.ref.txt`), `most` of it (0: all); ConfigError
    where there is none."""
    inside = sorted(folder.iterdir()) if folder.is_dir() else []
    spoken = [p for p in inside if p.suffix in SPOKEN and Path(f"{p}{SAID}").is_file()]
    if not spoken:
        raise ConfigError(
            f"{folder} holds no audio with what is said in it beside it: X.mp3 and X.mp3{SAID}."
        )
    return spoken[: most or None]


def heard(make: Callable[[Path], FileTranscriber], files: Sequence[Path]) -> HeardAll:
    """One thread; loading counts as memory and not as time: a copy of the first file is heard before all."""
    before, name, length, seconds, words = resident_bytes(), "", 0.0, 0.0, []
    with TemporaryDirectory() as scratch:
        engine = make(Path(scratch))
        engine.transcribe_file(Path(shutil.copy(files[0], Path(scratch) / f"first{files[0].suffix}")))
        memory = resident_bytes() - before
        for path in files:
            made, spent = timed(lambda path=path: engine.transcribe_file(path))  # type: ignore[misc]
            name, length, seconds = made.model, length + (made.duration_s or 0.0), seconds + spent
            words.append(plain(made.text))
    return HeardAll(name=name, words=tuple(words), audio_s=length, seconds=seconds, memory_bytes=memory)


def engines(weights: Weights) -> Mapping[str, Callable[[Path], FileTranscriber]]:
    """Whisper tiny.en by each engine; a folder is for what is half done."""
    kinds: Mapping[str, Any] = {"fp32": OpenAIWhisperTranscriber, "int8": FasterWhisperTranscriber}

    def of(kind: Any) -> Callable[[Path], FileTranscriber]:
        def make(folder: Path) -> FileTranscriber:
            audio = AudioFiles(None, folder)  # type: ignore[arg-type] # files are named: none is fetched
            made: FileTranscriber = kind(audio, weights, checkpoints=folder, threads=1)
            return made

        return make

    return {means: of(kind) for means, kind in kinds.items()}


def plain(text: str) -> tuple[str, ...]:
    """Words as Whisper's authors compare them: without case, punctuation and ways to write a number."""
    return tuple(_normalizer()(text).split())


@cache
def _normalizer() -> Callable[[str], str]:
    import warnings

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)  # it leaves a file of its own open
        from whisper.normalizers import EnglishTextNormalizer

        made: Callable[[str], str] = EnglishTextNormalizer()
    return made


def edits(a: Sequence[str], b: Sequence[str]) -> int:
    """The fewest words to change, add or leave out to make `b` of `a` (Levenshtein 1966)."""
    row = np.arange(len(b) + 1)
    steps = np.arange(len(b) + 1)
    for word in a:
        changed = row[:-1] + np.array([word != other for other in b], int)
        best = np.concatenate([[row[0] + 1], np.minimum(changed, row[1:] + 1)])
        row = np.minimum.accumulate(best - steps) + steps  # what is added costs one a word
    return int(row[-1])


def figures(a: HeardAll, b: HeardAll, files: Sequence[Path]) -> dict[str, float]:
    """All by name, in the order in which they are shown; a figure of both ends in the engine it is of."""
    said = [plain(Path(f"{path}{SAID}").read_text("utf-8")) for path in files]
    pairs = list(zip(a.words, b.words, strict=True))
    out = {
        "seconds of audio": a.audio_s,
        "words the same": 1 - error_rate(a.words, b.words),
        "files with equal words": mean(float(x == y) for x, y in pairs),
    }
    for letter, one in (("A", a), ("B", b)):
        out |= {
            f"word errors {letter}": error_rate(said, one.words),
            f"CPU seconds a second {letter}": one.seconds / max(one.audio_s, 1e-9),
            f"memory, MB {letter}": one.memory_bytes / 1e6,
        }
    return out


def error_rate(right: Sequence[Sequence[str]], found: Sequence[Sequence[str]]) -> float:
    wrong = sum(edits(r, f) for r, f in zip(right, found, strict=True))
    return wrong / max(1, sum(map(len, right)))
