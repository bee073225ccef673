"""openai-whisper itself, on PyTorch: the reference; two to four times the cost of faster-whisper on CPU."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bot.domain import Episode, Transcript, Word
from bot.errors import ModelError
from bot.transcribe import checkpoint
from bot.transcribe.gate import Heard, Span
from bot.transcribe.speech import NO_CUDA, Listener, Progress, loading

if TYPE_CHECKING:
    from bot.audio import AudioFiles, Samples
    from bot.weights import Weights


class OpenAIWhisper:
    """The engine. `model`: "tiny.en" comes with Earmark; any other name of openai-whisper, or a .pt file."""

    at_once = 1

    def __init__(
        self, weights: Weights, *, model: str, threads: int, word_times: bool, device: str = "cpu"
    ) -> None:
        self._weights = weights
        self._model = model
        self._threads = threads
        self._word_times = word_times
        self._device = device

    @property
    def name(self) -> str:
        return f"openai-whisper {Path(self._model).name}"

    @property
    def multilingual(self) -> bool:
        return not self._model.endswith(".en") and bool(self._loaded.is_multilingual)

    @cached_property
    def _loaded(self) -> Any:
        import torch
        import whisper

        if self._threads:
            torch.set_num_threads(self._threads)
        if self._device == "cuda" and not torch.cuda.is_available():
            raise ModelError(NO_CUDA)
        if self._model == "tiny.en":
            return _tiny_en(self._weights).to(self._device)
        with loading(self._model):
            return whisper.load_model(self._model, device=self._device)

    def hear(self, samples: Samples, clips: Sequence[Span], language: str) -> tuple[list[Heard], str]:
        import whisper

        result = whisper.transcribe(
            self._loaded,
            samples,
            language=language or None,
            clip_timestamps=[moment for clip in clips for moment in clip],
            word_timestamps=self._word_times,
            condition_on_previous_text=False,  # it carries loops on from one clip into the next
            temperature=0.0,
            beam_size=5,
            fp16=self._device == "cuda",
        )
        heard = [_heard(row, clips) for row in result["segments"] if row["text"].strip()]
        return heard, str(result["language"])


def _heard(row: Mapping[str, Any], clips: Sequence[Span]) -> Heard:
    # A clip is padded to 30 s of silence, and an end may be heard in the padding.
    middle = row["start"] + 0.01
    clip = next((span for span in clips if middle < span[1]), clips[-1])
    return Heard(
        clip=clip,
        start=float(row["start"]),
        end=float(min(row["end"], clip[1])),
        text=row["text"].strip(),
        avg_logprob=float(row["avg_logprob"]),
        no_speech_prob=float(row["no_speech_prob"]),
        words=tuple(_words(row)),
    )


def _words(row: Mapping[str, Any]) -> Iterator[Word]:
    for word in row.get("words", ()):
        yield Word(start=float(word["start"]), end=float(word["end"]), text=word["word"].strip())


def _tiny_en(weights: Weights) -> Any:
    """tiny.en from the packaged CTranslate2 weights, converted once and kept beside them."""
    import whisper

    source = weights.folder("whisper-tiny.en")
    folder = weights.derived(f"openai-{source.name}-1", lambda made: checkpoint.write(source, made))
    model = checkpoint.load(folder)
    model.set_alignment_heads(whisper._ALIGNMENT_HEADS["tiny.en"])
    return model


class OpenAIWhisperTranscriber:
    """Transcribes with openai-whisper; `threads` 0 leaves PyTorch's own number. See Listener for the rest."""

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
        engine = OpenAIWhisper(weights, model=model, threads=threads, word_times=word_times, device=device)
        self._listener = Listener(engine, audio, checkpoints, progress=progress, word_times=word_times)

    def transcribe(self, episode: Episode) -> Transcript:
        return self._listener.transcribe(episode)

    def transcribe_file(self, path: Path, language: str = "") -> Transcript:
        return self._listener.transcribe_file(path, language)
