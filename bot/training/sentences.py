"""Trains the sentence borders of unpunctuated transcripts: `python -m bot.training.sentences FOLDER`.

FOLDER holds annotated episodes; their punctuation is what is learnt, from the words alone. `--meetings` adds
a file of QMSum (MIT) to the first epochs.
"""

from __future__ import annotations

import argparse
import hashlib
import logging
import math
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors.torch import save_file
from torch import Tensor, nn

from bot.read.borders import (
    CAPITAL,
    COMMA,
    ENDINGS,
    OUTPUTS,
    QUESTION,
    STOP,
    WEIGHTS,
    WORDS,
    Borders,
    word_ids,
)
from bot.read.sentences import LIKELY
from bot.training.episodes import Annotated, annotated, is_validation
from bot.training.sentence_marks import UNKNOWN, Marked, marked, of_meetings, spellings

log = logging.getLogger("earmark.training.sentences")
WIDTH, ENDING_WIDTH, HIDDEN, KERNEL = 64, 24, 128, 5
LENGTH, BATCH, RATE = 192, 32, 3e-3
# Epochs over meetings and episodes, then over episodes alone.
MIXED, OWN = 2, 6
# How often a stretch loses its apostrophes, its fillers, and a word is another: as in recognised speech.
NO_APOSTROPHES, NO_FILLERS, MISHEARD = 0.15, 0.15, 0.03
FILLERS = frozenset({"um", "uh", "hmm", "mm", "er"})
AN_HOUR = 9600  # words


