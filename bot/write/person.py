"""First-person speech told of a named speaker: "I started it" → "Ann Roy started it", by rule or not at"
" all."""

from __future__ import annotations

import itertools
import re
from collections.abc import Sequence
from dataclasses import dataclass

from bot.write.lexicon import AUXILIARY, SUBORDINATE, bare, listed
from bot.write.verbs import kinds, third

# How "I" and its verb agree once a name stands there.
_AGREE = {"have": "has", "don't": "doesn't", "haven't": "hasn't"}
_CONTRACTED = {"i've": "has"}
_ADVERBS = listed(
    "also always never often just still actually really then usually sometimes only ever already even"
    " probably definitely certainly kind not truly honestly personally now both"
)
# What is worth telling of a speaker: what they did, and what they hold; not what they are about to say.
_OPINION = listed(
    "think believe prefer recommend use want love hate know see find expect work run teach own trust"
    " doubt argue"
    " suspect treat advise suggest disagree agree care write build sell like need"
)
_PAST = listed("was had did didn't wasn't hadn't couldn't could")
_SINGULAR = listed("i i'm i've i'll i'd me my")
_MINE = listed("mine myself")


@dataclass(frozen=True, kw_only=True)
class Name:
    """How a speaker is called: in full where first mentioned, shorter after it."""

    full: str
    short: str


def named(speaker: str) -> Name:
    """`Mireille B. Reece, Psy.D` → "Mireille Reece", then "Reece"."""
    words = [w for w in re.sub(r",.*|\(.*?\)", "", speaker).split() if not re.fullmatch(r"[A-Z]\.", w)]
    full = " ".join(words)
    return Name(full=full, short=words[-1] if words else "")


def is_singular(words: Sequence[str]) -> bool:
    """Whether it speaks of the speaker alone: I, me, my."""
    return any(bare(w) in _SINGULAR | _MINE for w in words)


def told_of(words: Sequence[str], name: Name, *, known: bool) -> list[str] | None:
    """The sentence with the name for "I"; None where no rule keeps it grammatical and clear.

    `known`: the name has been given in full before. After the first mention the speaker is "they".
    """
    plain = [bare(w) for w in words]
    if not name.full or set(plain) & _MINE or not _convertible(plain, words):
        return None
    out: list[str] = []
    at, mentions = 0, 0
    while at < len(words):
        made, used = _subject(words, plain, at, name, known or mentions > 0, mentions)
        if made is None:
            return None
        mentions += made != list(words[at : at + used])
        out += made
        at += used
    return out


def _convertible(plain: Sequence[str], words: Sequence[str]) -> bool:
    """No "Jared and I", no inversion ("do I"), no coordination whose second verb would need agreement."""
    for i, word in enumerate(plain):
        if word not in {"i", "i'm", "i've", "i'll", "i'd"}:
            continue
        before = plain[i - 1] if i else ""
        if before in {"if", "last", "like"} or '"' in "".join(words):
            return False
        joined = before in {"and", "or"} and i > 1 and not words[i - 2].endswith((",", ";"))
        if before in AUXILIARY or (joined and (plain[i - 2] == "you" or words[i - 2][:1].isupper())):
            return False
        if words[i].endswith((",", ".", "?")):
            return False
    return not _coordinated(plain)


def _coordinated(plain: Sequence[str]) -> bool:
    """`I sit down and write`: the present tense goes on behind "and"."""
    pairs = itertools.pairwise(plain)
    return any(a in {"and", "or", "but", "then"} and kinds(b) == {"base"} for a, b in pairs)


def _subject(
    words: Sequence[str], plain: Sequence[str], at: int, name: Name, known: bool, mentions: int
) -> tuple[list[str] | None, int]:
    """What stands for the word at `at` (and its verb), and how many words that takes up."""
    word = plain[at]
    who = name.short if known else name.full
    tail = _punctuation(words[at])
    if word == "my":
        return ["their" if mentions else f"{who}'s"], 1
    if word == "me":
        return (["them" + tail] if mentions else [who + tail]), 1
    if word not in {"i", "i'm", "i've", "i'll", "i'd"}:
        return [words[at]], 1
    subject = "they" if mentions else who
    if word == "i'd":
        return _would(plain, at, subject), 1
    if word in {"i'm", "i'll"} and not mentions:
        return None, 1
    if word in {"i'm", "i'll"}:
        return [subject, {"i'm": "are", "i'll": "will"}[word]], 1
    if word in _CONTRACTED:
        verb = _CONTRACTED[word]
        return [subject, {"is": "are", "has": "have"}.get(verb, verb) if mentions else verb], 1
    return _agreed(words, plain, at, subject, plural=mentions > 0)


def _would(plain: Sequence[str], at: int, subject: str) -> list[str] | None:
    """`I'd` is "had" before a participle and "would" before a base form."""
    following = next((w for w in plain[at + 1 :] if not _is_adverb(w)), "")
    if (
        following == "better"
        or (kinds(following) & {"pp"} and "base" not in kinds(following))
        or following == "been"
    ):
        return [subject, "had"]
    return [subject, "would"] if "base" in kinds(following) or following in {"be", "have"} else None


def _agreed(
    words: Sequence[str], plain: Sequence[str], at: int, subject: str, *, plural: bool
) -> tuple[list[str] | None, int]:
    """The subject, the adverbs after it, and its verb in agreement."""
    end = at + 1
    while end < len(words) and _is_adverb(plain[end]):
        end += 1
    if end == len(words):
        return None, 1
    verb = _verb(words[end], plain[end], plural=plural)
    return (None, 1) if verb is None else ([subject, *words[at + 1 : end], verb], end - at + 1)


def _verb(word: str, plain: str, *, plural: bool) -> str | None:
    """The verb as it agrees with a name (or with "they"); None where it isn't known as a verb."""
    tail = _punctuation(word)
    if plain in {"am", "was"} and plural:
        return {"am": "are", "was": "were"}[plain] + tail
    if plural:
        return word if plain in AUXILIARY or kinds(plain) & {"base", "past"} else None
    if plain in _AGREE:
        return _AGREE[plain] + tail
    if plain in _PAST or "past" in kinds(plain) - {"base"}:
        return word
    return third(plain) + tail if plain in _OPINION else None


def _is_adverb(word: str) -> bool:
    return word in _ADVERBS or (word.endswith("ly") and not kinds(word))


def _punctuation(word: str) -> str:
    return word[len(word.rstrip(',.;:!?"”')) :]


# Words before "I" after which the name reads as well as the pronoun did.
JOINING = SUBORDINATE | listed("that which who and but so")
