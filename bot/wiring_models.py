"""Which models hear, write, answer and cut clips: the part of the wiring that a new model touches."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from pkgutil import resolve_name
from typing import TYPE_CHECKING, Any, Protocol

from bot.config import Settings
from bot.domain import Episode, Sentence, Transcript
from bot.errors import ConfigError
from bot.ports import Answerer, ClipMaker, Store, Transcriber, Writer

if TYPE_CHECKING:
    from bot.answer.joined import Library
    from bot.answer.larger import LargerModel
    from bot.answer.reread import Reread
    from bot.audio import AudioFiles
    from bot.feeds.fetch import Fetcher
    from bot.prompts import Prompt
    from bot.read.encoder import Encoder
    from bot.weights import Weights
    from bot.write.endpoint import EndpointDrafter
    from bot.write.generate import Drafter

log = logging.getLogger(__name__)
Progress = Callable[[str, float, float], None]

# Names are resolved when asked for, so that `earmark --help` loads no model library.
ENGINES = {
    "faster-whisper": "bot.transcribe.faster:FasterWhisperTranscriber",
    "openai-whisper": "bot.transcribe.whisper:OpenAIWhisperTranscriber",
}


class SpeechTranscriber(Transcriber, Protocol):
    """A transcriber that also takes a local file."""

    def transcribe_file(self, path: Path, language: str = "") -> Transcript: ...


def named(table: Mapping[str, str], name: str, what: str) -> str:
    if name not in table:
        raise ConfigError(f"There is no {what} “{name}”; there is {', '.join(table)}.")
    return table[name]


def speech(
    settings: Settings, audio: AudioFiles, weights: Weights, threads: int, progress: Progress
) -> SpeechTranscriber:
    make: Any = resolve_name(named(ENGINES, settings.engine, "engine"))
    engine: SpeechTranscriber = make(
        audio,
        weights,
        model=settings.asr_model,
        threads=threads,
        device=settings.device,
        word_times=settings.word_times,
        checkpoints=settings.cache_dir / "checkpoints",
        progress=progress,
    )
    return engine


def writer(settings: Settings, threads: int) -> Writer:
    """The extractive writer, or a larger model's words where the gate lets them and its own elsewhere."""
    from bot.read.written import WrittenOut
    from bot.write.extractive import ExtractiveWriter

    plain: Writer = ExtractiveWriter()
    larger = settings.writer != "extractive"
    return WrittenOut(writer=_larger_writer(settings, threads, plain) if larger else plain)


def _larger_writer(settings: Settings, threads: int, otherwise: Writer) -> Writer:
    from bot.prompts import prompt
    from bot.write.gen_input import VARIABLES
    from bot.write.generate import GenerativeWriter, InTurn

    drafter = _drafter(settings, threads)
    asked = prompt("write", drafter.name, VARIABLES)
    words = GenerativeWriter(drafter, asked, candidates=settings.candidates, copying=settings.copying)
    return InTurn(words, otherwise)


def _drafter(settings: Settings, threads: int) -> Drafter:
    from bot.prompts import decoding, prompt
    from bot.write.gen_input import VARIABLES

    if settings.writer == "endpoint":
        if not settings.llm_model:
            raise ConfigError("EARMARK_LLM_MODEL must name the model to ask for at EARMARK_LLM_URL.")
        return _endpoint(settings, prompt("write", settings.llm_model, VARIABLES))
    from bot.write.hub import USUAL, HubDrafter

    tuned = decoding(prompt("write", settings.writer.rstrip("/"), VARIABLES))
    return HubDrafter(settings.writer, settings.writer_revision, threads=threads, decoding=tuned or USUAL)


def library(settings: Settings, database_url: str, encoder: Encoder) -> Library:
    """In Postgres, where the store is there and has pgvector: one index for all machines; else in files."""
    from bot.answer.library import FileLibrary
    from bot.answer.library_postgres import NoVectors, PostgresLibrary

    if database_url.startswith("postgres"):
        try:
            return PostgresLibrary(database_url.replace("+psycopg", "", 1), encoder)
        except NoVectors as error:
            log.info("%s", error)
    return FileLibrary(settings.data_dir / "library", encoder)


def answerer(
    settings: Settings, encoder: Encoder, library: Library, weights: Weights, threads: int
) -> Answerer:
    """Search and ranking; a cross-encoder orders what they are unsure of; a larger model words it, where an
    endpoint is configured."""
    from bot.answer.answer import SearchAnswerer
    from bot.answer.ranker import Ranker
    from bot.read.sentences import sentences
    from bot.write.clean import clean

    return SearchAnswerer(
        encoder,
        cut=sentences,
        clean=clean,
        ranker=Ranker(),
        library=library,
        reread=_reread(settings, weights, threads),
        larger=_larger_answerer(settings),
    )


def clips(
    settings: Settings, audio: AudioFiles, fetcher: Fetcher, weights: Weights, threads: int
) -> ClipMaker:
    """Clips are found with the model that transcribes, or tiny.en, which comes with us."""
    from bot.clips.apart import Ears
    from bot.clips.maker import Clips

    named = settings.asr_model if settings.engine == "faster-whisper" else "tiny.en"

    def ears() -> Ears:
        model = str(weights.folder("whisper-tiny.en")) if named == "tiny.en" else named
        return Ears(model=model, threads=threads, english_only=named.endswith(".en"))

    return Clips(audio, fetcher, settings.data_dir / "clips", ears=ears)


def _reread(settings: Settings, weights: Weights, threads: int) -> Reread | None:
    from bot.answer.cross import CrossEncoder
    from bot.answer.reread import Reread

    return Reread(CrossEncoder.later(weights, threads=threads)) if settings.reranker == "on" else None


def index(store: Store, library: Library) -> int:
    """Bring the library up to the store: how many episodes were new, or had another transcript."""
    from bot.answer.catching_up import catch_up
    from bot.read.sentences import sentences

    heard = store.marks([feed.id for feed in store.feeds()])
    return catch_up(library, heard, lambda id: sentences(store.source(id).transcript))


def _larger_answerer(settings: Settings) -> LargerModel | None:
    if not (settings.llm_url and settings.llm_model):
        return None
    from bot.answer.larger import VARIABLES, LargerModel
    from bot.prompts import prompt

    asked = prompt("answer", settings.llm_model, VARIABLES)
    return LargerModel(
        _endpoint(settings, asked),
        fill=lambda question, passages: asked.filled(question=question, passages=passages),
        gate=answer_gate,
        prompt=asked.hash,
    )


def answer_gate(text: str, said: Sequence[Sentence]) -> list[str]:
    """What of a larger model's answer the passages don't hold."""
    from bot.write.ground import contradictions, unsupported

    spoken = " ".join(f"{s.speaker} {s.text}" for s in said)
    return [*unsupported(text, spoken), *contradictions("", text, said, "")]


def _endpoint(settings: Settings, asked: Prompt) -> EndpointDrafter:
    """Its answers drawn as `earmark tune` found it best, where it did."""
    from bot.prompts import decoding
    from bot.write.endpoint import USUAL, EndpointDrafter

    tuned = decoding(asked) or USUAL
    return EndpointDrafter(settings.llm_url, settings.llm_model, settings.llm_key, decoding=tuned)


class Late:
    """A transcriber whose model is loaded only when an episode really has to be heard."""

    def __init__(self, make: Callable[[], Transcriber]) -> None:
        self._make = make

    def transcribe(self, episode: Episode) -> Transcript:
        return self._make().transcribe(episode)
