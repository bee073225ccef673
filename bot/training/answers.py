"""Fits and measures search: `python -m bot.training.answers FOLDER --minilm FOLDER --converted FOLDER`.

Prints the constants that `bot.answer.search` holds, and recall and refusals on the validation split.
"""

from __future__ import annotations

import argparse
import logging
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from bot.answer import search
from bot.answer.search import Index
from bot.read.encoder import Encoder
from bot.read.sentences import sentences
from bot.training.episodes import Annotated, annotated, is_validation
from bot.training.vectors import cached

log = logging.getLogger("earmark.training.answers")
NEAR = 1


@dataclass(frozen=True, kw_only=True)
class Asked:
    """A question, the signals of every sentence, and the sentences that answer it (none: unanswerable).

    `foreign`: it was asked about another episode.
    """

    signals: NDArray[np.float32]
    evidence: tuple[int, ...]
    validation: bool
    foreign: bool = False


def asked(episode: Annotated, other: Annotated, encoder: Encoder, cache: Path) -> list[Asked]:
    """The episode's own questions, and two of another's, which it can hardly answer."""
    said = sentences(episode.transcript)
    vectors = cached(cache / f"{episode.id}.npy", [s.text for s in said], encoder)
    index = Index(said, encoder, vectors)
    kept = is_validation(episode)
    foreign = [
        Asked(signals=index.signals(q["question"]), evidence=(), validation=kept, foreign=True)
        for q in other.reference["qa"][:2]
    ]
    return foreign + [
        Asked(signals=index.signals(q["question"]), evidence=tuple(q["evidence"]), validation=kept)
        for q in episode.reference["qa"]
    ]


def fit_ranking(questions: Sequence[Asked], steps: int = 60) -> NDArray[np.float32]:
    """Listwise: the probability that the first place falls on the evidence (its neighbours count 0.4)."""
    weights = torch.tensor(search.WEIGHTS, requires_grad=True)
    rows = [(torch.tensor(q.signals), torch.tensor(_target(q)).log()) for q in questions if q.evidence]
    optimizer = torch.optim.Adam([weights], lr=0.1)
    for _ in range(steps):
        logs = [torch.logsumexp((s @ weights).log_softmax(0) + target, 0) for s, target in rows]
        _step(optimizer, -torch.stack(logs).mean() + 0.002 * (weights**2).sum())
    fitted: NDArray[np.float32] = weights.detach().numpy()
    return fitted


def fit_confidence(questions: Sequence[Asked], steps: int = 400) -> tuple[Any, Any, Any, Any]:
    """Mean and scale of `search.sureness`, weights (9, 2) and intercepts (2,) of its two regressions."""
    x = np.stack([search.sureness(q.signals) for q in questions])
    mean, scale = x.mean(axis=0), x.std(axis=0) + 1e-6
    z = torch.tensor((x - mean) / scale)
    own = torch.tensor([not q.foreign for q in questions])
    has = torch.tensor([bool(q.evidence) for q in questions])
    topic, answer = _logistic(z, own, steps), _logistic(z[own], has[own], steps)
    return mean, scale, np.stack([topic[0], answer[0]], axis=1), np.array([topic[1], answer[1]])


def _logistic(z: Tensor, y: Tensor, steps: int) -> tuple[Any, float]:
    weights, intercept = torch.zeros(z.shape[1], requires_grad=True), torch.zeros(1, requires_grad=True)
    optimizer = torch.optim.Adam([weights, intercept], lr=0.05)
    for _ in range(steps):
        loss = torch.nn.functional.binary_cross_entropy_with_logits(z @ weights + intercept, y.float())
        _step(optimizer, loss + 0.01 * (weights**2).sum())
    return weights.detach().numpy(), float(intercept.item())


def _step(optimizer: torch.optim.Optimizer, loss: Tensor) -> None:
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()


def _target(question: Asked) -> NDArray[np.float32]:
    y = np.full(len(question.signals), 1e-6, np.float32)
    for e in question.evidence:
        y[max(0, e - 1) : e + 2] = np.maximum(y[max(0, e - 1) : e + 2], 0.4)
    y[list(question.evidence)] = 1.0
    return y


def recall(questions: Sequence[Asked], limit: int) -> float:
    """Share of answerable questions with evidence within one sentence of the first `limit` places."""
    answerable = [q for q in questions if q.evidence]
    return sum(_found(q, limit) for q in answerable) / len(answerable)


def _found(question: Asked, limit: int) -> bool:
    scores = question.signals @ search.WEIGHTS
    for _ in range(limit):
        at = int(scores.argmax())
        if any(abs(at - e) <= NEAR for e in question.evidence):
            return True
        scores[max(0, at - search.APART) : at + search.APART + 1] = -np.inf
    return False


def refused(questions: Sequence[Asked], threshold: float) -> tuple[float, float, float]:
    """Shares refused of the unanswerable, of other episodes' questions, and of the answerable."""
    sure = np.array([search.confidence(q.signals) for q in questions])
    has = np.array([bool(q.evidence) for q in questions])
    foreign = np.array([q.foreign for q in questions])
    groups = (~has & ~foreign, foreign, has)
    unanswerable, others, answerable = (float((sure[g] < threshold).mean()) for g in groups)
    return unanswerable, others, answerable


def main(argv: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--minilm", type=Path, required=True)
    parser.add_argument("--converted", type=Path, required=True)
    parser.add_argument("--cache", type=Path, default=Path("build/vectors"))
    options = parser.parse_args(argv)
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    torch.set_num_threads(1)
    encoder = Encoder(options.minilm, options.converted, threads=1)
    episodes = list(annotated(options.folder))
    pairs = zip(episodes, episodes[37:] + episodes[:37], strict=True)
    questions = [a for e, other in pairs for a in asked(e, other, encoder, options.cache)]
    learnt = [q for q in questions if not q.validation]
    kept = [q for q in questions if q.validation]
    search.WEIGHTS = fit_ranking(learnt)
    log.info("WEIGHTS = %s", search.WEIGHTS.astype(float).round(2).tolist())
    mean, scale, weights, intercepts = fit_confidence(learnt)
    search.SURE_MEAN, search.SURE_SCALE = mean, scale
    search.SURE_WEIGHTS, search.SURE_INTERCEPTS = weights, intercepts
    for name, value in (("MEAN", mean), ("SCALE", scale), ("WEIGHTS", weights), ("INTERCEPTS", intercepts)):
        log.info("SURE_%s = %s", name, value.astype(float).round(3).tolist())
    log.info("validation: recall@1 %.3f, recall@5 %.3f", recall(kept, 1), recall(kept, 5))
    for threshold in (0.45, 0.5, 0.55, 0.6, 0.65, 0.7, 0.75):
        log.info(
            "threshold %.2f: refused %.2f of unanswerable, %.2f of others', %.2f of answerable",
            threshold,
            *refused(kept, threshold),
        )


if __name__ == "__main__":
    main()
