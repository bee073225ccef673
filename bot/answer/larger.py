"""A larger model words an answer from the passages that were found, and is held to them."""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Sequence
from itertools import groupby
from typing import Protocol

from bot.answer.words import stems
from bot.domain import Rung, Sentence
from bot.errors import ModelError

log = logging.getLogger(__name__)
# What the prompt asks for where the passages don't answer.
NOTHING = re.compile(r"^\W*not (?:in|said|stated|mentioned|answered)\b", re.I)
VARIABLES = frozenset({"question", "passages"})
MOST_WORDS = 90
_SENTENCE = re.compile(r"(?<=[.!?])\s+")
MOST_SENTENCES = 3
# A sentence is backed by one that holds a quarter of its words at least: it words several of them anew.
SHARED = 0.25


class Drawing(Protocol):
    @property
    def text(self) -> str: ...


class Drafts(Protocol):
    """A language model; `bot.write.endpoint.EndpointDrafter` is one."""

    name: str
    tokens: int
    tokens_out: int

    @property
    def rung(self) -> Rung: ...

    def draw(self, asked: str, n: int) -> Sequence[Drawing]: ...


class LargerModel:
    """`fill` makes the prompt of question and passages, `gate` says what of a text they don't hold.

    An answer that the gate doesn't let through, and a model that can't be reached, are no answer: the small
    ones' "not in this episode" stands.
    """

    def __init__(
        self,
        drafts: Drafts,
        *,
        fill: Callable[[str, str], str],
        gate: Callable[[str, Sequence[Sentence]], Sequence[str]],
        prompt: str = "",
    ) -> None:
        self._drafts, self._fill, self._gate = drafts, fill, gate
        self.name, self.prompt = drafts.name, prompt

    @property
    def tokens(self) -> int:
        return self._drafts.tokens

    @property
    def tokens_out(self) -> int:
        return self._drafts.tokens_out

    @property
    def rung(self) -> Rung:
        return self._drafts.rung

    def worded(self, question: str, said: Sequence[Sentence]) -> str:
        try:
            drawn = self._drafts.draw(self._fill(question, shown(said)), 1)
        except ModelError as error:
            log.warning("The larger model gave no answer: %s", error)
            return ""
        text = " ".join(drawn[0].text.split()) if drawn else ""
        if not text or NOTHING.match(text) or not is_short(text):
            return ""
        wrong = self._gate(text, said)
        if wrong:
            log.info("The larger model's answer is not let through: %s", "; ".join(wrong))
        return "" if wrong else text


def shown(said: Sequence[Sentence]) -> str:
    """A line a turn, with its speaker where one is known."""
    turns = groupby(said, lambda s: s.speaker)
    lines = [(speaker, " ".join(s.text for s in turn)) for speaker, turn in turns]
    return "\n".join(f"{speaker}: {text}" if speaker else text for speaker, text in lines)


def is_short(text: str) -> bool:
    return len(text.split()) <= MOST_WORDS and len(_SENTENCE.split(text)) <= MOST_SENTENCES


def backed(text: str, said: Sequence[Sentence]) -> list[int]:
    """For each sentence of the text the one said that shares most of its words, ascending; none where one
    sentence of the text shares less than SHARED with every one said."""
    spoken = [set(stems(s.text)) for s in said]
    found = set()
    for sentence in _SENTENCE.split(text):
        words = set(stems(sentence))
        shares = [len(words & other) / max(len(words), 1) for other in spoken]
        best = max(range(len(shares)), key=shares.__getitem__, default=-1)
        if best < 0 or (words and shares[best] < SHARED):
            return []
        found.add(best)
    return sorted(found)
