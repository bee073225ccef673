"""Makes the demo feed again from its scripts: `python -m bot.demo.make --voice en_US-joe-medium.onnx`."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from bot.demo.publish import BASE, TRANSCRIPTS, Item, encode, feed
from bot.demo.script import parse
from bot.demo.speak import Studio, say, studio
from bot.domain import Segment, hhmmss
from bot.errors import EarmarkError

HERE = Path(__file__).resolve().parent
ITEMS = (
    Item(
        name="canopy",
        title="What a street tree really cools",
        about="City forester Daniel Marsh on shade, thirst, forty percent and why he stopped counting trees.",
        published_at=datetime(2026, 11, 21, 6, tzinfo=UTC),
        transcript="vtt",
    ),
    Item(
        name="bread",
        title="How a small bakery prices a loaf",
        about="Baker Tom Brennan on why flour is not the price of bread, and what a full shelf costs.",
        published_at=datetime(2026, 11, 22, 6, tzinfo=UTC),
        transcript="json",
    ),
    Item(
        name="sleep",
        title="What sleep researchers changed their minds about",
        about="Paul Hadley, who runs a sleep laboratory, on what he used to tell people and no longer does.",
        published_at=datetime(2026, 11, 23, 6, tzinfo=UTC),
    ),
)


def main(arguments: Sequence[str] | None = None) -> int:
    """Makes what is asked for and returns the exit code: 1, with what to do, where a tool is missing."""
    asked = _arguments(arguments)
    try:
        tools = studio(asked.piper, asked.voice)
        for item in ITEMS:
            if asked.only in (None, item.name):
                cues = _episode(tools, item)
                if asked.reference:
                    _time_reference(asked.reference, item.name, cues)
        (HERE / "feed.xml").write_text(feed(ITEMS, HERE))
    except EarmarkError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return 0


def _arguments(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=f"Make {BASE}/ again from bot/demo/scripts.")
    parser.add_argument("--voice", type=Path, required=True, help="the .onnx file of a Piper voice")
    parser.add_argument("--piper", default="piper", help="the piper program, where it is not on PATH")
    parser.add_argument("--only", choices=[item.name for item in ITEMS], help="make one episode")
    parser.add_argument("--reference", type=Path, help="fill in the times of the quotes in this file")
    return parser.parse_args(arguments)


def _episode(tools: Studio, item: Item) -> list[Segment]:
    sys.stderr.write(f"{item.name}: speaking …\n")
    sound, cues = say(tools, parse((HERE / "scripts" / f"{item.name}.txt").read_text()))
    encode(HERE / f"{item.name}.mp3", sound, item.title)
    if item.transcript:
        text = TRANSCRIPTS[item.transcript](cues)
        (HERE / f"{item.name}.{item.transcript}").write_text(text)
    sys.stderr.write(f"{item.name}: {hhmmss(cues[-1].end)}\n")
    return cues


def _time_reference(path: Path, name: str, cues: Sequence[Segment]) -> None:
    """Every entry says in words where it starts (`quote`, `from`) and ends (`to`); the times follow."""
    reference: dict[str, Any] = json.loads(path.read_text())
    episode = reference[name]
    for entry in [*episode["insights"], *episode["non_content"], *episode["qa"]]:
        first = entry.get("quote") or entry.get("from")
        if first:
            entry["start"] = round(_cue(cues, first).start or 0, 2)
            entry["end"] = round(_cue(cues, entry.get("to", first)).end or 0, 2)
    path.write_text(json.dumps(reference, indent=1, ensure_ascii=False) + "\n")


def _cue(cues: Sequence[Segment], words: str) -> Segment:
    found = [cue for cue in cues if words in cue.text]
    if len(found) != 1:
        raise EarmarkError(f"“{words}” is in {len(found)} sentences of the script; it must be in one.")
    return found[0]


if __name__ == "__main__":
    sys.exit(main())
