"""Search within one transcript: BM25 and sentence vectors over small windows, joined by reciprocal rank."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Protocol

import numpy as np

from bot.answer.arrays import NEAR, ranks, spread, unit
from bot.answer.late import rarities
from bot.answer.words import Floats, stems
from bot.domain import Sentence

# BM25's usual constants, and reciprocal rank fusion's (Cormack, Clarke and Büttcher, SIGIR 2009).
K1, B, RRF = 1.2, 0.5, 30.0
# Hits are at least this many sentences apart: each is shown with its neighbours.
APART = 2


_NUMBER = re.compile(
    r"\d|\b(?:two|three|four|five|six|seven|eight|nine|ten|dozen|hundred|thousand|million|billion|percent|half"
    r"|twice|third|quarter|once)\b",
    re.I,
)
_ASKS_NUMBER = re.compile(
    r"\bhow (?:many|much|long|often|big|large|old|far|fast)\b|\bwhen\b|\bhow .{0,12}(?:cost|percent)\b"
    r"|\bwhat (?:share|percentage|number|year|price|fraction)\b",
    re.I,
)
_ASKS_WHY = re.compile(r"\bwhy\b|\breason\b", re.I)
_REASON = re.compile(r"\b(?:because|so that|reason|since|that's why|due to|in order to|otherwise)\b", re.I)


class TextEncoder(Protocol):
    """Texts to unit vectors, float32 (n, d)."""

    name: str
    tokens: int

    def encode(self, texts: Sequence[str]) -> Floats: ...

    def pieces(self, texts: Sequence[str]) -> list[list[str]]:
        """The word pieces of each text."""
        ...

    def read(self, texts: Sequence[str]) -> tuple[Floats, list[Floats]]:
        """What `encode` gives, and the states of each text's pieces, unit rows (pieces, d)."""
        ...


class Ranks(Protocol):
    """`bot.answer.ranker.Ranker` is one."""

    def ranked(self, index: Index, question: str) -> tuple[Floats, Floats]:
        """A score for each sentence, and what it was made of, (n, any)."""
        ...


@dataclass(frozen=True, kw_only=True)
class Hit:
    """A sentence that may answer: `score` orders hits, also those of different transcripts.

    `confidence` (0..1) is the search's guess that the transcript answers at all, `scores` are those of all
    its sentences, `inputs` what a ranker saw of this one.
    """

    at: int
    score: float
    confidence: float
    scores: Floats = field(repr=False, compare=False)
    inputs: Floats = field(repr=False, compare=False)


SIGNALS = (
    "cosine",
    "window",
    "bm25",
    "covered",
    "fused",
    "number",
    "reason",
    "question",
    "short",
    "second",
    "rest",
)
# Logistic weights of the signals, fitted on training episodes by `bot.training.answers`.
WEIGHTS = np.array([1.38, 3.24, 0.72, 1.53, 4.61, 2.46, 0.56, -1.12, -1.34, 0.7, 1.03], np.float32)
# Two logistic regressions on `sureness`, probabilities multiplied: that the episode is about this at all
# (against questions on other episodes), and that it answers it (against questions it leaves open).
SURE_MEAN = np.array([0.463, 0.462, 0.284, 0.505, 0.495, 0.378, 0.322, 0.795, 0.692], np.float32)
SURE_SCALE = np.array([0.163, 0.154, 0.195, 0.149, 0.142, 0.186, 0.201, 0.16, 0.132], np.float32)
SURE_WEIGHTS = np.array(
    [
        [0.468, 0.43, 0.429, 0.752, 0.702, 0.181, -0.036, 0.32, 0.653],
        [0.13, 0.332, 0.365, -0.131, 0.141, 0.178, 0.332, -0.583, -0.758],
    ],
    np.float32,
).T
SURE_INTERCEPTS = np.array([2.811, 1.891], np.float32)


