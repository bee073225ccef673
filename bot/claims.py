"""What insights claim: how near two of them are, whether they say the same, whether one follows another."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterable
from functools import lru_cache
from typing import TypeVar

from bot.domain import Insight

T = TypeVar("T")
# Kinship from which two insights of different episodes say the same, one follows another, and one is worth
# naming beside another: read off real pairs, see docs/experiments.md ("Said again").
SAME, FOLLOWS, RELATED = 0.35, 0.28, 0.22
# With few insights at hand, how rare a word is can hardly be told: as if there were so many more without it.
UNSEEN = 200
_STOP = frozenset(
    re.findall(
        r"\w+",
        """a an and are as at be because been but by can could did do does for from had has have he her his
        how i if in into is it its just like more most not of on one or our out over she so some than that
        the their them then there these they this those to up us was we were what when where which who why
        will with would you your""",
    )
)
# Share of the shorter one's words from which on two are looked at closely: one pair in a hundred has it.
_WORTH_A_LOOK = 0.15
_NEGATORS = frozenset(
    re.findall(r"\w+", "not no never none nobody nothing neither nor without cannot hardly rarely")
)
_REACH = 4  # words after a negator that it denies
_OPPOSITES = tuple(
    tuple(frozenset(side.split()) for side in row.split(" / "))
    for row in (
        "more / less fewer",
        "better / worse",
        "faster quicker / slower",
        "higher rise rises rising rose up / lower fall falls falling fell down drop drops dropped",
        "increase increases increased / decrease decreases decreased reduce reduces reduced",
        "helps help helped / hurts hurt harms harm harmed",
        "cheap cheaper / expensive costly dearer",
        "gains gain gained wins win won / loses lose lost",
        "always / never",
        "before / after",
        "safe safer / dangerous riskier unsafe",
        "overestimate overestimated overrated / underestimate underestimated underrated",
    )
)
_NUMBER = re.compile(r"\d[\d.,]*\d|\d")


def words(insight: Insight) -> frozenset[str]:
    """The content words of an insight, each cut to its stem."""
    return _words(insight.headline, insight.text)


@lru_cache(maxsize=8192)
def _words(headline: str, text: str) -> frozenset[str]:
    return stems(f"{headline} {text}")


@lru_cache(maxsize=8192)  # a thousand channels choose from the same insights, each compared with each
def stems(text: str) -> frozenset[str]:
    """The content words of a text, each cut to its stem."""
    # Cutting words to six letters makes "price", "prices" and "pricing" one: a stemmer's work at no cost.
    said = re.findall(r"\w+", text.lower())
    return frozenset(word[:6] for word in said if word not in _STOP and len(word) > 2)


def likeness(one: frozenset[str], other: frozenset[str]) -> float:
    """Shared content words over those of the shorter text, 0..1 (overlap coefficient)."""
    return len(one & other) / max(1, min(len(one), len(other)))


class Claims:
    """Compares insights; words that many of those `at_hand` have in common count less (tf-idf)."""

    def __init__(self, at_hand: Iterable[Insight]) -> None:
        every = [words(insight) for insight in at_hand]
        self._known = Counter(word for said in every for word in said)
        self._of = len(every) + UNSEEN
        self._lengths: dict[frozenset[str], float] = {}

    def kinship(self, one: Insight, other: Insight) -> float:
        """0..1: the cosine of all that they say, two thirds, and of their headlines, one third; or, where
        headlines are worded otherwise, seven tenths of the first."""
        mine, theirs = words(one), words(other)
        if likeness(mine, theirs) < _WORTH_A_LOOK:
            return 0.0
        text = self._cosine(mine, theirs)
        return max((2 * text + self._cosine(stems(one.headline), stems(other.headline))) / 3, 0.7 * text)

    def same(self, one: Insight, other: Insight) -> bool:
        """Whether they make the same claim, as far as words tell."""
        return self.kinship(one, other) >= SAME and not contradict(one, other)

    def near(self, one: Insight, others: Iterable[tuple[frozenset[str], T]]) -> list[T]:
        """Those of `others`, each with its `words`, that can be kin at all: quick, for long lists."""
        mine = words(one)
        return [other for said, other in others if likeness(mine, said) >= _WORTH_A_LOOK]

    def follows(self, later: Insight, earlier: Insight) -> bool:
        """Whether it goes on about what the earlier one claimed, and says something else of it."""
        return self.kinship(later, earlier) >= FOLLOWS and not self.same(later, earlier)

    def _cosine(self, one: frozenset[str], other: frozenset[str]) -> float:
        shared = one & other
        if not shared:
            return 0.0
        return sum(map(self._square, shared)) / math.sqrt(self._length(one) * self._length(other))

    def _length(self, said: frozenset[str]) -> float:
        if said not in self._lengths:
            self._lengths[said] = sum(map(self._square, said))
        return self._lengths[said]

    def _square(self, word: str) -> float:
        return math.log1p(self._of / (self._known[word] + 1)) ** 2


def contradict(one: Insight, other: Insight) -> bool:
    """Whether two that speak of the same differ in numbers, in what they deny, or in direction.

    Errs on the side of yes: what is said to be the same is posted once, and one of the two is lost.
    """
    return _other_numbers(one, other) or _denied_by_one(one, other) or _opposed(one, other)


def _other_numbers(one: Insight, other: Insight) -> bool:
    mine, theirs = numbers(_said(one)), numbers(_said(other))
    return bool(mine and theirs) and mine.isdisjoint(theirs)


@lru_cache(maxsize=8192)
def numbers(text: str) -> frozenset[str]:
    """The numbers in digits: "1,000" and "1000" are one, and so are "4.0" and "4"."""
    found = (match.replace(",", "") for match in _NUMBER.findall(text))
    return frozenset(re.sub(r"\.0+$", "", number) for number in found)


def _denied_by_one(one: Insight, other: Insight) -> bool:
    """Whether a word of both is denied wherever the one has it, and nowhere by the other."""
    (mine, denied), (theirs, denied_there) = _denials(_said(one)), _denials(_said(other))
    return bool((denied - mine) & (theirs - denied_there) | (denied_there - theirs) & (mine - denied))


@lru_cache(maxsize=8192)
def _denials(text: str) -> tuple[frozenset[str], frozenset[str]]:
    """The stems that stand without a negator before them, and those that stand with one."""
    asserted, denied = set[str](), set[str]()
    for clause in re.split(r"[.,;:!?—]+", text.lower().replace("’", "'")):
        reach = 0
        for word in re.findall(r"[\w']+", clause):
            if word in _NEGATORS or word.endswith("n't"):
                reach = _REACH
                continue
            (denied if reach else asserted).update(stems(word))
            reach = max(0, reach - 1)
    return frozenset(asserted), frozenset(denied)


def _opposed(one: Insight, other: Insight) -> bool:
    mine, theirs = (frozenset(re.findall(r"\w+", i.headline.lower())) for i in (one, other))
    return any(
        bool(mine & a) and bool(theirs & b) and not (mine & b or theirs & a)
        for row in _OPPOSITES
        for a, b in (row, row[::-1])
    )


def _said(insight: Insight) -> str:
    return f"{insight.headline}. {insight.text}"
