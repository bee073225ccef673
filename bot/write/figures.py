"""Numbers as values, however they are written: "2x" is "twice", "half" is "50 %", "ten million" is "10M"."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from bot.write.words import Line, in_order

_UNITS = {
    w: float(n)
    for n, w in enumerate(
        in_order(
            "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen "
            "fifteen sixteen seventeen eighteen nineteen"
        )
    )
}
_TENS = {
    w: 10.0 * n for n, w in enumerate(in_order("twenty thirty forty fifty sixty seventy eighty ninety"), 2)
}
_SCALES = {"hundred": 1e2, "thousand": 1e3, "million": 1e6, "billion": 1e9, "trillion": 1e12}
_SHORT = {"k": 1e3, "m": 1e6, "mm": 1e6, "b": 1e9, "bn": 1e9, "tn": 1e12}
_SAID = {
    "half": 0.5,
    "halves": 0.5,
    "twice": 2.0,
    "double": 2.0,
    "doubled": 2.0,
    "doubles": 2.0,
    "doubling": 2.0,
    "twofold": 2.0,
    "triple": 3.0,
    "tripled": 3.0,
    "triples": 3.0,
    "thrice": 3.0,
    "tenfold": 10.0,
    "dozen": 12.0,
    "dozens": 12.0,
    "hundreds": 1e2,
    "thousands": 1e3,
    "millions": 1e6,
    "billions": 1e9,
    "third": 3.0,
    "fourth": 4.0,
    "fifth": 5.0,
    "sixth": 6.0,
    "seventh": 7.0,
    "eighth": 8.0,
    "ninth": 9.0,
    "tenth": 10.0,
}
# Too often no number: "one of them", "a second".
_LOOSE = frozenset({"one", "zero"})
_DIGITS = re.compile(r"(\d[\d,]*(?:\.\d+)?)(k|mm?|bn?|tn|x|th|st|nd|rd|s|%)?(?![\w.]*\d)", re.I)
_ODD = re.compile(r"\d[\w.:]*")


def numbers(line: Line) -> Iterator[tuple[int, float | str, str]]:
    """Place, value and spelling of each number; versions, times and the like stay as they are written."""
    at = 0
    while at < len(line.words):
        value, used = _number(line.words, line.written, at)
        if value is not None:
            yield at, value, " ".join(line.words[at : at + used])
        at += max(used, 1)


def values(lines: Sequence[Line]) -> frozenset[float | str]:
    """Every value that the lines hold or plainly say in another way (half: 50)."""
    found = {value for line in lines for _, value, _ in numbers(line)}
    found |= {_UNITS[w] for line in lines for w in line.words if w in _UNITS}
    found |= {v * 100 for v in found if isinstance(v, float) and 0 < v < 1}
    found |= {v / 100 for v in found if v in (50.0, 25.0)}
    return frozenset(found)


def _number(words: Sequence[str], written: Sequence[str], at: int) -> tuple[float | str | None, int]:
    """The number that starts here, and how many words it takes."""
    word = words[at].removesuffix("'s").replace("$", "").replace("£", "").replace("€", "").lstrip("~#<>=+")
    word = word[1:] if word[:1] == "v" and word[1:2].isdigit() else word
    if word[:1].isdigit():
        value = _digits(word)
        return _scaled(value, words, at) if isinstance(value, float) else (value, 1)
    if word in _UNITS or word in _TENS:
        return _spelt(words, at)
    if word == "half" and words[at + 1 : at + 2] == ("a",) and "".join(words[at + 2 : at + 3]) in _SCALES:
        return _SCALES[words[at + 2]] / 2, 3
    if word in _SCALES and at and words[at - 1] == "a":
        return _SCALES[word], 1
    return (_SAID[word], 1) if word in _SAID else (None, 1)


def _digits(word: str) -> float | str:
    match = _DIGITS.fullmatch(word)
    if not match:
        odd = _ODD.match(word)
        return odd[0].rstrip(".:") if odd else word
    return float(match[1].replace(",", "")) * _SHORT.get((match[2] or "").lower(), 1.0)


def _spelt(words: Sequence[str], at: int) -> tuple[float | None, int]:
    word, used = words[at], 1
    value = _UNITS.get(word, _TENS.get(word, 0.0))
    if word in _TENS and at + 1 < len(words) and 0 < _UNITS.get(words[at + 1], 0) < 10:
        value, used = value + _UNITS[words[at + 1]], 2
    value, scaled = _scaled(value, words, at + used - 1)
    used += scaled - 1
    return (None, 1) if word in _LOOSE and used == 1 else (value, used)


def _scaled(value: float, words: Sequence[str], at: int) -> tuple[float, int]:
    """Times the "hundred", "million" … that follow."""
    used = 1
    while at + used < len(words) and words[at + used] in _SCALES:
        value *= _SCALES[words[at + used]]
        used += 1
    return value, used