class Index:
    """One transcript made searchable: building it encodes every sentence, asking the question.

    With `rough` vectors (of the passage that each sentence is in) nothing is encoded but what is read.
    """

    def __init__(
        self,
        sentences: Sequence[Sentence],
        encoder: TextEncoder,
        vectors: Floats | None = None,
        *,
        rough: bool = False,
    ) -> None:
        self.sentences = tuple(sentences)
        self._encoder = encoder
        self.vectors = encoder.encode([s.text for s in sentences]) if vectors is None else vectors
        self._rough = np.full(len(self.sentences), rough)
        self._words = [stems(s.text) for s in sentences]
        self._counts = [_joined(self._words, i) for i in range(len(sentences))]
        self._lengths = np.array([sum(c.values()) for c in self._counts], np.float32)
        seen = Counter(w for words in self._words for w in set(words))
        n = len(sentences)
        self._idf = {w: math.log(1 + (n - c + 0.5) / (c + 0.5)) for w, c in seen.items()}
        self._rare = math.log(1 + (n + 0.5) / 0.5)
        self._asked: tuple[str, Floats, Floats] | None = None

    @cached_property
    def _windows(self) -> Floats:
        return unit(spread(self.vectors))

    @cached_property
    def pieces(self) -> dict[str, float]:
        """How rare each word piece is among the sentences."""
        return rarities(self._encoder.pieces([s.text for s in self.sentences]))

    def read(self, rows: Sequence[int]) -> list[Floats]:
        """The states of the pieces of these sentences; their vectors are exact from now on."""
        vectors, states = self._encoder.read([self.sentences[n].text for n in rows])
        if self._rough[rows].any():
            self.vectors = self.vectors.copy()
            self.vectors[rows], self._rough[rows] = vectors, False
            for name in ("_windows", "passages"):
                self.__dict__.pop(name, None)
        return states

    @cached_property
    def passages(self) -> Floats:
        """The vector of each sentence with two on either side, (n, d)."""
        total = np.concatenate([np.zeros_like(self.vectors[:1]), np.cumsum(self.vectors, axis=0)])
        at = np.arange(len(self.vectors))
        return unit(total[np.minimum(at + 3, len(at))] - total[np.maximum(at - 2, 0)])

    @cached_property
    def _places(self) -> dict[str, list[int]]:
        found: dict[str, list[int]] = {}
        for at, words in enumerate(self._words):
            for word in set(words):
                found.setdefault(word, []).append(at)
        return found

    def held(self, word: str) -> Floats:
        """1 for the sentences that hold a stem, (n,)."""
        row = np.zeros(len(self.sentences), np.float32)
        row[self._places.get(word, [])] = 1
        return row

    def encoded(self, question: str) -> Floats:
        """The question's vector; what the last one was read as is kept."""
        return self._read(question)[0]

    def states(self, question: str) -> tuple[list[str], Floats]:
        """The question's pieces, as many as are read of a long one, and their states."""
        states = self._read(question)[1]
        return self._encoder.pieces([question])[0][: len(states)], states

    def _read(self, question: str) -> tuple[Floats, Floats]:
        kept = self._asked
        if kept is None or kept[0] != question:
            vectors, states = self._encoder.read([question])
            # Set as a whole: another thread may ask something else meanwhile.
            self._asked = kept = (question, vectors[0], states[0])
        return kept[1:]

    def search(self, question: str, limit: int = 5, ranker: Ranks | None = None) -> list[Hit]:
        """The likeliest places, best first and not beside one another; none for an empty transcript.

        By the `ranker`'s scores where there is one.
        """
        if not self.sentences:
            return []
        scores, inputs = ranker.ranked(self, question) if ranker else self.ranked(question)
        return hits_of(scores, inputs, limit)

    def ranked(self, question: str) -> tuple[Floats, Floats]:
        """By the search alone."""
        signals = self.signals(question)
        return signals @ WEIGHTS, signals

    def rarity(self, word: str) -> float:
        """How much a stem tells in this transcript (BM25's idf); most where it isn't said."""
        return self._idf.get(word, self._rare)

    def holds(self, word: str) -> bool:
        return word in self._idf

    def signals(self, question: str) -> Floats:
        """(n, len(SIGNALS)), each about 0..1."""
        asked = sorted(set(stems(question)))
        vector = self.encoded(question)
        cosine, window = self.vectors @ vector, self._windows @ vector
        bm25 = self._bm25(asked)
        fused = 1 / (RRF + ranks(bm25)) + 1 / (RRF + ranks(window)) + 1 / (RRF + ranks(cosine))
        texts = [s.text for s in self.sentences]
        columns = (
            cosine,
            window,
            bm25 / max(float(bm25.max()), 1e-6),
            self._covered(asked),
            fused * RRF / 3,
            [bool(_ASKS_NUMBER.search(question)) and bool(_NUMBER.search(t)) for t in texts],
            [bool(_ASKS_WHY.search(question)) and bool(_REASON.search(t)) for t in texts],
            [t.rstrip('"”').endswith("?") for t in texts],
            [len(t.split()) < 6 for t in texts],
            np.maximum(cosine, window) ** 2,
            np.minimum(self._lengths / 100, 1.0),
        )
        return np.stack([np.asarray(c, np.float32) for c in columns], axis=1)

    def _bm25(self, asked: Sequence[str]) -> Floats:
        mean = max(float(self._lengths.mean()), 1.0)
        norm = K1 * (1 - B + B * self._lengths / mean)
        total = np.zeros(len(self.sentences), np.float32)
        for word in asked:
            if word in self._idf:
                often = np.array([c.get(word, 0.0) for c in self._counts], np.float32)
                total += self._idf[word] * often * (K1 + 1) / (often + norm)
        return total

    def _covered(self, asked: Sequence[str]) -> Floats:
        """How much of the question's (rare) words a sentence and its neighbours hold, 0..1."""
        weight = {w: self._idf.get(w, self._rare) for w in asked}
        total = max(sum(weight.values()), 1e-6)
        return np.array([sum(weight[w] for w in asked if w in c) / total for c in self._counts], np.float32)


