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
SAME, FOLLOWS, RELATED = 0.35, 0.3, 0.22
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
# What people say whatever they talk of, and what tells who says it: no word of a claim.
_TALK = frozenset(
    word[:6]
    for word in re.findall(
        r"\w+",
        """according actually adds after again all also always another any anybody anyone anything argues
        around asked aware back based became before being believe best better bit both bring call
        called came cannot come coming couple day days different don doesn doing done down each
        easy either else end enough even ever every everybody everyone everything example explains
        fact feel few find first gave get gets getting give giving goes going gonna good got great
        guess had hard having help here him himself idea isn interesting itself keep kind knew
        know known last let little look looked looking lot lots made make makes making many matter
        may maybe mean means might moment much must need needs never new next no nobody none now
        number off often okay old only other others part people person place point pretty probably
        problem put puts question quite rather really reason recalls right said same saw say
        saying says see seen sense several should since somebody someone something sometimes sort
        speaker start still stuff such sure take takes talk talked talking tell tells thing things
        think thinks thought time times together told too took totally trying try turn two type
        under until use used uses using usually very want wanted wants was way ways week well went
        whatever whether while whole without won wouldn work working works world yeah year years
        yes yet""",
    )
)
# So many words they must share besides. Two that are short are soon alike: of pairs of different episodes as
# the extractive writer words them, eleven of the twelve most alike shared fewer, and none of those was kin.
SHARED, SHARED_IF_RELATED = 6, 4
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


def subjects(insight: Insight) -> frozenset[str]:
    """Of its content words those that tell what it is about: of speech, half of all words say nothing."""
    return _subjects(f"{insight.headline} {insight.text}")


@lru_cache(maxsize=8192)
def _subjects(text: str) -> frozenset[str]:
    return stems(text) - _TALK


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
        every = [subjects(insight) for insight in at_hand]
        self._known = Counter(word for said in every for word in said)
        self._of = len(every) + UNSEEN
        self._lengths: dict[frozenset[str], float] = {}

    def kinship(self, one: Insight, other: Insight) -> float:
        """0..1: the cosine of all that they say, two thirds, and of their headlines, one third; or, where
        headlines are worded otherwise, seven tenths of the first. 0 where they share next to nothing."""
        mine, theirs = subjects(one), subjects(other)
        if len(mine & theirs) < SHARED_IF_RELATED:
            return 0.0
        text = self._cosine(mine, theirs)
        headline = self._cosine(_subjects(one.headline), _subjects(other.headline))
        return max((2 * text + headline) / 3, 0.7 * text)

    def related(self, one: Insight, others: Iterable[Insight]) -> list[Insight]:
        """Those worth naming beside it, nearest first."""
        near = [(self.kinship(one, other), -n, other) for n, other in enumerate(others)]
        return [other for kinship, _, other in sorted(near, reverse=True) if kinship >= RELATED]

    def same(self, one: Insight, other: Insight) -> bool:
        """Whether they make the same claim, as far as words tell."""
        return self._akin(one, other) >= SAME and not contradict(one, other)

    def follows(self, later: Insight, earlier: Insight) -> bool:
        """Whether it goes on about what the earlier one claimed, and says something else of it."""
        return self._akin(later, earlier) >= FOLLOWS and not self.same(later, earlier)

    def near(self, one: Insight, others: Iterable[tuple[frozenset[str], T]]) -> list[T]:
        """Those of `others`, each with its `subjects`, that can be akin at all: quick, for long lists."""
        mine = subjects(one)
        return [other for said, other in others if len(mine & said) >= SHARED]

    def _akin(self, one: Insight, other: Insight) -> float:
        enough = len(subjects(one) & subjects(other)) >= SHARED
        return self.kinship(one, other) if enough else 0.0

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
