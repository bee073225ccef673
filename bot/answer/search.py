"""Search within one transcript: BM25 and sentence vectors over small windows, joined by reciprocal rank."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from bot.domain import Sentence

Floats = NDArray[np.float32]
# BM25's usual constants, and reciprocal rank fusion's (Cormack, Clarke and Büttcher, SIGIR 2009).
K1, B, RRF = 1.2, 0.5, 30.0
# How much a neighbour's words and vector count for a sentence.
NEAR = (0.35, 1.0, 0.35)
# Hits are at least this many sentences apart: each is shown with its neighbours.
APART = 2


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.split())


STOPS = frozenset(
    _words(
        "a an the of to in on at by for with from and or but so as is are was were be been being do"
        " does did has have had it its this that these those they them their he she his her him we us"
        " our you your i me my what which who whom whose when where why how can could would should will"
        " may might than then there here about into over not no if because just also very more most some"
        " any all out up down s t re ve ll d m say says said mean means episode podcast according"
        " speaker speakers host guest"
    )
)
_ENDINGS = _words("ations ation ingly ments ment ings ing edly ies ied ers er ed es ly s e y")
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


class Ranks(Protocol):
    """`bot.answer.ranker.Ranker` is one."""

    def scores(self, index: Index, question: str) -> Floats: ...


@dataclass(frozen=True, kw_only=True)
class Hit:
    """A sentence that may answer: `score` orders hits, also those of different transcripts.

    `confidence` (0..1) that the transcript answers at all, `scores` of all its sentences.
    """

    at: int
    score: float
    confidence: float
    scores: Floats = field(repr=False, compare=False)


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
    """One transcript made searchable: building it encodes every sentence, asking the question."""

    def __init__(
        self, sentences: Sequence[Sentence], encoder: TextEncoder, vectors: Floats | None = None
    ) -> None:
        self.sentences = tuple(sentences)
        self._encoder = encoder
        self.vectors = encoder.encode([s.text for s in sentences]) if vectors is None else vectors
        self._windows = _unit(_spread(self.vectors))
        self._words = [stems(s.text) for s in sentences]
        self._counts = [_joined(self._words, i) for i in range(len(sentences))]
        self._lengths = np.array([sum(c.values()) for c in self._counts], np.float32)
        seen = Counter(w for words in self._words for w in set(words))
        n = len(sentences)
        self._idf = {w: math.log(1 + (n - c + 0.5) / (c + 0.5)) for w, c in seen.items()}
        self._rare = math.log(1 + (n + 0.5) / 0.5)
        self._asked: tuple[str, Floats] | None = None

    @cached_property
    def passages(self) -> Floats:
        """The vector of each sentence with two on either side, (n, d)."""
        total = np.concatenate([np.zeros_like(self.vectors[:1]), np.cumsum(self.vectors, axis=0)])
        at = np.arange(len(self.vectors))
        return _unit(total[np.minimum(at + 3, len(at))] - total[np.maximum(at - 2, 0)])

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
        """The question's vector; the last one's is kept."""
        if self._asked is None or self._asked[0] != question:
            self._asked = (question, self._encoder.encode([question])[0])
        return self._asked[1]

    def search(self, question: str, limit: int = 5, ranker: Ranks | None = None) -> list[Hit]:
        """The likeliest places, best first and not beside one another; none for an empty transcript.

        By the `ranker`'s scores where there is one.
        """
        if not self.sentences:
            return []
        signals = self.signals(question)
        scores = ranker.scores(self, question) if ranker else signals @ WEIGHTS
        return hits_of(scores, confidence(signals), limit)

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
        fused = 1 / (RRF + _ranks(bm25)) + 1 / (RRF + _ranks(window)) + 1 / (RRF + _ranks(cosine))
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


def hits_of(scores: Floats, confidence: float, limit: int = 5) -> list[Hit]:
    """The highest scores that are not beside one another, highest first."""
    hits: list[Hit] = []
    for i in map(int, np.argsort(-scores, kind="stable")):
        if all(abs(i - h.at) > APART for h in hits):
            hits.append(Hit(at=i, score=float(scores[i]), confidence=confidence, scores=scores))
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


def stems(text: str) -> list[str]:
    """Words without the most frequent ones and without their endings, in lower case."""
    words = re.findall(r"[a-z0-9]+(?:\.[a-z0-9]+)*", re.sub(r"['’](?:s|re|ve|ll|d|t|m)\b", "", text.lower()))
    return [_stem(w) for w in words if w not in STOPS and len(w) > 1]


@lru_cache(maxsize=100_000)
def _stem(word: str) -> str:
    for ending in _ENDINGS:
        if word.endswith(ending) and len(word) - len(ending) >= 3:
            return word[: -len(ending)]
    return word


def _joined(words: Sequence[Sequence[str]], at: int) -> dict[str, float]:
    """Word counts of a sentence with its neighbours' at a lower weight."""
    counts: dict[str, float] = {}
    for offset, weight in zip((-1, 0, 1), NEAR, strict=True):
        if 0 <= at + offset < len(words):
            for word in words[at + offset]:
                counts[word] = counts.get(word, 0.0) + weight
    return counts


def _spread(vectors: Floats) -> Floats:
    """Each vector with its neighbours' at a lower weight."""
    out = vectors * NEAR[1]
    out[1:] += vectors[:-1] * NEAR[0]
    out[:-1] += vectors[1:] * NEAR[2]
    return out


def _unit(vectors: Floats) -> Floats:
    scaled: Floats = vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-9)
    return scaled


def _ranks(values: Floats) -> Floats:
    """0 for the largest, and so on."""
    ranks = np.empty(len(values), np.float32)
    ranks[np.argsort(-values, kind="stable")] = np.arange(len(values), dtype=np.float32)
    return ranks
