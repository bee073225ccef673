"""Trains the reader, end to end: `python -m bot.training.reader FOLDER --minilm FOLDER`.

It can learn of other readers' scores too: `--scores` writes what it gives each episode, `--teacher` mixes
what others gave into the annotator's targets; several are an ensemble. A larger encoder's reader teaches by
the same files (`bot/training/reader_taught.py`).
"""

from __future__ import annotations

import argparse
import logging
import math
import re
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from bot.domain import Sentence
from bot.read.blocks import BLOCK, Block
from bot.read.encoder import tokenizer_of
from bot.read.head import CHAPTER, CLASSES, KINDS, WORTH, Floats, Scores
from bot.read.sentences import sentences
from bot.read.spans import passages, set_aside
from bot.read.sponsors import sponsor_reads
from bot.read.tuned import packed_texts
from bot.training import reader_taught
from bot.training.episodes import Annotated, annotated, is_validation
from bot.training.metric import hit_at_5, ndcg_at_5
from bot.training.reader_net import Lower, Net, average, cue_tensor, save, scores_of

log = logging.getLogger("earmark.training.reader")
EPOCHS, BATCH, CHUNK = 3, 2, 128
ENCODER_RATE, HEAD_RATE = 1e-4, 1e-3
# How often each view is drawn: as published, in other blocks, without speakers, as a poor ASR would give it.
VIEWS = (0.3, 0.3, 0.15, 0.25)


@dataclass(frozen=True, kw_only=True)
class View:
    """An episode in one disguise: its sentences, its blocks, and their states below the tuned layers."""

    said: Sequence[Sentence]
    packed: Sequence[Block]
    states: Sequence[Tensor]
    cues: Tensor

    @property
    def starts(self) -> list[int]:
        """The first sentence of each block, and the number of sentences."""
        return [b.owner[1] for b in self.packed] + [len(self.said)]


@dataclass(frozen=True, kw_only=True)
class Example:
    """One episode, its views and what should be said of each sentence; `kinds`: a probability a class."""

    episode: Annotated
    views: tuple[View, ...]
    target: Tensor
    kinds: Tensor
    chapter: Tensor
    weight: Tensor


def bare(text: str) -> str:
    """The text as a poor ASR would give it: no case, no punctuation."""
    return " ".join(re.sub(r"[^\w\s']", " ", text).lower().split())


def targets(episode: Annotated, n: int) -> tuple[Floats, np.ndarray, Floats]:
    """Worth (the metric's gain of a place, 0..1), evidence and quote (n, 3); class (n,); weight (n,)."""
    y = np.zeros((n, CLASSES.start), np.float32)
    for insight in episode.reference["insights"]:
        gain = (11 - insight["rank"]) / 10
        for at in insight["evidence"]:
            for i in range(max(0, at - 2), min(n, at + 3)):
                y[i, WORTH] = max(y[i, WORTH], gain * (1.0, 0.9, 0.7)[abs(i - at)])
            y[at, 1] = max(y[at, 1], 0.5 + gain / 2)
            if insight["quote"] in " ".join(episode.transcript.segments[at].text.split()):
                y[at, 2] = 1.0
    kinds = np.zeros(n, np.int64)
    for span in episode.reference["non_content"]:
        kinds[span["from"] : span["to"] + 1] = 1 + KINDS.index(span["kind"])
    weight = np.ones(n, np.float32)
    weight[list(episode.unread)] = 0.0
    return y, kinds, weight


