"""Rows of one a sentence, seen with their neighbours, scaled or ranked."""

from __future__ import annotations

import numpy as np

from bot.answer.words import Floats

# How much a neighbour's words and vector count for a sentence.
NEAR = (0.35, 1.0, 0.35)


def spread(vectors: Floats) -> Floats:
    """Each vector with its neighbours' at a lower weight."""
    out = vectors * NEAR[1]
    out[1:] += vectors[:-1] * NEAR[0]
    out[:-1] += vectors[1:] * NEAR[2]
    return out


def unit(vectors: Floats) -> Floats:
    """Rows scaled to length one (a zero row stays zero)."""
    scaled: Floats = vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-9)
    return scaled


def ranks(values: Floats) -> Floats:
    """0 for the largest, and so on."""
    ranks = np.empty(len(values), np.float32)
    ranks[np.argsort(-values, kind="stable")] = np.arange(len(values), dtype=np.float32)
    return ranks
