"""What accepted insights and answers cost, by rung, and what the same had cost on the largest one; pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from bot.domain import Provenance, Rung, Spent

Task = Literal["write", "answer"]
# From small to large, as people call them.
RUNGS: Mapping[Rung, str] = {
    "extractive": "extractive",
    "local": "hub or folder model",
    "": "not noted",
    "endpoint": "endpoint",
}
LARGEST: Rung = "endpoint"
# What was kept before rungs were noted: how the names of those writers begin that word nothing anew.
_EXTRACTIVE = ("extractive", "search")
# Tokens in and out of one insight and one answer at an endpoint that has not been asked yet (how they were
# counted: docs/experiments.md, 2026-11-24, The ladder's cost).
TYPICAL: Mapping[Task, tuple[int, int]] = {"write": (4 * 309, 4 * 87), "answer": (520, 33)}


@dataclass(frozen=True, kw_only=True)
class Prices:
    """In dollars, or what you count in: of a processor second, and of a million tokens that an endpoint reads
    and writes. Seconds spent waiting for an endpoint cost nothing here: it is paid by tokens."""

    second: float = 0.0
    tokens_in: float = 0.0
    tokens_out: float = 0.0

    def of(self, spent: Spent) -> float:
        if spent.rung != "endpoint":
            return spent.seconds * self.second
        read = max(0, spent.tokens - spent.tokens_out)
        return (read * self.tokens_in + spent.tokens_out * self.tokens_out) / 1e6


@dataclass(frozen=True, kw_only=True)
class Cost:
    """All that one rung took, what was refused too; `made`: how many of its results were accepted."""

    rung: Rung
    made: int
    seconds: float
    tokens: int
    tokens_out: int
    money: float


Made = tuple[Provenance, bool]  # with whether it was accepted: an answer may be "not in this episode"


def costs(made: Iterable[Made], prices: Prices) -> list[Cost]:
    """By rung, the smallest first; rungs that took nothing are left out, as is what nothing was kept of."""
    results = [(provenance, ok) for provenance, ok in made if provenance.writer]
    spent = [s for provenance, _ in results for s in (_own(provenance), *provenance.others)]
    accepted = [_rung(provenance) for provenance, ok in results if ok]
    taken = {rung: [s for s in spent if s.rung == rung] for rung in RUNGS}
    return [_cost(rung, accepted.count(rung), of, prices) for rung, of in taken.items() if of]


def _cost(rung: Rung, made: int, taken: Sequence[Spent], prices: Prices) -> Cost:
    return Cost(
        rung=rung,
        made=made,
        seconds=sum(s.seconds for s in taken),
        tokens=sum(s.tokens for s in taken),
        tokens_out=sum(s.tokens_out for s in taken),
        money=sum(prices.of(s) for s in taken),
    )


def _own(made: Provenance) -> Spent:
    return Spent(rung=_rung(made), tokens=made.tokens, tokens_out=made.tokens_out, seconds=made.seconds)


def _rung(made: Provenance) -> Rung:
    return made.rung or ("extractive" if made.writer.startswith(_EXTRACTIVE) else "")


def on_largest(task: Task, by_rung: Sequence[Cost], prices: Prices) -> Cost | None:
    """What all that was accepted would have cost at an endpoint: at what one of its own has cost so far, else
    by TYPICAL tokens (its seconds are not known then: 0). None: nothing was accepted."""
    count = sum(cost.made for cost in by_rung)
    if not count:
        return None
    own = next((cost for cost in by_rung if cost.rung == LARGEST and cost.made), None)
    if own is None:
        tokens_in, tokens_out = (count * tokens for tokens in TYPICAL[task])
        spent = Spent(rung=LARGEST, tokens=tokens_in + tokens_out, tokens_out=tokens_out)
        return _cost(LARGEST, count, [spent], prices)
    times = count / own.made
    return Cost(
        rung=LARGEST,
        made=count,
        seconds=own.seconds * times,
        tokens=round(own.tokens * times),
        tokens_out=round(own.tokens_out * times),
        money=own.money * times,
    )
