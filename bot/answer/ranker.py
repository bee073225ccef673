"""The ranker: which sentences of a transcript answer a question, by a small network over what search sees."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from bot.answer import late
from bot.answer.search import Index, hits_of
from bot.answer.words import HALF, Floats, highest, stems
from bot.errors import ModelError

WEIGHTS = Path(__file__).with_name("ranker.safetensors")
# Signals are cut off so many deviations from their mean, so that an odd transcript can't throw the network.
MOST = 6.0
# Passages that are read word by word; of what isn't, 0.02 would have been right (validation questions).
READ = 40
NOWHERE = -1000.0
_NAME = re.compile(r"(?<!^)\b[A-Z][\w'+#.-]*")
_WORD = re.compile(r"[a-z]+")


class Ranker:
    """The network in `file`, as `bot.training.answers` writes it. ModelError where it can't be read."""

    name = "ranker 2026-11"

    def __init__(self, file: Path = WEIGHTS) -> None:
        from safetensors import SafetensorError
        from safetensors.numpy import load_file

        try:
            self._w: Mapping[str, Floats] = {k: v.astype(np.float32) for k, v in load_file(str(file)).items()}
            self.sureness = tuple(self._w[f"sure.{n}"] for n in ("mean", "scale", "weights", "rest"))
        except (OSError, KeyError, SafetensorError) as error:
            raise ModelError(f"the ranker {file.name} can't be read: {error}") from error

    def ranked(self, index: Index, question: str) -> tuple[Floats, Floats]:
        """How likely each sentence, with its neighbours, is to answer: log-odds but for a constant, (n,);
        NOWHERE for those that weren't read. And the network's inputs."""
        x, rows = inputs(index, question)
        every = scored(self._w, x, index.vectors, index.passages, index.encoded(question))
        return masked(every, rows), x


def masked(scores: Floats, rows: Sequence[int]) -> Floats:
    made = np.full(len(scores), NOWHERE, np.float32)
    made[rows] = scores[rows]
    return made


def scored(w: Mapping[str, Floats], x: Floats, vectors: Floats, passages: Floats, question: Floats) -> Floats:
    """The mean of several networks (the first axis of their weights): a linear layer and a hidden one over
    the inputs, and the question, moved to where its answers are, against sentences and passages."""
    z = np.clip((x - w["mean"]) / w["scale"], -MOST, MOST)
    total = np.zeros(len(z), np.float32)
    for n in range(len(w["near"])):
        hidden = np.tanh(z @ w["hidden.weight"][n].T + w["hidden.bias"][n])
        moved = question + 4 * (question @ w["into"][n] @ w["out"][n])
        moved /= max(float(np.linalg.norm(moved)), 1e-9)
        near = w["near"][n] @ np.stack([vectors @ moved, passages @ moved])
        flat = z @ w["linear.weight"][n].T + w["linear.bias"][n]
        total += (flat + hidden @ w["top.weight"][n].T)[:, 0] + near
    mean: Floats = (total / len(w["near"])).astype(np.float32)
    return mean


def inputs(index: Index, question: str) -> tuple[Floats, list[int]]:
    """What the network sees of each sentence, (n, 42), and the sentences that were read for it: the search's
    signals, those of the passage, and how close the question's pieces come in what was read."""
    rows = promising(*index.ranked(question))
    said = index.read(rows)
    signals, vector = index.signals(question), index.encoded(question)
    pieces, states = index.states(question)
    close = late.closeness(states, said, rows, len(index.sentences))
    around = _passage_inputs(index, question, vector, signals)
    return np.concatenate([signals, around, late.columns(close, pieces, index.pieces)], axis=1), rows


def promising(scores: Floats, signals: Floats) -> list[int]:
    """The sentences of the READ best passages, in their order."""
    hits = hits_of(scores, signals, READ)
    return sorted({n for h in hits for n in range(max(0, h.at - HALF), min(len(scores), h.at + HALF + 1))})


def _passage_inputs(index: Index, question: str, vector: Floats, signals: Floats) -> Floats:
    sentence, passage, rarest = _covered(index, question)
    names, any_name = _named(index, question)
    speaker = _speaks(index, question)
    near = index.passages @ vector
    columns = (
        sentence,
        passage,
        rarest,
        names,
        speaker,
        np.minimum(_summed(speaker) / 3, 1),
        speaker - 0.5 * bool(speaker.any()),
        near,
        highest(signals[:, 5]),
        highest(signals[:, 6]),
        np.concatenate([[0], signals[:-1, 7]]),
        _summed(signals[:, 0]) / 5,
        highest(signals[:, 2]),
        signals[:, 0].max() - signals[:, 0],
        near.max() - near,
        passage**2,
        1 - names * any_name,
    )
    return np.stack([np.asarray(c, np.float32) for c in columns], axis=1)


def _covered(index: Index, question: str) -> tuple[Floats, Floats, Floats]:
    """How much of the question's words (rare ones count more) sentence and passage hold, and whether the
    passage holds the rarest."""
    asked = sorted(set(stems(question)))
    if not asked:
        nothing = np.zeros(len(index.sentences), np.float32)
        return nothing, nothing, nothing
    weights = np.array([index.rarity(w) for w in asked], np.float32)
    held = np.stack([index.held(w) for w in asked], axis=1)
    around = np.stack([highest(column) for column in held.T], axis=1)
    total = max(float(weights.sum()), 1e-6)
    return held @ weights / total, around @ weights / total, around[:, int(weights.argmax())]


def _named(index: Index, question: str) -> tuple[Floats, bool]:
    """The share of the question's capitalised words that the passage holds, and whether there are any."""
    names = sorted({w for name in _NAME.findall(question) for w in stems(name)} & set(stems(question)))
    if not names:
        return np.zeros(len(index.sentences), np.float32), False
    held = [highest(index.held(name)) for name in names]
    share: Floats = np.mean(held, axis=0).astype(np.float32)
    return share, True


def _speaks(index: Index, question: str) -> Floats:
    """1 where somebody speaks whose name is in the question."""
    asked = set(_WORD.findall(question.lower()))
    people = {s.speaker for s in index.sentences}
    meant = {p for p in people if p and asked & set(_WORD.findall(p.lower()))}
    return np.array([s.speaker in meant for s in index.sentences], np.float32)


def _summed(values: NDArray[np.float32]) -> Floats:
    """Over each sentence and its neighbours."""
    total = np.concatenate([[0], np.cumsum(values)])
    at = np.arange(len(values))
    summed: Floats = total[np.minimum(at + HALF + 1, len(values))] - total[np.maximum(at - HALF, 0)]
    return summed
