"""Verbs for scripts: transcribe, read, insights and ask on a source, with no database read or left."""

from __future__ import annotations

import logging
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from itertools import chain, count
from pathlib import Path
from traceback import format_tb
from typing import TYPE_CHECKING, Annotated

import typer

from bot.cli.app import Json, app, earmark, say, show_json, to_json
from bot.cli.stages import report
from bot.domain import Answer, Insight, Source, Transcript, hhmmss
from bot.errors import EarmarkError, TranscriptError, of_system

if TYPE_CHECKING:
    from bot.wiring import Earmark

Engine = Annotated[str | None, typer.Option("--engine", help="faster-whisper or openai-whisper.")]
Model = Annotated[str | None, typer.Option("--model", help="Whisper model, by name or path.")]
Language = Annotated[
    str, typer.Option("--language", help="Language of the audio, where it is known (en, de).")
]
log = logging.getLogger(__name__)

SOURCE = "Audio or transcript file, or the address of a feed or an episode."


@contextmanager
def without_database(engine: str | None = None, model: str | None = None) -> Iterator[Earmark]:
    """The program with a data folder that goes away: nothing of the user's is read, nothing left."""
    named = {"engine": engine, "asr_model": model}
    with tempfile.TemporaryDirectory(prefix="earmark-") as folder:
        fixed = {"data_dir": Path(folder), "database_url": None}
        chosen = {name: value for name, value in named.items() if value is not None}
        with earmark(settings=fixed | chosen) as it:
            yield it


def usable(it: Earmark, source: str, language: str = "") -> Source:
    """The source opened; TranscriptError with the gate's reasons where nothing may be made of it."""
    from bot.sources import open_source

    opened, shown = open_source(it, source, language), _shown(it, source)
    if not opened.transcript.usable:
        raise TranscriptError(f"Nothing reliable can be heard in {shown}: {_reasons(opened.transcript)}")
    for warning in opened.transcript.warnings:
        say(f"{shown}: {warning}")
    return opened


def _shown(it: Earmark, source: str) -> str:
    """The source as it may be printed: without the secret of an address."""
    return it.vault.seal(source)[0] if "://" in source else source


def _reasons(transcript: Transcript) -> str:
    return " ".join(transcript.warnings) or "it holds no speech."


@app.command()
def transcribe(
    source: Annotated[str | None, typer.Argument(help=SOURCE)] = None,
    language: Language = "",
    engine: Engine = None,
    model: Model = None,
    as_json: Json = False,
) -> None:
    """Transcribe what waits; or, with a SOURCE, that one, and print it."""
    if source is None:
        with earmark() as it:
            report(it, "transcribe")
        return
    with without_database(engine, model) as it:
        transcript = usable(it, source, language).transcript
    if as_json:
        return show_json(podcast_json(transcript))
    for segment in transcript.segments:
        typer.echo(
            f"{hhmmss(segment.start):>8}  {segment.speaker + ': ' if segment.speaker else ''}{segment.text}"
        )


def podcast_json(transcript: Transcript) -> dict[str, object]:
    """Podcasting 2.0 transcript JSON, which `earmark insights` takes again."""
    segments = [
        {"speaker": s.speaker, "startTime": s.start, "endTime": s.end, "body": s.text}
        for s in transcript.segments
    ]
    return {
        "version": "1.0.0",
        "language": transcript.language,
        "model": transcript.model,
        "segments": segments,
    }


@app.command()
def read(
    source: Annotated[str | None, typer.Argument(help=SOURCE)] = None,
    language: Language = "",
    engine: Engine = None,
    model: Model = None,
    as_json: Json = False,
) -> None:
    """Read what waits; or, with a SOURCE, that one, and print what the reader saw."""
    if source is None:
        with earmark() as it:
            report(it, "read")
        return
    with without_database(engine, model) as it:
        reading = it.reader.read(usable(it, source, language).transcript)
    said = reading.sentences
    passages = [
        {"start": said[p.first].start, "end": said[p.last].end, "score": round(p.score, 4)}
        for p in reading.passages
    ]
    aside = [
        {"kind": a.kind, "start": said[a.first].start, "end": said[a.last].end} for a in reading.set_aside
    ]
    if as_json:
        return show_json({"passages": passages, "set_aside": aside})
    for p in reading.passages:
        typer.echo(f"{p.score:.2f}  {hhmmss(said[p.first].start):>8}  {said[p.quote_at].text}")
    for a in reading.set_aside:
        typer.echo(f"set aside  {hhmmss(said[a.first].start)}–{hhmmss(said[a.last].end)}  {a.kind}")


@app.command()
def insights(
    sources: Annotated[list[str], typer.Argument(help=SOURCE)],
    top: Annotated[int, typer.Option(min=1, max=50, help="How many.")] = 5,
    out: Annotated[Path | None, typer.Option(help="Folder for one file a source.")] = None,
    language: Language = "",
    engine: Engine = None,
    model: Model = None,
    as_json: Json = False,
) -> None:
    """The insights of one or more sources, best first."""
    if len(sources) > 1 and out is None:
        raise EarmarkError("Several sources need --out FOLDER: one file is written for each.")
    with without_database(engine, model) as it:
        if out is None:
            made = insights_of(it, usable(it, sources[0], language), top)
            show_json([row(i) for i in made]) if as_json else show_insights(made)
        elif failed := _write_all(it, sources, out, top, language):
            say(f"{len(failed)} of {len(sources)} sources gave nothing: {', '.join(failed)}")
            raise typer.Exit(1)


