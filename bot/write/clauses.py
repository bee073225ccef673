"""Where a sentence may be cut, and whether what is left stands alone."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache

from bot.write.lexicon import (
    CONJUNCTIONS,
    DANGLING,
    RELATIVE,
    SUBJECTS,
    bare,
    is_contracted,
    is_finite,
    listed,
)
from bot.write.tags import Tags, tags

_PUNCTUATED = re.compile(r"[,;:.?!][\"”’)]*$|^[–—]$")
# A clause begins before these even without a comma ("… because …").
_OPENERS = listed("because but whereas although unless so")
TAKES_BACK = listed("but although though except unless yet however if whereas")
_BLOCKING = listed("not just and or but only nothing do all")
_NEVER_FIRST = listed(
    "not whereas including especially such rather even either too only than which who whose whom"
)
_NEVER_LAST = listed("saying like called being having getting says said because than")
# Verbs that want an object: cut off after one of these, a clause is broken.
_TRANSITIVE = listed(
    "have has had make makes made use uses used want wants wanted need needs needed get gets got put"
    " puts take takes"
    " took give gives gave find finds found see sees saw tie keep keeps say says said let lets call"
    " calls called is"
    " are was were be been do does did set build builds built create creates created write writes wrote"
)
_SHORTEST = 4
_FINITE = {"V", "X", "M", "SX", "SM"}


def borders(words: Sequence[str]) -> list[int]:
    """Positions (0 and the end included) at which a clause may begin or end."""
    inner = [i for i in range(1, len(words)) if _parted(words, i) or _opens(words, i)]
    return [0, *inner, len(words)]


def stands_alone(words: Sequence[str]) -> bool:
    """A subject and its verb, nothing hanging at either end: by rule, so only likely."""
    return _stands(tuple(words))


@lru_cache(maxsize=8192)
def _stands(words: tuple[str, ...]) -> bool:
    if len(words) < _SHORTEST or not _balanced(words):
        return False
    found = tagged(words)
    first, last = bare(words[0]), bare(words[-1])
    if (
        found[0] in {"C", "H", "L"}
        or first in _NEVER_FIRST
        or not any(c.isalpha() or c.isdigit() for c in words[0])
    ):
        return False
    if (
        last in DANGLING | _NEVER_LAST
        or (found[-1] == "T" or last in {"i", "we", "they", "he", "she"})
        or "–" in words[-3:]
    ):
        return False
    if found[0] in {"X", "M"} or (found[0] == "R" and found[1:2] in (("X",), ("M",))):
        return False
    return main_verb(words) >= 0 and not _trails(words, found)


_TRAIL = re.compile(
    r"\b(?:and|but|so|or)[\s,]+(?:as a result|of course|then|so on|so forth|again|now|also|maybe"
    r"|obviously)\W*$"
    r"|\b(?:an?|the|of|to|in|it|has|have) like\b|\b(?:is|are|was|were),|\b(?:that|which|who),? (?:and|but)\b",
    re.I,
)


def _trails(words: Sequence[str], found: Tags) -> bool:
    """It begins something more that never comes: "so when you upgrade.", "it's.", "…, is get one"."""
    if found[-1] in {"SX", "SM", "RX"} or _TRAIL.search(" ".join(words)):
        return True
    verb = main_verb(words)
    if any(
        found[i] == "X" and words[i - 1].endswith(",") and found[i - 1] != "C"
        for i in range(verb + 2, len(words))
    ):
        return True
    return any(_hangs(words, found, i) for i in range(1, len(words) - 1))


def _hangs(words: Sequence[str], found: Tags, i: int) -> bool:
    """`and if …`, `so when …` in the middle, without the clause that it is a condition of."""
    joined = found[i] == "C" or bare(words[i]) == "so"
    if not joined or bare(words[i + 1]) not in {"if", "when", "once", "unless", "because", "as"}:
        return False
    commas = [k for k in range(i + 2, len(words) - 2) if words[k].endswith(",")]
    return not any(t in _FINITE for k in commas for t in found[k + 1 :])


def tagged(words: Sequence[str]) -> Tags:
    """The words' tags (`bot.write.tags`)."""
    return tags([bare(w) for w in words], [w.lstrip("\"“‘'(")[:1].isupper() for w in words])


def main_verb(words: Sequence[str]) -> int:
    """Where the finite verb of the main clause is; -1 where there is none, or a clause is left open."""
    found = tagged(words)
    start = 0
    if found[0] == "B" or (
        found[0] == "T" or (found[0] in {"P", "G", "E"} and any(w.endswith(",") for w in words[:-3]))
    ):
        start = _after_comma(words, found)
        if start < 0:
            return -1
    return _scanned(words, found, start)


def _after_comma(words: Sequence[str], found: Tags) -> int:
    """Where the main clause begins behind "If …," or "In 2016,"; -1 where it doesn't."""
    if found[0] in {"P", "G", "E"} and not any(w.endswith(",") for w in words):
        return 0
    starts = [i + 1 for i, w in enumerate(words[:-2]) if w.endswith(",")]
    return next((i for i in starts if found[i] not in {"C", "R", "P", "B", "G", "E", "H"}), -1)