def example(episode: Annotated, lower: Lower, tokenizer: Any) -> Example:
    """The views that training draws from; validation looks at the first and the last."""
    said = sentences(episode.transcript)
    unnamed = [replace(s, speaker="") for s in said]
    poor = [replace(s, text=bare(s.text)) for s in unnamed]
    published = _view(said, lower, tokenizer)
    shifted = _view(said, lower, tokenizer, first=BLOCK // 2)
    views = (
        published,
        shifted,
        replace(shifted, said=unnamed, cues=cue_tensor(unnamed)),
        _view(poor, lower, tokenizer),
    )
    y, numbers, weight = (torch.from_numpy(x) for x in targets(episode, len(said)))
    kinds = nn.functional.one_hot(numbers, 1 + len(KINDS)).float()
    chapter = torch.zeros(len(said))
    chapter[[c["from"] for c in episode.reference["chapters"] if c["from"] < len(said)]] = 1.0
    return Example(episode=episode, views=views, target=y, kinds=kinds, chapter=chapter, weight=weight)


def _view(said: Sequence[Sentence], lower: Lower, tokenizer: Any, first: int = 0) -> View:
    packed = packed_texts(tokenizer, [s.text for s in said], first)
    return View(said=said, packed=packed, states=lower.states(packed), cues=cue_tensor(said))


def taught(one: Example, teachers: Sequence[Path], share: float) -> Example:
    """The example with the teachers' scores in its targets, where there are teachers."""
    if not teachers:
        return one
    rows = reader_taught.taught(teachers, one.episode.id, len(one.target))
    target, kinds = reader_taught.mixed(one.target, one.kinds, rows, share)
    return replace(one, target=target, kinds=kinds)


Chunk = tuple[Example, View, int, int]


def chunks(examples: Sequence[Example], rng: np.random.Generator) -> list[Chunk]:
    """Every episode once, in a random view, cut into runs of blocks of about CHUNK sentences."""
    made: list[Chunk] = []
    for one in examples:
        view = one.views[rng.choice(len(VIEWS), p=VIEWS)]
        edges, room = [0], int(rng.integers(16, CHUNK))
        for at, start in enumerate(view.starts[:-1]):
            if start - view.starts[edges[-1]] >= room:
                edges.append(at)
                room = CHUNK
        made += [(one, view, a, b) for a, b in zip(edges, [*edges[1:], len(view.packed)], strict=True)]
    order = rng.permutation(len(made))
    return [made[i] for i in order]


def loss_of(net: Net, chunk: Chunk) -> Tensor:
    """Soft cross-entropy for each score, a listwise one for worth, cross-entropy for kinds and chapters."""
    one, view, a, b = chunk
    first, last = view.starts[a], view.starts[b]
    out = net(view.packed[a:b], view.states[a:b], view.cues[first:last], first)
    y, kinds, weight = one.target[first:last], one.kinds[first:last], one.weight[first:last]
    scores, binary = out[:, : CLASSES.start], nn.functional.binary_cross_entropy_with_logits
    each = binary(scores, y, reduction="none").sum(dim=-1)
    each = each + 0.5 * nn.functional.cross_entropy(
        out[:, CLASSES], kinds, reduction="none", label_smoothing=0.02
    )
    each = each + 0.3 * binary(out[:, CHAPTER], one.chapter[first:last], reduction="none")
    loss = (each * weight).sum() / weight.sum().clamp(min=1)
    worth = y[:, WORTH] * weight
    if worth.sum() > 0:
        hidden = scores[:, WORTH].masked_fill(weight == 0, -30.0)
        loss = loss - 0.15 * (worth / worth.sum() * hidden.log_softmax(dim=0)).sum()
    return loss


def train(examples: Sequence[Example], net: Net, seed: int, epochs: int, folder: Path) -> Iterator[int]:
    """Epoch by epoch, each state saved as `folder/epoch-N.pt`; what is there already is gone on from."""
    rng = np.random.default_rng(seed)
    steps = math.ceil(len(chunks(examples, rng)) / BATCH)
    groups = [
        {"params": net.upper.parameters(), "lr": ENCODER_RATE, "weight_decay": 0.01},
        {"params": net.head_parameters(), "lr": HEAD_RATE, "weight_decay": 0.02},
    ]
    optimizer = torch.optim.AdamW(groups)
    schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda s: _rate(s, steps * epochs))
    for epoch in range(1, epochs + 1):
        file = folder / f"epoch-{epoch}.pt"
        if file.exists():
            kept = torch.load(file, weights_only=True)
            net.load_state_dict(kept["net"])
            optimizer.load_state_dict(kept["optimizer"])
            schedule.load_state_dict(kept["schedule"])
        else:
            _epoch(chunks(examples, rng), net, optimizer, schedule)
            kept = {
                "net": net.state_dict(),
                "optimizer": optimizer.state_dict(),
                "schedule": schedule.state_dict(),
            }
            torch.save(kept, file.with_suffix(".part"))
            file.with_suffix(".part").rename(file)
        yield epoch


