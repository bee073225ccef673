"""Finds the reads of sponsors and the promos of a show's own things: rules propose, a small model decides."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from pathlib import Path

import numpy as np

from bot.domain import NonContent, Sentence, SetAside
from bot.errors import ModelError
from bot.read.ads_cues import Floats
from bot.read.ads_features import Ints, Seen, candidates, rows, see, span_rows
from bot.read.ads_rules import Run, runs

WEIGHTS = Path(__file__).with_name("ads.safetensors")
# First column of each kind in the sentences' log-odds: inside, start, end.
COLUMNS: dict[NonContent, int] = {"sponsor": 0, "promo": 3}
# How sure a claim must be: chosen for F0.5 by cross-validation. Promos are told apart badly.
SURE: dict[NonContent, float] = {"sponsor": 0.65, "promo": 0.9}
MEMBERS = 2

Claim = tuple[float, NonContent, int, int]


class AdModel:
    """The weights of three steps: words, sentences, spans. Raises ModelError for a file it can't use."""

    def __init__(self, path: Path) -> None:
        from safetensors import SafetensorError
        from safetensors.numpy import load_file

        try:
            self._w = {k: v.astype(np.float32) for k, v in load_file(str(path)).items()}
        except (OSError, SafetensorError) as error:
            raise ModelError(f"the weights of {path.name} can't be read: {error}") from error

    def claims(self, seen: Seen) -> list[Claim]:
        """(probability, kind, first, last) of every span that is sure enough, surest first."""
        scores = self.sentences(seen)
        found: list[Claim] = []
        for kind, column in COLUMNS.items():
            spans = candidates(seen, scores[:, column + 1], scores[:, column + 2])
            if len(spans):
                found += self._sure(seen, scores, spans, kind)
        return sorted(found, reverse=True)

    def lexical(self, seen: Seen) -> Floats:
        """How much each sentence's words are those of sponsor reads and of promos, (n, 2)."""
        words, bias = self._w["words"], self._w["words.bias"]
        table = [words[:, t].sum(axis=1) / max(1, len(t)) ** 0.5 for t in seen.terms]
        scores: Floats = np.array(table, np.float32) + bias
        return scores

    def sentences(self, seen: Seen) -> Floats:
        """Log-odds of each sentence to be inside, start, end of a sponsor read, then of a promo, (n, 6)."""
        w = self._w
        scaled = (rows(seen, self.lexical(seen)) - w["sentence.mean"]) / w["sentence.scale"]
        scores: Floats = scaled @ w["sentence.weight"].T + w["sentence.bias"]
        return scores

    def _sure(self, seen: Seen, scores: Floats, spans: Ints, kind: NonContent) -> list[Claim]:
        w, features = self._w, span_rows(seen, scores, spans, COLUMNS[kind])
        chances = np.zeros(len(spans), np.float32)
        for member in range(MEMBERS):
            name = f"{kind}.{member}"
            hidden = np.tanh(
                (features - w[f"{name}.mean"]) / w[f"{name}.scale"] @ w[f"{name}.in"].T + w[f"{name}.in.bias"]
            )
            out = hidden @ w[f"{name}.out"].T + w[f"{name}.out.bias"]
            chances += 1 / (1 + np.exp(-out[:, 0])) / MEMBERS
        keep = np.flatnonzero(chances >= SURE[kind])
        return [(float(chances[i]), kind, int(spans[i, 0]), int(spans[i, 1])) for i in keep]


def sponsor_reads(sentences: Sequence[Sentence], weights: Path = WEIGHTS) -> tuple[SetAside, ...]:
    """Reads and promos in order, none overlapping. Without the weights' file, sponsor reads by rule."""
    if not sentences:
        return ()
    if not weights.exists():
        return tuple(_by_rule(run) for run in runs(sentences))
    seen = see(sentences)
    taken: list[SetAside] = []
    for _, kind, first, last in _model(weights).claims(seen):
        _add(taken, SetAside(kind=kind, first=first, last=last))
    for run in seen.rules:
        if run.sure:
            _add(taken, _by_rule(run))
    return tuple(sorted(taken, key=lambda s: s.first))


@cache
def _model(weights: Path) -> AdModel:
    return AdModel(weights)


def _by_rule(run: Run) -> SetAside:
    return SetAside(kind="sponsor", first=run.first, last=run.last)


def _add(taken: list[SetAside], new: SetAside) -> None:
    if all(new.last < s.first or new.first > s.last for s in taken):
        taken.append(new)
