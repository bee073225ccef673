"""What insights cost, by the rung that wrote them, and what the same would have cost on the largest rung."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from importlib import resources
from typing import Any

from bot.domain import Insight
from bot.ports import Store

Row = Mapping[str, Any]
NEWEST = 20


@dataclass(frozen=True, kw_only=True)
class Rung:
    """All that one writer made; `tokens` and `seconds` are of its insights, not of what the gate refused."""

    writer: str
    insights: int
    tokens: int
    seconds: float


def measured() -> list[Row]:
    """The rows of `bot/models.json`: what was measured of each model, by task, smallest first."""
    rows: list[Row] = json.loads((resources.files("bot") / "models.json").read_text("utf-8"))
    return rows


def spent(insights: Iterable[Insight]) -> list[Rung]:
    """By writer, the cheapest an insight first."""
    by: dict[str, list[Insight]] = {}
    for insight in insights:
        by.setdefault(insight.provenance.writer or "unknown", []).append(insight)
    rungs = [
        Rung(
            writer=writer,
            insights=len(made),
            tokens=sum(i.provenance.tokens for i in made),
            seconds=sum(i.provenance.seconds for i in made),
        )
        for writer, made in by.items()
    ]
    return sorted(rungs, key=lambda r: (r.seconds / r.insights, r.writer))


def of_store(store: Store) -> list[Rung]:
    """Over the newest NEWEST episodes of each podcast."""
    newest = (e for f in store.feeds() for e in store.episodes(f.id)[:NEWEST])
    return spent(i for e in newest for i in store.insights(e.id))


def largest(rows: Sequence[Row]) -> Row | None:
    """The highest rung of the writers whose cost an insight was measured."""
    costed = [r for r in rows if r["task"] == "write" and r.get("seconds")]
    return max(costed, key=lambda r: r.get("rung", 0), default=None)


def told(rungs: Sequence[Rung], rows: Sequence[Row]) -> list[str]:
    """A line a rung, and one of what all of it would have cost on the largest."""
    lines = [f"{r.writer}: {_cost(r.insights, r.tokens, r.seconds)}" for r in rungs]
    top, count = largest(rows), sum(r.insights for r in rungs)
    if top is None or not count:
        return lines
    tokens, seconds = int(count * top.get("tokens", 0)), count * top["seconds"]
    price = top.get("dollars_per_million_tokens")
    money = f", {tokens / 1e6 * price:.2f} dollars" if price else ""
    return [*lines, f"{top['model']}: {_cost(count, tokens, seconds)}{money}, had it written all"]


def _cost(insights: int, tokens: int, seconds: float) -> str:
    each = f"{seconds / insights:.2f} s and {tokens / insights:.0f} tokens each"
    return f"{insights} insights in {seconds:.1f} s, {tokens} tokens ({each})"
