"""The text of an insight: two or three sentences of the passage, cleaned, cut to size and attributed."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from bot.write.clauses import as_sentence, shortened, stands_alone
from bot.write.ground import BAND
from bot.write.lexicon import FIRST, PRONOUNS, SECOND, STOPS, bare, listed
from bot.write.refer import leaning

AIM = 50
MOST_SENTENCES = 4
# What it costs a text to lean on what it doesn't tell (`bot.write.refer`), and from when on it costs no more.
LEANING, LEANS_MOST = 0.6, 3.0
# Every sentence that doesn't stand by its form, on top of its share of `_fault`.
TORN = 0.5
_ROUGH = re.compile(
    r"\blike\b|\bgonna\b|\bwanna\b| – |\bstuff\b|\bthings?\b|\b\w+-$|, and, |\b(?:to|just|that's|is|are"
    r"|which|of|it),\s|\byeah\b|\bokay\b",
    re.I,
)
# Reported when nothing in it is first person, else told after a colon; {who} is a name or "a speaker on …".
_REPORTED = (
    "{first}, says {who}.",
    "According to {who}, {lower}.",
    "{first}, {who} argues.",
    "{first}, {who} says.",
)
_TOLD = ("{Who}: {said}", "{Who} says: {said}", "{Who} explains: {said}", "As {who} puts it: {said}")


@dataclass(frozen=True, kw_only=True)
class Said:
    """A cleaned sentence of the passage: `weight` says how much it matters (0: a neighbour)."""

    at: int
    text: str
    weight: float


@dataclass(frozen=True, kw_only=True)
class Text:
    """What may be printed, the sentences it was made of, how well it reads (0 is fair), and how much it
    `leans` on what it doesn't tell (0: not at all)."""

    text: str
    at: tuple[int, ...]
    sentences: tuple[str, ...]
    score: float
    leans: float = 0.0


def texts_of(said: Sequence[Said], who: str, style: int, most: int = 16) -> list[Text]:
    """The best texts in the word band, best first; none where no run of the sentences makes one.

    `who` is the speaker, `style` picks one of the wordings of the attribution.
    """
    drafts = [
        draft for run in _runs(said) for words in _variants(run) if (draft := _draft(run, words, who, style))
    ]
    return sorted(drafts, key=lambda d: -d.score)[:most]


def _draft(run: Sequence[Said], words: Sequence[Sequence[str]], who: str, style: int) -> Text | None:
    printed = tuple(as_sentence(w) for w in words)
    text = attributed(printed, who, style)
    if not BAND[0] <= len(text.split()) <= BAND[1]:
        return None
    score = _score(run, words, [s.weight for s in run])
    return Text(text=text, at=tuple(s.at for s in run), sentences=printed, score=score, leans=leaning(words))


def attributed(sentences: Sequence[str], who: str, style: int) -> str:
    """The sentences as one paragraph that says who said it (nobody: `who` empty)."""
    said = " ".join(sentences)
    if not who:
        return said
    capital = who[0].upper() + who[1:]
    first, rest = sentences[0], " ".join(sentences[1:])
    if is_first_person(said) or not first.endswith(".") or "–" in first:
        return _TOLD[style % len(_TOLD)].format(Who=capital, who=who, said=said)
    wording = _REPORTED[style % len(_REPORTED)]
    # A capital that may be a name's stays at the start of the sentence.
    if not stands_alone(first.split()) or _lowered(first) == first:
        wording = _REPORTED[0]
    opening = wording.format(first=first[:-1], lower=_lowered(first[:-1]), who=who)
    return f"{opening} {rest}".strip()


def is_first_person(text: str) -> bool:
    return bool({bare(w) for w in text.split()} & FIRST)


def _lowered(sentence: str) -> str:
    """For the middle of a sentence: a capital that only the sentence's start gave it is taken back."""
    word, _, rest = sentence.partition(" ")
    plain = bare(word)
    if (plain in STOPS | PRONOUNS | SECOND and plain not in FIRST) or (
        plain.endswith(("'s", "'re")) and plain in _OPENED
    ):
        word = word.lower()
    return f"{word} {rest}"


_OPENED = listed("it's that's there's what's here's they're you're he's she's")


def _runs(said: Sequence[Said]) -> Iterator[Sequence[Said]]:
    """Neighbouring sentences, one to four, at least one of which matters."""
    for size in range(1, MOST_SENTENCES + 1):
        for start in range(len(said) - size + 1):
            run = said[start : start + size]
            close = all(b.at - a.at <= 3 for a, b in itertools.pairwise(run))
            if close and any(s.weight for s in run):
                yield run


def _variants(run: Sequence[Said]) -> Iterator[list[list[str]]]:
    """Each sentence as it is, or ended earlier at a clause, so that the whole may fit."""
    room = BAND[1]
    options = []
    for s in run:
        words = s.text.split()
        options.append(
            ([words] if len(words) <= room else []) + shortened(words, min(room, len(words) - 1))[:3]
        )
    for chosen in itertools.product(*options):
        if BAND[0] - 8 <= sum(map(len, chosen)) <= room:
            yield list(chosen)


def _score(run: Sequence[Said], words: Sequence[Sequence[str]], weights: Sequence[float]) -> float:
    total = sum(map(len, words))
    full = sum(len(s.text.split()) for s in run)
    score = sum(weights) - abs(total - AIM) / 40 - 0.6 * (full - total) / full
    score -= {1: 0.5, 2: 0.0, 3: 0.0, 4: 0.4}[len(run)]
    score -= LEANING * min(leaning(words), LEANS_MOST) + TORN * sum(not stands_alone(w) for w in words)
    return score - _opening_fault(words[0]) - sum(_fault(w) for w in words) / len(words)


def _opening_fault(words: Sequence[str]) -> float:
    """A text that opens on a pronoun or a fragment leaves its reader guessing."""
    first = bare(words[0])
    if first.partition("'")[0] in PRONOUNS or first in {"then", "also", "there", "here"}:
        return 0.5 if first.startswith("there") else 1.1
    return 0.0


def _fault(words: Sequence[str]) -> float:
    """What makes a sentence read badly: fragments, questions, roughness, first person."""
    text = " ".join(words)
    fault = 0.9 * (not stands_alone(words)) + 1.0 * text.endswith("?") + 0.25 * len(_ROUGH.findall(text))
    return fault + 0.4 * is_first_person(text)


def weights_of(evidence: Sequence[int], quote_at: int) -> Mapping[int, float]:
    """How much each sentence of a passage matters to its text."""
    return {**dict.fromkeys(evidence, 0.7), quote_at: 2.0}
