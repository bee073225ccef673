"""Fits the order of places (`bot.answer.reread`) on what each question's unseen network found, listwise."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from bot.answer.places import Place
from bot.answer.reread import FAR, READ, Pairs, Reread, features, passage
from bot.answer.search import Hit
from bot.answer.words import HALF, Floats
from bot.domain import Episode, Source, Transcript
from bot.training.answers_data import Asked

# Chosen over the folds of the training questions, as were READ's use and `reread.SURE`.
RIDGE = 0.003
NOWHERE = Source(episode=Episode(), transcript=Transcript(segments=()))


@dataclass(frozen=True, kw_only=True)
class Read:
    """One question's places as the order sees them, and which of them hold evidence."""

    x: Floats
    right: NDArray[np.bool_]


def places(one: Asked, hits: Sequence[Hit]) -> list[Place]:
    return [Place(source=NOWHERE, index=one.index, hit=hit) for hit in hits]


def reordered(one: Asked, hits: Sequence[Hit], order: Reread | None) -> tuple[list[Hit], bool]:
    """The hits as `order` puts them, and whether it read them."""
    made = order.ordered(one.question, places(one, hits)) if order else None
    return ([p.hit for p in made], True) if made else (list(hits), False)


def seen(one: Asked, hits: Sequence[Hit], pairs: Pairs) -> Read:
    """Of at least one hit, best first."""
    best = hits[:READ]
    read = pairs.scores(one.question, [passage(p.said) for p in places(one, best)])
    right = [any(abs(h.at - e) <= HALF for e in one.evidence) for h in best]
    return Read(x=features(best, read), right=np.array(right))


def fitted(questions: Sequence[Read], ridge: float = RIDGE) -> dict[str, Floats]:
    """Mean, scale and weights that make evidence the likeliest first place, as `Reread` reads them."""
    every = np.concatenate([q.x for q in questions])
    mean, scale = every.mean(axis=0), every.std(axis=0) + 1e-6
    useful = [
        (torch.from_numpy(np.clip((q.x - mean) / scale, -FAR, FAR)), torch.from_numpy(q.right))
        for q in questions
        if q.right.any()
    ]
    weights = torch.zeros(len(mean), requires_grad=True)
    optimizer = torch.optim.LBFGS([weights], max_iter=60)

    def closure() -> torch.Tensor:
        optimizer.zero_grad()
        lost = [torch.logsumexp(z @ weights, 0) - torch.logsumexp((z @ weights)[r], 0) for z, r in useful]
        loss = torch.stack(lost).mean() + ridge * (weights**2).sum()
        loss.backward()
        return loss

    optimizer.step(closure)
    return {"mean": mean, "scale": scale, "weights": weights.detach().numpy()}