def _scanned(words: Sequence[str], found: Tags, start: int) -> int:
    """Walk to the first finite verb that no relative or subordinate clause claims."""
    waiting, subject, verb, claimed = 0, False, -1, False
    for i in range(start, len(found)):
        tag, before = found[i], found[i - 1] if i > start else ""
        bare_relative = (
            tag in {"S", "SX", "SM"} and before in {"N", "F"} and not words[i - 1].endswith(",") and subject
        )
        if bare_relative and verb < 0:
            waiting += 1
        if tag in {"R", "H", "B"} and _claims(found, words, i):
            waiting += 1
        elif tag in _FINITE and before not in {"X", "M"}:
            if waiting:
                waiting, claimed = waiting - 1, True
            elif before == "C" and claimed and verb < 0:
                pass  # "projects that can do well or can fail": the relative clause goes on
            elif verb < 0 and (subject or tag in {"SX", "SM"}):
                verb = i
        subject = subject or tag in {"N", "F", "S", "O", "G", "Q", "SX", "SM", "D"}
    return verb if waiting == 0 else -1


def _claims(found: Tags, words: Sequence[str], i: int) -> bool:
    """Whether a verb must follow: not in "how to", "when running", "if possible", "until Monday"."""
    after = found[i + 1] if i + 1 < len(found) else ""
    if bare(words[i]) in {"until", "since", "before", "after", "as"}:
        return any(t in _FINITE for t in found[i + 1 :])
    return after not in {"T", "G", "E", "P"} and not (
        found[i] == "B" and after in {"J", "A"} and i + 3 > len(found)
    )


def shortened(words: Sequence[str], most: int) -> list[list[str]]:
    """The sentence ended earlier, at clause ends, where that still stands: longest first, ≤ `most` words."""
    ends = [b for b in borders(words)[1:] if 7 <= b <= most]
    kept = (list(words[:end]) for end in reversed(ends) if _may_end(words, end))
    return [k for k in kept if bare(k[-1]) not in _TRANSITIVE and stands_alone(k)]


def as_sentence(words: Sequence[str]) -> str:
    """The words with a capital at the start and a full stop at the end."""
    text = " ".join(words).strip(" ,;:–—-")
    if text.count('"') % 2:
        text = text.replace('"', "")
    text = text[:1].upper() + text[1:]
    return text if re.search(r"[.?!][\"”’)]*$", text) else text + "."


def spliced(words: Sequence[str]) -> int:
    """Clauses run together with nothing but a comma: "It works, you call it, it's fine"."""
    found = tagged(words)
    begun = [
        i
        for i in range(1, len(words) - 1)
        if words[i - 1].endswith(",")
        and found[i] in {"S", "SX", "SM"}
        and any(t in _FINITE for t in found[i : i + 4])
    ]
    opened = any(t in {"B", "R"} for t in found[: begun[0]]) if begun else False
    return max(len(begun) - opened, 0)


def _parted(words: Sequence[str], at: int) -> bool:
    """Punctuation stands before it, and not that of an abbreviation ("the U.S. government")."""
    before = words[at - 1]
    stop = before.rstrip('"”’)').endswith((".", "!", "?"))
    return bool(_PUNCTUATED.search(before)) and not (stop and not words[at].lstrip('"“')[:1].isupper())


def _may_end(words: Sequence[str], end: int) -> bool:
    """What follows begins a clause of its own, so that nothing needed is cut off."""
    if end >= len(words):
        return True
    after = bare(words[end])
    joined = after in CONJUNCTIONS | RELATIVE | {"because", "although", "whereas", "though", "unless"}
    semicolon = words[end - 1].endswith((";", ".", "?", "!"))
    rest = {bare(w) for w in words[end:]}
    # "…, but not always" or "…, it might not" takes back what was said: it stays.
    if after in TAKES_BACK or "not" in rest or any(w.endswith("n't") for w in rest):
        return False
    subject = after in SUBJECTS and words[end - 1].endswith(",")
    return (joined and not _is_list(words, end)) or semicolon or subject or words[end] in {"–", "—"}


def _is_list(words: Sequence[str], at: int) -> bool:
    """`a, b, and c`: the conjunction joins nouns, not clauses."""
    return bare(words[at]) in {"and", "or"} and not any(is_finite(w) for w in words[at + 1 : at + 6])


def _opens(words: Sequence[str], at: int) -> bool:
    word = bare(words[at])
    if word in _OPENERS and bare(words[at - 1]) not in _BLOCKING:
        return word != "so" or (at + 1 < len(words) and _is_subject(words[at + 1]))
    return word in {"and", "or"} and at + 2 < len(words) and _is_subject(words[at + 1])


def _is_subject(word: str) -> bool:
    return bare(word) in SUBJECTS or is_contracted(bare(word))


def _balanced(words: Sequence[str]) -> bool:
    text = " ".join(words)
    return text.count("(") == text.count(")") and text.count('"') % 2 == 0
