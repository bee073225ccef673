"""Sentences packed into blocks that the encoder reads whole, so that each is read among its neighbours."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]
# Tokens in a block with its two special ones: some ten sentences. MiniLM was trained on texts of up to 256.
BLOCK = 190
# Tokens of one sentence that are read; longer ones are transcripts without punctuation.
LONGEST = 128


@dataclass(frozen=True, kw_only=True)
class Block:
    """Token ids between the special ones, and for each token the sentence it belongs to (-1: special)."""

    ids: tuple[int, ...]
    owner: tuple[int, ...]


def blocks(
    tokens: Sequence[Sequence[int]], *, start: int, end: int, unknown: int, most: int = BLOCK, first: int = 0
) -> list[Block]:
    """Whole sentences in order, as many to a block as `most` tokens hold (`first`: tokens of the first one).

    `tokens` are the ids of each sentence without special ones; an empty sentence counts as `unknown`.
    """
    made: list[Block] = []
    ids, owner, room = [start], [-1], first or most
    for at, sentence in enumerate(tokens):
        own = list(sentence[:LONGEST]) or [unknown]
        if len(ids) > 1 and len(ids) + len(own) > room:
            made.append(Block(ids=(*ids, end), owner=(*owner, -1)))
            ids, owner, room = [start], [-1], most
        ids += own
        owner += [at] * len(own)
    if len(ids) > 1:
        made.append(Block(ids=(*ids, end), owner=(*owner, -1)))
    return made


def pooled(hidden: Sequence[Floats], packed: Sequence[Block], n: int) -> Floats:
    """The mean of each sentence's token states, (n, width); `hidden` is (tokens, width) a block."""
    states = np.concatenate([h[: len(b.ids)] for h, b in zip(hidden, packed, strict=True)])
    owner = np.concatenate([b.owner for b in packed])
    sums = np.zeros((n, states.shape[1]), np.float32)
    np.add.at(sums, owner[owner >= 0], states[owner >= 0])
    counts = np.bincount(owner[owner >= 0], minlength=n)
    mean: Floats = (sums / np.maximum(counts, 1)[:, None]).astype(np.float32)
    return mean
