"""Drafts of an insight: two or three sentences of the passage, cleaned, told of their speaker, with a"
" headline."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from bot.write.ground import BAND
from bot.write.headline import Headline, headlines
from bot.write.lexicon import FIRST, PRONOUNS, SECOND, STOPS, bare, content, listed
from bot.write.person import Name, is_singular, told_of
from bot.write.refer import loose, talk
from bot.write.traits import LISTING, ROUGH, VAGUE, Drafted
from bot.write.units import Said, Unit, units

# Sentences between two that are printed one after the other.
LEAP = 2
# How many drafts are looked at closely.
SHORTLIST = 40
TOPS = 4
# {who} is the speaker's name, or "a speaker on …".
_TAILS = ("{first}, says {who}.", "{first}, {who} explains.", "{first}, {who} says.")
_HEADS = ("As {who} puts it, {lower}.", "{Who} says {lower}.")


@dataclass(frozen=True, kw_only=True)
class Draft:
    """What may be printed, where its sentences are from, and what it is judged by."""

    headline: str
    text: str
    at: tuple[int, ...]
    top_at: int
    parts: Drafted


@dataclass(frozen=True, kw_only=True)
class Voice:
    """Who speaks: a name (empty where unknown: then `somebody`), and a choice of"
    " wordings."""

    name: Name
    somebody: str
    style: int = 0

    @property
    def who(self) -> str:
        return self.name.full or self.somebody


def drafts(said: Sequence[Said], voice: Voice, score: float) -> Iterator[Draft]:
    """Drafts in the word band; none where the sentences make no text or no headline."""
    topic = _topic(said)
    tops = sorted((h for s in said for h in headlines(s, topic, voice.name)), key=_promise, reverse=True)
    for run in sorted(_runs(said), key=_quick, reverse=True)[:SHORTLIST]:
        told = _told(run, voice)
        if told and BAND[0] <= len(told.text.split()) <= BAND[1]:
            yield from (_draft(top, run, told, topic, score) for top in _fitting(tops, run))


@dataclass(frozen=True, kw_only=True)
class _Told:
    text: str
    sentences: tuple[str, ...]
    named: bool


def _topic(said: Sequence[Said]) -> frozenset[str]:
    counts = Counter(w for s in said for w in content(s.text))
    return frozenset(w for w, n in counts.items() if n > 1)


def _promise(top: Headline) -> float:
    return top.score + 0.8 * top.weight


def _fitting(tops: Sequence[Headline], run: Sequence[Unit]) -> list[Headline]:
    """The headlines of the text's own sentences, else of the passage's."""
    places = {u.at for u in run}
    inside = [t for t in tops if t.at in places]
    return (inside[: TOPS - 1] + [t for t in tops if t.at not in places and t.weight > 0][:1])[:TOPS]


def _draft(top: Headline, run: Sequence[Unit], told: _Told, topic: frozenset[str], score: float) -> Draft:
    places = tuple(u.at for u in run)
    parts = Drafted(
        top=top.text,
        text=told.text,
        sentences=told.sentences,
        weights=tuple(u.weight for u in run),
        kept=tuple(u.kept for u in run),
        gaps=tuple(b - a for a, b in pairwise(places)),
        top_weight=top.weight,
        top_kept=top.kept,
        top_inside=top.at in places,
        topic=topic,
        named=told.named,
        top_told=top.told,
        score=score,
    )
    return Draft(headline=top.text, text=told.text, at=places, top_at=top.at, parts=parts)


def _runs(said: Sequence[Said]) -> Iterator[tuple[Unit, ...]]:
    """Two or three units (or one of two sentences) in order and close together, some of it evidence."""
    options = {s.at: sorted(units(s), key=_worth, reverse=True)[:3] for s in said}
    places = [at for at in sorted(options) if options[at]]

    def grown(run: tuple[Unit, ...], words: int) -> Iterator[tuple[Unit, ...]]:
        if words >= BAND[0] - 6 and any(u.weight >= 0.5 for u in run) and _is_clear(run):
            yield run
        if sum(len(u.sentences) for u in run) >= 4:
            return
        for at in places:
            if 0 < at - run[-1].at <= LEAP:
                for unit in options[at]:
                    more = words + len(unit.words)
                    if more <= BAND[1] and sum(len(u.sentences) for u in run) + len(unit.sentences) <= 4:
                        yield from grown((*run, unit), more)

    for at in places:
        for unit in options[at]:
            yield from grown((unit,), len(unit.words))


