"""What stands around a word, and evidence analysed once, so that each word of a text finds its like in it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache

from bot.domain import Sentence
from bot.write.figures import numbers
from bot.write.lexicon import bare
from bot.write.ways import WAYS
from bot.write.words import Line, carries, denies, is_negator, line, split

# How many words around a word are its surroundings, in the text and in the (wordier) evidence.
NEAR, WIDE = 7, 12
# Evidence lines that a sentence is compared with: those that share most with it.
ALIGNED = 3
# stem → how near, and whether it stands after the word
Around = dict[str, tuple[float, bool]]


@dataclass(frozen=True, kw_only=True, slots=True)
class Mark:
    """A word that may be the wrong one: a number, a name, or one of WAYS with its `row` and `side`."""

    family: str
    value: str
    row: int
    side: int
    place: int
    line: int
    word: str


class Run:
    """Lines as one run of words, since surroundings reach into the next sentence."""

    def __init__(self, lines: Sequence[Line], width: int) -> None:
        self.lines = tuple(lines)
        self.words = tuple(w for one in lines for w in one.words)
        self.stems = tuple(s for one in lines for s in one.stems)
        self.starts: list[int] = []
        total = 0
        for one in lines:
            self.starts.append(total)
            total += len(one.words)
        self._width = width
        self._around: dict[int, Around] = {}

    @cached_property
    def marks(self) -> tuple[Mark, ...]:
        found = zip(self.lines, self.starts, strict=True)
        return tuple(m for n, (one, start) in enumerate(found) for m in _marks(one, n, start))

    def around(self, place: int) -> Around:
        if place not in self._around:
            self._around[place] = self._look(place)
        return self._around[place]

    def _look(self, place: int) -> Around:
        found: Around = {}
        for at in range(max(0, place - self._width), min(len(self.words), place + self._width + 1)):
            if at != place and carries(self.words[at]):
                weight = 1.0 / (1.0 + abs(at - place) / 4)
                if weight > found.get(self.stems[at], (0.0, False))[0]:
                    found[self.stems[at]] = (weight, at > place)
        return found


class Evidence(Run):
    """All that a text may draw on, by what is looked up in it."""

    def __init__(self, said: Sequence[Sentence], metadata: str) -> None:
        super().__init__([line(t, s.speaker) for s in said for t in split(s.text)], WIDE)
        self.metadata = line(metadata)
        self.counts = Counter(s for one in self.lines for s in one.content)
        self.known = frozenset(self.words)
        self.about = frozenset(self.metadata.stems)
        self.negations = [sum(map(is_negator, one.words)) for one in self.lines]
        self.denials = [denies(one) for one in self.lines]
        self.of_family: dict[str, list[Mark]] = {}
        for mark in self.marks:
            self.of_family.setdefault(mark.family, []).append(mark)

    @cached_property
    def places(self) -> dict[str, list[tuple[int, bool, int]]]:
        """Stem of a meaningful word → where it stands, whether negated, and in which line."""
        found: dict[str, list[tuple[int, bool, int]]] = {}
        for n, one in enumerate(self.lines):
            for at, stem in enumerate(one.stems):
                if carries(one.words[at]):
                    found.setdefault(stem, []).append((self.starts[n] + at, one.negated[at], n))
        return found

    def aligned(self, content: frozenset[str]) -> list[int]:
        """The lines that share most with it, rare words counting more, best first."""
        scores = [
            sum(1 / self.counts[s] for s in one.content & content) / (1 + len(one.content)) ** 0.3
            for one in self.lines
        ]
        best = sorted(range(len(scores)), key=lambda i: -scores[i])[:ALIGNED]
        return [i for i in best if scores[i] > 0]

    def cover(self, content: frozenset[str]) -> float:
        """The share of meaningful words that the evidence has too."""
        return sum(s in self.counts for s in content) / max(len(content), 1)


@lru_cache(maxsize=32)
def evidence(said: tuple[Sentence, ...], metadata: str) -> Evidence:
    return Evidence(said, metadata)


def closeness(a: Around, b: Around) -> tuple[float, float]:
    """How much two surroundings share, and how much of it stands on the same side (less: on the other)."""
    if len(b) < len(a):
        a, b = b, a
    shared = sided = 0.0
    for stem, (weight, after) in a.items():
        theirs = b.get(stem)
        if theirs:
            least = min(weight, theirs[0])
            shared += least
            sided += least if after == theirs[1] else -least
    return shared, sided


def names(one: Line) -> Iterator[tuple[int, str]]:
    """Place and spelling of words with a capital that the sentence's start didn't give them."""
    for at, word in enumerate(one.written):
        plain = word.lstrip("\"“‘'([")
        inner = any(c.isupper() for c in plain[1:])
        if (plain[:1].isupper() and at and carries(one.words[at])) or (inner and len(bare(word)) > 1):
            yield at, word.strip("\"“”‘'()[].,;:!?…")


def _marks(one: Line, n: int, start: int) -> Iterator[Mark]:
    for at, value, spelling in numbers(one):
        yield Mark(family="number", value=str(value), row=0, side=0, place=start + at, line=n, word=spelling)
    for at, word in names(one):
        yield Mark(family="name", value=one.stems[at], row=0, side=0, place=start + at, line=n, word=word)
    for at, stem in enumerate(one.stems):
        for row, kin, side in WAYS.get(one.words[at], WAYS.get(stem, ())):
            turned = -side if one.negated[at] else side
            yield Mark(
                family="way", value=kin, row=row, side=turned, place=start + at, line=n, word=one.words[at]
            )
