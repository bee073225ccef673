"""What a student is shown: pairs that are grounded, whole, different, balanced; and what went why."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from bot.training.asked import Asked
from bot.write.choose import SAME, likeness
from bot.write.ground import BAND, HEADLINE_WORDS
from bot.write.lexicon import content

# At most so many pairs of a show, or of a kind, for each pair of the average one.
MOST_OF_ONE = 2.0


@dataclass(frozen=True, kw_only=True)
class Curated:
    """`kept` in their order; `dropped`: the id of each other pair and why, one reason each."""

    kept: tuple[Asked, ...]
    dropped: Mapping[str, str]

    def report(self) -> dict[str, int]:
        """How many were dropped for what, the commonest first, and how many stay."""
        reasons = Counter(reason.partition(":")[0] for reason in self.dropped.values())
        return {"kept": len(self.kept), **dict(reasons.most_common())}


def curated(asked: Sequence[Asked], seed: int = 1) -> Curated:
    """Each pair is dropped at the first test that it fails; balance looks at what all the others left."""
    dropped: dict[str, str] = {}
    left = list(asked)
    for test in (_of_length, _grounded, _alone):
        reasons = test(left)
        dropped |= reasons
        left = [a for a in left if a.id not in reasons]
    for name, group in (("show", _show), ("kind", _kind)):
        reasons = balanced(left, group, name, seed)
        dropped |= reasons
        left = [a for a in left if a.id not in reasons]
    return Curated(kept=tuple(left), dropped=dropped)


def uncurated(asked: Sequence[Asked]) -> Curated:
    return Curated(kept=tuple(asked), dropped={})


def _of_length(asked: Sequence[Asked]) -> dict[str, str]:
    return {a.id: f"length: {words} words" for a in asked if (words := _wrong_length(a)) is not None}


def _wrong_length(asked: Asked) -> int | None:
    words, head = len(asked.pair.text.split()), len(asked.pair.headline.split())
    if not BAND[0] <= words <= BAND[1]:
        return words
    return None if 1 <= head <= HEADLINE_WORDS else head


def _grounded(asked: Sequence[Asked]) -> dict[str, str]:
    """Whether the gate, which will judge the student, lets the teacher through."""
    said = ((a.id, a.refused(a.pair.headline, a.pair.text)) for a in asked)
    return {id: f"unsupported: {why[0]}" for id, why in said if why}


def _alone(asked: Sequence[Asked]) -> dict[str, str]:
    """Doubles of an earlier pair: half of the words of the shorter one are shared."""
    dropped: dict[str, str] = {}
    kept: list[tuple[str, set[str]]] = []
    for one in asked:
        words = content(f"{one.pair.headline} {one.pair.text}")
        double = next((id for id, known in kept if likeness(words, known) > SAME), None)
        if double:
            dropped[one.id] = f"double: of {double}"
        else:
            kept.append((one.id, words))
    return dropped


def balanced(
    asked: Sequence[Asked], group: Callable[[Asked], str], name: str, seed: int = 1
) -> dict[str, str]:
    """Those beyond MOST_OF_ONE times the average group, chosen by chance."""
    by: dict[str, list[str]] = {}
    for one in asked:
        by.setdefault(group(one), []).append(one.id)
    most = int(MOST_OF_ONE * len(asked) / max(1, len(by))) or 1
    chance = random.Random(seed)
    beyond = ((key, chance.sample(ids, len(ids) - most)) for key, ids in by.items() if len(ids) > most)
    return {id: f"{name}: enough of {key}" for key, ids in beyond for id in ids}


def _show(asked: Asked) -> str:
    return asked.pair.show


def _kind(asked: Asked) -> str:
    return asked.pair.kind
