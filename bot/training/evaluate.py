"""Measures reader and writer against baselines on a folder of annotated episodes.

    python -m bot.training.evaluate FOLDER [--stripped] [--heard] [--all] [--json]
    python -m bot.training.evaluate FOLDER --sample 60 --seed 7 --out sheet.md
    python -m bot.training.evaluate --ratings sheet.md

FOLDER holds ID.transcript.json (Podcasting 2.0 JSON, a sentence a segment) and ID.reference.json
(`insights` with `rank`, `evidence` as sentence numbers and `quote`; `non_content` with `from`, `to`,
`kind`; `unread`). Episodes that the shipped reader was trained on are left out unless --all is given.

A method posts up to five insights an episode, best first. Each is placed by its quote: at the published
sentence that holds the quote's middle word, or nowhere where the quote isn't verbatim in what was read.
Columns:

- nDCG@5: a place hits a reference insight if it is within two sentences of one of its evidence sentences.
  It gains 11 − rank of the best-ranked insight that it hits and no better-placed one has hit, divided by
  log2(position + 1); the sum over that of ranks 1 to 5 in order. Mean over episodes; ± is half of its 95 %
  interval.
- hit@5: how many reference insights the five places hit, each counted once, of five. near@5: share of the
  five that hit any, the same one again too. Insights that weren't made count as missed in all of these.
- waste: share of the five within non-content of any kind.
- ad F0.5: sponsor reads set aside, pooled: one is found where a claimed stretch overlaps it by half or more
  (intersection over union of sentence numbers), one to one; precision counts double.
- made: insights an episode. verbatim: share whose quote stands in the transcript as it was read.
  unsupported: how many numbers and names neither the passage, nor 12 sentences around the quote, nor the
  metadata hold. in band: share of texts of 35 to 65 words. headline: share of headlines of at most 12
  words.
- openings: share of texts whose first two words open at least two others. compression: bytes over gzipped
  bytes of all texts, higher is more repetitive (Shaib et al. 2024); it grows with the amount of text, so
  compare rows of about as much. copied 2, copied 5: share of a text's runs of 2 and 5 words that stand in
  what it was made of.

Rows: baselines (what they post is the sentence itself), the reader alone (its most quotable sentences), the
writer alone (on passages around the reference's evidence), both, and the reference's own five as the
ceiling. `--second` adds another annotator's.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from bot import config
from bot.cli.progress import Report as Progress
from bot.cli.progress import bars
from bot.errors import ConfigError, EarmarkError
from bot.ports import Reader
from bot.read.reader import TUNED, PassageReader
from bot.training import report, sheet
from bot.training.episodes import Annotated
from bot.training.folder import LeftOut, audio_of, load
from bot.training.methods import REFERENCE, Method, first_five, methods, of_reference
from bot.training.scores import ALL_ADS, SPONSORS, AdScore, Row, ad_reads, row
from bot.training.seen import Form, Seen, heard, published, see, stripped
from bot.wiring import Earmark
from bot.wiring_models import SpeechTranscriber

__all__ = ["Seen", "main", "see", "stripped"]
SECOND = "second annotation"
Second = Mapping[str, Mapping[str, Any]]


def rows(table: Mapping[str, Sequence[Method]], seen: Sequence[Seen], second: Second) -> list[Row]:
    """The table's rows in one form; what needs no reading is the same in each, so it stands once."""
    first = seen[0].form.name == "published"
    made = [
        row(name, runs, seen, reads=name.startswith("reader "))
        for name, runs in table.items()
        if first or name != REFERENCE
    ]
    twice = [s for s in seen if s.episode.id in second]
    if first and twice:
        made.append(row(SECOND, [lambda s: of_reference(s, second[s.episode.id])], twice))
    return made


def ads(seen: Sequence[Seen]) -> Iterator[tuple[str, AdScore]]:
    form = seen[0].form.name
    yield f"sponsor reads, {form}", ad_reads(seen, SPONSORS)
    yield f"sponsor reads and promos, {form}", ad_reads(seen, ALL_ADS)


def forms(options: argparse.Namespace, episodes: Sequence[Annotated]) -> list[list[Form]]:
    """What is read, in each form that needs no listening."""
    plain = [[published(e) for e in episodes]]
    return [*plain, [stripped(e) for e in episodes]] if options.stripped else plain


def hear(folder: Path, episode: Annotated, speech: SpeechTranscriber) -> Form | LeftOut:
    """The episode through the speech engine, as far as its recording is there and can be understood."""
    audio = audio_of(folder, episode.id)
    if audio is None:
        return LeftOut(name=episode.id, why="no recording of it to hear")
    try:
        transcript = speech.transcribe_file(audio)
    except EarmarkError as error:
        return LeftOut(name=audio.name, why=str(error))
    if not transcript.usable:
        return LeftOut(name=audio.name, why=f"not understood ({'; '.join(transcript.warnings)})")
    return heard(episode, transcript)


def read(forms: Sequence[Form], reader: Reader, progress: Progress) -> list[Seen]:
    """Every one read, with the progress of it shown."""
    seen = []
    for done, form in enumerate(forms, 1):
        seen.append(see(form, reader))
        progress(f"Reading {form.name} transcripts", done, len(forms))
    return seen


