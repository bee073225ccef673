"""The gate: whether everything an insight says is in its passage, purely. Nothing is stored that fails it."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator, Sequence

from bot.domain import Sentence
from bot.write.figures import numbers, values
from bot.write.fluent import faults
from bot.write.lexicon import FIRST, bare, listed
from bot.write.nearness import evidence
from bot.write.roles import SAYING
from bot.write.weigh import all_doubts, grave
from bot.write.words import ATTRIBUTION, line, lines, split

BAND = (35, 65)
HEADLINE_WORDS = 12
QUOTE_WORDS = (6, 40)
_SEPARATORS = re.compile(r"[\s/–—-]+|\.{2,}|…")
_ADDRESS = re.compile(
    r"https?:|www\.|\b[\w-]+\.(?:com|org|net|io|dev|fm|ai|co)/|(?<!\w)@\w|<[!@#&]|\S+@\S+\.\w", re.I
)
# What speaks to the reader, or to a model that reads it, instead of telling what was said.
_INSTRUCTION = re.compile(
    r"\b(?:ignore|disregard|forget) (?:all |any |the |your |these |those )*"
    r"(?:previous|prior|above|earlier|instructions?)"
    r"|\bsystem prompt\b|\bas an ai\b|\byou are (?:now )?an? (?:ai|assistant|language model)\b"
    r"|\b(?:promo|coupon|discount|offer) code\b|\buse (?:the )?code\b|"
    r"\bclick (?:here|below|the link|on the link)\b"
    r"|\blink in (?:the )?(?:bio|description|show notes)\b|\b(?:sign up|subscribe) (?:now|today|at|here)\b"
    r"|(?:^|[.!?:] )(?:click|subscribe|sign up|visit|download now|buy now|rate and review)\b",
    re.I,
)
_SECOND_HAND = listed("he she they him them his her hers their theirs its this these those such") | FIRST
# "It is hard to …", "It takes two": no noun is missing there.
_EXPLETIVE = re.compile(
    r"it(?:'s| is| was| takes?| took| pays| would| can| may| costs?| helps?| makes sense| seems?| turns? out"
    r"| doesn't| does not)\b.*?\b(?:to|that|when|if|for|who|how|whether)\b",
    re.I,
)


def problems(
    *,
    headline: str,
    text: str,
    quote: str,
    passage: str,
    metadata: str,
    transcript: str,
    said: Sequence[Sentence] = (),
    strict: bool = False,
) -> tuple[str, ...]:
    """What keeps an insight from being stored, in words; empty when it is grounded.

    `passage` is all it may draw on, `metadata` what else is known of the episode (title, show, names),
    `transcript` the whole whitespace-normalised transcript that the quote must stand in. `strict` (for
    writers with words of their own) also asks whether it is language at all, whether negations, directions,
    roles and causes agree, and, where `said` gives the passage as sentences, who said what.
    """
    known = html.unescape(f"{passage} {metadata}")
    checks: tuple[Iterator[str] | list[str], ...] = (
        _form(headline, text, quote),
        [] if quote and quote in transcript else ["the quote is not in the transcript"],
        [f"the number {n} is not in the passage" for n in unknown_numbers(f"{headline} {text}", known)],
        [f"the name {n} is not in the passage" for n in _unknown_names([headline, text], known)],
        ["it holds an address or a mention"] if _ADDRESS.search(f"{headline} {text}") else [],
        ["it tells somebody what to do"] if _INSTRUCTION.search(f"{headline}. {text}") else [],
        _openings(headline, text) if strict else [],
        faults(headline, text) if strict else [],
        contradictions(headline, text, said or _sentences(passage), metadata) if strict else [],
    )
    return tuple(p for found in checks for p in found)


def contradictions(headline: str, text: str, said: Sequence[Sentence], metadata: str) -> list[str]:
    """Where headline or text turn round what the sentences say, or leave them, in words."""
    known = evidence(tuple(said), metadata)
    return [
        *grave(all_doubts(lines(text), known)),
        *(f"headline: {why}" for why in grave(all_doubts(lines(headline), known)) if why),
    ]


def unsupported(written: str, said: str) -> tuple[str, ...]:
    """The numbers, names and capitalised terms of `written` that `said` doesn't hold."""
    plain = html.unescape(said)
    return (*unknown_numbers(written, plain), *_unknown_names([written], plain))


