"""Which model, of which teacher and data, made a sentence: a line a step, from `bot/models.json`."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from functools import cache
from importlib import resources
from typing import Any

from bot.domain import Provenance
from bot.prompts import named

Row = Mapping[str, Any]


def measured() -> list[Row]:
    """The rows of `bot/models.json`: what was measured of each model, by task, smallest first."""
    rows: list[Row] = json.loads((resources.files("bot") / "models.json").read_text("utf-8"))
    return rows


def lines(made: Iterable[Provenance]) -> list[str]:
    """A line a step and model, each once: transcript, reader, writer with its prompt."""
    sources = list(made)
    steps = [
        *(_line("Transcript", p.transcript, "transcribe") for p in sources),
        *(_line("Read by", p.reader, "read") for p in sources),
        *(_line("Written by", p.writer, "write") + _prompted(p) for p in sources if p.writer),
    ]
    return list(dict.fromkeys(filter(None, steps)))


def _line(begins: str, name: str, task: str) -> str:
    if not name:
        return ""
    return f"{begins}{':' if task == 'transcribe' else ''} {name}{_about(name, task)}"


@cache
def _about(name: str, task: str) -> str:
    """What is known of a model beyond its name; "" of one that isn't in the table."""
    row = next((r for r in measured() if r["task"] == task and _is(r, name)), None)
    told = row.get("lineage", {}) if row else {}
    known = [str(told[part]) for part in PARTS if told.get(part)]
    return f": {'; '.join(known)}" if known else ""


# In this order; each a few words.
PARTS = ("is", "teacher", "fidelity", "measured")


def _is(row: Row, name: str) -> bool:
    """Provenance calls it as the row does, or holds what the row's lineage says it is called."""
    return str(row.get("lineage", {}).get("called") or row["model"]) in name


def _prompted(made: Provenance) -> str:
    if not made.prompt:
        return ""
    file = named("write", made.prompt)
    return (
        f"; prompt {file} ({made.prompt})"
        if file
        else f"; prompt {made.prompt}, whose text has changed since"
    )
