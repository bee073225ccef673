"""What a text points at outside itself: pronouns without their noun, and words that need the talk"
" around them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache

from bot.write.clauses import tagged
from bot.write.lexicon import bare, listed
from bot.write.tags import Tags

_THINGS = listed("it its it's it'll itself")
_MANY = listed("they them their they're they've they'll they'd theirs themselves")
_PEOPLE = listed("he she him her his hers he's she's he'd she'd he'll she'll himself herself")
_POINTING = listed("this that these those that's this'll that'll")
_CROWD = listed(
    "people folks everyone everybody somebody someone nobody men women children kids data each both"
)
_PERSON = listed(
    "guy person man woman author founder friend mother father mom dad wife husband boss colleague professor"
    " doctor developer engineer user student somebody someone alice bob kid child customer"
)
# "It" that stands for nothing: "it's hard to …", "it turns out", "make it easier".
_EXPLETIVE = re.compile(
    r"\bit(?:'s| is| was| would be| will be| can be| might be|'d be|'ll be| becomes?| became| gets| got"
    r"| may be)"
    r"(?: \w+){0,2} (?:hard|harder|easy|easier|possible|impossible|important|clear|true|likely|worth"
    r"|better|good"
    r"|great|helpful|useful|difficult|tough|necessary|nice|common|rare|critical|time|okay|best|safe|cheaper"
    r"|expensive|way|about|tempting|obvious|rather)\b.*?\b(?:to|that|for|if|when)\b"
    r"|\bit (?:turns out|takes|took|seems|looks like|depends|happens|helps to|pays to|makes sense|rains?"
    r"|would take|feels like|could be that|comes down)\b"
    r"|\b(?:make|makes|made|making|find|found|finds) it (?:\w+ )?(?:hard|harder|easy|easier|possible"
    r"|impossible"
    r"|difficult|simple|simpler|clear|more|less|so|really)\b"
    r"|\bit(?:'s| is| was) (?:not |just |only )?(?:\w+ ){1,4}(?:that|who)\b",
    re.I,
)  # fmt: skip
_TALK = re.compile(
    r"\b(?:you (?:just )?(?:mentioned|said|asked|brought|were saying|talked|described)|your (?:question"
    r"|point|show)"
    r"|(?:this|last|next|previous|today's) (?:episode|show|conversation|week|one|guy)|show notes|listeners?"
    r"|podcasts?|earlier|talked about|talking about|we're discussing|said before|as i said|i was saying"
    r"|mentioned"
    r"|right here|over here|right now|the (?:other|former|latter|second|third|next|last) (?:one|thing"
    r"|part|piece"
    r"|reason|question|point)|this one|that one|these ones|those ones|the same (?:thing|way|goes)|or not"
    r"|(?:do|does|did|doing|done) (?:that|this|it|so)|like (?:that|this)|such an?|the above|as well|too"
    r"|either"
    r"|question|answer|example|let's|quote|guys|blah)\b",
    re.I,
)  # fmt: skip


def loose(words: Sequence[str], before: Sequence[str]) -> int:
    """How many references in the sentence have no noun, in it or in `before` (the words printed ahead)."""
    return _loose(tuple(words), tuple(before))


@lru_cache(maxsize=8192)
def _loose(words: tuple[str, ...], before: tuple[str, ...]) -> int:
    plain = [bare(w) for w in words]
    if not _REFERRING & set(plain):
        return 0
    found = tagged(words)
    free = bool(re.search(r"\bit\b", _EXPLETIVE.sub("", " ".join(plain))))
    nouns = set(_nouns(before))
    count = 0
    for i, word in enumerate(plain):
        count += word in _REFERRING and _is_loose(word, i, words, found, nouns, bool(before), free)
        if found[i] in {"N", "F"} or word in _CROWD:
            nouns.add(word)
    return count


@lru_cache(maxsize=2048)
def _nouns(words: tuple[str, ...]) -> frozenset[str]:
    plain = [bare(w) for w in words]
    return frozenset(w for w, t in zip(plain, tagged(words), strict=True) if t in {"N", "F"} or w in _CROWD)


def has_pronoun(words: Sequence[str]) -> bool:
    """Whether a headline holds a pronoun that its reader may have to look for elsewhere."""
    plain = [bare(w) for w in words]
    found = tagged(words)
    free = bool(re.search(r"\bit\b", _EXPLETIVE.sub("", " ".join(plain))))
    return any(
        (w in _THINGS and w != "its" and free)
        or (w in (_MANY - {"their"}) | _PEOPLE)
        or (w in _POINTING | {"one", "ones", "here", "there"} and t not in {"H", "Q"})
        for w, t in zip(plain, found, strict=True)
    )


def talk(text: str) -> int:
    """How many phrases lean on the conversation: "as you mentioned", "this episode", "the other one"."""
    return len(_TALK.findall(text))


def _is_loose(
    word: str, i: int, words: Sequence[str], found: Tags, nouns: set[str], follows: bool, free: bool
) -> bool:
    if word in _THINGS:
        return (free or not word.startswith("it")) and not nouns
    if word in _MANY:
        return not any(_is_plural(w) for w in nouns)
    if word in _PEOPLE:
        return not nouns & _PERSON
    if found[i] == "H":
        return False
    return _points(i, words, found, nouns, follows)


def _points(i: int, words: Sequence[str], found: Tags, nouns: set[str], follows: bool) -> bool:
    """ "This", "those …" without what they point at: a noun ahead, or something said before."""
    if found[i] in {"S", "SX", "SM"} or i + 1 == len(words) or words[i].endswith((",", ".", "?", ";")):
        return not (follows or (found[0] == "B" and bare(words[i]).startswith("that") and i > 3))
    if not follows and bare(words[i]) != "that":
        return True
    noun = next((bare(w) for w, t in zip(words[i + 1 :], found[i + 1 :], strict=True) if t in {"N", "F"}), "")
    return not any(_stem(noun) == _stem(w) for w in nouns)


def _is_plural(word: str) -> bool:
    return word in _CROWD or (word.endswith("s") and not word.endswith(("ss", "us", "is")))


def _stem(word: str) -> str:
    return word.removesuffix("'s").removesuffix("s")


_REFERRING = _THINGS | _MANY | _PEOPLE | _POINTING