def invented(written: str, said: str) -> tuple[str, ...]:
    """Words that are neither in `said` nor used to say who speaks: an extractive writer has none."""
    known = {bare(w) for w in _SEPARATORS.split(html.unescape(said))}
    words = (bare(w) for w in _SEPARATORS.split(written))
    return tuple(w for w in words if w not in known | ATTRIBUTION | {""})


def invalid(headline: str, text: str) -> tuple[str, ...]:
    """What keeps any headline and text from being shown, whoever wrote them; in words."""
    quote = " ".join(["word"] * QUOTE_WORDS[0])
    address = ["it holds an address or a mention"] if _ADDRESS.search(f"{headline} {text}") else []
    orders = ["it tells somebody what to do"] if _INSTRUCTION.search(f"{headline}. {text}") else []
    return (*_form(headline, text, quote), *address, *orders)


def _form(headline: str, text: str, quote: str) -> Iterator[str]:
    words = len(text.split())
    if not BAND[0] <= words <= BAND[1]:
        yield f"the text has {words} words"
    if not 1 <= len(headline.split()) <= HEADLINE_WORDS:
        yield f"the headline has {len(headline.split())} words"
    if not QUOTE_WORDS[0] <= len(quote.split()) <= QUOTE_WORDS[1]:
        yield f"the quote has {len(quote.split())} words"


def _openings(headline: str, text: str) -> list[str]:
    found = (("headline", _opening(headline)), ("text", _opening(text)))
    return [f"the {part} opens with “{word}”" for part, word in found if word]


def _opening(text: str) -> str:
    """The pronoun that it opens with though nobody has named the noun, or ""."""
    first = bare("".join(text.split()[:1]))
    pronoun = first.partition("'")[0]
    if pronoun == "it" or first == "that's":
        return "" if _EXPLETIVE.match(text.replace("’", "'")) else first
    return first if pronoun in _SECOND_HAND else ""


def unknown_numbers(written: str, said: str) -> list[str]:
    """Its numbers, as they are spelt there, whose value `said` doesn't hold."""
    # Whole, not cut into lines: speech without full stops is cut by length, between "300" and "trillion" too.
    theirs = line(said)
    known = values([theirs])
    return [
        spelling
        for _, value, spelling in numbers(line(written))
        if value not in known and spelling not in theirs.words
    ]


def _unknown_names(texts: list[str], said: str) -> list[str]:
    known = {_stem(w) for w in _SEPARATORS.split(said)}
    found = [w for t in texts for s in split(t) for w in _capitals(_SEPARATORS.split(s))]
    return [bare(w) for w in found if _stem(w) not in known and bare(w) not in ATTRIBUTION]


def _capitals(words: Sequence[str]) -> Iterator[str]:
    """Words with a capital; the first of a sentence only where another, or "says", follows."""
    for at, word in enumerate(words):
        if not _is_capital(word):
            continue
        after = "".join(words[at + 1 : at + 2])
        inner = any(c.isupper() or c.isdigit() for c in _inner(word)[1:])
        if at or inner or _is_capital(after) or bare(after) in SAYING:
            yield word


def _is_capital(word: str) -> bool:
    return word.lstrip("\"“‘'([")[:1].isupper() and bool(bare(word))


def _inner(word: str) -> str:
    return word.strip("\"“”‘'()[].,;:!?…")


def _stem(word: str) -> str:
    return bare(word).removesuffix("'s").removesuffix("s")


def _sentences(passage: str) -> list[Sentence]:
    return [Sentence(start=None, end=None, speaker="", text=t) for t in split(passage)]