def hits_of(scores: Floats, inputs: Floats, limit: int = 5) -> list[Hit]:
    """The highest scores that are not beside one another, highest first. `inputs` begin with the signals."""
    sure = confidence(inputs[:, : len(SIGNALS)])
    hits: list[Hit] = []
    for i in map(int, np.argsort(-scores, kind="stable")):
        if all(abs(i - h.at) > APART for h in hits):
            hits.append(Hit(at=i, score=float(scores[i]), confidence=sure, scores=scores, inputs=inputs[i]))
        if len(hits) == limit:
            break
    return hits


def confidence(signals: Floats) -> float:
    """How likely it is that the question is answered here, by the best hit and by how it stands out."""
    z = (sureness(signals) - SURE_MEAN) / SURE_SCALE @ SURE_WEIGHTS + SURE_INTERCEPTS
    return float(np.prod(1 / (1 + np.exp(-z))))


def sureness(signals: Floats) -> Floats:
    """What tells an answer from a near miss, (9,)."""
    scores = signals @ WEIGHTS
    order = np.argsort(-scores, kind="stable")
    top = int(order[0])
    share = np.exp(scores - scores.max())
    near = share[max(0, top - 2) : top + 3].sum() / share.sum()
    best, most = signals[top, [0, 1, 3]], signals[:, [0, 1, 3]].max(axis=0)
    return np.array([*best, *most, near, scores[top] / 10, scores[order[:5]].mean() / 10], np.float32)


def _joined(words: Sequence[Sequence[str]], at: int) -> dict[str, float]:
    """Word counts of a sentence with its neighbours' at a lower weight."""
    counts: dict[str, float] = {}
    for offset, weight in zip((-1, 0, 1), NEAR, strict=True):
        if 0 <= at + offset < len(words):
            for word in words[at + offset]:
                counts[word] = counts.get(word, 0.0) + weight
    return counts
