"""How much of a cousin a language model is, from the same texts: divergence, agreement, what it writes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from statistics import mean
from typing import Any

import numpy as np

from bot import style
from bot.errors import ConfigError
from bot.training.asked import Asked
from bot.training.cousins import Cousin, Floats, timed
from bot.training.writer import example
from bot.write.gen_input import parsed


@dataclass(frozen=True, kw_only=True)
class Told:
    """One text through both, teacher-forced; by token: `kl` in nats (A against B), whether the likeliest
    token is the same, and the loss of each."""

    id: str
    kl: tuple[float, ...]
    same: tuple[bool, ...]
    loss_a: float
    loss_b: float


@dataclass(frozen=True, kw_only=True)
class Written:
    """What one model wrote of each passage (greedy), and how the gate took it."""

    texts: tuple[str, ...]
    passed: tuple[bool, ...]
    tokens: int
    seconds: float


def divergence(a: Floats, b: Floats) -> Floats:
    """KL(A‖B) of each row of log-probabilities, in nats (Kullback & Leibler 1951)."""
    kl: Floats = (np.exp(a) * (a - b)).sum(axis=-1)
    return np.maximum(kl, 0)


def told(a: Cousin, b: Cousin, asked: Sequence[Asked]) -> Iterator[Told]:
    """Each annotated text through both; ConfigError where they cut text into other tokens."""
    if a.tokenizer.get_vocab() != b.tokenizer.get_vocab():
        raise ConfigError(
            f"{a.name} and {b.name} cut text into different tokens, so their probabilities can't be compared."
        )
    for one in asked:
        lesson = example(one.pair, a.tokenizer)
        ids, n = lesson.ids.tolist(), lesson.written
        of_a, of_b = a.told(ids, n), b.told(ids, n)
        rows, right = np.arange(n), np.array(ids[-n:])
        yield Told(
            id=one.id,
            kl=tuple(divergence(of_a, of_b).tolist()),
            same=tuple((of_a.argmax(-1) == of_b.argmax(-1)).tolist()),
            loss_a=float(-of_a[rows, right].mean()),
            loss_b=float(-of_b[rows, right].mean()),
        )


def written(model: Cousin, asked: Sequence[Asked]) -> Written:
    texts, passed, tokens, seconds = [], [], 0, 0.0
    for one in asked:
        given = prompt_of(one, model.tokenizer)
        ids, spent = timed(lambda given=given: model.written(given))  # type: ignore[misc]
        text = model.tokenizer.decode(ids, skip_special_tokens=True)
        tokens, seconds = tokens + len(ids), seconds + spent
        texts.append(text)
        passed.append(not one.refused(*parsed(text)))
    return Written(texts=tuple(texts), passed=tuple(passed), tokens=tokens, seconds=seconds)


def prompt_of(asked: Asked, tokenizer: Any) -> list[int]:
    lesson = example(asked.pair, tokenizer)
    ids: list[int] = lesson.ids[: -lesson.written].tolist()
    return ids


def figures(a: Cousin, b: Cousin, forced: Sequence[Told], made: Sequence[Written]) -> dict[str, float]:
    """All by name, in the order in which they are shown; a figure of both ends in the model it is of."""
    kl = [k for t in forced for k in t.kl]
    out = {
        "KL, nats a token": mean(kl),
        "KL, 99th percentile": float(np.quantile(kl, 0.99)),
        "same likeliest token": mean(s for t in forced for s in t.same),
        "held-out loss A": mean(t.loss_a for t in forced),
        "held-out loss B": mean(t.loss_b for t in forced),
    }
    if made:
        pairs = list(zip(made[0].texts, made[1].texts, strict=True))
        out["equal outputs"] = mean(float(x == y) for x, y in pairs)
    for letter, one in zip("AB", made, strict=False):
        out |= {f"{name} {letter}": value for name, value in manner(one).items()}
    return out | {f"memory, MB {n}": m.memory_bytes / 1e6 for n, m in (("A", a), ("B", b))}


def manner(made: Written) -> dict[str, float]:
    """What passes the gate, how alike the texts are to one another, and how fast they came."""
    look = diversity([parsed(t)[1] or parsed(t)[0] for t in made.texts])
    return {
        "passes the gate": mean(map(float, made.passed)),
        **look,
        "tokens a CPU second": made.tokens / max(made.seconds, 1e-9),
    }


def diversity(texts: Sequence[str]) -> dict[str, float]:
    look = style.measure(texts)
    return {
        "words": look.words,
        "compression": look.compression,
        "openings": look.openings,
        "self-repetition": look.self_repetition,
    }
