"""Which doubts stop a text: weights and thresholds by family, fitted by `bot.training.gate FOLDER --fit`."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import chain
from pathlib import Path

from bot.write.agree import Doubt, doubts
from bot.write.cover import cover_doubt
from bot.write.nearness import Evidence
from bot.write.roles import cause_doubts, role_doubts, speaker_doubts
from bot.write.words import Line

WEIGHTS = Path(__file__).with_name("gate.json")


@dataclass(frozen=True, kw_only=True)
class Scale:
    """A family's bias, weights (one a measure) and the gravity above which it stops a text."""

    bias: float
    weights: tuple[float, ...]
    most: float

    def gravity(self, doubt: Doubt) -> float:
        return self.bias + sum(w * m for w, m in zip(self.weights, doubt.measures, strict=True))


@lru_cache(maxsize=4)
def scales(path: Path = WEIGHTS) -> Mapping[str, Scale]:
    rows = json.loads(path.read_text("utf-8"))
    return {
        family: Scale(bias=row["bias"], weights=tuple(row["weights"]), most=row["most"])
        for family, row in rows.items()
    }


def all_doubts(text: Sequence[Line], evidence: Evidence) -> Iterator[Doubt]:
    """Every doubt about a text, grave or not."""
    if not text or not evidence.lines:
        return iter(())
    return chain(
        doubts(text, evidence),
        speaker_doubts(text, evidence),
        role_doubts(text, evidence),
        cause_doubts(text, evidence),
        [cover_doubt(text, evidence)],
    )


def grave(found: Iterator[Doubt], by: Mapping[str, Scale] | None = None) -> list[str]:
    """The reasons of those that stop a text, one a family."""
    by = scales() if by is None else by
    reasons: dict[str, tuple[float, str]] = {}
    for doubt in found:
        scale = by.get(doubt.family)
        if scale is not None and (gravity := scale.gravity(doubt)) > scale.most:
            reasons[doubt.family] = max(reasons.get(doubt.family, (gravity, doubt.why)), (gravity, doubt.why))
    return [why for _, why in reasons.values()]
