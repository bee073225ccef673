"""Words of questions and sentences: without the most frequent ones and without their endings."""

from __future__ import annotations

import re
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]
# A passage is a sentence with two on either side.
HALF = 2


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.split())


STOPS = frozenset(
    _words(
        "a an the of to in on at by for with from and or but so as is are was were be been being do"
        " does did has have had it its this that these those they them their he she his her him we us"
        " our you your i me my what which who whom whose when where why how can could would should will"
        " may might than then there here about into over not no if because just also very more most some"
        " any all out up down s t re ve ll d m say says said mean means episode podcast according"
        " speaker speakers host guest"
    )
)
_ENDINGS = _words("ations ation ingly ments ment ings ing edly ies ied ers er ed es ly s e y")


def stems(text: str) -> list[str]:
    """Words without the most frequent ones and without their endings, in lower case."""
    words = re.findall(r"[a-z0-9]+(?:\.[a-z0-9]+)*", re.sub(r"['’](?:s|re|ve|ll|d|t|m)\b", "", text.lower()))
    return [_stem(w) for w in words if w not in STOPS and len(w) > 1]


@lru_cache(maxsize=100_000)
def _stem(word: str) -> str:
    for ending in _ENDINGS:
        if word.endswith(ending) and len(word) - len(ending) >= 3:
            return word[: -len(ending)]
    return word


def highest(values: NDArray[np.float32]) -> Floats:
    """Of each sentence and its neighbours."""
    out: Floats = values.copy()
    for by in range(1, HALF + 1):
        out[by:] = np.maximum(out[by:], values[:-by])
        out[:-by] = np.maximum(out[:-by], values[by:])
    return out
