"""The metrics of the annotated episodes, purely: hits, nDCG@5, waste, F0.5 of ad reads.

Places are sentence numbers of the published transcript. A predicted place hits a reference insight when it
is at most NEAR sentences from one of the insight's evidence sentences.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

NEAR = 2
IDEAL = sum((10 - i) / math.log2(i + 2) for i in range(5))


def hit_ranks(located: Sequence[int | None], insights: Sequence[Mapping[str, Any]]) -> list[int | None]:
    """For each predicted sentence (best first), the best reference rank it hits that none before it did."""
    left = sorted(insights, key=lambda i: i["rank"])
    ranks: list[int | None] = []
    for at in located:
        hit = next((i for i in left if at is not None and _near(at, i["evidence"])), None)
        ranks.append(hit["rank"] if hit else None)
        left = [i for i in left if i is not hit]
    return ranks


def ndcg_at_5(located: Sequence[int | None], insights: Sequence[Mapping[str, Any]]) -> float:
    """Discounted gain of five places, best first, over that of the ideal five.

    A place gains 11 − rank of the best-ranked reference insight that it hits and none before it did, 0 if
    there is none; the gain at position i (from 1) is divided by log2(i + 1). Ideal: ranks 1 to 5 in order
    (Järvelin & Kekäläinen 2002).
    """
    ranks = hit_ranks(located[:5], insights)
    return sum((11 - r) / math.log2(i + 2) for i, r in enumerate(ranks) if r) / IDEAL


def hit_at_5(located: Sequence[int | None], insights: Sequence[Mapping[str, Any]]) -> float:
    """Share of the five that land on a reference insight, each counted once."""
    return sum(r is not None for r in hit_ranks(located[:5], insights)) / 5


def near_at_5(located: Sequence[int | None], insights: Sequence[Mapping[str, Any]]) -> float:
    """Share of the five that hit any reference insight, the same one again too."""
    return sum(at is not None and any(_near(at, i["evidence"]) for i in insights) for at in located[:5]) / 5


def waste_at_5(located: Sequence[int | None], non_content: Sequence[Mapping[str, Any]]) -> float:
    """Share of the five inside non-content."""
    inside = (at is not None and any(n["from"] <= at <= n["to"] for n in non_content) for at in located[:5])
    return sum(inside) / 5


def matched(predicted: Sequence[tuple[int, int]], true: Sequence[tuple[int, int]], iou: float = 0.5) -> int:
    """How many true spans (inclusive) are met by a predicted one of their own with at least this overlap."""
    left = list(predicted)
    found = 0
    for span in true:
        best = max(left, key=lambda p: overlap(p, span), default=None)
        if best is not None and overlap(best, span) >= iou:
            left.remove(best)
            found += 1
    return found


def overlap(a: tuple[int, int], b: tuple[int, int]) -> float:
    """Intersection over union of inclusive spans."""
    both = min(a[1], b[1]) - max(a[0], b[0]) + 1
    return max(both, 0) / (max(a[1], b[1]) - min(a[0], b[0]) + 1)


def f_half(found: int, predicted: int, true: int) -> float:
    """F0.5: precision counts double. 1 where there is nothing to find and nothing was claimed."""
    if not predicted and not true:
        return 1.0
    precision, recall = found / max(predicted, 1), found / max(true, 1)
    return 1.25 * precision * recall / (0.25 * precision + recall) if found else 0.0


def _near(at: int, evidence: Sequence[int]) -> bool:
    return any(abs(at - e) <= NEAR for e in evidence)