def _is_clear(run: Sequence[Unit]) -> bool:
    """Its first sentence needs nothing before it, and the others find their nouns in it."""
    seen: list[str] = []
    lost = 0
    for sentence in (s for unit in run for s in unit.sentences):
        missing = loose(sentence.split(), seen)
        if missing and not seen:
            return False
        lost += missing
        seen += sentence.split()
    return lost <= 1 and not LISTING.search(run[0].sentences[0])


def _worth(unit: Unit) -> float:
    """How well a unit reads by itself, and how much it matters."""
    text = " ".join(unit.sentences)
    words = unit.words
    plain = [bare(w) for w in words]
    worth = unit.weight - 0.3 * (1 - unit.kept) - 0.2 * unit.late - 0.35 * len(ROUGH.findall(text))
    worth -= 0.12 * sum(w in VAGUE for w in plain) + 0.4 * talk(text) + 0.8 * text.endswith("?")
    worth -= 0.5 * bool(set(plain) & (FIRST - _OWN)) + 0.2 * is_singular(words) + 0.4 * (len(words) < 7)
    return worth - 0.03 * max(len(words) - 30, 0) + 0.04 * min(len(content(text)), 12)


_OWN = listed("i i'm i've i'd i'll me my")


def _quick(run: Sequence[Unit]) -> float:
    """A first guess at how good the text will be."""
    total = sum(len(u.words) for u in run)
    seen: list[str] = []
    lost = 0.0
    for unit in run:
        lost += min(loose(unit.words, seen), 2) * (1.2 if not seen else 0.5)
        seen += unit.words
    gaps = sum(b.at - a.at - 1 for a, b in pairwise(run))
    first = bare(run[0].words[0])
    lost += 0.8 * (first.partition("'")[0] in PRONOUNS) + 0.4 * (first in _WEAK)
    return sum(map(_worth, run)) / math.sqrt(len(run)) - lost - 0.3 * gaps - abs(total - 46) / 40


_WEAK = listed("then also there there's here but so now one")


def _told(run: Sequence[Unit], voice: Voice) -> _Told | None:
    """The run in the third person, saying once who says so; None where its first person can't be told."""
    printed: list[str] = []
    known = False
    for sentence in (s for unit in run for s in unit.sentences):
        words: list[str] | None = sentence.split()
        if is_singular(words or ()):
            words = told_of(words or (), voice.name, known=known)
            known = True
        if words is None:
            return None
        printed.append(" ".join(words)[:1].upper() + " ".join(words)[1:])
    told = (attributed(printed[0], "" if known else voice.who, voice.style), *printed[1:])
    return _Told(text=" ".join(told), sentences=tuple(printed), named=bool(voice.name.full))


def attributed(first: str, who: str, style: int) -> str:
    """The sentence, saying who says so ("" for nobody)."""
    if not who or not first.endswith("."):
        return first
    lower = _lowered(first)
    choice: tuple[str, ...] = (*_TAILS, *_HEADS)
    if lower == first:
        choice = _TAILS
    elif len(first.split()) > 26:
        choice = _HEADS
    return choice[style % len(choice)].format(
        first=first[:-1], lower=lower[:-1], who=who, Who=who[0].upper() + who[1:]
    )


def _lowered(sentence: str) -> str:
    """For the middle of a sentence: a capital that only the sentence's start gave it is taken back."""
    word, _, rest = sentence.partition(" ")
    plain = bare(word)
    if (plain in STOPS | PRONOUNS | SECOND and plain not in _OWN) or plain in _OPENED:
        word = word.lower()
    return f"{word} {rest}"


_OPENED = listed("it's that's there's what's here's they're you're he's she's")


def weights_of(evidence: Sequence[int], quote_at: int) -> dict[int, float]:
    """How much each sentence of a passage matters to its text."""
    return {**dict.fromkeys(evidence, 0.7), quote_at: 1.0}
