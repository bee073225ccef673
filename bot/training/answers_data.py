"""Questions and claims with their evidence, as the ranker sees them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from bot.answer.search import Index
from bot.answer.words import Floats
from bot.read.encoder import Encoder
from bot.read.sentences import sentences
from bot.training.episodes import Annotated, is_validation
from bot.training.vectors import cached

# A sentence beside the evidence counts so much: the passage about it holds the evidence too.
BESIDE = 0.4
# A headline is no question, but its evidence is the same kind of thing, and there are twice as many.
CLAIM = 0.3
FOLDS = 4


@dataclass(frozen=True, kw_only=True)
class Asked:
    """A question to an episode, and the sentences that answer it (none: it leaves it open).

    `weight` is 1 for a question, CLAIM for a headline; `foreign`: it was asked about another episode.
    """

    question: str
    index: Index
    evidence: tuple[int, ...]
    validation: bool
    fold: int
    weight: float = 1.0
    foreign: bool = False

    @property
    def target(self) -> Floats:
        """How much each sentence is the answer, never quite 0."""
        y = np.full(len(self.index.sentences), 1e-6, np.float32)
        for e in self.evidence:
            y[max(0, e - 1) : e + 2] = np.maximum(y[max(0, e - 1) : e + 2], BESIDE)
        y[list(self.evidence)] = 1.0
        return y


class Remembering:
    """An encoder that reads each text once: the questions of an episode share most of its sentences."""

    def __init__(self, encoder: Encoder) -> None:
        self.name, self.tokens = encoder.name, 0
        self.encode, self.pieces = encoder.encode, encoder.pieces
        self._encoder = encoder
        self._kept: dict[str, tuple[Floats, Floats]] = {}

    def read(self, texts: Sequence[str]) -> tuple[Floats, list[Floats]]:
        new = [t for t in dict.fromkeys(texts) if t not in self._kept]
        vectors, states = self._encoder.read(new)
        self._kept |= dict(zip(new, zip(vectors, states, strict=True), strict=True))
        return np.stack([self._kept[t][0] for t in texts]), [self._kept[t][1] for t in texts]


def asked(episode: Annotated, other: Annotated, encoder: Encoder, cache: Path) -> Iterator[Asked]:
    """The episode's own questions, two of another's, which it can hardly answer, and where it is not kept
    for validation its insights' headlines."""
    said = sentences(episode.transcript)
    vectors = cached(cache / f"{episode.id}.npy", [s.text for s in said], encoder)
    index = Index(said, Remembering(encoder), vectors)
    kept, fold = is_validation(episode), sum(episode.id.encode()) % FOLDS

    def made(
        question: str, evidence: tuple[int, ...], weight: float = 1.0, *, foreign: bool = False
    ) -> Asked:
        return Asked(
            question=question,
            index=index,
            evidence=evidence,
            validation=kept,
            fold=fold,
            weight=weight,
            foreign=foreign,
        )

    for q in episode.reference["qa"]:
        yield made(q["question"], tuple(q["evidence"]))
    for q in other.reference["qa"][:2] if other.id != episode.id else ():
        yield made(q["question"], (), foreign=True)
    for insight in () if kept else episode.reference["insights"]:
        yield made(insight["headline"], tuple(insight["evidence"]), CLAIM)
