"""How much of a cousin a reader is: fp32 in torch against the int8 that ships, on the same transcripts."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import mean

import numpy as np
from safetensors.torch import load_file

from bot.domain import Reading, Sentence
from bot.read.encoder import WeightFolders, tokenizer_of
from bot.read.head import ENCODER, Scores
from bot.read.reader import PassageReader, SentenceScorer
from bot.read.spans import worth_of
from bot.read.tuned import TunedReader, packed_texts
from bot.training.cousins import Floats, resident_bytes, timed
from bot.training.episodes import Annotated
from bot.training.metric import NEAR, ndcg_at_5
from bot.training.reader_net import FROZEN, Lower, Net, cue_tensor, scores_of
from bot.training.scores import ad_reads
from bot.training.seen import Seen, published, see

FIVE = 5


class TorchReader:
    """Implements SentenceScorer with the weights of `file` as they were trained: torch, fp32."""

    def __init__(self, file: Path, minilm: Path) -> None:
        from transformers.utils import logging

        logging.disable_progress_bar()
        self._tokenizer, self._lower = tokenizer_of(minilm), Lower(minilm)
        state = {_ours(k): v.float() for k, v in load_file(str(file)).items()}
        self._net = Net(self._lower.upper, state["project.weight"].shape[1] - 384)
        self._net.load_state_dict(state)
        self.name = "MiniLM-L6 fp32"

    def scores(self, said: Sequence[Sentence]) -> Scores:
        packed = packed_texts(self._tokenizer, [s.text for s in said])
        made: Scores = scores_of(self._net, packed, self._lower.states(packed), cue_tensor(said))
        return made


def _ours(key: str) -> str:
    """ "encoder.layer.4.x" → "upper.1.x", as `bot.training.reader_net.save` names them the other way."""
    if not key.startswith(ENCODER):
        return key
    _, _, at, rest = key.split(".", 3)
    return f"upper.{int(at) - FROZEN}.{rest}"


class _Kept:
    """The scorer's scores as they were given, and the processor seconds they took."""

    def __init__(self, scorer: SentenceScorer) -> None:
        self._scorer, self.name, self.seconds = scorer, scorer.name, 0.0
        self.made: list[Floats] = []

    def scores(self, said: Sequence[Sentence]) -> Scores:
        made, spent = timed(lambda: self._scorer.scores(said))
        self.seconds += spent
        self.made.append(worth_of(made))
        return made


@dataclass(frozen=True, kw_only=True)
class Read:
    """Every episode by one reader: `worth` of each sentence as passages are chosen by it."""

    name: str
    seen: tuple[Seen, ...]
    worth: tuple[Floats, ...]
    seconds: float
    memory_bytes: int


def read(make: Callable[[], SentenceScorer], episodes: Sequence[Annotated]) -> Read:
    before = resident_bytes()
    kept = _Kept(make())
    reader = PassageReader(kept)
    seen = tuple(see(published(e), reader) for e in episodes)
    return Read(
        name=kept.name,
        seen=seen,
        worth=tuple(kept.made),
        seconds=kept.seconds,
        memory_bytes=resident_bytes() - before,
    )


def scorers(weights: WeightFolders, file: Path) -> Mapping[str, Callable[[], SentenceScorer]]:
    """The two forms of a reader's file, made when asked for."""
    return {
        "int8": lambda: TunedReader.load(weights, file, threads=1),
        "fp32": lambda: TorchReader(file, weights.folder("minilm")),
    }


def rank_correlation(a: Floats, b: Floats) -> float:
    """Spearman's ρ; equal values share their mean rank."""
    return float(np.corrcoef(_ranks(a), _ranks(b))[0, 1])


def _ranks(values: Floats) -> Floats:
    _, inverse, counts = np.unique(values, return_inverse=True, return_counts=True)
    ends = np.cumsum(counts)
    ranks: Floats = (ends - (counts - 1) / 2)[inverse].astype(np.float32)
    return ranks


def five_of(reading: Reading) -> list[int]:
    """Where the five best passages have their quote."""
    return [p.quote_at for p in reading.passages[:FIVE]]


def shared(a: Sequence[int], b: Sequence[int], near: int = 0) -> float:
    """The share of `a` that has one of `b` within `near` sentences."""
    return sum(any(abs(x - y) <= near for y in b) for x in a) / max(1, len(a))


def figures(a: Read, b: Read) -> dict[str, float]:
    """All by name, in the order in which they are shown; a figure of both ends in the reader it is of."""
    pairs = list(zip(a.seen, b.seen, strict=True))
    fives = [(five_of(x.reading), five_of(y.reading)) for x, y in pairs]
    out = {
        "rank correlation of scores": mean(
            rank_correlation(x, y) for x, y in zip(a.worth, b.worth, strict=True)
        ),
        "largest difference of a score": max(
            float(np.abs(x - y).max()) for x, y in zip(a.worth, b.worth, strict=True)
        ),
        "same five": mean(shared(x, y) for x, y in fives),
        f"same five, within {NEAR} sentences": mean(shared(x, y, NEAR) for x, y in fives),
        "episodes with all five the same": mean(float(set(x) == set(y)) for x, y in fives),
    }
    return out | _own("A", a) | _own("B", b)


def _own(letter: str, one: Read) -> dict[str, float]:
    sentences = sum(len(w) for w in one.worth)
    at = [(s, [s.segment(i) for i in five_of(s.reading)]) for s in one.seen]
    return {
        f"nDCG@5 {letter}": mean(ndcg_at_5(found, s.episode.reference["insights"]) for s, found in at),
        f"ad F0.5 {letter}": ad_reads(one.seen).f_half,
        f"sentences a CPU second {letter}": sentences / max(one.seconds, 1e-9),
        f"memory, MB {letter}": one.memory_bytes / 1e6,
    }
