"""Late interaction: each piece of a question against each piece of a sentence, by their states in MiniLM.

After Khattab and Zaharia (ColBERT, SIGIR 2020), with the states as published, and weights by rarity.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence

import numpy as np

from bot.answer.words import STOPS, Floats, highest

# Cosines from which a piece counts as said: as a word of its kind, and as the word itself.
AKIN, SAME = 0.55, 0.7
# The weight of a piece that the transcript hasn't.
UNSAID = 6.0
COLUMNS = 14


def closeness(question: Floats, said: Sequence[Floats], rows: Sequence[int], n: int) -> Floats:
    """The highest cosine of each piece of the question in each of `n` sentences, (n, pieces).

    `said` are the states of the sentences `rows`, unit rows; the others count as 0.
    """
    made = np.zeros((n, len(question)), np.float32)
    if len(rows):
        starts = np.cumsum([0, *(len(s) for s in said)])[:-1]
        made[list(rows)] = np.maximum.reduceat(question @ np.concatenate(said).T, starts, axis=1).T
    return made


def rarities(pieces: Sequence[Sequence[str]]) -> dict[str, float]:
    """BM25's idf of each piece over the sentences."""
    n, seen = len(pieces), Counter(p for sentence in pieces for p in set(sentence))
    return {p: math.log(1 + (n - c + 0.5) / (c + 0.5)) for p, c in seen.items()}


def weights(pieces: Sequence[str], rarity: Mapping[str, float]) -> tuple[Floats, Floats]:
    """How much each piece of a question counts, in all 1; and which are stop words."""
    stops = np.array([p in STOPS or (len(p) == 1 and not p.isdigit()) for p in pieces], bool)
    made = np.array([0.0 if s else rarity.get(p, UNSAID) for p, s in zip(pieces, stops, strict=True)])
    if not made.sum():
        made, stops = np.ones(len(pieces)), np.zeros(len(pieces), bool)
    return (made / made.sum()).astype(np.float32), stops


def columns(close: Floats, pieces: Sequence[str], rarity: Mapping[str, float]) -> Floats:
    """What the ranker sees of `closeness`, (n, COLUMNS)."""
    if not pieces:
        return np.zeros((len(close), COLUMNS), np.float32)
    each, stops = weights(pieces, rarity)
    around = np.stack([highest(column) for column in close.T], axis=1)
    told = (
        close @ each,
        around @ each,
        around.mean(axis=1),
        (np.maximum(around - 0.5, 0) ** 2) @ each,
        np.where(each > 0, around, 9.0).min(axis=1),
        around[:, int(each.argmax())],
        (around > SAME) @ each,
        (around > AKIN) @ each,
        (close > SAME) @ each,
        around[:, stops].mean(axis=1) if stops.any() else np.zeros(len(close)),
    )
    shown = np.stack(told, axis=1).astype(np.float32)
    made: Floats = np.concatenate([shown, shown[:, :4] - shown[:, :4].max(axis=0)], axis=1)
    return made
