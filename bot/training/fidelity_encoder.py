"""How much of a cousin an encoder is: MiniLM fp32 in torch against its int8, on the same sentences."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from statistics import mean
from typing import Protocol

import numpy as np

from bot.read.encoder import Encoder, TransformersEncoder, Vectors, WeightFolders
from bot.training.cousins import resident_bytes, timed
from bot.training.episodes import Annotated
from bot.training.fidelity_reader import rank_correlation


class TextEncoder(Protocol):
    name: str

    def encode(self, texts: Sequence[str]) -> Vectors: ...


@dataclass(frozen=True, kw_only=True)
class Encoded:
    """`vectors` are of unit length, a row a sentence."""

    name: str
    vectors: Vectors
    seconds: float
    memory_bytes: int


def encoded(make: Callable[[], TextEncoder], texts: Sequence[str]) -> Encoded:
    before = resident_bytes()
    encoder = make()
    vectors, spent = timed(lambda: encoder.encode(texts))
    memory = resident_bytes() - before
    return Encoded(name=encoder.name, vectors=vectors, seconds=spent, memory_bytes=memory)


def encoders(weights: WeightFolders) -> Mapping[str, Callable[[], TextEncoder]]:
    return {
        "int8": lambda: Encoder.load(weights, threads=1),
        "fp32": lambda: TransformersEncoder(weights.folder("minilm")),
    }


def sentences_of(episodes: Sequence[Annotated], most: int) -> list[str]:
    """Sentences as published, evenly spaced over all."""
    every = [s.text for e in episodes for s in e.transcript.segments if s.text.strip()]
    return [every[i * len(every) // most] for i in range(most)] if len(every) > most else every


def figures(a: Encoded, b: Encoded) -> dict[str, float]:
    """All by name, in the order in which they are shown; a figure of both ends in the encoder it is of."""
    cosines = (a.vectors * b.vectors).sum(axis=1)
    of_a, of_b = (_likeness(one.vectors) for one in (a, b))
    out = {
        "cosine of a sentence's two vectors": float(cosines.mean()),
        "cosine, 1st percentile": float(np.quantile(cosines, 0.01)),
        "same nearest sentence": float((of_a.argmax(axis=1) == of_b.argmax(axis=1)).mean()),
        "rank correlation of likenesses": mean(
            rank_correlation(x, y) for x, y in zip(of_a, of_b, strict=True)
        ),
    }
    for letter, one in (("A", a), ("B", b)):
        out |= {
            f"sentences a CPU second {letter}": len(one.vectors) / max(one.seconds, 1e-9),
            f"memory, MB {letter}": one.memory_bytes / 1e6,
        }
    return out


def _likeness(vectors: Vectors) -> Vectors:
    """Each sentence against each; none is its own neighbour."""
    likeness: Vectors = vectors @ vectors.T
    np.fill_diagonal(likeness, -1.0)
    return likeness