def _rate(step: int, total: int) -> float:
    """Up over a twelfth of the steps, then down a cosine."""
    return (
        min(1.0, (step + 1) / (0.08 * total)) * 0.5 * (1 + math.cos(math.pi * min(1.0, step / total))) + 1e-3
    )


def _epoch(drawn: Sequence[Chunk], net: Net, optimizer: Any, schedule: Any) -> None:
    net.train()
    total, begun = 0.0, time.monotonic()
    for at in range(0, len(drawn), BATCH):
        optimizer.zero_grad()
        for chunk in drawn[at : at + BATCH]:
            loss = loss_of(net, chunk) / BATCH
            loss.backward()
            total += float(loss.detach())
        nn.utils.clip_grad_norm_(net.parameters(), 1.0)
        optimizer.step()
        schedule.step()
    log.info("loss %.3f (%.0f s)", total * BATCH / len(drawn), time.monotonic() - begun)


def measured(net: Net, examples: Sequence[Example], view: int) -> Mapping[str, float]:
    """Means of the reader's passages in one view."""
    rows = []
    for one in examples:
        seen = one.views[view]
        scores: Scores = scores_of(net, seen.packed, seen.states, seen.cues)
        aside = set_aside(scores, sponsor_reads(seen.said))
        found = [p.quote_at for p in passages(scores, seen.said, aside, 12)]
        known = one.episode.reference["insights"]
        rows.append((ndcg_at_5(found, known), hit_at_5(found, known)))
    ndcg, hit = np.mean(rows, axis=0)
    return {"nDCG@5": float(ndcg), "hit@5": float(hit)}


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", type=Path, help="annotated episodes")
    parser.add_argument("--minilm", type=Path, required=True, help="the published MiniLM")
    parser.add_argument("--checkpoints", type=Path, default=Path("build/reader"))
    parser.add_argument("--out", type=Path, default=Path("bot/read/reader.safetensors"))
    parser.add_argument("--epochs", type=int, default=EPOCHS)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--scores", type=Path, help="a folder to write the scores of every episode to")
    parser.add_argument("--teacher", type=Path, action="append", default=[], help="a folder of such scores")
    parser.add_argument("--share", type=float, default=0.7, help="of the teachers' scores in the targets")
    return parser


def main(argv: Sequence[str] | None = None) -> None:
    parser = _parser()
    options = parser.parse_args(argv)
    if missing := [str(folder) for folder in options.teacher if not folder.is_dir()]:
        parser.error(f"there is no folder {missing[0]} with a teacher's scores")
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    torch.set_num_threads(options.threads)
    torch.manual_seed(options.seed)
    options.checkpoints.mkdir(parents=True, exist_ok=True)
    tokenizer, lower = tokenizer_of(options.minilm), Lower(options.minilm)
    examples = [example(e, lower, tokenizer) for e in annotated(options.folder)]
    kept = [e for e in examples if is_validation(e.episode)]
    learnt = [taught(e, options.teacher, options.share) for e in examples if not is_validation(e.episode)]
    log.info("%d episodes to train, %d to validate", len(learnt), len(kept))
    net = Net(lower.upper, learnt[0].views[0].cues.shape[1])
    states = []
    for epoch in train(learnt, net, options.seed, options.epochs, options.checkpoints):
        states.append({k: v.clone() for k, v in net.state_dict().items()})
        log.info("epoch %d: %s, bare %s", epoch, measured(net, kept, 0), measured(net, kept, -1))
    net.load_state_dict(average([states[0], states[-1]]))
    log.info("the first and the last averaged: %s, bare %s", measured(net, kept, 0), measured(net, kept, -1))
    save(net, options.out)
    for one in examples if options.scores else ():
        seen = one.views[0]
        rows = reader_taught.as_rows(scores_of(net, seen.packed, seen.states, seen.cues))
        reader_taught.keep(options.scores, one.episode.id, rows)


if __name__ == "__main__":
    main()
