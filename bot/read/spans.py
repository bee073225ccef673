"""From scores to spans, purely: what to set aside, and the passages worth writing up."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from bot.domain import Passage, Sentence, SetAside
from bot.read.head import KINDS, Floats, Scores

# Log-odds that a change of kind from one sentence to the next must earn.
CHANGE_COST = 3.0
# Shortest run worth setting aside; single jokes are left alone, they just score low.
SHORTEST = {"sponsor": 2, "promo": 2, "banter": 4, "intro": 1, "outro": 1, "housekeeping": 2}
# How far into an episode an intro reaches at most, and how far from its end an outro begins.
INTRO, OUTRO = 0.2, 0.15
IMPOSSIBLE = -60.0
BEFORE, AFTER = 4, 5
# Sentences between two peaks: insights that a listener would name apart are seldom closer.
APART = 10
LONGEST = 8
MAX_EVIDENCE = 4


def set_aside(scores: Scores, reads: Sequence[SetAside] = ()) -> tuple[SetAside, ...]:
    """The sponsor `reads` and, around them, the most probable kinds (Viterbi) as runs, in order."""
    states = _viterbi(_in_place(scores.classes))
    for read in reads:
        states[read.first : read.last + 1] = [0] * (read.last - read.first + 1)
    runs = list(reads)
    for kind, first, last in _runs(states):
        name = KINDS[kind - 1]
        if kind and last - first + 1 >= SHORTEST[name]:
            runs.append(SetAside(kind=name, first=first, last=last))
    return tuple(sorted(runs, key=lambda r: r.first))


def passages(
    scores: Scores, sentences: Sequence[Sentence], aside: Sequence[SetAside], wanted: int
) -> tuple[Passage, ...]:
    """At most `wanted` non-overlapping passages outside of what is set aside, best first.

    Peaks are APART sentences apart as long as that leaves enough of them.
    """
    free = np.ones(len(sentences), bool)
    for run in aside:
        free[run.first : run.last + 1] = False
    distant = free.copy()
    worth = worth_of(scores)
    taken: list[Passage] = []
    while len(taken) < wanted and free.any():
        peak = int(np.argmax(np.where(distant if distant.any() else free, worth, -1.0)))
        first, last = _around(peak, free)
        if last > first:
            taken.append(_passage(peak, first, last, scores, worth, sentences))
        distant[max(0, peak - APART) : peak + APART + 1] = False
        free[max(first, peak - BEFORE) : min(last, peak + AFTER) + 1] = False
        distant &= free
    return tuple(sorted(taken, key=lambda p: -p.score))


def worth_of(scores: Scores) -> Floats:
    """How good a place each sentence is: its and its neighbours' worth, if it is substance."""
    if not len(scores.worth):
        return scores.worth
    padded = np.pad(scores.worth, 2, mode="edge")
    near = np.convolve(padded, np.array([0.1, 0.2, 0.4, 0.2, 0.1], np.float32), "valid")
    worth: Floats = (near * np.exp(scores.classes[:, 0])).astype(np.float32)
    return worth


def _in_place(classes: Floats) -> Floats:
    """Intros only near the beginning and outros only near the end."""
    placed = classes.copy()
    n = len(placed)
    placed[int(max(3, INTRO * n)) :, 1 + KINDS.index("intro")] = IMPOSSIBLE
    placed[: max(0, n - int(max(2, OUTRO * n))), 1 + KINDS.index("outro")] = IMPOSSIBLE
    return placed


def _viterbi(classes: Floats) -> list[int]:
    n, size = classes.shape
    if n == 0:
        return []
    change = CHANGE_COST * (1 - np.eye(size, dtype=np.float32))
    best, back = classes[0], np.zeros((n, size), np.intp)
    for i in range(1, n):
        paths = best[:, None] - change
        back[i] = paths.argmax(axis=0)
        best = paths.max(axis=0) + classes[i]
    state = int(best.argmax())
    states = [state]
    for i in range(n - 1, 0, -1):
        state = int(back[i, state])
        states.append(state)
    return states[::-1]


def _runs(states: Sequence[int]) -> Iterator[tuple[int, int, int]]:
    """(state, first, last) of each run."""
    start = 0
    for i in range(1, len(states) + 1):
        if i == len(states) or states[i] != states[start]:
            yield states[start], start, i - 1
            start = i


def _around(peak: int, free: np.ndarray) -> tuple[int, int]:
    """The free run around `peak`, at most BEFORE before and AFTER after it."""
    first = last = peak
    while first > 0 and free[first - 1] and peak - first < BEFORE:
        first -= 1
    while last + 1 < len(free) and free[last + 1] and last - peak < AFTER:
        last += 1
    return first, last


def _passage(
    peak: int, first: int, last: int, scores: Scores, worth: Floats, sentences: Sequence[Sentence]
) -> Passage:
    near = [i for i in range(first, last + 1) if abs(i - peak) <= 3]
    strong = sorted(near, key=lambda i: -(scores.evidence[i] + (0.5 if i == peak else 0.0)))[:MAX_EVIDENCE]
    floor = 0.5 * scores.evidence[strong[0]]
    evidence = sorted(i for i in strong if scores.evidence[i] >= floor or i == peak)
    first = max(
        first, min(evidence[0] - 1, last - 2), last - LONGEST + 1 if evidence[0] > last - LONGEST else first
    )
    last = min(last, max(evidence[-1] + 2, first + 2), first + LONGEST - 1)
    quote = max(evidence, key=lambda i: _quotable(sentences[i]) + scores.quote[i] + 0.3 * (i == peak))
    return Passage(
        first=first,
        last=last,
        score=float(np.clip(worth[peak], 0.0, 1.0)),
        evidence=tuple(i for i in evidence if first <= i <= last),
        quote_at=quote,
    )


def _quotable(sentence: Sentence) -> float:
    """Long enough to say something, short enough to be quoted, and not a question."""
    n = len(sentence.text.split())
    return float(8 <= n <= 40) + 0.3 * float(n > 40) - 1.0 * float(sentence.text.rstrip().endswith("?"))
