"""Judges drafts: a linear model over their traits, fitted to ratings by readers."""

from __future__ import annotations

import math
from collections.abc import Mapping

from bot.write.traits import Drafted, traits

# Weights by hand, until ratings say better.
BY_HAND: Mapping[str, float] = {
    "top_content": 0.5, "top_topic": 0.3, "top_loose": -2.0, "top_talk": -0.6, "top_vague": -0.4,
    "top_first": -2.0, "top_second": -0.2, "top_opens": -0.6, "top_strong": 0.2, "top_number": 0.2,
    "top_short": -0.7, "top_whole": 0.3, "top_weight": 0.5, "top_inside": 0.4, "top_rough": -0.6,
    "words": -0.15, "sentences": -0.2, "longest": -0.3, "shortest": -0.4, "dense": 2.0, "commas": -0.2,
    "first": -0.4, "alone": -1.0, "second": -0.15, "vague": -0.3, "rough": -0.5, "talk": -0.4,
    "questions": -0.8, "number": 0.2, "reason": 0.2, "fragments": -0.8, "spliced": -0.6, "first_loose": -1.0,
    "rest_loose": -0.5, "opens_pronoun": -0.8, "opens_weak": -0.4, "weight": 0.5, "kept": 1.0,
    "gaps": -0.8, "listing": -0.8, "top_told": -0.5, "topic": 0.3, "agrees": 0.3,
}  # fmt: skip


def hand(drafted: Drafted) -> float:
    return sum(BY_HAND.get(k, 0.0) * v for k, v in traits(drafted).items())


def logistic(value: float) -> float:
    return 1 / (1 + math.exp(-value))
