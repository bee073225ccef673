"""The reader: sets aside what is not substance, and finds the passages worth telling."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

import numpy as np

from bot.domain import Reading, Sentence, Transcript
from bot.read.cues import NAMES, cues
from bot.read.encoder import WeightFolders
from bot.read.head import KINDS, Scores
from bot.read.sentences import sentences
from bot.read.spans import passages, set_aside
from bot.read.sponsors import sponsor_reads
from bot.read.tuned import TunedReader

TUNED = Path(__file__).with_name("reader.safetensors")
CUES_ALONE = "cues alone (no model)"
# Passages an hour of speech: enough to choose from, few enough that all deserve a look.
AN_HOUR, FEWEST, MOST = 16, 8, 60
WORDS_AN_HOUR = 9600


class SentenceScorer(Protocol):
    """Scores of at least one sentence; `name` is what provenance calls it."""

    name: str

    def scores(self, said: Sequence[Sentence]) -> Scores: ...


class PassageReader:
    """Implements Reader. Without a model it goes by cues alone, and its `model` says so."""

    def __init__(self, scorer: SentenceScorer | None) -> None:
        self._scorer = scorer
        self.name = scorer.name if scorer else CUES_ALONE

    @classmethod
    def load(cls, weights: WeightFolders, *, threads: int = 2, file: Path = TUNED) -> PassageReader:
        """With MiniLM as tuned by `file`, which ships beside this module."""
        return cls(TunedReader.load(weights, file, threads=threads))

    def read(self, transcript: Transcript) -> Reading:
        """Passages best first, none inside what is set aside; nothing for an empty transcript."""
        begun = time.perf_counter()
        said = sentences(transcript)
        scores = self._scores(said)
        aside = set_aside(scores, sponsor_reads(said))
        return Reading(
            sentences=said,
            passages=passages(scores, said, aside, how_many(said)),
            set_aside=aside,
            model=self.name,
            seconds_spent=round(time.perf_counter() - begun, 3),
        )

    def _scores(self, said: Sequence[Sentence]) -> Scores:
        return self._scorer.scores(said) if self._scorer and said else by_cues(said)


def how_many(said: Sequence[Sentence]) -> int:
    """Passages to look for, by the words said (times may be missing)."""
    hours = sum(len(s.text.split()) for s in said) / WORDS_AN_HOUR
    return int(np.clip(round(AN_HOUR * hours), FEWEST, MOST))


def by_cues(said: Sequence[Sentence]) -> Scores:
    """What can be told without a trained head: long, specific, argued sentences; sales talk and greetings."""
    column = dict(zip(NAMES, cues(said).T, strict=True))
    argued = (
        column["reason"] + column["claim"] + column["contrast"] + column["evidence"] + column["comparative"]
    )
    worth = 1.2 * column["length"] + 0.5 * argued + 0.4 * column["digit"] + 0.2 * column["quantity"]
    worth = worth - column["question"] - 0.4 * column["filler"] - 0.3 * column["hedge"] - column["tag"]
    worth = (1 / (1 + np.exp(1.5 - worth))).astype(np.float32)
    classes = np.full((len(said), 1 + len(KINDS)), -6.0, np.float32)
    classes[:, 0] = 0.0
    near = {"sponsor": 1.0, "promo": 1.0, "intro": column["near_start"], "outro": column["near_end"]}
    cue = {"sponsor": "sponsor", "promo": "promo", "intro": "frame", "outro": "frame"}
    for kind, place in near.items():
        strength = _smoothed(column[cue[kind]]) * place
        classes[:, 1 + KINDS.index(kind)] = 12 * strength - 4
    return Scores(worth=worth, evidence=worth, quote=worth, classes=classes)


def _smoothed(values: np.ndarray) -> np.ndarray:
    if len(values) == 0:
        return values
    return np.convolve(np.pad(values, 2, mode="edge"), np.full(5, 0.2), "valid")
