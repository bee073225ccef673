"""The gate: whether everything an insight says is in its passage, purely. Nothing is stored that fails it."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator

from bot.write.lexicon import bare, listed

BAND = (35, 65)
HEADLINE_WORDS = 12
QUOTE_WORDS = (6, 40)
# Words that a writer may add to say who speaks; capitalised only where a sentence opens.
ATTRIBUTION = listed(
    "according to says said argues explains adds as puts it tells in the words of a an one"
    " speaker guest host on at view for whose recalls reports from"
)
_NUMBER_WORDS = listed(
    "two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen"
    " seventeen eighteen nineteen twenty thirty forty fifty sixty seventy eighty ninety hundred"
    " thousand million billion trillion half twice double triple dozen percent"
)
_SEPARATORS = re.compile(r"[\s/–—-]+|\.{2,}|…")
_NUMBER = re.compile(r"\d(?:[\d.,:]*\d)?")
_ADDRESS = re.compile(
    r"https?:|www\.|\b[\w-]+\.(?:com|org|net|io|dev|fm|ai|co)/|(?<!\w)@\w|<[!@#&]|\S+@\S+\.\w", re.I
)


def problems(
    *, headline: str, text: str, quote: str, passage: str, metadata: str, transcript: str
) -> tuple[str, ...]:
    """What keeps an insight from being stored, in words; empty when it is grounded.

    `passage` is all it may draw on, `metadata` what else is known of the episode (title, show, names),
    `transcript` the whole whitespace-normalised transcript that the quote must stand in.
    """
    said = html.unescape(f"{passage} {metadata}")
    checks = (
        _form(headline, text, quote),
        [] if quote and quote in transcript else ["the quote is not in the transcript"],
        [f"the number {n} is not in the passage" for n in _unknown_numbers(f"{headline} {text}", said)],
        [f"the name {n} is not in the passage" for n in _unknown_names([headline, text], said)],
        ["it holds an address or a mention"] if _ADDRESS.search(f"{headline} {text}") else [],
    )
    return tuple(p for found in checks for p in found)


def unsupported(written: str, said: str) -> tuple[str, ...]:
    """The numbers, names and capitalised terms of `written` that `said` doesn't hold."""
    plain = html.unescape(said)
    return (*_unknown_numbers(written, plain), *_unknown_names([written], plain))


def invented(written: str, said: str) -> tuple[str, ...]:
    """Words that are neither in `said` nor used to say who speaks: an extractive writer has none."""
    known = {bare(w) for w in _SEPARATORS.split(html.unescape(said))}
    words = (bare(w) for w in _SEPARATORS.split(written))
    return tuple(w for w in words if w not in known | ATTRIBUTION | {""})


def _form(headline: str, text: str, quote: str) -> Iterator[str]:
    words = len(text.split())
    if not BAND[0] <= words <= BAND[1]:
        yield f"the text has {words} words"
    if not 1 <= len(headline.split()) <= HEADLINE_WORDS:
        yield f"the headline has {len(headline.split())} words"
    if not QUOTE_WORDS[0] <= len(quote.split()) <= QUOTE_WORDS[1]:
        yield f"the quote has {len(quote.split())} words"


def _unknown_numbers(written: str, said: str) -> list[str]:
    known = set(_NUMBER.findall(said))
    words = {bare(w) for w in re.split(r"[\s-]+", said)}
    spelt = [w for w in map(bare, re.split(r"[\s-]+", written)) if w in _NUMBER_WORDS and w not in words]
    return [n for n in _NUMBER.findall(written) if n not in known] + spelt


def _unknown_names(texts: list[str], said: str) -> list[str]:
    known = {_stem(w) for w in _SEPARATORS.split(said)}
    capitals = [
        w for t in texts for w in _SEPARATORS.split(t) if w.lstrip("\"“‘'([")[:1].isupper() and bare(w)
    ]
    return [bare(w) for w in capitals if _stem(w) not in known and bare(w) not in ATTRIBUTION]


def _stem(word: str) -> str:
    return bare(word).removesuffix("'s").removesuffix("s")
