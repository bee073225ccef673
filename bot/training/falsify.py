"""True insights made false by rule: what the gate is measured with. One seed, one set of pairs."""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from bot.training.falsify_roles import swapped_cause, swapped_roles
from bot.training.falsify_words import COMPARED, OPPOSITE
from bot.training.gate_pairs import Pair
from bot.write.words import in_order

Falsify = Callable[[Pair, "Surroundings", random.Random], str | None]


@dataclass(frozen=True, kw_only=True)
class Surroundings:
    """What a false detail may come from: the episode's speakers, its other insights, those of other shows."""

    speakers: tuple[str, ...]
    elsewhere: tuple[Pair, ...]
    others: tuple[Pair, ...]


def false_pairs(pairs: Sequence[Pair], all_pairs: Sequence[Pair], seed: int) -> Iterator[Pair]:
    """Each of the pairs of one episode made false in every way that it can be."""
    episode = pairs[0].id.partition("#")[0]
    others = tuple(p for p in all_pairs if p.id.partition("#")[0] != episode)
    speakers = tuple(sorted({s.speaker for p in pairs for s in p.passage if s.speaker}))
    for pair in pairs:
        near = set(pair.evidence)
        elsewhere = tuple(
            p for p in pairs if p is not pair and min(abs(a - b) for a in near for b in p.evidence) > 20
        )
        around = Surroundings(speakers=speakers, elsewhere=elsewhere, others=others)
        for kind, make in KINDS.items():
            text = make(pair, around, random.Random(f"{seed} {kind} {pair.id}"))
            if text is not None and text != pair.text:
                headline = _own_headline(kind, pair, text)
                yield replace(pair, kind=kind, text=text, headline=headline, before=pair.text)


def _own_headline(kind: str, pair: Pair, text: str) -> str:
    # A text moved away from its passage takes its own opening along as headline.
    return " ".join(text.split()[:9]).rstrip(".,;:") if kind == "another passage" else pair.headline


# Numbers

_NUMBER = re.compile(r"(?<![\w.,-])\d[\d,]*(?:\.\d+)?(?![\w.]*\d)")
_SPELT = in_order(
    "two three four five six seven eight nine ten twelve fifteen twenty thirty fifty hundred thousand million"
)
_SPELT_RE = re.compile(rf"\b(?:{'|'.join(_SPELT)})\b", re.I)


def changed_number(pair: Pair, around: Surroundings, rng: random.Random) -> str | None:
    found = [*_NUMBER.finditer(pair.text), *_SPELT_RE.finditer(pair.text)]
    return _put(pair.text, (m := rng.choice(found)), _other_number(m[0], rng)) if found else None


def _other_number(number: str, rng: random.Random) -> str:
    if not number[0].isdigit():
        return rng.choice([n for n in _SPELT[:14] if n != number.lower()])
    value = float(number.replace(",", ""))
    if "." in number:
        return f"{value + rng.choice([0.3, 1.2, 2.5]):.{len(number.partition('.')[2])}f}"
    if 1900 <= value <= 2030 and "," not in number:
        return str(int(value) - rng.choice([2, 3, 5, 11]))
    new = int(value * rng.choice([2, 3, 0.5])) or 7
    return f"{new + (new == value):,}" if "," in number else str(new + (new == value))


def swapped_numbers(pair: Pair, around: Surroundings, rng: random.Random) -> str | None:
    """Two numbers of the text exchanged, or one taken from elsewhere in the passage."""
    mine = [*_NUMBER.finditer(pair.text)]
    twos = [(a, b) for a in mine for b in mine if a.start() < b.start() and a[0] != b[0]]
    if twos:
        return _exchange(pair.text, *rng.choice(twos))
    theirs = sorted({n for s in pair.passage for n in _NUMBER.findall(s.text)} - {m[0] for m in mine})
    return _put(pair.text, rng.choice(mine), rng.choice(theirs)) if mine and theirs else None


# Names

_NAME = re.compile(r"(?<=[a-z,;:] )[A-Z][\w+#]*(?:['’]s)?(?: [A-Z][\w+#]*)*\b")
_SAYS = in_order(
    "says say said argues argue explains holds thinks believes adds warns advises recalls "
    "suggests claims notes calls points sees describes finds expects predicts recommends "
    "reports estimates dismisses thinks wants"
)
_ATTRIBUTED = re.compile(
    rf"\b(?:says|argues|explains|according to|holds|thinks|warns|advises|recalls|suggests|adds|notes)"
    rf"(?: \w+){{0,2}}? (?P<a>[A-Z][\w.]+ [A-Z]\w+)"
    rf"|\b(?P<b>[A-Z][\w.]+ [A-Z]\w+)(?:,? \w+){{0,3}}? (?:{'|'.join(_SAYS)})\b",
)


def swapped_names(pair: Pair, around: Surroundings, rng: random.Random) -> str | None:
    """Two names of the text exchanged, or one replaced by another of the passage; speakers are left alone."""
    people = {w for s in around.speakers for w in s.split()}
    mine = [m for m in _NAME.finditer(pair.text) if not set(m[0].split()) & people]
    twos = [(a, b) for a in mine for b in mine if a.start() < b.start() and _apart(pair.text, a, b)]
    if twos and rng.random() < 0.5:
        return _exchange(pair.text, *rng.choice(twos))
    said = {n for s in pair.passage for n in _NAME.findall(s.text) if not set(n.split()) & (people | {"I"})}
    theirs = sorted(n for n in said if n not in pair.text and not n.startswith(("I'", "I’")))
    if mine and theirs:
        return _put(pair.text, rng.choice(mine), rng.choice(theirs))
    return _exchange(pair.text, *rng.choice(twos)) if twos else None


