"""Trains the reader's head: `python -m bot.training.reader FOLDER --minilm FOLDER --converted FOLDER`."""

from __future__ import annotations

import argparse
import logging
import re
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors.torch import save_file
from torch import Tensor, nn

from bot.domain import Sentence
from bot.read.encoder import DIMENSIONS, Encoder
from bot.read.head import CLASSES, KINDS, OUTPUTS, WORTH, Floats, Head, features
from bot.read.sentences import sentences
from bot.read.spans import passages, set_aside
from bot.training.episodes import Annotated, annotated, is_validation
from bot.training.metric import ndcg_at_5

log = logging.getLogger("earmark.training.reader")
HIDDEN, PROJECTED = 64, 64
MEMBERS = 3
CHUNK = 192
EPOCHS = 14
NAME = "MiniLM-L6 int8 + head 2026-11"


@dataclass(frozen=True, kw_only=True)
class Example:
    """One episode as the head sees it, in several disguises, and what it should say."""

    episode: Annotated
    views: tuple[Floats, ...]
    target: Floats
    kinds: np.ndarray
    weight: Floats


class Net(nn.Module):  # type: ignore[misc]
    """The head in torch; `bot.read.head` runs the same in numpy."""

    def __init__(self, inputs: int) -> None:
        super().__init__()
        self.project = nn.Linear(inputs, PROJECTED)
        self.gru = nn.GRU(PROJECTED, HIDDEN, batch_first=True, bidirectional=True)
        self.out = nn.Linear(2 * HIDDEN + PROJECTED, OUTPUTS)
        self.drop = nn.Dropout(0.3)

    def forward(self, seen: Tensor) -> Tensor:
        x = torch.tanh(self.project(self.drop(seen)))
        h, _ = self.gru(self.drop(x))
        out: Tensor = self.out(self.drop(torch.cat([h, x], dim=-1)))
        return out


def disguises(said: Sequence[Sentence]) -> Iterator[list[Sentence]]:
    """As published, without speakers, and as a poor ASR would give it: no speakers, case or punctuation."""
    yield list(said)
    yield [replace(s, speaker="") for s in said]
    yield [replace(s, speaker="", text=bare(s.text)) for s in said]


def bare(text: str) -> str:
    return " ".join(re.sub(r"[^\w\s']", " ", text).lower().split())


def example(episode: Annotated, encoder: Encoder, cache: Path) -> Example:
    """Features are cached by episode id; delete the folder when the encoder changes."""
    said = sentences(episode.transcript)
    vectors = cached(cache / f"{episode.id}.npy", [s.text for s in said], encoder)
    plain = cached(cache / f"{episode.id}.plain.npy", [bare(s.text) for s in said], encoder)
    named, unnamed, asr = disguises(said)
    views = (features(named, vectors), features(unnamed, vectors), features(asr, plain))
    target, kinds, weight = targets(episode, len(said))
    return Example(episode=episode, views=views, target=target, kinds=kinds, weight=weight)


def cached(path: Path, texts: list[str], encoder: Encoder) -> Floats:
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        np.save(path, encoder.encode(texts).astype(np.float16))
    stored: Floats = np.load(path).astype(np.float32)
    return stored


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


def train(examples: Sequence[Example], seed: int, epochs: int = EPOCHS) -> Net:
    """One member of the ensemble: AdamW, one-cycle rate, random chunks in random disguises."""
    torch.manual_seed(seed)
    rng = np.random.default_rng(seed)
    net = Net(examples[0].views[0].shape[1])
    optimizer = torch.optim.AdamW(net.parameters(), lr=2e-3, weight_decay=0.02)
    # Chunks start at random, so epochs differ by a batch or so.
    steps = epochs * (len(list(_batches(examples, rng))) + 2)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, 2e-3, total_steps=steps, pct_start=0.2)
    for _ in range(epochs):
        net.train()
        for batch in _batches(examples, rng):
            loss = _loss(net, batch)
            optimizer.zero_grad()
            loss.backward()
            nn.utils.clip_grad_norm_(net.parameters(), 1.0)
            optimizer.step()
            schedule.step()
    net.eval()
    return net


Batch = tuple[Tensor, Tensor, Tensor, Tensor]


