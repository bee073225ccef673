"""What a feed, page, list or transcript costs that is taken apart in a process of its own, in processor
milliseconds: `python -m bench.documents FEEDS-FOLDER TRANSCRIPTS-FOLDER` (Linux; any load)."""

from __future__ import annotations

import os
import statistics
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from bot.apart import Apart as Process
from bot.errors import EarmarkError
from bot.feeds.apart import Apart
from bot.feeds.document import read_document
from bot.feeds.markup import page_links
from bot.transcribe.apart import TranscriptsApart
from bot.transcribe.published import parse

TIMES = 3


def cpu_ms(pid: int) -> float:
    """So far, of a process."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) * 1000 / os.sysconf("SC_CLK_TCK")


def start_ms(process: Process, first: Callable[[], object]) -> float:
    process.close()
    quiet(first)
    return cpu_ms(process.pids[0])


def quiet(act: Callable[[], object]) -> None:
    try:
        act()
    except EarmarkError:
        return


def both_ms(process: Process, act: Callable[[], object]) -> tuple[float, float]:
    """What one call costs there and here, the mean of TIMES; a clock tick there is 10 ms."""
    quiet(act)
    if not process.pids:
        return float("inf"), 0.0
    there, here = cpu_ms(process.pids[0]), time.process_time()
    for _ in range(TIMES):
        quiet(act)
    return (cpu_ms(process.pids[0]) - there) / TIMES, (time.process_time() - here) * 1000 / TIMES


def alone_ms(act: Callable[[], object]) -> float:
    began = time.process_time()
    for _ in range(TIMES):
        quiet(act)
    return (time.process_time() - began) * 1000 / TIMES


def told(kind: str, rows: Sequence[tuple[float, float, float]]) -> None:
    there, here, alone = zip(*rows, strict=True)
    medians = (f"{statistics.median(column):.1f}" for column in (there, here, alone))
    print(
        f"{kind}: {len(rows)}; median there {next(medians)}, here {next(medians)}, without a process "
        f"{next(medians)}; in all {sum(there):.0f} + {sum(here):.0f} to {sum(alone):.0f}; "
        f"most {max(there):.0f}"
    )


def main(feeds: Path, transcripts: Path) -> None:
    reads, hears = Apart(), TranscriptsApart()
    print(f"start and first: {start_ms(reads.process, lambda: reads.links(b'<a href=x>', 'it')):.0f}")
    bodies = [file.read_bytes() for file in sorted(feeds.iterdir()) if file.is_file()]
    told("feeds", [_feed(reads, body) for body in bodies])
    pages = [b"<html>" + b"<p>Words and <a href=/feed.xml>a link</a>.</p>" * many for many in (10, 100, 1000)]
    told("pages of 10, 100 and 1,000 links", [_page(reads, body) for body in pages])
    print(f"start and first: {start_ms(hears.process, lambda: hears(b'WEBVTT', 'text/vtt')):.0f}")
    found = [
        file for file in sorted(transcripts.rglob("*")) if file.suffix in {".vtt", ".srt", ".json", ".html"}
    ]
    told("transcripts", [_transcript(hears, file.read_bytes(), file.name) for file in found])
    reads.close()
    hears.process.close()


def _feed(reads: Apart, body: bytes) -> tuple[float, float, float]:
    there, here = both_ms(reads.process, lambda: reads(body, "https://a.example/f", "", "it"))
    return there, here, alone_ms(lambda: read_document(body, "https://a.example/f", "", "it"))


def _page(reads: Apart, body: bytes) -> tuple[float, float, float]:
    there, here = both_ms(reads.process, lambda: reads.links(body, "it"))
    return there, here, alone_ms(lambda: page_links(body))


def _transcript(hears: TranscriptsApart, body: bytes, name: str) -> tuple[float, float, float]:
    url = f"https://a.example/{name}"
    there, here = both_ms(hears.process, lambda: hears(body, "", url))
    return there, here, alone_ms(lambda: parse(body, "", url))


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:3]))
