"""What one spoken sentence can give a text: itself, or the part of it that stands alone."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from bot.write.clauses import TAKES_BACK, as_sentence, borders, shortened, spliced, stands_alone
from bot.write.clean import clean
from bot.write.lexicon import CONJUNCTIONS, RELATIVE, SUBORDINATE, bare, is_finite, listed

LEAST, MOST = 5, 44
_JOINS = listed("and but so")
_CONDITIONS = listed("if when unless once until whenever while because although though as since before after")
_REPORTS = listed(
    "say said says saying like go goes asked ask thinking wondering imagine think thinks whether"
)


@dataclass(frozen=True, kw_only=True)
class Said:
    """A cleaned sentence of the passage: `weight` says how much it matters (0: a neighbour)."""

    at: int
    text: str
    weight: float


@dataclass(frozen=True, kw_only=True)
class Unit:
    """One or two printed sentences from one spoken one: `kept` is the share of its words, `late` tells that
    its start was left out."""

    at: int
    sentences: tuple[str, ...]
    weight: float
    kept: float
    late: bool

    @property
    def words(self) -> list[str]:
        return " ".join(self.sentences).split()


def units(said: Said) -> list[Unit]:
    """The ways to print a sentence, most words first; none where no part of it stands alone."""
    words = said.text.split()
    found: dict[tuple[str, ...], Unit] = {}
    for start in _starts(words):
        rest = words[start:]
        for kept in ([rest] if len(rest) <= MOST else []) + shortened(rest, min(MOST, len(rest) - 1))[:2]:
            if len(kept) >= LEAST and _whole(kept):
                for printed in _printed(kept):
                    unit = Unit(
                        at=said.at,
                        sentences=printed,
                        weight=said.weight,
                        kept=len(kept) / len(words),
                        late=start > 0,
                    )
                    found.setdefault(printed, unit)
    return list(found.values())


# Speech played out ("you're like, oh, wait"), asides to the listener, and sentences that only lead on.
_PLAYED = re.compile(
    r"\b(?:oh|wait|whoa|hey|ugh|boom|thank you|thanks|(?:'m|'re|is|was|were|be|been|and|it's"
    r"|just) like,?(?= [^a]\w*)"
    r"|goes,|says,|said,|was like|guess what|blah|let me|let's see|i don't know|don't quote me"
    r"|correct me|by the way"
    r"|i'll tell you|i can tell you|i was saying|we talked|talk about|come back to|sorry|last time"
    r"|of course not|might have seen|check (?:it|that|this) out"
    r"|right\?)\b"
    r"|^(?:it's|this is|that's|which is) (?:\w+ ){0,2}(?:interesting|funny|cool|great|true|crazy"
    r"|fascinating)\b"
    r"|^(?:remember|now|like|step|so when|just|making|being|having|sure|let|say|imagine|look)\b"
    r"|, (?:right|okay|yeah|no),|\bjust aspect\b|\w+- | – (?:and|like|so|because|but|you know)\b",
    re.I,
)


def _whole(words: Sequence[str]) -> bool:
    """A statement that stands alone and is no played-out speech."""
    text = " ".join(words)
    return (
        not text.endswith("?")
        and " – " not in text
        and not _PLAYED.search(text)
        and stands_alone(words)
        and spliced(words) <= 1
    )


def _starts(words: Sequence[str]) -> Iterator[int]:
    """Where the sentence may begin: at its start, or at a later clause that needs nothing before it."""
    yield 0
    for at in borders(words)[1:-1]:
        if len(words) - at >= 8 and may_begin(words, at):
            yield at + (bare(words[at]) in {"and", "so"})


def may_begin(words: Sequence[str], at: int) -> bool:
    """Nothing before the cut is needed: no condition, no speaker of reported words, no subject, no list."""
    lead = [bare(w) for w in words[:at]]
    recent = set(lead[-9:])
    if recent & _CONDITIONS or set(lead[-4:]) & _REPORTS or is_finite(words[at]):
        return False
    first = bare(words[at])
    if first in TAKES_BACK | RELATIVE | SUBORDINATE | {"or", "not", "that"} or not any(
        map(is_finite, words[:at])
    ):
        return False
    return bare(words[at + 1]) not in CONJUNCTIONS and not words[at - 1].endswith((":", "–"))


def _printed(words: Sequence[str]) -> Iterator[tuple[str, ...]]:
    """As one sentence, and as two where a long one has a joint in the middle."""
    yield (as_sentence(words),)
    if len(words) < 18 or words[-1].endswith("?"):
        return
    for at in borders(words)[1:-1]:
        left, right = words[:at], words[at:]
        if bare(right[0]) not in _JOINS or not _joint(left, right):
            continue
        tail = right[1:] if bare(right[0]) == "and" else right
        yield as_sentence(_ended(left)), as_sentence(clean(" ".join(tail)).split())
        return


def _joint(left: Sequence[str], right: Sequence[str]) -> bool:
    """Both sides are sentences, neither a condition of the other."""
    return (
        len(left) >= 7
        and len(right) >= 7
        and bare(left[0]) not in _CONDITIONS
        and not {bare(w) for w in left[-8:]} & (_CONDITIONS | _REPORTS)
        and stands_alone(left)
        and stands_alone(right[1:])
    )


def _ended(words: Sequence[str]) -> list[str]:
    return [*words[:-1], re.sub(r"[,;:–]+$", "", words[-1])]
