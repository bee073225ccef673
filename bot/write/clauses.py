"""Where a sentence may be cut, and whether what is left stands alone."""

from __future__ import annotations

import re
from collections.abc import Sequence

from bot.write.lexicon import (
    AUXILIARY,
    CONJUNCTIONS,
    DANGLING,
    DETERMINERS,
    EITHER,
    PREPOSITIONS,
    RELATIVE,
    SUBJECTS,
    SUBORDINATE,
    bare,
    is_contracted,
    is_finite,
    listed,
)

_PUNCTUATED = re.compile(r"[,;:.?!][\"”’)]*$|^[–—]$")
# A clause begins before these even without a comma ("… because …").
_OPENERS = listed("because but whereas although unless so")
TAKES_BACK = listed("but although though except unless yet however if whereas")
_SHORTEST = 4


def borders(words: Sequence[str]) -> list[int]:
    """Positions (0 and the end included) at which a clause may begin or end."""
    inner = [i for i in range(1, len(words)) if _parted(words, i) or _opens(words, i)]
    return [0, *inner, len(words)]


def stands_alone(words: Sequence[str]) -> bool:
    """A subject and its verb, nothing hanging at either end: by rule, so only likely."""
    if len(words) < _SHORTEST:
        return False
    first, last = bare(words[0]), bare(words[-1])
    if (
        first in CONJUNCTIONS | RELATIVE | (PREPOSITIONS - {"in", "on", "at", "with", "for", "from"})
        or last in DANGLING
    ):
        return False
    if (first == "that" and bare(words[1]) in SUBJECTS) or not any(c.isalpha() for c in words[0]):
        return False
    if first in AUXILIARY or last in {
        "saying",
        "like",
        "called",
        "being",
        "having",
        "getting",
        "says",
        "said",
    }:
        return False
    if first == "only" and bare(words[1]) in SUBORDINATE:
        return False
    if first in {"not", "whereas", "including", "especially", "such", "rather", "even", "either", "too"}:
        return False
    if {bare(w) for w in words[-2:]} & CONJUNCTIONS or "–" in words[-3:]:
        return False
    if not _balanced(words) or _complement_hangs(words):
        return False
    if first in SUBORDINATE or first in PREPOSITIONS:
        return _main_after_comma(words)
    return _has_main_verb(words)


def shortened(words: Sequence[str], most: int) -> list[list[str]]:
    """The sentence ended earlier, at clause ends, where that still stands: longest first, ≤ `most` words."""
    ends = [b for b in borders(words)[1:] if 8 <= b <= most]
    kept = (list(words[:end]) for end in reversed(ends) if _may_end(words, end))
    return [k for k in kept if stands_alone(k)]


def as_sentence(words: Sequence[str]) -> str:
    """The words with a capital at the start and a full stop at the end."""
    text = " ".join(words).strip(" ,;:–—-")
    if text.count('"') % 2:
        text = text.replace('"', "")
    text = text[:1].upper() + text[1:]
    return text if re.search(r"[.?!][\"”’)]*$", text) else text + "."


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
    if word in _OPENERS and bare(words[at - 1]) not in {
        "not",
        "just",
        "and",
        "or",
        "but",
        "only",
        "nothing",
        "do",
        "all",
    }:
        return word != "so" or (at + 1 < len(words) and _is_subject(words[at + 1]))
    return word in {"and", "or"} and at + 2 < len(words) and _is_subject(words[at + 1])


def _is_subject(word: str) -> bool:
    return bare(word) in SUBJECTS or is_contracted(bare(word))


def _has_main_verb(words: Sequence[str]) -> bool:
    """A finite verb after the first word, not inside an infinitive or a relative clause alone."""
    relative = 0
    for i, word in enumerate(words):
        w = bare(word)
        if i and w in RELATIVE | {"that"} and bare(words[i - 1]) not in AUXILIARY:
            relative += 1
        verb = is_contracted(w) if i == 0 else is_finite(word) and _may_be_verb(words, i)
        if verb and not relative:
            return True
        if verb:
            relative -= 1
    return False


def _subject_before(words: Sequence[str], at: int) -> bool:
    """A pronoun, a plural, a name or an adverb of time stands before it."""
    before = bare(words[at - 1])
    plural = before.endswith("s") and not before.endswith("ss") and len(before) > 3
    name = words[at - 1][:1].isupper()
    return before in SUBJECTS | AUXILIARY | RELATIVE | _ADVERBS or plural or name or before == "that"


_ADVERBS = listed(
    "always never often just also still actually really then usually sometimes not only now ever"
)


def _complement_hangs(words: Sequence[str]) -> bool:
    """`we found that the data set`: what was found is cut off."""
    last = max(
        (i for i, w in enumerate(words) if bare(w) in {"that", "if", "how", "why", "because"}), default=0
    )
    tail = words[last + 1 :]
    return (
        last > 0
        and not any(is_finite(w) and (not i or _may_be_verb(tail, i)) for i, w in enumerate(tail))
        and bare(words[last - 1]) in _REPORTING
    )


_REPORTING = listed(
    "think thought say said says found find know knew believe see saw means mean show shows"
    " realized is was so understand argue hope feel felt learned noticed clear true sure"
)


def _may_be_verb(words: Sequence[str], at: int) -> bool:
    """Not after `to`, a determiner or a preposition: `to work`, `the change`, `of need`."""
    before = bare(words[at - 1])
    if bare(words[at]) in AUXILIARY:
        return before not in {"to"}
    if bare(words[at]) in EITHER and not _subject_before(words, at):
        return False
    return before not in {"to"} | DETERMINERS | PREPOSITIONS | {
        "my",
        "your",
        "our",
        "their",
        "his",
        "its",
        "this",
    }


def _main_after_comma(words: Sequence[str]) -> bool:
    commas = [i for i, w in enumerate(words[:-3]) if w.endswith(",")]
    return any(
        bare(words[i + 1]) not in CONJUNCTIONS | RELATIVE | PREPOSITIONS and _has_main_verb(words[i + 1 :])
        for i in commas
    )


def _balanced(words: Sequence[str]) -> bool:
    text = " ".join(words)
    return text.count("(") == text.count(")") and text.count('"') % 2 == 0
