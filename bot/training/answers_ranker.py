"""Trains the ranker: a network a fold, which together are one; its sureness on what each has not seen."""

from __future__ import annotations

import logging
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from safetensors.numpy import save_file
from torch import Tensor, nn

from bot.answer.places import features
from bot.answer.ranker import MOST
from bot.answer.search import Floats, Hit
from bot.training.answers_data import FOLDS, Asked

log = logging.getLogger("earmark.training.answers")
HIDDEN, RANK, EPOCHS, BATCH = 24, 16, 3, 8
RATE, DECAY, DROP = 3e-3, 0.05, 0.2
NEAR = 3.0
FOREIGN = 0.3


@dataclass(frozen=True, kw_only=True)
class Example:
    """Tensors of one question; `vectors` and `passages` are shared by the questions of an episode."""

    x: Tensor
    vectors: Tensor
    passages: Tensor
    question: Tensor
    target: Tensor
    weight: float
    fold: int


class Net(nn.Module):  # type: ignore[misc]
    """`bot.answer.ranker.scored` runs the same."""

    def __init__(self, width: int, dimensions: int) -> None:
        super().__init__()
        self.linear, self.hidden = nn.Linear(width, 1), nn.Linear(width, HIDDEN)
        self.top = nn.Linear(HIDDEN, 1, bias=False)
        self.into = nn.Parameter(torch.randn(dimensions, RANK) * 0.02)
        self.out = nn.Parameter(torch.randn(RANK, dimensions) * 0.02)
        self.near = nn.Parameter(torch.tensor([NEAR, NEAR]))
        self.drop = nn.Dropout(DROP)

    def forward(self, one: Example) -> Tensor:
        moved = one.question + 4 * (one.question @ self.into @ self.out)
        moved = moved / moved.norm()
        near = self.near[0] * (one.vectors @ moved) + self.near[1] * (one.passages @ moved)
        scores: Tensor = self.linear(one.x) + self.top(self.drop(torch.tanh(self.hidden(one.x))))
        return scores[:, 0] + near


def scale_of(questions: Sequence[Asked]) -> tuple[Floats, Floats]:
    """Mean and deviation of the inputs, over every seventh sentence."""
    seen = np.concatenate([q.inputs[::7] for q in questions])
    return seen.mean(axis=0), seen.std(axis=0) + 1e-3


def example(one: Asked, mean: Floats, scale: Floats) -> Example:
    return Example(
        x=torch.from_numpy(np.clip((one.inputs - mean) / scale, -MOST, MOST)),
        vectors=torch.from_numpy(one.index.vectors),
        passages=torch.from_numpy(one.index.passages),
        question=torch.from_numpy(one.index.encoded(one.question)),
        target=torch.from_numpy(one.target).log(),
        weight=one.weight,
        fold=one.fold,
    )


def trained(examples: Sequence[Example], seed: int) -> Net:
    """Listwise: the probability that the first place falls on the evidence."""
    torch.manual_seed(seed)
    rng = np.random.default_rng(seed)
    net = Net(examples[0].x.shape[1], examples[0].vectors.shape[1])
    optimizer = torch.optim.AdamW(net.parameters(), lr=RATE, weight_decay=DECAY)
    for epoch in range(EPOCHS):
        begun, total = time.monotonic(), 0.0
        for group in optimizer.param_groups:
            group["lr"] = RATE * 0.6**epoch
        order = rng.permutation(len(examples))
        for at in range(0, len(order), BATCH):
            total += _step(net, optimizer, [examples[n] for n in order[at : at + BATCH]])
        log.info("net %d, epoch %d: loss %.3f (%.0f s)", seed, epoch, total, time.monotonic() - begun)
    net.eval()
    return net


def _step(net: Net, optimizer: torch.optim.Optimizer, batch: Sequence[Example]) -> float:
    optimizer.zero_grad()
    logs = [e.weight * torch.logsumexp(net(e).log_softmax(0) + e.target, 0) for e in batch]
    loss = -torch.stack(logs).mean()
    loss.backward()
    nn.utils.clip_grad_norm_(net.parameters(), 1.0)
    optimizer.step()
    return float(loss.item())


def ensemble(questions: Sequence[Asked]) -> tuple[dict[str, Floats], list[Floats]]:
    """Weights as `bot.answer.ranker` reads them, and each own question's scores by the net that never saw
    its episode. `questions` are those to learn from."""
    mean, scale = scale_of(questions[:: max(1, len(questions) // 300)])
    examples = [example(q, mean, scale) for q in questions]
    learnt = [(e, q) for e, q in zip(examples, questions, strict=True) if q.evidence]
    nets = [trained([e for e, q in learnt if q.fold != fold], fold) for fold in range(FOLDS)]
    with torch.inference_mode():
        unseen = [nets[e.fold](e).numpy() for e in examples]
    return {"mean": mean, "scale": scale, **_stacked(nets)}, unseen


def _stacked(nets: Sequence[Net]) -> dict[str, Floats]:
    states = [net.state_dict() for net in nets]
    return {name: torch.stack([s[name] for s in states]).numpy() for name in states[0]}


def sureness(
    questions: Sequence[Asked], hits: Sequence[Sequence[Hit]], steps: int = 500
) -> tuple[Floats, Floats, Floats, float]:
    """Mean and scale of `places.features`, weights and intercept: that the transcript answers the question.

    Questions that an episode leaves open weigh as much together as those it answers; those of another
    episode, which are easily told, a third of that each.
    """
    x = np.stack([features(q.question, q.index, h) for q, h in zip(questions, hits, strict=True)])
    answered, foreign = np.array([(bool(q.evidence), q.foreign) for q in questions]).T
    open_ = ~answered & ~foreign
    ratio = answered.sum() / max(open_.sum(), 1)
    weight = np.where(open_, ratio, np.where(foreign, FOREIGN, 1.0))
    mean, scale = x.mean(axis=0), x.std(axis=0) + 1e-6
    z, y, w = (torch.tensor(v, dtype=torch.float32) for v in ((x - mean) / scale, answered, weight))
    weights, intercept = torch.zeros(z.shape[1], requires_grad=True), torch.zeros(1, requires_grad=True)
    optimizer = torch.optim.Adam([weights, intercept], lr=0.05)
    for _ in range(steps):
        optimizer.zero_grad()
        loss = nn.functional.binary_cross_entropy_with_logits(z @ weights + intercept, y, weight=w)
        (loss + 0.01 * (weights**2).sum()).backward()
        optimizer.step()
    return mean, scale, weights.detach().numpy(), float(intercept.item())


def save(tensors: Mapping[str, Floats], path: Path) -> None:
    save_file({k: np.ascontiguousarray(v, dtype=np.float16) for k, v in tensors.items()}, str(path))
