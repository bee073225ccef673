"""Whether a text says things the way round its evidence does: each number, name, negation and direction is
compared with those of the evidence whose surroundings are most like its own."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from bot.write.lexicon import bare
from bot.write.nearness import NEAR, Evidence, Mark, Run, closeness
from bot.write.words import Line, carries, denies, is_negator, stem

_NONE = (-1.0, -1.0)


@dataclass(frozen=True, kw_only=True)
class Doubt:
    """Something that may be wrong: what of it is measured (by family, see `weights.json`), and why, in words.

    `place` is the word's in the text, for training.
    """

    family: str
    measures: tuple[float, ...]
    why: str
    place: int = 0


def doubts(text: Sequence[Line], evidence: Evidence) -> Iterator[Doubt]:
    """All doubts about single words of a text."""
    run = Run(text, NEAR)
    aligned = [evidence.aligned(one.content) for one in text]
    cover = [evidence.cover(one.content) for one in text]
    for mark in run.marks:
        yield _misplaced(mark, run, evidence, aligned[mark.line], cover[mark.line])
    for n, one in enumerate(text):
        for at, word in enumerate(one.words):
            if is_negator(word):
                yield _denied(at, n, run, evidence, aligned[n], cover[n])
            elif carries(word) and not one.negated[at]:
                yield from _asserted(at, n, run, evidence, aligned[n], cover[n])


def _misplaced(mark: Mark, run: Run, evidence: Evidence, aligned: Sequence[int], cover: float) -> Doubt:
    same, other, instead = _NONE, _NONE, ""
    near_same = near_other = False
    mine = run.around(mark.place)
    for theirs in evidence.of_family.get(mark.family, ()):
        agrees, differs = _compared(mark, theirs)
        if not agrees and not differs:
            continue
        near = closeness(mine, evidence.around(theirs.place))
        near_same |= agrees and theirs.line in aligned
        near_other |= differs and theirs.line in aligned
        if agrees:
            same = max(same, near, key=sum)
        elif sum(near) > sum(other):
            other, instead = near, theirs.word
    known = mark.word.lower() in evidence.known
    return Doubt(
        family=mark.family,
        measures=(
            *_levels(same, other, near_same, near_other, known, cover),
            max(same[1], -1.0),
            max(other[1], -1.0),
            _exchange(mark, run, evidence),
            float(stem(bare(mark.word)) in evidence.about),
        ),
        why=f"“{mark.word}” where the passage has “{instead}”" if instead else f"“{mark.word}” is not so",
        place=mark.place,
    )


def _compared(mark: Mark, theirs: Mark) -> tuple[bool, bool]:
    """Whether two marks of one family say the same, and whether they contradict."""
    if mark.family != "way":
        return mark.value == theirs.value, mark.value != theirs.value
    return (
        mark.value == theirs.value and mark.side == theirs.side,
        mark.row == theirs.row and mark.side != theirs.side,
    )


def _levels(
    same: tuple[float, float],
    other: tuple[float, float],
    near_same: bool,
    near_other: bool,
    known: bool,
    cover: float,
) -> tuple[float, ...]:
    return (
        max(same[0], 0.0),
        max(other[0], 0.0),
        float(same[0] < 0),
        float(other[0] < 0),
        float(near_same),
        float(near_other),
        float(known),
        cover,
        min(max(other[0] - same[0], -2.0), 2.0),
    )


def _exchange(mark: Mark, run: Run, evidence: Evidence) -> float:
    """By how much it would be nearer the evidence to exchange it with another of the text."""
    if mark.family == "way":
        return 0.0
    gain = 0.0
    for partner in run.marks:
        apart = abs(partner.place - mark.place) > 1
        if partner.family == mark.family and partner.value != mark.value and apart:
            here, there = (
                _nearest(run, evidence, mark.place, mark.family),
                _nearest(run, evidence, partner.place, mark.family),
            )
            stands = here(mark.value) + there(partner.value)
            gain = max(gain, here(partner.value) + there(mark.value) - stands)
    return min(gain, 3.0)


def _nearest(run: Run, evidence: Evidence, place: int, family: str) -> Callable[[str], float]:
    mine = run.around(place)

    def of(value: str) -> float:
        places = (m.place for m in evidence.of_family.get(family, ()) if m.value == value)
        return max((sum(closeness(mine, evidence.around(p))) for p in places), default=-2.0)

    return of


def _denied(at: int, n: int, run: Run, evidence: Evidence, aligned: Sequence[int], cover: float) -> Doubt:
    """A negation of the text: is what it denies denied there too?"""
    one = run.lines[n]
    denied = [
        j
        for j in range(at + 1, len(one.words))
        if one.clauses[j] == one.clauses[at] and carries(one.words[j])
    ][:3]
    same = other = -1.0
    for j in denied:
        mine = run.around(run.starts[n] + j)
        for place, negated, _ in evidence.places.get(one.stems[j], ()):
            near = closeness(mine, evidence.around(place))[0] + 0.5
            same, other = (max(same, near), other) if negated else (same, max(other, near))
    around = {j for i in aligned for j in (i - 1, i, i + 1) if 0 <= j < len(evidence.lines)}
    return Doubt(
        family="denied",
        measures=(
            max(same, 0.0),
            max(other, 0.0),
            float(same < 0),
            float(other < 0),
            float(min(max((evidence.negations[i] for i in aligned), default=0), 2)),
            float(any(evidence.denials[i] for i in aligned)),
            sum(evidence.denials[i] for i in around) / max(len(around), 1),
            cover,
            min(max(other - same, -2.0), 2.0),
            float(one.words[at] in evidence.known),
            float(len(denied)),
            float(any(evidence.negations[i] or evidence.denials[i] for i in around)),
        ),
        why=f"“{' '.join(one.words[at : at + 4])}” is not denied in the passage",
        place=run.starts[n] + at,
    )


def _asserted(
    at: int, n: int, run: Run, evidence: Evidence, aligned: Sequence[int], cover: float
) -> Iterator[Doubt]:
    """A word that the text doesn't negate, and the evidence does."""
    one = run.lines[n]
    places = evidence.places.get(one.stems[at], [])
    if not any(negated for _, negated, _ in places):
        return
    mine = run.around(run.starts[n] + at)
    near = [(closeness(mine, evidence.around(p))[0], negated, p, k) for p, negated, k in places]
    same = max((c for c, negated, _, _ in near if not negated), default=-1.0)
    other, _, place, k = max(found for found in near if found[1])
    denials = sum(map(is_negator, one.words)) + denies(one)
    yield Doubt(
        family="asserted",
        measures=(
            max(same, 0.0),
            max(other, 0.0),
            float(same < 0),
            float(denials > 0),
            float(denials),
            _negator_distance(evidence.lines[k], place - evidence.starts[k]),
            float(any(evidence.denials[i] for i in aligned)),
            cover,
            min(max(other - same, -2.0), 2.0),
            float(len(places)),
        ),
        why=f"“{one.words[at]}” is denied in the passage",
        place=run.starts[n] + at,
    )


def _negator_distance(one: Line, at: int) -> float:
    """1 over the distance to the negator before it in its clause."""
    found = [
        1 / (at - z) for z in range(at) if is_negator(one.words[z]) and one.clauses[z] == one.clauses[at]
    ]
    return max(found, default=0.0)
