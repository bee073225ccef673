"""What was found by words and what by vectors, joined: the same for the library in files and in Postgres."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from bot.answer.passages import Stretch
from bot.answer.words import Floats, stems
from bot.domain import Sentence

RRF = 30.0
# How many each of the two ways proposes, and how many of both are looked at again.
PROPOSED, AGAIN = 100, 50
# Of the question's words the rarest so many are looked up; a word of every tenth passage finds nothing.
WORDS, COMMON = 8, 0.1


@dataclass(frozen=True, kw_only=True)
class Found(Stretch):
    """A passage of an episode that may answer; `score` orders those of one search."""

    episode_id: int
    score: float


class Library(Protocol):
    """Passages of all episodes. Safe in several threads and processes; StoreError where it can't be used."""

    def close(self) -> None: ...

    def known(self) -> set[int]:
        """The episodes that are in it."""
        ...

    def marks(self) -> dict[int, str]:
        """Of each episode that is in it the mark that it was added with."""
        ...

    def add(
        self, episode_id: int, said: Sequence[Sentence], vectors: Floats | None = None, *, mark: str = ""
    ) -> None:
        """Index an episode (again). `vectors` of its `stretches`, where somebody has them; `mark` tells of
        which transcript they are."""
        ...

    def forget(self, episode_id: int) -> None: ...

    def search(self, question: str, episodes: Collection[int] | None = None, limit: int = 10) -> list[Found]:
        """The likeliest passages, best first, of these episodes (None: of all)."""
        ...

    def passages_of(self, episode_id: int) -> tuple[list[tuple[int, int]], Floats] | None:
        """Sentences (first, last) of each passage of an episode, and their vectors; None: not indexed."""
        ...


def rarity(often: int, n: int) -> float:
    """How much a word says that is in so many of `n` passages (idf)."""
    return float(np.log(1 + (n + 0.5) / (often + 0.5)))


def fused(*ranked: Sequence[int]) -> dict[int, float]:
    """Reciprocal rank fusion (Cormack, Clarke and Büttcher, SIGIR 2009)."""
    scores: dict[int, float] = {}
    for ids in ranked:
        for rank, id in enumerate(ids):
            scores[id] = scores.get(id, 0.0) + 1 / (RRF + rank)
    return scores


def found(row: Sequence[Any], rank: float, cosine: float, weights: dict[str, float]) -> Found:
    """`row` is what both databases select: episode, first, last, speaker, start, end, text."""
    episode_id, first, last, speaker, start, end, text = row
    return Found(
        episode_id=episode_id,
        first=first,
        last=last,
        speaker=speaker,
        start=start,
        end=end,
        text=text,
        score=rank * RRF + 2.0 * float(cosine) + covered(weights, f"{speaker} {text}"),
    )


def covered(weights: dict[str, float], text: str) -> float:
    """How much of the question's words, rare ones more, the text holds: 0..1."""
    held = set(stems(text))
    return sum(n for w, n in weights.items() if w in held) / max(sum(weights.values()), 1e-6)


def stemmed(speaker: str, text: str) -> str:
    return " ".join(stems(f"{speaker} {text}"))
