"""Whether a text is language at all: noise of the right length, with no name or number, contradicts nothing.

A model that is too small, or trained too little, loops (“The way, the one, the same, …”), or strings words
together that never stand beside each other. Perplexity under the writer itself can't tell, since it wrote
that. Four plain measures can; their limits are what the annotator's texts keep to (`bot.training.fluency`).
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cache
from itertools import pairwise
from pathlib import Path

from bot.write import lexicon
from bot.write.lexicon import bare, is_finite
from bot.write.words import split, stem

KEPT = Path(__file__).with_name("fluent.json")
RUN = 3
_WORD = re.compile(r"[\w'’&+#/.-]*\w[\w'’&+#/.-]*|[.!?](?=\s|$)|[,;:]")
# Classes of words by what may stand beside them; the first that has the word.
_LISTED: tuple[tuple[str, frozenset[str]], ...] = (
    ("negation", lexicon.listed("not never")),
    ("to", frozenset({"to"})),
    ("article", lexicon.listed("a an the every no their its his our your my whose")),
    ("be", lexicon.listed("is are was were am be been being isn't aren't wasn't weren't")),
    ("auxiliary", lexicon.AUXILIARY),
    ("pronoun", lexicon.FIRST | lexicon.SECOND | lexicon.PRONOUNS),
    ("quantity", lexicon.DETERMINERS),
    ("relative", lexicon.RELATIVE),
    ("conjunction", lexicon.CONJUNCTIONS | lexicon.SUBORDINATE | {"than"}),
    ("preposition", lexicon.PREPOSITIONS),
    ("verb", lexicon.VERBS - lexicon.EITHER),
)
_ENDINGS = (("ly", "adverb"), ("ing", "ing"), ("ed", "past"), ("s", "plural"))
STOP, COMMA, NUMBER, OTHER = "stop", "comma", "number", "noun"
CLASSES = (*(name for name, _ in _LISTED), *(name for _, name in _ENDINGS), STOP, COMMA, NUMBER, OTHER)


def faults(headline: str, text: str) -> list[str]:
    """What shows that this is no language, in words; empty for prose."""
    found = measures(headline, text)
    return [
        said
        for name, said in SAID.items()
        for low, high in [_kept()["limits"][name]]
        if not low <= found[name] <= high
    ]


def measures(headline: str, text: str) -> dict[str, float]:
    """By name; see MEASURED."""
    return {name: measured(headline, text) for name, measured in MEASURED.items()}


def repetition(_: str, text: str) -> float:
    """The share of the runs of RUN words that stand in the text before."""
    words = [w for w in classed_words(text) if w not in {".", ","}]
    runs = [tuple(words[i : i + RUN]) for i in range(len(words) - RUN + 1)]
    return 1 - len(set(runs)) / len(runs) if runs else 0.0


def variety(_: str, text: str) -> float:
    """Different stems of content words, over all content words."""
    stems = [stem(w) for w in map(bare, text.split()) if len(w) > 2 and w not in lexicon.STOPS]
    return len(set(stems)) / len(stems) if stems else 0.0


def carrying(_: str, text: str) -> float:
    """The share of words that carry meaning."""
    words = [w for w in map(bare, text.split()) if w]
    return sum(len(w) > 2 and w not in lexicon.STOPS for w in words) / max(1, len(words))


def clauses(headline: str, text: str) -> float:
    """The share of sentences with a word that may be a verb, the headline among them."""
    sentences = [s for s in [headline, *split(text)] if s.strip()]
    return sum(any(map(_may_be_verb, s.split())) for s in sentences) / max(1, len(sentences))


def _may_be_verb(word: str) -> bool:
    return is_finite(word) or bare(word).endswith(("s", "ed"))


def flow(_: str, text: str) -> float:
    """How much better each word follows the one before than chance would have it: mean pointwise mutual
    information of neighbouring classes, in nats (Church & Hanks 1990), by a table of true texts."""
    return flow_by(_table(), text)


def flow_by(table: Mapping[tuple[str, str], float], text: str) -> float:
    pairs = list(pairs_of(text))
    return sum(table[pair] for pair in pairs) / max(1, len(pairs))


def pairs_of(text: str) -> Iterator[tuple[str, str]]:
    """Neighbouring classes, from the stop before the first word to the one after the last."""
    classes = [STOP, *map(class_of, classed_words(text))]
    classes += [STOP] if classes[-1] != STOP else []
    yield from pairwise(classes)


def classed_words(text: str) -> list[str]:
    """Words bare, commas and stops as such."""
    return [
        {",": ",", ";": ",", ":": ",", ".": ".", "!": ".", "?": "."}.get(w) or bare(w)
        for w in _WORD.findall(text)
    ]


@cache
def class_of(word: str) -> str:
    if word in {".", ","}:
        return STOP if word == "." else COMMA
    if any(c.isdigit() for c in word):
        return NUMBER
    listed = next((name for name, words in _LISTED if word in words), "")
    if listed:
        return listed
    if lexicon.is_contracted(word):
        return "auxiliary"
    return next((name for end, name in _ENDINGS if word.endswith(end) and len(word) > len(end) + 2), OTHER)


@cache
def _kept() -> dict[str, dict[str, list[float]]]:
    kept: dict[str, dict[str, list[float]]] = json.loads(KEPT.read_text("utf-8"))
    return kept


@cache
def _table() -> dict[tuple[str, str], float]:
    return by_pair(_kept()["flow"])


def by_pair(rows: Mapping[str, Sequence[float]]) -> dict[tuple[str, str], float]:
    """A row for each class, in it a column for each that may follow."""
    return {(a, b): value for a, row in rows.items() for b, value in zip(CLASSES, row, strict=True)}


MEASURED: Mapping[str, Callable[[str, str], float]] = {
    "repetition": repetition,
    "variety": variety,
    "carrying": carrying,
    "clauses": clauses,
    "flow": flow,
}
SAID: Mapping[str, str] = {
    "repetition": "the text repeats itself",
    "variety": "the text says the same words over and over",
    "carrying": "the text hardly says anything, or is no sentence",
    "clauses": "a sentence has no verb",
    "flow": "the words don't make sentences",
}
