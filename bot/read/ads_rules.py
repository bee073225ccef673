"""Sponsor reads by rule: what opens one, what closes one, and the run between. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from bot.domain import Sentence

# Certain by themselves, even with no closing in sight.
_CERTAIN = re.compile(
    r"\b(?:(?:episode|show|podcast|portion|segment|week|me)\b.{0,30}\b(?:brought to (?:you|us)|sponsored) by"
    r"|(?:it's|is|maze) brought to (?:you|us) by"
    r"|a? ?word from our sponsors?|thank(?:s| you) to our sponsors)",
    re.I,
)
# Only with a closing within so many sentences.
_OPENS = re.compile(
    r"\b(?:brought to (?:you|us) by|sponsored by|(?:made possible|supported) by|thank(?:s"
    r"| you) to our (?:friends|partners?)"
    r"|our (?:\w+ )?sponsors?\b|(?:this week's|today's|episode's|a|the) sponsors?\b|our friends (?:over )?at"
    r"|(?:we|i) (?:need|want|have|would like|'d like) to (?:thank|mention))",
    re.I,
)
_MAY_OPEN = re.compile(
    r"\b(?:(?:want(?:ed)?|like|going|let me|gonna)(?: to)?(?: just)? (?:tell|talk to) you(?: all| guys"
    r"| a little| quickly)*"
    r" about|(?:before we|but first)\b.{0,90}\b(?:talk|tell|thank|mention|want to)"
    r"|talk (?:really )?quickly about"
    r"|talk about .{1,30} real(?:ly)? quick)",
    re.I,
)
_CLOSES = re.compile(
    r"\bfor (?:supporting|sponsoring) (?:the|this|our|talk|us)|\b\w+\.(?:fm|com|io|org|dev|net|ai|co)/\w"
    r"|\b(?:dot (?:com|fm|io|org|dev)) slash\b|\blinks? (?:is |are )?in (?:the|your)\b.{0,25}\b(?:notes"
    r"|player)"
    r"|\b(?:promo|discount|coupon|offer) code\b|\buse (?:the |our )?code\b|\bfree trial\b"
    r"|\b(?:big|huge|great) supporters? of (?:the|this) show|\bcheck (?:them|it) out at\b"
    r"|\bget started (?:at|by going)"
    r"|\b(?:percent|%) off\b|\bcredits? (?:to get|when you|for new)|\bhope you enjoy this new"
    r"|\bat \w+\.(?:fm|com|io|dev)\b",
    re.I,
)
_DENIED = re.compile(
    r"\bnot (?:sponsored|brought)|^[\"“]|\b(?:was|were|are|who is"
    r"|competition\w*) (?:a )?sponsor",
    re.I,
)
# Sentences from the opening to the first closing, and from one closing to the next.
UP_TO, BETWEEN = 28, 4
# Where the first closing comes early it is part of the opening, and the read goes on.
EARLY, AFTER_EARLY = 6, 14
# At its end an episode thanks all its sponsors in one go.
CREDITS = 0.93


# What opens a read whatever else is in it: runs that begin so are trusted more.
_SURE = re.compile(
    r"\b(?:(?:episode|show|podcast|portion|segment|week|me|python)\b.{0,30}"
    r"\b(?:brought to (?:you|us|everyone)|sponsored|presented|made possible) (?:in part )?by"
    r"|it's brought to (?:you|us) by|word from our sponsors?"
    r"|thank(?:s| you) to our sponsors|support for .{2,40} comes from|message comes from)",
    re.I,
)


@dataclass(frozen=True, kw_only=True)
class Run:
    """Sentences `first` to `last` inclusive; `sure` where the opening alone tells."""

    first: int
    last: int
    sure: bool


def runs(sentences: Sequence[Sentence]) -> tuple[Run, ...]:
    """The runs from an opening to the last closing that belongs to it, in order; touching ones are one."""
    spans: list[tuple[int, int]] = []
    at = 0
    while at < len(sentences):
        last = _end(sentences, at)
        if last is not None:
            joins = bool(spans) and spans[-1][1] == at - 1
            spans[len(spans) - joins :] = [(spans[-1][0] if joins else at, last)]
            at = last
        at += 1
    return tuple(Run(first=a, last=b, sure=bool(_SURE.search(sentences[a].text))) for a, b in spans)


def _end(sentences: Sequence[Sentence], at: int) -> int | None:
    """Where the read that opens at `at` ends; None where none opens."""
    text = sentences[at].text
    if _DENIED.search(text):
        return None
    certain, likely = _CERTAIN.search(text), _OPENS.search(text)
    if not (certain or likely or _MAY_OPEN.search(text)):
        return None
    reach = UP_TO if certain else UP_TO // 2 if likely else UP_TO * 3 // 4
    closing = _first_closing(sentences, at, reach)
    if closing is None:
        return at if certain else None
    between = AFTER_EARLY if closing - at < EARLY else BETWEEN
    return _last_closing(sentences, closing, between, at >= CREDITS * len(sentences))


def _first_closing(sentences: Sequence[Sentence], at: int, reach: int) -> int | None:
    for i in range(at, min(at + reach, len(sentences))):
        if i > at and _CERTAIN.search(sentences[i].text) and not _CLOSES.search(sentences[at].text):
            return i - 1 if i - at > 1 else None
        if _CLOSES.search(sentences[i].text):
            return i
    return None


def _last_closing(sentences: Sequence[Sentence], closing: int, between: int, credits: bool) -> int:
    i = closing + 1
    while i < min(closing + 1 + between, len(sentences)):
        if not credits and _CERTAIN.search(sentences[i].text):
            break
        if _CLOSES.search(sentences[i].text):
            closing, between = i, BETWEEN
        i += 1
    return closing
