"""Words against words: where in what was heard a quote is, and where the sentences of a transcript end."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher

from bot.domain import Word

# A recogniser misses a word in ten and transcripts leave fillers out; six in ten at the right places are no
# chance: unlike text comes to three or four, for its “the” and “of”.
FOUND = 0.6
LEAST_WORDS = 8  # of a quote that is looked for: fewer could be said anywhere
_EXTRA = 0.5  # what a heard word more costs, against 1 for a missing or a wrong one
_STEM = 6
_ONES = """zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen
    sixteen seventeen eighteen nineteen twenty"""
_TENS = "thirty forty fifty sixty seventy eighty ninety hundred"
_NUMBERS = {word: str(n) for n, word in enumerate(re.findall(r"\w+", _ONES))}
_NUMBERS |= {word: str(n * 10) for n, word in enumerate(re.findall(r"\w+", _TENS), 3)}


@dataclass(frozen=True, kw_only=True)
class Match:
    """The words `first` to `last` (inclusive) of what was heard; `share` of the quote's are among them."""

    first: int
    last: int
    share: float


def bare(text: str) -> list[str]:
    """Its words as they are compared: case, punctuation and word ends don't count, nor how numbers are
    written where that is one word."""
    said = re.findall(r"\w+", re.sub(r"[’']", "", text.replace("%", " percent ")).casefold())
    return [_NUMBERS.get(word, word)[:_STEM] for word in said]


def heard_bare(words: Sequence[Word]) -> tuple[list[str], list[int]]:
    """`bare` of all words one after another, and which word each is from: “40%” becomes two."""
    pairs = [(part, n) for n, word in enumerate(words) for part in bare(word.text)]
    return [part for part, _ in pairs], [n for _, n in pairs]


def found(quote: str, words: Sequence[Word]) -> Match | None:
    """Where the quote is most likely said (None: not a word of it), by approximate matching of a pattern in
    a text (Sellers 1980), a word at a time."""
    needle = bare(quote)
    said, origin = heard_bare(words)
    if not needle or not said:
        return None
    matches, first, last = _sellers(needle, said)
    if not matches:
        return None
    return Match(first=origin[first], last=origin[last], share=matches / len(needle))


def _sellers(needle: Sequence[str], said: Sequence[str]) -> tuple[int, int, int]:
    """(matches, first, last) of the cheapest place. A cell is (cost, -matches, first)."""
    column: list[tuple[float, int, int]] = [(float(i), 0, 0) for i in range(len(needle) + 1)]
    best = (float(len(needle)), 0, 0, 0)
    for at, word in enumerate(said):
        above, column[0] = column[0], (0.0, 0, at + 1)
        above = (0.0, 0, at)
        for i, wanted in enumerate(needle, 1):
            hit = word == wanted
            cell = min(
                (above[0] + (0 if hit else 1), above[1] - hit, above[2]),
                (column[i - 1][0] + 1, *column[i - 1][1:]),
                (column[i][0] + _EXTRA, *column[i][1:]),
            )
            above, column[i] = column[i], cell
        best = min(best, (*column[-1], at))
    _, matched, first, last = best
    return -matched, min(first, last), last


def sentence_borders(sentences: Sequence[str], words: Sequence[Word]) -> set[int]:
    """Before which of the heard words a sentence of the transcript begins (len(words): after the last).

    Both are aligned (Ratcliff & Obershelp); between two aligned words the longest pause is the border. One
    that can't be told to a few words is left out.
    """
    said, origin = heard_bare(words)
    known = [bare(sentence) for sentence in sentences]
    flat = [word for sentence in known for word in sentence]
    at: dict[int, int] = {}
    for block in SequenceMatcher(None, flat, said, autojunk=False).get_matching_blocks():
        at |= {block.a + n: origin[block.b + n] for n in range(block.size)}
    borders, begin = set(), 0
    for sentence in known:
        borders |= _border(begin, at, words)
        begin += len(sentence)
    return borders | _border(begin, at, words)


def _border(begin: int, at: dict[int, int], words: Sequence[Word]) -> set[int]:
    before = next((at[begin - n] for n in range(1, 4) if begin - n in at), None)
    after = next((at[begin + n] for n in range(3) if begin + n in at), None)
    if before is None and after is None:
        return set()
    if before is None or after is None:  # the transcript begins or ends here, or the recogniser lost it
        return {after} if after is not None and begin == 0 else set()
    if not 1 <= after - before <= 6:
        return set()
    return {max(range(before + 1, after + 1), key=lambda n: words[n].start - words[n - 1].end)}


def own_borders(words: Sequence[Word]) -> set[int]:
    """The same by the recogniser's own full stops."""
    return {n for n, word in enumerate(words, 1) if word.text.endswith((".", "?", "!", "…"))}
