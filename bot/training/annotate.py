"""Lets a teacher annotate transcripts, for a student to learn of: `python -m bot.training.annotate`.

    EARMARK_WRITER=endpoint EARMARK_LLM_URL=… EARMARK_LLM_MODEL=… python -m bot.training.annotate FOLDER

For each ID.transcript.json of FOLDER that has no ID.reference.json, the reader finds passages, the writer of
the settings words them, and what passes the gate is written down with its evidence, best first. Files that
are there stay; it goes on where it was stopped. What a vendor's model wrote may be under terms that forbid
training others on it: ask before.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from bot import config
from bot.cli.progress import bars
from bot.domain import Episode, Insight, Passage
from bot.errors import ConfigError, EarmarkError
from bot.ports import Writer
from bot.training.episodes import Annotated
from bot.training.folder import REFERENCE, TRANSCRIPT
from bot.training.seen import Seen, published, see
from bot.wiring import Earmark
from bot.write.choose import best

MOST = 10


def reference(seen: Seen, writer: Writer, title: str) -> dict[str, Any]:
    """An annotation as `bot.training.folder` reads it; sentence numbers are the segments'."""
    episode = Episode(title=title, show=title)
    made = {
        id(insight): (insight, passage)
        for passage in seen.reading.passages
        if (insight := writer.write(passage, seen.reading, episode))
    }
    ranked = best([insight for insight, _ in made.values()], MOST)
    aside = ((seen.span(s.first, s.last), s.kind) for s in seen.reading.set_aside)
    return {
        "title": title,
        "insights": [_row(seen, *made[id(i)], rank) for rank, i in enumerate(ranked, 1)],
        "non_content": [{"from": first, "to": last, "kind": kind} for (first, last), kind in aside],
        "chapters": [],
        "unread": [],
    }


def _row(seen: Seen, insight: Insight, passage: Passage, rank: int) -> dict[str, Any]:
    return {
        "rank": rank,
        "headline": insight.headline,
        "text": insight.text,
        "quote": insight.quote,
        "kind": "claim",
        "evidence": sorted({seen.segment(i) for i in (*passage.evidence, passage.quote_at)}),
        "writer": insight.provenance.writer,
    }


def lacking(folder: Path) -> Iterator[Path]:
    """Transcripts without an annotation."""
    for path in sorted(folder.glob(f"*{TRANSCRIPT}")):
        if not path.with_name(path.name.replace(TRANSCRIPT, REFERENCE)).is_file():
            yield path


def annotate(path: Path, app: Earmark) -> int:
    """Write one annotation; how many insights it holds."""
    from bot.training.episodes import read_transcript

    id = path.name.removesuffix(TRANSCRIPT)
    seen = see(published(Annotated(id=id, transcript=read_transcript(path), reference={})), app.reader)
    made = reference(seen, app.writer, id)
    if made["insights"]:
        target = path.with_name(f"{id}{REFERENCE}")
        target.write_text(json.dumps(made, ensure_ascii=False, indent=1) + "\n", "utf-8")
    return len(made["insights"])


def run(folder: Path) -> str:
    paths = list(lacking(folder))
    if not paths:
        raise ConfigError(f"{folder} holds no ID{TRANSCRIPT} that lacks its ID{REFERENCE}.")
    with bars() as progress:
        app, counts = Earmark(config.load(), progress=progress), []
        for done, path in enumerate(paths, 1):
            counts.append(annotate(path, app))
            progress("Annotating", done, len(paths))
    empty = f"; {counts.count(0)} gave none" if 0 in counts else ""
    return f"{sum(counts)} insights of {len(paths)} episodes{empty}."


def main(argv: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(
        prog="python -m bot.training.annotate",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("folder", type=Path, help="transcripts, Podcasting 2.0 JSON, a sentence a segment")
    try:
        sys.stdout.write(run(parser.parse_args(argv).folder) + "\n")
    except EarmarkError as error:
        sys.exit(str(error))


if __name__ == "__main__":
    main()