class Net(nn.Module):  # type: ignore[misc]
    """`bot.read.borders.Borders` in torch: (rows, n, 3) ids to (rows, n, OUTPUTS)."""

    def __init__(self) -> None:
        super().__init__()
        self.word = nn.Embedding(WORDS, WIDTH)
        self.ending = nn.Embedding(ENDINGS, ENDING_WIDTH)
        nn.init.normal_(self.word.weight, std=0.3)
        nn.init.normal_(self.ending.weight, std=0.3)
        self.conv = nn.Conv1d(WIDTH + ENDING_WIDTH, HIDDEN, KERNEL, padding=KERNEL // 2)
        self.gru = nn.GRU(HIDDEN, HIDDEN, batch_first=True, bidirectional=True)
        self.out = nn.Linear(3 * HIDDEN, OUTPUTS)
        self.drop = nn.Dropout(0.2)

    def forward(self, ids: Tensor) -> Tensor:
        x = torch.cat([self.word(ids[..., :2]).sum(dim=2), self.ending(ids[..., 2])], dim=-1)
        x = torch.relu(self.conv(self.drop(x).transpose(1, 2)).transpose(1, 2))
        h, _ = self.gru(self.drop(x))
        out: Tensor = self.out(self.drop(torch.cat([h, x], dim=-1)))
        return out


@dataclass(frozen=True, kw_only=True)
class Stretch:
    """LENGTH words (fewer at an end) with what is to be learnt of them."""

    ids: Tensor
    marks: Tensor
    capitals: Tensor


def stretches(streams: Sequence[Marked], rng: np.random.Generator) -> list[Stretch]:
    """Every stream cut into stretches from a random place on, as a recogniser might give them; shuffled."""
    made = [
        _heard(stream, range(at, min(at + LENGTH, len(stream))), rng)
        for stream in streams
        for at in range(-int(rng.integers(LENGTH // 2)), len(stream), LENGTH)
        if at + LENGTH > 8
    ]
    return [made[i] for i in rng.permutation(len(made))]


def _heard(stream: Marked, span: range, rng: np.random.Generator) -> Stretch:
    at = [i for i in span if i >= 0]
    if rng.random() < NO_FILLERS:
        # What a filler was marked with goes with it only where nothing ends there.
        at = [i for i in at if stream.words[i] not in FILLERS or stream.marks[i] >= STOP] or at
    words = [stream.words[i] for i in at]
    if rng.random() < NO_APOSTROPHES:
        words = [w.replace("'", "") or w for w in words]
    ids = word_ids(words)
    wrong = rng.random(len(ids)) < MISHEARD
    ids[wrong] = ids[rng.permutation(len(ids))][wrong]
    return Stretch(
        ids=torch.from_numpy(ids),
        marks=torch.from_numpy(stream.marks[at]),
        capitals=torch.from_numpy(stream.capitals[at]),
    )


def loss_of(net: Net, batch: Sequence[Stretch]) -> Tensor:
    """Cross entropy of the marks, and a third of that of the capitals."""
    pad = nn.utils.rnn.pad_sequence
    out = net(pad([s.ids for s in batch], batch_first=True))
    marks = pad([s.marks for s in batch], batch_first=True, padding_value=UNKNOWN)
    capitals = pad([s.capitals for s in batch], batch_first=True, padding_value=UNKNOWN)
    known = capitals != UNKNOWN
    marking = nn.functional.cross_entropy(out[..., :CAPITAL].transpose(1, 2), marks, ignore_index=UNKNOWN)
    casing = nn.functional.binary_cross_entropy_with_logits(out[..., CAPITAL][known], capitals[known].float())
    return marking + casing / 3


def train(
    own: Sequence[Marked], meetings: Sequence[Marked], path: Path, spelled: str = "", seed: int = 1
) -> Net:
    """Trained, and saved to `path` after every epoch."""
    torch.manual_seed(seed)
    rng = np.random.default_rng(seed)
    net = Net()
    plan = [[*own, *meetings]] * MIXED + [list(own)] * OWN
    total = sum(sum(map(len, streams)) for streams in plan)
    optimiser = torch.optim.Adam(net.parameters(), lr=RATE)
    seen = 0
    for epoch, streams in enumerate(plan, 1):
        begun, losses = time.perf_counter(), []
        net.train()
        examples = stretches(streams, rng)
        for at in range(0, len(examples), BATCH):
            batch = examples[at : at + BATCH]
            for group in optimiser.param_groups:
                group["lr"] = RATE * _warmth(seen / total)
            seen += sum(len(s.ids) for s in batch)
            loss = loss_of(net, batch)
            optimiser.zero_grad()
            loss.backward()
            nn.utils.clip_grad_norm_(net.parameters(), 1.0)
            optimiser.step()
            losses.append(loss.item())
        save(net, path, spelled)
        log.info("epoch %d: loss %.4f, %.0f s", epoch, np.mean(losses), time.perf_counter() - begun)
    return net


def _warmth(done: float) -> float:
    """Of the rate: up over the first twentieth of the training, then down along a cosine."""
    return min(done / 0.05, 1.0) * (0.5 + 0.5 * math.cos(math.pi * min(done, 1.0))) + 1e-3


def save(net: Net, path: Path, spelled: str = "") -> None:
    """In half precision."""
    tensors = {k: v.half().contiguous() for k, v in net.state_dict().items()}
    save_file(tensors, str(path), metadata={"spellings": spelled})


@dataclass(frozen=True, kw_only=True)
class Found:
    """How well something is told: of what was said (precision) and of what is (recall)."""

    precision: float
    recall: float

    @property
    def f1(self) -> float:
        return 2 * self.precision * self.recall / max(self.precision + self.recall, 1e-9)

    def __str__(self) -> str:
        return f"precision {self.precision:.3f}, recall {self.recall:.3f}, F1 {self.f1:.3f}"


def found(told: NDArray[np.bool_], true: NDArray[np.bool_]) -> Found:
    both = (told & true).sum()
    return Found(precision=both / max(told.sum(), 1), recall=both / max(true.sum(), 1))


def measured(borders: Borders, streams: Sequence[Marked], likely: float = LIKELY) -> dict[str, Found]:
    """Borders where they are likelier than `likely`; questions of true borders; commas; capitals within."""
    begun = time.perf_counter()
    told = [borders.marks(s.words) for s in streams]
    log.info("%.3f s an hour of speech", (time.perf_counter() - begun) * AN_HOUR / sum(map(len, streams)))
    after = np.concatenate([t.after for t in told])
    capital = np.concatenate([t.capital for t in told])
    marks = np.concatenate([s.marks for s in streams])
    capitals = np.concatenate([s.capitals for s in streams])
    ends, known = marks >= STOP, capitals != UNKNOWN
    return {
        "borders": found(after[:, STOP:].sum(axis=1) > likely, ends),
        "questions": found((after[:, QUESTION] > after[:, STOP])[ends], (marks == QUESTION)[ends]),
        "commas": found(after[:, COMMA] > 0.5, marks == COMMA),
        "capitals": found(capital[known] > 0.5, (capitals == 1)[known]),
    }


def is_apart(episode: Annotated) -> bool:
    """A tenth of the training episodes: what is chosen (LIKELY) is chosen on them."""
    return hashlib.sha256(episode.id.encode()).digest()[1] % 10 == 0


def stream_of(episode: Annotated) -> Marked:
    return marked(s.text for s in episode.transcript.segments)


def main(argv: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="python -m bot.training.sentences", description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--meetings", type=Path, help="QMSum's train.jsonl, for the first epochs")
    parser.add_argument("--out", type=Path, default=WEIGHTS)
    parser.add_argument("--measure", action="store_true", help="measure the file OUT instead of training it")
    options = parser.parse_args(argv)
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    known = list(annotated(options.folder))
    if not options.measure:
        own = [e for e in known if not is_validation(e) and not is_apart(e)]
        spelled = spellings([s.text for s in e.transcript.segments] for e in own)
        meetings = list(of_meetings(options.meetings)) if options.meetings else []
        train([stream_of(e) for e in own], meetings, options.out, spelled)
    borders = Borders(options.out)
    apart = [stream_of(e) for e in known if is_apart(e) and not is_validation(e)]
    for likely in (0.25, 0.3, 0.35, 0.4, 0.45, 0.5):
        log.info("set apart, at %.2f: %s", likely, measured(borders, apart, likely)["borders"])
    for name, how in measured(borders, [stream_of(e) for e in known if is_validation(e)]).items():
        log.info("validation, %s: %s", name, how)


if __name__ == "__main__":
    main()
