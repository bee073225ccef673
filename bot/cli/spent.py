"""Of `earmark status`: what accepted insights and answers cost by rung, and on the largest one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import typer

from bot.cli.app import show_table
from bot.ladder import RUNGS, Cost, Made, Prices, Task, costs, on_largest
from bot.ports import Store

NEWEST, LAST = 20, timedelta(days=30)
TITLES: Mapping[Task, str] = {
    "write": f"Insights of the newest {NEWEST} episodes of each podcast",
    "answer": f"Answers in threads, {LAST.days} days",
}
COLUMNS = ("made by", "accepted", "seconds each", "tokens each", "money each", "money in all")


@dataclass(frozen=True, kw_only=True)
class Ladder:
    by_rung: Sequence[Cost]
    largest: Cost | None


def of(store: Store, now: datetime, prices: Prices) -> dict[Task, Ladder]:
    newest = [e for feed in store.feeds() for e in store.episodes(feed.id)[:NEWEST]]
    made: Mapping[Task, Sequence[Made]] = {
        "write": [(insight.provenance, True) for e in newest for insight in store.insights(e.id)],
        "answer": [(turn.provenance, turn.found) for turn in store.turns_since(now - LAST)],
    }
    found = {task: costs(results, prices) for task, results in made.items()}
    return {task: Ladder(by_rung=c, largest=on_largest(task, c, prices)) for task, c in found.items()}


def show(ladders: Mapping[Task, Ladder]) -> None:
    """A table a task that made anything; without prices no column of money."""
    priced = any(c.money for ladder in ladders.values() for c in (*ladder.by_rung, ladder.largest) if c)
    columns = COLUMNS if priced else COLUMNS[:4]
    for task, ladder in ladders.items():
        rows = [(RUNGS[cost.rung], *told(cost)) for cost in ladder.by_rung]
        if ladder.largest:
            rows.append(("all of it by an endpoint instead", *told(ladder.largest)))
        if rows:
            typer.echo()
            show_table(TITLES[task], columns, [row[: len(columns)] for row in rows])


def told(cost: Cost) -> tuple[str, ...]:
    """A row's cells: an accepted one's share of all that the rung took, refused ones too."""
    if not cost.made:
        vain = (f"{cost.seconds:.2f}, for nothing", f"{cost.tokens}, for nothing")
        return ("–", *vain, "–", money(cost.money))
    seconds = f"{cost.seconds / cost.made:.2f}" if cost.seconds else "–"
    each = money(cost.money / cost.made)
    return str(cost.made), seconds, f"{cost.tokens / cost.made:.0f}", each, money(cost.money)


def money(amount: float) -> str:
    """Two digits that count: 0.0000043, 0.012, 3.1, 120."""
    if not amount:
        return "–"
    digits = 2
    while amount < 10 ** (1 - digits) and digits < 12:
        digits += 1
    return f"{amount:.{digits}f}"