def _apart(text: str, a: re.Match[str], b: re.Match[str]) -> bool:
    """Two names that are neither the same nor neighbours in a list, where exchanging them changes nothing."""
    listed = re.fullmatch(
        r"(?:,? (?:and|or|like|with|versus|vs) |, |[A-Z][\w]*|\s)+", text[a.end() : b.start()]
    )
    return a[0] not in b[0] and b[0] not in a[0] and not listed


def swapped_speaker(pair: Pair, around: Surroundings, rng: random.Random) -> str | None:
    """What one says put into another's mouth."""
    found = [(m, g) for m in _ATTRIBUTED.finditer(pair.text) for g in "ab" if m[g]]
    found = [(m, g) for m, g in found if any(m[g] in s or s in m[g] for s in around.speakers)]
    if not found:
        return None
    match, group = rng.choice(found)
    others = [s for s in around.speakers if s not in match[group] and match[group] not in s and " " in s]
    return pair.text.replace(match[group], rng.choice(others)) if others else None


# Polarity

_BE = re.compile(
    r"\b(is|are|was|were|can|could|will|would|should|must|may|might|has|have|had|does|did|do)\b"
    r"(?! not\b| no\b|n['’]t)",
    re.I,
)
_NOT = (
    (
        re.compile(r"\b(is|are|was|were|could|would|should|does|did|do|has|have|had|must)(?:n['’]t| not)\b"),
        r"\1",
    ),
    (re.compile(r"\bcan(?:['’]t|not)\b"), "can"),
    (re.compile(r"\bwon['’]t\b"), "will"),
    (re.compile(r"\bnever\b"), "always"),
    (re.compile(r"\bwithout\b"), "with"),
    (re.compile(r"\bno longer\b"), "still"),
    (re.compile(r"\b(?:nobody|no one)\b"), "everybody"),
    (re.compile(r"\bnot\b(?! only)"), ""),
    (re.compile(r"\bno (?=[a-z])"), "a "),
)


def negated(pair: Pair, around: Surroundings, rng: random.Random) -> str | None:
    found = [
        m for m in _BE.finditer(pair.text) if m[0].lower() not in ("do", "does", "did", "have", "has", "had")
    ]
    if not found:
        return None
    match = rng.choice(found)
    return _put(pair.text, match, "cannot" if match[0] == "can" else f"{match[0]} not")


def un_negated(pair: Pair, around: Surroundings, rng: random.Random) -> str | None:
    found = [(m, put) for rule, put in _NOT for m in rule.finditer(pair.text)]
    if not found:
        return None
    match, put = rng.choice(found)
    return re.sub(r"  +", " ", _put(pair.text, match, match.expand(put)))


def reversed_comparative(pair: Pair, around: Surroundings, rng: random.Random) -> str | None:
    return _word(pair.text, COMPARED, rng)


def antonym(pair: Pair, around: Surroundings, rng: random.Random) -> str | None:
    return _word(pair.text, OPPOSITE, rng)


def _word(text: str, table: Mapping[str, str], rng: random.Random) -> str | None:
    found = [
        m
        for m in re.finditer(r"\b[A-Za-z]+\b", text)
        if m[0].lower() in table and m[0] not in ("Like", "like")
    ]
    if not found:
        return None
    match = rng.choice(found)
    put = table[match[0].lower()]
    return _put(text, match, put.capitalize() if match[0][0].isupper() else put)


# Details of something else


def another_passage(pair: Pair, around: Surroundings, rng: random.Random) -> str | None:
    """The text of another insight of the same episode, far from this passage."""
    return rng.choice(around.elsewhere).text if around.elsewhere else None


def another_episode(pair: Pair, around: Surroundings, rng: random.Random) -> str | None:
    """The last sentence replaced by one of another episode."""
    sentences = re.split(r"(?<=[.?!])\s+(?=[A-Z])", pair.text)
    theirs = re.split(r"(?<=[.?!])\s+(?=[A-Z])", rng.choice(around.others).text)
    return " ".join([*sentences[:-1], theirs[-1]]) if len(sentences) > 1 else None


def _put(text: str, match: re.Match[str], by: str) -> str:
    return f"{text[: match.start()]}{by}{text[match.end() :]}"


def _exchange(text: str, a: re.Match[str], b: re.Match[str]) -> str:
    return f"{text[: a.start()]}{b[0]}{text[a.end() : b.start()]}{a[0]}{text[b.end() :]}"


KINDS: Mapping[str, Falsify] = {
    "number changed": changed_number,
    "numbers swapped": swapped_numbers,
    "names swapped": swapped_names,
    "speaker swapped": swapped_speaker,
    "negated": negated,
    "un-negated": un_negated,
    "comparative reversed": reversed_comparative,
    "antonym": antonym,
    "roles swapped": lambda pair, around, rng: swapped_roles(pair.text, rng),
    "cause and effect": lambda pair, around, rng: swapped_cause(pair.text, rng),
    "another passage": another_passage,
    "another episode": another_episode,
}
