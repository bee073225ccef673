"""What a reader has to beat: sentences chosen at random, from the start, by length, or by TextRank."""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bot.write.lexicon import content

# A sentence with fewer words says little by itself ("That's right.", "Welcome back, everyone.").
SUBSTANTIAL = 8
# Brin & Page 1998, as in TextRank; the change of rank at which it has settled.
DAMPING, SETTLED, MOST_ROUNDS = 0.85, 1e-6, 100


def at_random(texts: Sequence[str], seed: str) -> list[int]:
    """All sentences in an order that `seed` fixes."""
    return random.Random(seed).sample(range(len(texts)), len(texts))


def lead(texts: Sequence[str], seed: str = "") -> list[int]:
    """Sentences of at least SUBSTANTIAL words in the order of speech."""
    return [i for i, text in enumerate(texts) if len(text.split()) >= SUBSTANTIAL]


def longest(texts: Sequence[str], seed: str = "") -> list[int]:
    """Sentences by their number of words, most first."""
    return sorted(range(len(texts)), key=lambda i: -len(texts[i].split()))


def textrank(texts: Sequence[str], seed: str = "") -> list[int]:
    """Sentences by TextRank (Mihalcea & Tarau 2004), best first.

    Edges weigh the content words that two sentences share over the sum of the logarithms of their lengths.
    Written here, in numpy: sumy would bring nltk and a tokenizer model that it downloads, for thirty lines.
    """
    ranks = _power(_similarity([content(text) for text in texts]))
    return sorted(range(len(texts)), key=lambda i: -ranks[i])


def _similarity(words: Sequence[set[str]]) -> NDArray[np.float32]:
    """(n, n), zero on the diagonal."""
    column = {w: i for i, w in enumerate(sorted(set[str]().union(*words)))}
    holds = np.zeros((len(words), max(len(column), 1)), np.float32)
    for row, found in enumerate(words):
        holds[row, [column[w] for w in found]] = 1.0
    logs = np.log(np.maximum(holds.sum(axis=1), 1.0))
    lengths = logs[:, None] + logs[None, :]
    alike: NDArray[np.float32] = np.where(lengths > 0, holds @ holds.T / np.maximum(lengths, 1e-9), 0.0)
    np.fill_diagonal(alike, 0.0)
    return alike


def _power(weights: NDArray[np.float32]) -> NDArray[Any]:
    """The stationary ranks of a walk along the edges; a sentence without any leads everywhere alike."""
    n = len(weights)
    out = weights.sum(axis=1, keepdims=True)
    walk = np.where(out > 0, weights / np.maximum(out, 1e-12), 1.0 / n)
    ranks = np.full(n, 1.0 / n)
    for _ in range(MOST_ROUNDS):
        moved = (1 - DAMPING) / n + DAMPING * ranks @ walk
        if float(np.abs(moved - ranks).sum()) < SETTLED:
            break
        ranks = moved
    return ranks
