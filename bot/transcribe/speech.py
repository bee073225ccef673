"""The frame around a speech engine: windows cut at silences, checkpoints, progress, the gate at the end."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from pickle import PickleError
from typing import TYPE_CHECKING, Protocol

from bot.decoding import sound
from bot.domain import Episode, Transcript, Word
from bot.errors import ModelError
from bot.malloc import give_back
from bot.transcribe.gate import Heard, Span, judge
from bot.transcribe.progress import Checkpoint, Stretch
from bot.transcribe.voice import Window, clips, windows

if TYPE_CHECKING:
    from bot.audio import AudioFiles, Samples

Progress = Callable[[str, float, float], None]

WINDOW_S = 240.0  # a kill costs no more than those that are being heard
PAUSE_S = 0.8
NO_CUDA = (
    "EARMARK_DEVICE is cuda, but no CUDA device can be used here: look at the driver and its libraries "
    "(nvidia-smi), or set it to cpu"
)
LONG_WORDS = 60
_ABBREVIATIONS = frozenset(
    ["mr.", "mrs.", "ms.", "dr.", "st.", "vs.", "e.g.", "i.e.", "prof.", "no.", "u.s.", "etc."]
)


class Engine(Protocol):
    """A speech model. `name` says engine, model and precision; `multilingual` may load the model; `at_once`
    calls of `hear` may go on side by side."""

    @property
    def name(self) -> str: ...

    @property
    def multilingual(self) -> bool: ...

    @property
    def at_once(self) -> int: ...

    def hear(self, samples: Samples, clips: Sequence[Span], language: str) -> tuple[list[Heard], str]:
        """What is said in each clip (seconds from the start of `samples`), and the language.

        `language` "" means: find out. All times in what is heard are those of `samples`.
        """
        ...


class Listener:
    """Transcribes files and episodes with one engine, a window at a time.

    `progress(name, done_s, total_s)` is called after each window; `checkpoints` is for half-done work.
    """

    def __init__(
        self,
        engine: Engine,
        audio: AudioFiles,
        checkpoints: Path,
        *,
        progress: Progress | None = None,
        word_times: bool = False,
        window_s: float = WINDOW_S,
    ) -> None:
        self._engine = engine
        self._audio = audio
        self._checkpoints = checkpoints
        self._progress: Progress = progress or (lambda name, done, total: None)
        self._word_times = word_times
        self._window_s = window_s

    def transcribe(self, episode: Episode) -> Transcript:
        """The episode's audio as text; see `transcribe_file`."""
        self._check_language(episode.language)  # before anything is downloaded
        return self.transcribe_file(self._audio.get(episode), episode.language, name=episode.title)

    def transcribe_file(self, path: Path, language: str = "", *, name: str = "") -> Transcript:
        """`path` as text. A transcript that must not be posted from is `usable=False` and says why.

        Raises AudioError when it isn't audio, ModelError when the model doesn't know `language`.
        """
        self._check_language(language)
        began = time.monotonic()
        total = sound().probe(path).duration_s or 0.0
        self._progress(name or path.name, 0.0, total or 1.0)
        checkpoint = Checkpoint.of(self._checkpoints, path, self._engine.name, language, self._word_times)
        done = []
        try:
            for stretch in self._stretches(path, language, checkpoint):
                done.append(stretch)
                self._progress(name or path.name, stretch.until, max(total, stretch.until))
        finally:
            give_back()
        return replace(self._judged(done, language), seconds_spent=round(time.monotonic() - began, 2))

    def _stretches(self, path: Path, language: str, checkpoint: Checkpoint) -> Iterator[Stretch]:
        known = checkpoint.stretches()
        yield from known
        until = known[-1].until if known else 0.0
        spoken = next((s.language for s in known if s.language), _code(language))
        pieces = sound().pieces(path, 30, max_s=self._audio.max_s)
        hearing: deque[Future[Stretch]] = deque()
        with ThreadPoolExecutor(self._engine.at_once) as pool:
            for window in windows(pieces, self._window_s, until):
                hearing.append(pool.submit(self._hear, window, spoken))
                # One window waits, cut and ready; but until the language is known, which then holds, none.
                while len(hearing) > (self._engine.at_once if spoken else 0):
                    stretch = self._kept(hearing, checkpoint)
                    spoken = spoken or stretch.language
                    yield stretch
            while hearing:
                yield self._kept(hearing, checkpoint)

    def _kept(self, hearing: deque[Future[Stretch]], checkpoint: Checkpoint) -> Stretch:
        stretch = hearing.popleft().result()
        checkpoint.add(stretch)
        return stretch

    def _hear(self, window: Window, language: str) -> Stretch:
        spans = [(start - window.start, end - window.start) for start, end in clips(window.speech)]
        heard: list[Heard] = []
        if spans:
            heard, language = self._engine.hear(window.samples, spans, language)
        return Stretch(
            start=window.start,
            until=window.end,
            language=language,
            speech=window.speech,
            heard=tuple(_shifted(piece, window.start) for piece in heard),
        )

    def _judged(self, stretches: Sequence[Stretch], language: str) -> Transcript:
        heard = [piece for stretch in stretches for piece in stretch.heard]
        spans = [span for stretch in stretches for span in stretch.speech]
        judged = judge(heard, spans, english_only=not self._engine.multilingual)
        spoken = next((s.language for s in stretches if s.language), _code(language))
        segments = judged.segments
        if not self._word_times:
            segments = tuple(replace(segment, words=()) for segment in segments)
        return Transcript(
            segments=segments,
            language=spoken,
            source="asr",
            model=self._engine.name,
            duration_s=round(stretches[-1].until, 2) if stretches else None,
            warnings=judged.warnings,
            usable=judged.usable,
        )

    def _check_language(self, language: str) -> None:
        if language and _code(language) != "en" and not self._engine.multilingual:
            error = ModelError(
                f"The speech model ({self._engine.name}) hears English only, and this is in “{language}”. "
                "Name a multilingual one (EARMARK_ASR_MODEL=small, say), or correct the language."
            )
            error.permanent = True
            raise error


