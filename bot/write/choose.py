"""Which insights of an episode to show: best first, different, spread over it. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence

from bot.domain import Insight
from bot.write.lexicon import content

# Above this share of common words two insights say the same; under this distance they are of one moment.
SAME = 0.5
CLOSE_S = 45.0
# What being near, or like, an insight already taken costs of a score.
NEAR_COST, LIKE_COST = 0.15, 0.4


def best(insights: Sequence[Insight], n: int) -> tuple[Insight, ...]:
    """At most `n`, best first by score less what they share with those before them; never near duplicates."""
    left = sorted(insights, key=lambda i: -i.score)
    words = {id(i): content(f"{i.headline} {i.text}") for i in left}
    taken: list[Insight] = []
    while left and len(taken) < n:
        top = max(left, key=lambda i: i.score - _cost(i, taken, words))
        left.remove(top)
        if all(
            likeness(words[id(top)], words[id(t)]) < SAME and not _share_a_sentence(top, t) for t in taken
        ):
            taken.append(top)
    return tuple(taken)


def likeness(a: set[str], b: set[str]) -> float:
    """Shared words as a share of the smaller set."""
    return len(a & b) / max(min(len(a), len(b)), 1)


def _share_a_sentence(a: Insight, b: Insight) -> bool:
    """Two passages side by side may be told with the same words."""
    return a.quote == b.quote or a.headline == b.headline or bool(_said(a) & _said(b))


def _said(insight: Insight) -> set[str]:
    return {s.lower() for s in re.split(r"(?<=[.?!])\s+", insight.text) if len(s.split()) > 4}


def _cost(insight: Insight, taken: Sequence[Insight], words: dict[int, set[str]]) -> float:
    like = max((likeness(words[id(insight)], words[id(t)]) for t in taken), default=0.0)
    return LIKE_COST * like**2 + NEAR_COST * any(_close(insight, t) for t in taken)


def _close(a: Insight, b: Insight) -> bool:
    return a.start is not None and b.start is not None and abs(a.start - b.start) < CLOSE_S