def _batches(examples: Sequence[Example], rng: np.random.Generator, size: int = 16) -> Iterator[Batch]:
    """Chunks of CHUNK sentences from random starts, the short rest padded with weight 0."""
    chunks = []
    for e in examples:
        view = e.views[rng.choice(len(e.views), p=(0.5, 0.25, 0.25))]
        shift = int(rng.integers(0, CHUNK))
        starts = [0, *range(CHUNK - shift, len(view), CHUNK)]
        for a, b in zip(starts, [*starts[1:], len(view)], strict=True):
            chunks.append(tuple(_padded(x[a:b]) for x in (view, e.target, e.kinds, e.weight)))
    order = rng.permutation(len(chunks))
    for at in range(0, len(order), size):
        rows = [chunks[i] for i in order[at : at + size]]
        seen, y, kinds, weight = (torch.from_numpy(np.stack(column)) for column in zip(*rows, strict=True))
        yield seen, y, kinds, weight


def _padded(x: Any) -> Any:
    return np.concatenate([x, np.zeros((CHUNK - len(x), *x.shape[1:]), x.dtype)])


def _loss(net: Net, batch: Batch) -> Tensor:
    """Soft cross-entropy for each score, a listwise one for worth, cross-entropy for the kinds."""
    seen, y, kinds, weight = batch
    out = net(seen)
    scores, classes = out[..., : CLASSES.start], out[..., CLASSES]
    each = nn.functional.binary_cross_entropy_with_logits(scores, y, reduction="none").sum(dim=-1)
    kind = nn.functional.cross_entropy(classes.transpose(1, 2), kinds, reduction="none", label_smoothing=0.02)
    pointwise = ((each + 0.5 * kind) * weight).sum() / weight.sum()
    worth = y[..., WORTH] * weight
    share = worth / worth.sum(dim=1, keepdim=True).clamp(min=1e-6)
    hidden = scores[..., WORTH].masked_fill(weight == 0, -30.0)
    listwise = -(share * hidden.log_softmax(dim=1)).sum(dim=1).mean()
    return pointwise + 0.1 * listwise


def save(nets: Sequence[Net], path: Path, name: str = NAME) -> None:
    """The members stacked, half precision, as `bot.read.head` reads them."""
    states = [n.state_dict() for n in nets]
    stacked = {k: torch.stack([s[k] for s in states]).half().contiguous() for k in states[0]}
    save_file(stacked, str(path), metadata={"name": name, "features": str(DIMENSIONS)})


def measured(head: Head, examples: Sequence[Example], view: int) -> float:
    """Mean nDCG@5 of the reader's passages in one disguise."""
    values = []
    for e in examples:
        said = list(disguises(sentences(e.episode.transcript)))[view]
        scores = head.scores(e.views[view])
        found = passages(scores, said, set_aside(scores), 12)
        values.append(ndcg_at_5([p.quote_at for p in found], e.episode.reference["insights"]))
    return float(np.mean(values))


def main(argv: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path, help="annotated episodes")
    parser.add_argument("--minilm", type=Path, required=True, help="the published MiniLM")
    parser.add_argument("--converted", type=Path, required=True, help="its CTranslate2 form")
    parser.add_argument("--cache", type=Path, default=Path("build/vectors"))
    parser.add_argument("--out", type=Path, default=Path("bot/read/head.safetensors"))
    parser.add_argument("--members", type=int, default=MEMBERS)
    options = parser.parse_args(argv)
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    torch.set_num_threads(1)
    encoder = Encoder(options.minilm, options.converted, threads=1)
    examples = [example(e, encoder, options.cache) for e in annotated(options.folder)]
    kept = [e for e in examples if is_validation(e.episode)]
    learnt = [e for e in examples if not is_validation(e.episode)]
    log.info("%d episodes to train, %d to validate", len(learnt), len(kept))
    nets = []
    for seed in range(options.members):
        begun = time.monotonic()
        nets.append(train(learnt, seed))
        save(nets, options.out)
        figures = [measured(Head(options.out), kept, view) for view in range(3)]
        log.info(
            "%d members: nDCG@5 %.3f, unnamed %.3f, bare %.3f (%.0f s)",
            seed + 1,
            *figures,
            time.monotonic() - begun,
        )


if __name__ == "__main__":
    main()