def _write_all(it: Earmark, sources: Sequence[str], out: Path, top: int, language: str) -> list[str]:
    """One JSON file a source; a bad source is said and stops nothing. Returns those that failed.

    Raises ExceptionGroup at the end where some hit a bug.
    """
    out.mkdir(parents=True, exist_ok=True)
    files, failed, bugs = _files(sources, out), [], []
    for number, source in enumerate(sources, 1):
        try:
            made = insights_of(it, usable(it, source, language), top)
            files[source].write_text(to_json([row(i) for i in made]) + "\n", encoding="utf-8")
        except (EarmarkError, OSError) as error:
            say(f"{_shown(it, source)}: {of_system(error) if isinstance(error, OSError) else error}")
            failed.append(_shown(it, source))
        except Exception as bug:  # noqa: BLE001 - raised with the others at the end
            log.debug("%s", "".join(format_tb(bug.__traceback__)))
            say(f"{_shown(it, source)}: a bug ({type(bug).__name__})")
            bugs.append(bug)
        it.progress("Sources", number, len(sources))
    if bugs:
        raise ExceptionGroup(f"{len(bugs)} of the sources hit a bug", bugs)
    return failed


def _files(sources: Sequence[str], out: Path) -> dict[str, Path]:
    """A file for each source: its name with .json; where two would be one, the suffix stays too."""
    taken = {Path(source).resolve() for source in sources if "://" not in source}
    paths = {source: Path(source.split("?")[0].rstrip("/")) for source in sources}
    stems = Counter(path.stem for path in paths.values())
    files: dict[str, Path] = {}
    for source, path in paths.items():
        stem = (path.stem if stems[path.stem] == 1 else path.name) or "source"
        names = chain([stem, f"{stem}.insights"], (f"{stem}-{n}" for n in count(2)))
        files[source] = next(p for name in names if (p := out / f"{name}.json").resolve() not in taken)
        taken.add(files[source].resolve())
    return files


def insights_of(it: Earmark, source: Source, top: int) -> list[Insight]:
    from bot.making import PER_EPISODE, write_all
    from bot.write.choose import best

    reading = it.reader.read(source.transcript)
    limit = max(PER_EPISODE, 2 * top)
    made = write_all(it.writer, source.transcript, reading, source.episode, limit)
    return list(best(made, top))


def row(insight: Insight) -> dict[str, object]:
    whole = asdict(insight)
    names = ("headline", "text", "quote", "speaker", "start", "end", "score", "provenance")
    return {name: whole[name] for name in names}


def show_insights(made: Sequence[Insight]) -> None:
    from bot.digest import item
    from bot.domain import Episode, Pick
    from bot.views import View, plain

    if not made:
        return say("There is nothing in it that is worth a post.")
    parts = [item(Pick(insight=i, episode=Episode()), n) for n, i in enumerate(made, 1)]
    typer.echo(plain(View(parts=tuple(parts))))


@app.command()
def ask(
    source: Annotated[str, typer.Argument(help=SOURCE + " Or the question, to ask all that is followed.")],
    question: Annotated[str | None, typer.Argument(help="The question.")] = None,
    questions: Annotated[Path | None, typer.Option(help="A file with a question a line.")] = None,
    language: Language = "",
    engine: Engine = None,
    model: Model = None,
    as_json: Json = False,
) -> None:
    """Ask a source, or all podcasts that are followed; the answer is made of what was said there."""
    if question is None and questions is None:
        return _ask_library(source, as_json)
    lines = [question.strip()] if question is not None else _lines(questions)
    if not any(lines):
        raise EarmarkError(f'There is no question: earmark ask {source} "question".')
    with without_database(engine, model) as it:
        opened = usable(it, source, language)
        for line in lines:
            _show(it.answerer.answer(line, [opened]), as_json, one_line=questions is not None)


def _lines(file: Path | None) -> list[str]:
    if file is None or not (file.is_file() or str(file) == "-"):
        raise EarmarkError(f"There is no file {file} with questions.")
    text = sys.stdin.read() if str(file) == "-" else file.read_text(encoding="utf-8", errors="replace")
    return [line.strip() for line in text.splitlines() if line.strip()]


def _ask_library(question: str, as_json: bool) -> None:
    with earmark() as it:
        feed_ids = [s.feed_id for s in it.store.subscriptions(it.channel().id)]
        sources = list(it.store.sources(feed_ids))
        if not sources:
            raise EarmarkError(
                'Nothing to ask yet: `earmark ask SOURCE "question"`, or follow a podcast first.'
            )
        _show(it.answerer.answer(question, sources), as_json)


def _show(answer: Answer, as_json: bool, one_line: bool = False) -> None:
    if as_json or one_line:
        citations = [asdict(citation) for citation in answer.citations]
        for cited in citations:
            del cited["episode_id"]  # a number of the database, which these verbs have none of
        value = {
            "answer": answer.text,
            "citations": citations,
            "confidence": answer.confidence,
            "found": answer.found,
        }
        return typer.echo(to_json(value, None if one_line else 2))
    typer.echo(answer.text)
    for c in answer.citations:
        by = " · ".join(filter(None, (c.speaker, c.show, c.episode, hhmmss(c.start))))
        typer.echo(f"  > “{c.quote}”" + (f" — {by}" if by else ""))
