"""What was found for a question, how sure it is that it answers, and which of its sentences do."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from bot.answer import late
from bot.answer.ranker import Ranker
from bot.answer.search import Hit, Index
from bot.answer.words import Floats, stems
from bot.domain import Sentence, Source

# Without a ranker: refuses 0.31 of what an episode leaves open, 0.89 of what is off its subject, and 0.12 of
# what it answers (validation episodes).
THRESHOLD = 0.6
MOST_SENTENCES, MOST_WORDS = 3, 90
# A neighbour joins the answer when its score is this close to the best one's.
MARGIN = 2.0
# Deviations from the mean at which a feature is cut off.
FAR = 4.0
FEATURES = (
    "best",
    "second",
    "five",
    "share",
    "search",
    "covered",
    "rarest missing",
    "rarest unsaid",
    "unsaid",
    "nearest",
)


@dataclass(frozen=True, kw_only=True)
class Place:
    """A hit in one of the transcripts that were searched."""

    source: Source
    index: Index
    hit: Hit

    @property
    def best(self) -> Sentence:
        return self.index.sentences[self.hit.at]

    @property
    def said(self) -> tuple[Sentence, ...]:
        """The passage: the sentence with two on either side."""
        return self.index.sentences[max(0, self.hit.at - 2) : self.hit.at + 3]


@dataclass(frozen=True, kw_only=True)
class Sureness:
    """The chance that the best place answers, 0..1: a logistic regression on `features`, or the search's own
    guess where there is no ranker. Below `threshold` an answer is refused."""

    mean: Floats | None = None
    scale: Floats | None = None
    weights: Floats | None = None
    intercept: float = 0.0
    threshold: float = THRESHOLD

    @staticmethod
    def of(ranker: Ranker | None) -> Sureness:
        if ranker is None:
            return Sureness()
        mean, scale, weights, rest = ranker.sureness
        return Sureness(
            mean=mean, scale=scale, weights=weights, intercept=float(rest[0]), threshold=float(rest[1])
        )

    def of_hits(self, question: str, index: Index, hits: Sequence[Hit]) -> float:
        """Of at least one hit in one transcript, best first."""
        if self.mean is None or self.scale is None or self.weights is None:
            return hits[0].confidence
        z = np.clip((features(question, index, hits) - self.mean) / self.scale, -FAR, FAR)
        return float(1 / (1 + np.exp(-(z @ self.weights + self.intercept))))


def features(question: str, index: Index, hits: Sequence[Hit]) -> Floats:
    """FEATURES: how the best passage scores and stands out, and what of the question it lacks; then how close
    the question's pieces come in it (`late.columns`).

    Nothing of the question alone: nine of ten that the annotator left unanswered ask for a number, so that
    its kind would tell "unanswered" well, and refuse six of ten answerable questions for numbers.
    """
    scores = np.array([h.score for h in hits], np.float32)
    best = hits[0]
    share = np.exp(best.scores - best.scores.max())
    near = share[max(0, best.at - 2) : best.at + 3].sum() / share.sum()
    weights = {w: index.rarity(w) for w in set(stems(question))}
    total = max(sum(weights.values()), 1e-6)
    said = index.sentences[max(0, best.at - 2) : best.at + 3]
    held = set(stems(" ".join(f"{s.speaker} {s.text}" for s in said)))
    missing = [n for w, n in weights.items() if w not in held]
    unsaid = [n for w, n in weights.items() if not index.holds(w)]
    made = np.array(
        [
            scores[0],
            scores[1] if len(scores) > 1 else scores[0],
            scores[:5].mean(),
            near,
            best.confidence,
            1 - sum(missing) / total,
            max(missing, default=0.0) / 10,
            max(unsaid, default=0.0) / 10,
            sum(unsaid) / total,
            float((index.passages @ index.encoded(question)).max()),
        ],
        np.float32,
    )
    return np.concatenate([made, best.inputs[-late.COLUMNS :]])


def chosen(place: Place) -> list[Sentence]:
    """The best sentence and the neighbours that score nearly as well; for a question, its reply. What is said
    twice, as one does in speech, is cited once."""
    said, at, scores = place.index.sentences, place.hit.at, place.hit.scores
    if asks(said[at]) and at + 1 < len(said):
        return list(said[at + 1 : at + 3])
    near = [i for i in range(max(0, at - 2), min(len(said), at + 3)) if i != at and not asks(said[i])]
    picked = {at}
    for i in sorted(near, key=lambda i: -scores[i]):
        words = sum(len(said[j].text.split()) for j in {*picked, i})
        close = scores[i] >= scores[at] - MARGIN
        again = any(stems(said[i].text) == stems(said[j].text) for j in picked)
        if close and not again and len(picked) < MOST_SENTENCES and words <= MOST_WORDS:
            picked.add(i)
    return [said[i] for i in sorted(picked)]


def asks(sentence: Sentence) -> bool:
    return sentence.text.rstrip('"”').endswith("?")
