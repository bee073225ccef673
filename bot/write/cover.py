"""How far the words, and the sense, of a text are those of its evidence."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from bot.write.agree import Doubt
from bot.write.nearness import Evidence
from bot.write.words import ATTRIBUTION, Line, alike, stem

# Evidence lines in one window that a sentence is compared with.
WINDOW = 3


class TextEncoder(Protocol):
    """Texts to unit vectors, float32 (n, dimensions)."""

    def encode(self, texts: Sequence[str]) -> NDArray[np.float32]: ...


class Entailment(Protocol):
    """A model of inference: how likely the premise contradicts each hypothesis, 0 to 1."""

    def contradicts(self, premise: str, hypotheses: Sequence[str]) -> Sequence[float]: ...


def cover_doubts(text: Sequence[Line], evidence: Evidence, encoder: TextEncoder | None) -> Iterator[Doubt]:
    """One doubt a text, of its least covered line and of all of it; with an encoder, one of the sense."""
    shares = [_share(_own(one, evidence), evidence) for one in text]
    whole = _share(frozenset(s for one in text for s in _own(one, evidence)), evidence)
    weakest = min(range(len(text)), key=shares.__getitem__)
    words = (whole, shares[weakest], _rare(text, evidence))
    why = f"the passage hardly has the words of “{text[weakest].text[:60]}”"
    yield Doubt(family="cover", measures=words, why=why)
    if encoder is not None:
        near = similarities(text, evidence, encoder)
        sense = (*words, min(near), sum(near) / len(near))
        yield Doubt(
            family="sense",
            measures=sense,
            why=f"the passage hardly says “{text[near.index(min(near))].text[:60]}”",
        )


def similarities(text: Sequence[Line], evidence: Evidence, encoder: TextEncoder) -> list[float]:
    """Cosine of each line with the window of the evidence that is nearest to it."""
    said = [one.text for one in evidence.lines]
    windows = [" ".join(said[i : i + WINDOW]) for i in range(max(len(said) - WINDOW + 1, 1))]
    vectors = encoder.encode([one.text for one in text] + windows)
    near = vectors[: len(text)] @ vectors[len(text) :].T
    return [float(v) for v in near.max(axis=1)]


def _own(one: Line, evidence: Evidence) -> frozenset[str]:
    """Meaningful stems but those that say who speaks, or that the metadata gives."""
    return one.content - evidence.about - _TELLING


def _share(content: frozenset[str], evidence: Evidence) -> float:
    if not content:
        return 1.0
    return sum(s in evidence.counts or _nearly(s, evidence) for s in content) / len(content)


def _nearly(stem: str, evidence: Evidence) -> bool:
    return len(stem) >= 5 and any(alike(stem, s) for s in evidence.counts)


def _rare(text: Sequence[Line], evidence: Evidence) -> float:
    """How much of the evidence's rarest words in its best line the text's lines share, on average."""
    best = [
        max(
            (sum(1 / evidence.counts[s] for s in one.content & t.content) for one in evidence.lines),
            default=0.0,
        )
        for t in text
    ]
    return min(sum(best) / len(best), 4.0)


_TELLING = frozenset(map(stem, ATTRIBUTION))
