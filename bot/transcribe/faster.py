"""Whisper on CTranslate2 (faster-whisper), clips in batches: the default, at a third of the other's cost."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from functools import cached_property
from math import ceil
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Any

from bot.domain import Episode, Transcript, Word
from bot.errors import ModelError
from bot.transcribe.gate import Heard, Span, overlap
from bot.transcribe.speech import NO_CUDA, Listener, Progress, loading, sentences

if TYPE_CHECKING:
    from bot.audio import AudioFiles, Samples
    from bot.weights import Weights


# What openai-whisper allows too; nobody says more in a clip, and a loop ends after half the time.
MAX_TOKENS = 224
# Whisper's encoder is given 30 seconds whatever is said in them, and its cost grows faster than that length.
# With three seconds of silence after the longest clip instead, the text of clear speech stays the same to the
# letter; with one it doesn't (docs/experiments.md).
TAIL_S = 3.0
MOST_AT_ONCE = 4  # windows; each more costs some 300 MB
CLIPS = 8  # in a batch, over all windows at once
PRECISION = {"cpu": "int8", "cuda": "float16"}


class FasterWhisper:
    """The engine. `model`: "tiny.en" comes with Earmark; any other name of the hub, or a local folder.

    Text is decoded without time tokens: with them, a batch loses what follows the last one in a clip
    (21 % word errors instead of 10 % on read verse). Times come from aligning the words afterwards.
    On a CPU several windows are heard side by side, a core each: one window on two cores leaves a quarter
    of them idle.
    """

    def __init__(self, weights: Weights | None, *, model: str, threads: int, device: str = "cpu") -> None:
        """`device`: "cpu" or "cuda" (ModelError, when it is first used, where there is none)."""
        self._weights = weights
        self._model = model
        self._threads = threads or os.cpu_count() or 1
        self._device = device
        self.at_once = min(self._threads, MOST_AT_ONCE) if device == "cpu" else 1
        self._loading = Lock()

    @property
    def name(self) -> str:
        return f"faster-whisper {Path(self._model).name} {PRECISION[self._device]}"

    @property
    def multilingual(self) -> bool:
        return not self._model.endswith(".en") and bool(self._whisper().model.is_multilingual)

    def _whisper(self) -> Any:
        with self._loading:  # the first windows ask for it at the same time
            return self._loaded

    @cached_property
    def _loaded(self) -> Any:
        from ctranslate2 import get_cuda_device_count
        from faster_whisper import WhisperModel

        if self._device == "cuda" and not get_cuda_device_count():
            raise ModelError(NO_CUDA)
        where = self._model
        if where == "tiny.en" and self._weights is not None:
            where = str(self._weights.folder("whisper-tiny.en"))
        with loading(self._model):
            return WhisperModel(
                where,
                device=self._device,
                compute_type=PRECISION[self._device],
                cpu_threads=max(1, self._threads // self.at_once),
                num_workers=self.at_once,
            )

    def hear(self, samples: Samples, clips: Sequence[Span], language: str) -> tuple[list[Heard], str]:
        """May be called from `at_once` threads at a time."""
        # Clips of like length share a batch, so that none is padded for long.
        by_length = sorted(clips, key=lambda clip: clip[1] - clip[0])
        segments, info = _trimming(self._whisper()).transcribe(
            samples,
            language=language or None,
            clip_timestamps=[{"start": start, "end": end} for start, end in by_length],
            batch_size=max(1, CLIPS // self.at_once),
            without_timestamps=True,
            word_timestamps=True,
            max_new_tokens=MAX_TOKENS,
        )
        heard = [piece for segment in segments for piece in _pieces(segment, clips)]
        return sorted(heard, key=lambda piece: piece.start), info.language


def _trimming(model: Any) -> Any:
    """The library's batched pipeline (it keeps state while it works: one a call), encoding no more silence
    than TAIL_S after a batch's longest clip."""
    from faster_whisper import BatchedInferencePipeline
    from numpy import ascontiguousarray

    class Trimming(BatchedInferencePipeline):  # type: ignore[misc]
        def forward(self, features: Any, tokenizer: Any, chunks_metadata: Any, options: Any) -> Any:
            longest = max(chunk["duration"] for chunk in chunks_metadata)
            frames = ceil((longest + TAIL_S) * model.frames_per_second)
            trimmed = ascontiguousarray(features[:, :, :frames])
            return super().forward(trimmed, tokenizer, chunks_metadata, options)

    return Trimming(model)


def _pieces(segment: Any, clips: Sequence[Span]) -> Iterator[Heard]:
    clip = max(clips, key=lambda span: overlap((segment.start, segment.end), [span]))
    words = [Word(start=float(w.start), end=float(w.end), text=w.word) for w in segment.words or ()]
    for run in sentences(words):
        yield Heard(
            clip=clip,
            start=run[0].start,
            end=run[-1].end,
            text="".join(word.text for word in run).strip(),
            avg_logprob=float(segment.avg_logprob),
            no_speech_prob=float(segment.no_speech_prob),
            words=tuple(Word(start=w.start, end=w.end, text=w.text.strip()) for w in run),
        )


class FasterWhisperTranscriber:
    """Transcribes with faster-whisper; `threads` 0 means one per core. See Listener for the rest."""

    def __init__(
        self,
        audio: AudioFiles,
        weights: Weights,
        *,
        checkpoints: Path,
        model: str = "tiny.en",
        threads: int = 0,
        device: str = "cpu",
        word_times: bool = False,
        progress: Progress | None = None,
    ) -> None:
        engine = FasterWhisper(weights, model=model, threads=threads, device=device)
        self._listener = Listener(engine, audio, checkpoints, progress=progress, word_times=word_times)

    def transcribe(self, episode: Episode) -> Transcript:
        return self._listener.transcribe(episode)

    def transcribe_file(self, path: Path, language: str = "") -> Transcript:
        return self._listener.transcribe_file(path, language)
