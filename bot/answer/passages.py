"""A transcript cut into passages: what the library indexes, finds and shows."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from bot.answer.arrays import unit
from bot.answer.words import Floats
from bot.domain import Sentence

SENTENCES, WORDS = 5, 130


@dataclass(frozen=True, kw_only=True)
class Stretch:
    """Sentences `first` to `last` inclusive of an episode, from `start`; `speaker` says the first."""

    first: int
    last: int
    speaker: str
    start: float | None
    end: float | None
    text: str


def stretches(said: Sequence[Sentence]) -> list[Stretch]:
    """Every sentence in one stretch, SENTENCES and about WORDS words at most (one sentence may be longer)."""
    return [_stretch(said, first, last) for first, last in _cuts(said)]


def pooled(vectors: Floats, made: Sequence[Stretch]) -> Floats:
    """The mean of the sentences' vectors in each stretch, scaled to length one. It stands in for each of
    them until that sentence is read."""
    if not made:
        return vectors[:0]
    return unit(np.stack([vectors[s.first : s.last + 1].mean(axis=0) for s in made]))


def _cuts(said: Sequence[Sentence]) -> Iterator[tuple[int, int]]:
    first, words = 0, 0
    for at, sentence in enumerate(said):
        own = len(sentence.text.split())
        if at > first and (at - first == SENTENCES or words + own > WORDS):
            yield first, at - 1
            first, words = at, 0
        words += own
    if said:
        yield first, len(said) - 1


def _stretch(said: Sequence[Sentence], first: int, last: int) -> Stretch:
    part = said[first : last + 1]
    return Stretch(
        first=first,
        last=last,
        speaker=part[0].speaker,
        start=part[0].start,
        end=part[-1].end,
        text=" ".join(s.text for s in part),
    )