def second_of(options: argparse.Namespace) -> Second:
    """Another annotator's references by episode."""
    return (
        {e.id: e.reference for e in load(options.second, everything=True).episodes} if options.second else {}
    )


def sampled(options: argparse.Namespace, table: Mapping[str, Sequence[Method]], seen: Sequence[Seen]) -> str:
    """Write the sheet; what to say of it."""
    names = options.of or [name for name in table if name.startswith("reader + ")]
    unknown = [name for name in names if name not in table]
    if unknown:
        raise ConfigError(f"There is no method “{unknown[0]}”; there is {', '.join(table)}.")
    entries = [
        sheet.entry(name, s, posted)
        for name in names
        for s in seen
        for posted in first_five(s, table[name][0](s))
    ]
    chosen = sheet.drawn(entries, options.sample, options.seed)
    key = sheet.write_sheet(chosen, options.out)
    return f"{len(chosen)} of {len(entries)} insights written to {options.out}, who wrote which to {key}."


def evaluated(options: argparse.Namespace, app: Earmark, reader: Reader, progress: Progress) -> str:
    """The whole report, or what to say of the sheet."""
    folder = load(options.folder, everything=options.all)
    writer = Path(app.settings.writer).name  # a model may be named by its folder
    table = methods(app.writer, writer)
    if options.sample:
        return sampled(options, table, read([published(e) for e in folder.episodes], reader, progress))
    listened = [hear(options.folder, e, app.speech) for e in folder.episodes] if options.heard else []
    unheard = [h for h in listened if isinstance(h, LeftOut)]
    wanted = [*forms(options, folder.episodes), [h for h in listened if isinstance(h, Form)]]
    every = [read(found, reader, progress) for found in wanted if found]
    second = second_of(options)
    made = report.Report(
        reader=every[0][0].reading.model,
        writer=writer,
        episodes=[e.id for e in folder.episodes],
        rows=[r for seen in every for r in rows(table, seen, second)],
        ads={name: score for seen in every for name, score in ads(seen)},
        left_out=[*folder.left_out, *unheard],
        held_out=folder.held_out,
    )
    return report.as_json(made) if options.json else report.as_text(made)


def reader_of(options: argparse.Namespace, app: Earmark, scratch: Path) -> PassageReader:
    """The reader to measure; MiniLM from the cache of weights unless a folder with it is named."""
    if not options.minilm:
        return PassageReader.load(app.weights, threads=app.threads, file=options.reader)
    from bot.read.tuned import TunedReader, build

    build(options.reader, options.minilm, scratch / "reader")
    return PassageReader(TunedReader(options.reader, options.minilm, scratch / "reader", threads=app.threads))


def arguments(argv: Sequence[str] | None) -> argparse.Namespace:
    about, _, more = (__doc__ or "").partition("\n\n")
    parser = argparse.ArgumentParser(
        prog="python -m bot.training.evaluate",
        description=about,
        epilog=more,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = parser.add_argument
    add("folder", type=Path, nargs="?", help="transcript and reference files")
    add("--all", action="store_true", help="also the episodes that the reader was trained on")
    add("--stripped", action="store_true", help="also without speakers, case and punctuation, side by side")
    add("--heard", action="store_true", help="also through the speech engine, where ID.mp3 (or so) is there")
    add("--second", type=Path, metavar="FOLDER", help="another annotator's transcript and reference files")
    add("--json", action="store_true", help="as JSON, with nDCG@5 by episode")
    add("--sample", type=int, metavar="N", help="write a sheet of N insights to rate instead")
    add("--seed", type=int, default=1, help="which N")
    add(
        "--out",
        type=Path,
        metavar="FILE",
        help="the sheet: JSON lines where it ends in .jsonl, else Markdown",
    )
    add("--of", action="append", metavar="METHOD", help="whose insights: a row's name; may be repeated")
    add("--ratings", type=Path, metavar="FILE", help="print the means of a filled sheet")
    add("--minilm", type=Path, metavar="FOLDER", help="MiniLM as published (else pulled)")
    add("--reader", type=Path, metavar="FILE", default=TUNED, help="the tuned reader to measure")
    options = parser.parse_args(argv)
    if not (options.folder or options.ratings):
        parser.error("name the folder with the transcript and reference files")
    if bool(options.sample) != bool(options.out):
        parser.error("--sample N and --out FILE go together")
    return options


def run(options: argparse.Namespace) -> str:
    if options.ratings:
        return "\n".join(sheet.means(*sheet.read_sheet(options.ratings)))
    load(options.folder, everything=options.all)  # says what is wrong with it before a model is loaded
    with ExitStack() as stack:
        progress, scratch = stack.enter_context(bars()), stack.enter_context(TemporaryDirectory())
        app = Earmark(config.load(), progress=progress)
        return evaluated(options, app, reader_of(options, app, Path(scratch)), progress)


def main(argv: Sequence[str] | None = None) -> None:
    try:
        sys.stdout.write(run(arguments(argv)) + "\n")
    except EarmarkError as error:
        sys.exit(str(error))


if __name__ == "__main__":
    main()
