"""Where a student with fewer layers starts: which layers of its teacher stay, and how they close the gaps."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import pairwise
from typing import Any

import torch
from torch import Tensor, nn

from bot.errors import ConfigError
from bot.training.writer import Example

WARM_RATE = 3e-4
LOOKED_AT = 12  # texts are enough to rank layers by


def spaced(whole: int, kept: int) -> list[int]:
    """Which of `whole` layers stay: as evenly spaced as whole numbers allow; ConfigError if that can't be."""
    if not 2 <= kept <= whole:
        raise ConfigError(f"A student of {whole} layers keeps 2 to {whole} of them, not {kept}.")
    return [round(i * (whole - 1) / (kept - 1)) for i in range(kept)]


def most_changing(model: Any, lessons: Sequence[Example], kept: int) -> list[int]:
    """The layers that turn what they are given the most, with the first and the last among them."""
    turned = changes(model, lessons[:LOOKED_AT])
    spaced(len(turned), kept)  # says so where that can't be
    inner = sorted(range(1, len(turned) - 1), key=lambda i: -turned[i])[: kept - 2]
    return sorted({0, len(turned) - 1, *inner})


def changes(model: Any, lessons: Sequence[Example]) -> list[float]:
    """Of each layer 1 − cosine of what goes in and what comes out, the mean over tokens: its block influence
    (Men et al. 2024, ShortGPT)."""
    each = []
    for one in lessons:
        states = states_of(model, one.ids)
        pairs = pairwise(states)
        each.append([float(1 - nn.functional.cosine_similarity(a, b, dim=-1).mean()) for a, b in pairs])
    return [sum(column) / len(column) for column in zip(*each, strict=True)]


@torch.no_grad()  # type: ignore[untyped-decorator]
def states_of(model: Any, ids: Tensor) -> list[Tensor]:
    """What each layer is given, and what the last one gives: (tokens, width) each, before the final norm."""
    hidden = model.model.embed_tokens(ids[None])
    at = torch.arange(len(ids))[None]
    turned = model.model.rotary_emb(hidden, at)
    states = [hidden]
    for layer in model.model.layers:
        states.append(layer(states[-1], attention_mask=None, position_ids=at, position_embeddings=turned))
    return [s[0] for s in states]


def warmed(
    student: Any, teacher: Any, kept: Sequence[int], lessons: Sequence[Example], tokens: int
) -> list[float]:
    """Teach each layer of `student` by itself what its `kept` one and those left out before it did together.

    Each is given the teacher's states, so all learn at once and no error is passed on (TinyBERT's hidden
    states, Jiao et al. 2020, a layer at a time). Ends after `tokens`; the loss of each text: the
    share of the change that is missed (1: all of it).
    """
    optimiser = torch.optim.AdamW(student.model.layers.parameters(), lr=WARM_RATE, weight_decay=0.01)
    return [_step(student, teacher, kept, one, optimiser) for one in _until(lessons, tokens)]


def _until(lessons: Sequence[Example], tokens: int) -> Iterator[Example]:
    seen = 0
    while seen < tokens:
        for one in lessons:
            if seen >= tokens:
                return
            seen += len(one.ids)
            yield one


def _step(student: Any, teacher: Any, kept: Sequence[int], one: Example, optimiser: Any) -> float:
    states = states_of(teacher, one.ids)
    at = torch.arange(len(one.ids))[None]
    turned = student.model.rotary_emb(states[0][None], at)
    total, before = 0.0, -1
    for layer, last in zip(student.model.layers, kept, strict=True):
        given, wanted = states[before + 1], states[last + 1]
        before = last
        made = layer(given[None], attention_mask=None, position_ids=at, position_embeddings=turned)[0]
        # The first token holds an attention sink a hundred times as large as the rest.
        missed = (made - wanted)[1:].pow(2).sum(-1) / ((wanted - given)[1:].pow(2).sum(-1) + 1e-6)
        loss = missed.mean()
        loss.backward()
        total += float(loss.detach())
    nn.utils.clip_grad_norm_(student.model.layers.parameters(), 1.0)
    optimiser.step()
    optimiser.zero_grad()
    return total / len(kept)


Choose = Callable[[Any, Sequence[Example], int], list[int]]
STARTS: Mapping[str, Choose] = {
    "spaced": lambda model, _, kept: spaced(len(model.model.layers), kept),
    "changing": most_changing,
}