@contextmanager
def loading(model: str) -> Iterator[None]:
    """Wrap what the libraries raise while they look for a model by name, on disk or on the hub."""
    try:
        yield
    except OSError as error:
        raise ModelError(
            f"the speech model {model!r} isn't on this machine and can't be downloaded now (it comes from a "
            "model hub on the network); try again, name a local path, or use tiny.en (it is included)"
        ) from error
    except (ValueError, RuntimeError, PickleError) as error:
        raise ModelError(f"{model!r} is neither a speech model's name nor the path of one") from error


def _code(language: str) -> str:
    """ "en-GB" → "en"; "en_us" → "en"."""
    return language.replace("_", "-").split("-")[0].strip().lower()


def _shifted(piece: Heard, by: float) -> Heard:
    words = tuple(replace(w, start=round(w.start + by, 2), end=round(w.end + by, 2)) for w in piece.words)
    clip = (piece.clip[0] + by, piece.clip[1] + by)
    start, end = round(piece.start + by, 2), round(piece.end + by, 2)
    return replace(piece, clip=clip, start=start, end=end, words=words)


def sentences(words: Sequence[Word]) -> Iterator[tuple[Word, ...]]:
    """A clip's words in runs that end at a full stop or a pause, so that each has times of its own."""
    held: list[Word] = []
    for word in words:
        if held and (word.start - held[-1].end > PAUSE_S or len(held) >= LONG_WORDS):
            yield tuple(held)
            held = []
        held.append(word)
        text = word.text.strip()
        if text.endswith((".", "?", "!", "。", "？", "！", "…")) and text.lower() not in _ABBREVIATIONS:
            yield tuple(held)
            held = []
    if held:
        yield tuple(held)
