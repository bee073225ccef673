"""The best places put in order by a cross-encoder that reads them, where the ranker is unsure."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Sequence
from itertools import groupby
from pathlib import Path
from typing import Protocol

import numpy as np

from bot.answer.places import Place
from bot.answer.search import Hit
from bot.answer.words import Floats
from bot.domain import Sentence
from bot.errors import ModelError

log = logging.getLogger(__name__)
WEIGHTS = Path(__file__).with_name("reread.safetensors")
# Places that are read; of what isn't among them 0.08 of validation questions would have had evidence.
READ = 12
# Where the ranker gives its best place so much of the twelve's probability, nothing is read.
SURE = 0.6
# Deviations from the mean at which an input is cut off.
FAR = 5.0


class Pairs(Protocol):
    """`bot.answer.cross.CrossEncoder` is one."""

    name: str
    tokens: int

    def scores(self, question: str, passages: Sequence[str]) -> Floats: ...


class Reread:
    """A linear order over what the ranker and the cross-encoder say of each place, fitted by
    `bot.training.answers`.

    The cross-encoder is loaded on first use. Where it can't be (no network, no weights), that is logged once,
    and the ranker's order stays until the process starts anew.
    """

    def __init__(self, load: Callable[[], Pairs], file: Path = WEIGHTS, *, sure: float = SURE) -> None:
        from safetensors import SafetensorError
        from safetensors.numpy import load_file

        try:
            held = load_file(str(file))
            self._mean, self._scale, self._weights = (held[n] for n in ("mean", "scale", "weights"))
        except (OSError, KeyError, SafetensorError) as error:
            raise ModelError(f"the order of places {file.name} can't be read: {error}") from error
        self._load, self._lock, self._sure = load, threading.Lock(), sure
        self._pairs: Pairs | None = None
        self._failed = False

    @property
    def name(self) -> str:
        return self._pairs.name if self._pairs else ""

    @property
    def tokens(self) -> int:
        """That it has read so far."""
        return self._pairs.tokens if self._pairs else 0

    def ordered(self, question: str, places: Sequence[Place]) -> list[Place] | None:
        """The READ best places in a better order, then the others; None where the ranker's order stays."""
        best = places[:READ]
        if len(best) < 2 or share(best) >= self._sure or not (pairs := self._ready()):
            return None
        read = pairs.scores(question, [passage(place.said) for place in best])
        x = features([place.hit for place in best], read)
        z = np.clip((x - self._mean) / self._scale, -FAR, FAR)
        order = np.argsort(-(z @ self._weights), kind="stable")
        return [*(best[n] for n in order), *places[READ:]]

    def _ready(self) -> Pairs | None:
        """While one question waits for the weights to come, others are answered without them."""
        if not self._pairs and not self._failed and self._lock.acquire(blocking=False):
            try:
                self._pairs = self._pairs or self._load()
            except ModelError as error:
                self._failed = True
                log.warning("answers are ordered without the cross-encoder: %s", error)
            finally:
                self._lock.release()
        return self._pairs


def share(places: Sequence[Place]) -> float:
    """Of the places' probability by the ranker, the first one's."""
    return float(_softmax(np.array([p.hit.score for p in places], np.float32))[0])


def passage(said: Sequence[Sentence]) -> str:
    """As the cross-encoder reads it: who speaks, where that changes."""
    turns = [(who, " ".join(s.text for s in turn)) for who, turn in groupby(said, key=lambda s: s.speaker)]
    return " ".join(f"{who}: {text}" if who else text for who, text in turns)


def features(hits: Sequence[Hit], read: Floats) -> Floats:
    """What the order is made of, (hits, 7 + the ranker's inputs): both scores and ranks, and how they stand
    out. `read` are the cross-encoder's."""
    scores = np.array([h.score for h in hits], np.float32)
    ours, theirs = (np.argsort(np.argsort(-s, kind="stable"), kind="stable") for s in (scores, read))
    columns = (
        scores - scores.max(),
        read - read.max(),
        read,
        np.log1p(ours),
        np.log1p(theirs),
        _softmax(scores),
        1 / (1 + np.exp(-read)),
    )
    told = np.stack([np.asarray(c, np.float32) for c in columns], axis=1)
    made: Floats = np.concatenate([told, np.stack([h.inputs for h in hits])], axis=1)
    return made


def _softmax(scores: Floats) -> Floats:
    odds = np.exp(scores - scores.max())
    made: Floats = odds / odds.sum()
    return made
