"""How much a text leans on what was said around it: pronouns without a noun, and talk about the talk."""

from __future__ import annotations

import re
from collections.abc import Sequence

from bot.write.lexicon import AUXILIARY, STOPS, bare, is_contracted, listed

_PEOPLE = listed("he she him her his hers he's she's he'd she'd he'll she'll")
_THINGS = listed("it its it's it'll they them their they're they've they'll they'd theirs")
_POINTING = listed("this that these those that's")
# "It's hard to …", "it turns out": nothing is pointed at.
_IDLE = re.compile(
    r"\bit(?:'s| is| was| would be| will be| can be)(?: \w+){0,3} (?:to|that|when|if|for)\b"
    r"|\bit (?:turns out|takes|took|seems|depends|makes sense|costs|pays)\b"
    r"|\b(?:makes?|made|making|finds?|found) it \w+",
    re.I,
)
_TALK = re.compile(
    r"\b(?:you(?: just)? (?:mentioned|said|asked|brought)|your (?:question|point|show)"
    r"|(?:this|last|next|previous) (?:episode|show|week|one)|earlier|we're (?:talking|discussing)"
    r"|talk(?:ed|ing)? about (?:this|that)|(?:as|like) i said|right here"
    r"|the (?:other|first|second|third|last) (?:one|thing|part|piece|question|point)|th(?:is|at) one"
    r"|the same thing|(?:do|did|does|doing) (?:that|this)|like (?:that|this)|going back to|let's)\b",
    re.I,
)
# What each kind costs: before any noun has been printed, and after one that it may stand for.
_FIRST, _LATER, _POINTS_LATER, _TALKS = 1.0, 0.15, 0.35, 0.6


def leaning(sentences: Sequence[Sequence[str]]) -> float:
    """0 for a text whose references all have a noun ahead of them; about 1 for each that has none.

    A rule without a parser: any noun-like word ahead may be the one meant, so it only tells texts apart.
    """
    nouns: set[str] = set()
    cost = 0.0
    for at, words in enumerate(sentences):
        plain = [bare(w) for w in words]
        idle = bool(_IDLE.search(" ".join(plain)))
        for i, word in enumerate(plain):
            cost += _cost(plain, i, nouns, follows=at > 0, idle=idle)
            if _is_noun(word):
                nouns.add(word)
    return cost + _TALKS * sum(len(_TALK.findall(" ".join(words))) for words in sentences)


def _cost(plain: Sequence[str], i: int, nouns: set[str], *, follows: bool, idle: bool) -> float:
    word = plain[i]
    if idle and word in {"it", "it's"}:
        return 0.0
    if word in _PEOPLE | _THINGS:
        return _LATER if nouns else _FIRST
    if word in _POINTING:
        return _pointing(plain, i, nouns, follows=follows)
    return 0.0


def _pointing(plain: Sequence[str], i: int, nouns: set[str], *, follows: bool) -> float:
    """ "This", "those roofs": what it points at is ahead, or before the text. "That" may join clauses."""
    after = plain[i + 1] if i + 1 < len(plain) else ""
    alone = not after or after in AUXILIARY or is_contracted(plain[i])
    if plain[i].startswith("that") and i and not alone:
        return 0.0
    if not alone and after in nouns:
        return 0.0
    return _POINTS_LATER if follows or (i > 3 and nouns) else _FIRST


def _is_noun(word: str) -> bool:
    """Likely: long enough, and no word of grammar."""
    return len(word) > 3 and word not in STOPS and not word.endswith(("ly", "ing"))
