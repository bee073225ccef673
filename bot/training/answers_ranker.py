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

from bot.answer.places import FAR, features
from bot.answer.ranker import MOST, inputs, masked
from bot.answer.reread import READ
from bot.answer.search import Hit, hits_of
from bot.answer.words import Floats
from bot.training.answers_data import FOLDS, Asked

log = logging.getLogger("earmark.training.answers")
HIDDEN, RANK, EPOCHS, BATCH = 24, 16, 3, 8
RATE, DECAY, DROP = 3e-3, 0.05, 0.2
NEAR = 3.0
RIDGE, FOREIGN = 0.003, 0.15


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


def example(one: Asked, x: Floats, mean: Floats, scale: Floats) -> Example:
    """`x` are the inputs as they come, of which mean and scale are the training's."""
    return Example(
        x=torch.from_numpy(np.clip((x - mean) / scale, -MOST, MOST)),
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


def ensemble(questions: Sequence[Asked]) -> tuple[dict[str, Floats], list[list[Hit]]]:
    """Weights as `bot.answer.ranker` reads them, and what is found for each question by the net that never
    saw its episode. `questions` are those to learn from."""
    seen = [inputs(q.index, q.question) for q in questions]
    some = np.concatenate([x[::7] for x, _ in seen])
    mean, scale = some.mean(axis=0), some.std(axis=0) + 1e-3
    examples = [example(q, x, mean, scale) for q, (x, _) in zip(questions, seen, strict=True)]
    learnt = [(e, q) for e, q in zip(examples, questions, strict=True) if q.evidence]
    nets = [trained([e for e, q in learnt if q.fold != fold], fold) for fold in range(FOLDS)]
    with torch.inference_mode():
        unseen = [
            hits_of(masked(nets[e.fold](e).numpy(), rows), x, READ)
            for e, (x, rows) in zip(examples, seen, strict=True)
        ]
    return {"mean": mean, "scale": scale, **stacked(nets)}, unseen


def stacked(nets: Sequence[Net]) -> dict[str, Floats]:
    states = [net.state_dict() for net in nets]
    return {name: torch.stack([s[name] for s in states]).numpy() for name in states[0]}


def sureness(
    questions: Sequence[Asked], hits: Sequence[Sequence[Hit]]
) -> tuple[Floats, Floats, Floats, float]:
    """Mean and scale of `places.features`, weights and intercept: that the transcript answers the question.

    Questions that episodes leave open weigh as much together as those that they answer, and those of other
    episodes, which are easily told, FOREIGN of that.
    """
    x = np.stack([features(q.question, q.index, h) for q, h in zip(questions, hits, strict=True)])
    answered = np.array([bool(q.evidence) for q in questions])
    foreign = np.array([q.foreign for q in questions])
    weight = np.ones(len(questions))
    for group, share in ((~answered & ~foreign, 1.0), (foreign, FOREIGN)):
        weight[group] = share * answered.sum() / max(group.sum(), 1)
    mean, scale = x.mean(axis=0), x.std(axis=0) + 1e-6
    z = np.clip((x - mean) / scale, -FAR, FAR)
    return mean, scale, *_logistic(*(torch.tensor(v, dtype=torch.float32) for v in (z, answered, weight)))


def _logistic(z: Tensor, y: Tensor, weight: Tensor) -> tuple[Floats, float]:
    weights, intercept = torch.zeros(z.shape[1], requires_grad=True), torch.zeros(1, requires_grad=True)
    optimizer = torch.optim.LBFGS([weights, intercept], max_iter=80)

    def closure() -> Tensor:
        optimizer.zero_grad()
        loss = nn.functional.binary_cross_entropy_with_logits(z @ weights + intercept, y, weight=weight)
        loss = loss + RIDGE * (weights**2).sum()
        loss.backward()
        return loss

    optimizer.step(closure)
    return weights.detach().numpy(), float(intercept.item())


def save(tensors: Mapping[str, Floats], path: Path) -> None:
    save_file({k: np.ascontiguousarray(v, dtype=np.float16) for k, v in tensors.items()}, str(path))
