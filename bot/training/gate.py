"""Measures (and fits) the gate on insights, true and made false: `python -m bot.training.gate FOLDER`."""

from __future__ import annotations

import argparse
import difflib
import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from bot.training.episodes import annotated, is_validation
from bot.training.falsify import KINDS, false_pairs
from bot.training.gate_pairs import Pair, true_pairs
from bot.write.agree import Doubt
from bot.write.ground import contradictions, unsupported
from bot.write.nearness import evidence
from bot.write.weigh import WEIGHTS, all_doubts
from bot.write.words import lines

# Which falsehoods each family of doubts is trained on, and the share of true texts that it may cost.
TAUGHT: Mapping[str, tuple[tuple[str, ...], float]] = {
    "number": (("number changed", "numbers swapped"), 0.03),
    "name": (("names swapped",), 0.02),
    "way": (("comparative reversed", "antonym"), 0.04),
    "denied": (("negated",), 0.03),
    "asserted": (("un-negated",), 0.025),
    "speaker": (("speaker swapped",), 0.02),
    "role": (("roles swapped",), 0.015),
    "cause": (("cause and effect",), 0.01),
    "cover": (("another passage", "another episode"), 0.02),
}
Row = tuple[float, ...]


def pairs(folder: Path, *, validation: bool, seed: int) -> tuple[list[Pair], list[Pair]]:
    """True and false pairs of one side of the split; of all episodes where none is on it."""
    episodes = list(annotated(folder))
    chosen = [e for e in episodes if is_validation(e) == validation] or episodes
    by_episode = [true_pairs(e) for e in chosen]
    true = [p for found in by_episode for p in found]
    return true, [f for found in by_episode if found for f in false_pairs(found, true, seed)]


def stopped(pair: Pair) -> list[str]:
    """What the gate says of a pair (its form aside)."""
    said = " ".join(s.text for s in pair.passage)
    return [
        *unsupported(f"{pair.headline}. {pair.text}", f"{said} {pair.metadata}"),
        *contradictions(pair.headline, pair.text, pair.passage, pair.metadata),
    ]


def shares(true: Sequence[Pair], false: Sequence[Pair]) -> dict[str, float]:
    """Share of true pairs let through, and of false ones stopped, by kind."""
    found = {"true, let through": [not stopped(p) for p in true]}
    for kind in KINDS:
        found[f"{kind}, stopped"] = [bool(stopped(p)) for p in false if p.kind == kind]
    return {kind: sum(marks) / len(marks) for kind, marks in found.items() if marks}


def fit(true: Sequence[Pair], false: Sequence[Pair]) -> dict[str, object]:
    """Scales by family: logistic regression, the threshold where it costs true texts their share."""
    doubts = {id(p): list(_doubts(p)) for p in [*true, *false]}
    scales: dict[str, object] = {}
    for family, (kinds, cost) in TAUGHT.items():
        good = [[d.measures for d in doubts[id(p)] if d.family == family] for p in true]
        bad = [
            d.measures
            for p in false
            if p.kind in kinds
            for places in [_changed(p)]
            for d in doubts[id(p)]
            if d.family == family and (not d.place or d.place in places)
        ]
        if not bad:
            continue
        bias, weights = _logistic([row for rows in good for row in rows], bad)
        worst = [max((bias + float(np.dot(weights, row)) for row in rows), default=-99.0) for rows in good]
        scales[family] = {
            "bias": round(bias, 4),
            "weights": [round(float(w), 4) for w in weights],
            "most": round(float(np.quantile(worst, 1 - cost)), 4),
        }
    return scales


def _doubts(pair: Pair) -> Iterator[Doubt]:
    known = evidence(pair.passage, pair.metadata)
    yield from all_doubts(lines(pair.text), known)
    if pair.kind == "true":
        yield from all_doubts(lines(pair.headline), known)


def _changed(pair: Pair) -> frozenset[int]:
    """The places of the words that a falsehood put in; where it left some out, those after them."""
    before, after = (
        [w for one in lines(text) for w in one.words] for text in (pair.before or pair.text, pair.text)
    )
    places: set[int] = set()
    for kind, _, _, first, last in difflib.SequenceMatcher(None, before, after, autojunk=False).get_opcodes():
        if kind != "equal":
            places |= set(range(first, last if last > first else first + 5))
    return frozenset(places)


def _logistic(good: Sequence[Row], bad: Sequence[Row]) -> tuple[float, NDArray[np.float64]]:
    """Balanced logistic regression by Newton's method, on standardised measures."""
    x = np.array([*good, *bad], np.float64)
    y = np.array([0.0] * len(good) + [1.0] * len(bad))
    mean, spread = x.mean(axis=0), x.std(axis=0) + 1e-6
    z = np.column_stack([np.ones(len(x)), (x - mean) / spread])
    share = np.where(y == 1, 0.5 / max(len(bad), 1), 0.5 / max(len(good), 1))
    w = np.zeros(z.shape[1])
    for _ in range(50):
        p = 1 / (1 + np.exp(-np.clip(z @ w, -30, 30)))
        slope = z.T @ (share * (p - y)) + 1e-2 * np.r_[0, w[1:]]
        w -= np.linalg.solve((z.T * (share * p * (1 - p))) @ z + 1e-2 * np.eye(len(w)), slope)
    weights = w[1:] / spread
    return float(w[0] - weights @ mean), weights


def main(argv: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path, help="transcript and reference files")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--fit", action="store_true", help="fit on the training episodes first")
    parser.add_argument("--out", type=Path, default=WEIGHTS, help="where what was fitted goes")
    options = parser.parse_args(argv)
    if options.fit:
        learnt = fit(*pairs(options.folder, validation=False, seed=options.seed))
        old = json.loads(WEIGHTS.read_text("utf-8")) if WEIGHTS.exists() else {}
        options.out.write_text(json.dumps({**old, **learnt}, indent=1) + "\n", "utf-8")
        if options.out != WEIGHTS:
            return  # what is measured is the gate that ships
    true, false = pairs(options.folder, validation=True, seed=options.seed)
    for kind, share in shares(true, false).items():
        sys.stdout.write(f"{kind:<32}{share:>8.3f}\n")


if __name__ == "__main__":
    main()
