"""A script ("Name: line" a turn, a blank line between sections) as sentences with the pause before each."""

from __future__ import annotations

import re
from dataclasses import dataclass

SENTENCE_PAUSE_S, TURN_PAUSE_S, SECTION_PAUSE_S = 0.30, 0.55, 1.0

# What a speech synthesiser reads wrongly, and how it is said.
SPOKEN = (
    (re.compile(r"\$(\d+)\.(\d\d)\b"), r"\1 dollars \2"),
    (re.compile(r"\$(\d+)\b"), r"\1 dollars"),
    (re.compile(r"\b1930s\b"), "nineteen thirties"),
    (re.compile(r"\b1980s\b"), "nineteen eighties"),
    (re.compile(r"\b20([1-9]\d)\b"), r"twenty \1"),
    (re.compile(r"\bKETTLE\b"), "kettle"),
    (re.compile(r"\bKnetsch\b"), "Knetch"),
)


@dataclass(frozen=True, kw_only=True)
class Line:
    """One sentence to be said, after `pause_s` of silence."""

    speaker: str
    text: str
    pause_s: float


def parse(text: str) -> list[Line]:
    """The sentences of a script in order; ValueError names a turn that has no speaker."""
    lines: list[Line] = []
    for section in text.strip().split("\n\n"):
        pause_s = SECTION_PAUSE_S
        for turn in section.splitlines():
            lines += _turn(turn, pause_s)
            pause_s = TURN_PAUSE_S
    return lines


def spoken(text: str) -> str:
    """The words as they are said: "$6.40" → "6 dollars 40", "2019" → "twenty 19"."""
    for pattern, words in SPOKEN:
        text = pattern.sub(words, text)
    return text


def _turn(turn: str, pause_s: float) -> list[Line]:
    speaker, colon, words = turn.partition(": ")
    if not colon:
        raise ValueError(f"“{turn[:40]}” has no speaker; write it as “Name: words”.")
    sentences = re.split(r"(?<=[.?!])\s+", words.strip())
    pauses = [pause_s] + [SENTENCE_PAUSE_S] * (len(sentences) - 1)
    return [Line(speaker=speaker, text=text, pause_s=p) for text, p in zip(sentences, pauses, strict=True)]
