"""What a model of advertisements sees of sentences, and of the spans that might be reads. Numpy alone."""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from bot.domain import Sentence
from bot.read.ads_cues import NAMES, Floats, counts, plain
from bot.read.ads_rules import Run, runs
from bot.read.sentences import listed

Ints = NDArray[np.intp]
BITS = 13
# Words over which what is said before or after still colours a sentence.
NEAR, FAR = 30.0, 100.0
# Two minutes of talk around a word, in words, for telling names of products from words of the episode.
AROUND = 150.0
LONGEST_WORDS = 900
# Log-odds are cut here: how sure a border is matters no more beyond.
LEAST, MOST = -8.0, 8.0
_COMMON = listed(
    "that this these those they your their from with have been just about can will would could like really"
    " all there here what which when then than also because into over some more very know think right yeah"
)
_OPENING = [NAMES.index(n) for n in ("brought", "ours", "break")]
_CLOSING = [NAMES.index(n) for n in ("thanks", "url", "slash", "offer", "notes", "later")]


@dataclass(frozen=True, kw_only=True)
class Seen:
    """Per sentence: its words (n,), counted cues (n, c), place (n, 4), hashed terms; and what rules found."""

    words: Floats
    cues: Floats
    place: Floats
    terms: tuple[NDArray[np.int32], ...]
    rules: tuple[Run, ...]


def see(sentences: Sequence[Sentence]) -> Seen:
    """`sentences` must not be empty."""
    texts = [plain(s.text) for s in sentences]
    split = [t.split() for t in texts]
    words = np.array([max(1, len(t)) for t in split], np.float32)
    extra = np.stack([np.log1p(words) / 4, _distinct(split, words), words < 5], axis=1)
    return Seen(
        words=words,
        cues=np.concatenate([counts(texts), extra], axis=1).astype(np.float32),
        place=_place(words),
        terms=tuple(_hashed(t) for t in split),
        rules=runs(sentences),
    )


def rows(seen: Seen, lexical: Floats) -> Floats:
    """What the model of sentences sees: each one's cues, its neighbours', and those near and far around it.

    `lexical` is (n, 2): how much its words are those of sponsor reads and of promos.
    """
    own = np.concatenate([seen.cues, np.clip(lexical, -6, 6) / 3], axis=1)
    none = np.zeros((1, own.shape[1]), np.float32)
    blocks = [own, np.concatenate([own[1:], none]), np.concatenate([none, own[:-1]])]
    for reach in (NEAR, FAR):
        blocks += [_fading(own, seen.words, reach), _fading(own[::-1], seen.words[::-1], reach)[::-1]]
    return np.concatenate([*blocks, seen.place], axis=1).astype(np.float32)


def candidates(seen: Seen, starts: Floats, ends: Floats, top: int = 30) -> Ints:
    """Spans (first, last) worth scoring, (m, 2): from a likely start, or a rule's, to a likely end."""
    before = _sums(seen.words)
    first = set(_likely(starts, top)) | {r.first for r in seen.rules}
    last = set(_likely(ends, top)) | {r.last for r in seen.rules}
    pairs = [
        (a, b)
        for a in sorted(first)
        for b in sorted(last)
        if a <= b and before[b + 1] - before[a] <= LONGEST_WORDS
    ]
    return np.array(pairs, np.intp).reshape(-1, 2)


def span_rows(seen: Seen, scores: Floats, spans: Ints, kind: int) -> Floats:
    """What the model of spans sees, (m, features). `scores` are the sentences' log-odds (n, 6): inside,
    start and end of a sponsor read, then of a promo; `kind` is the first column of the kind asked about."""
    scores = np.clip(scores, LEAST, MOST)
    view = _Spans(seen, spans)
    mine, other = scores[:, kind], scores[:, 3 - kind]
    blocks = [
        view.levels(mine),
        view.peaks(mine, other),
        view.borders(np.minimum(scores, 4), kind),
        view.others(mine, other),
        view.cued(),
        view.shape(),
        view.ruled(),
        view.counted(),
    ]
    return np.concatenate(blocks, axis=1).astype(np.float32)


class _Spans:
    """Spans over an episode, with sums that make means cheap."""

    def __init__(self, seen: Seen, spans: Ints) -> None:
        self.seen, self.first, self.last = seen, spans[:, 0], spans[:, 1]
        self.n = len(seen.words)
        self.before = _sums(seen.words)
        self.size = self.before[self.last + 1] - self.before[self.first]
        self.next = np.minimum(self.last + 1, self.n - 1)
        self.previous = np.maximum(self.first - 1, 0)

    def levels(self, mine: Floats) -> Floats:
        """How high the kind stands within, and in three sentences before and after."""
        likely = 1 / (1 + np.exp(-mine))
        a, b = self.first, self.last + 1
        return np.stack(
            [
                self.mean(mine, a, b),
                self.mean(likely, a, b),
                self.mean(mine, a, b) * self.size / 100,
                self.mean(likely, a, b) * self.size / 100,
                np.where(a > 0, self.mean(mine, a - 3, a), -3),
                np.where(b < self.n, self.mean(mine, b, b + 3), -3),
                mine[self.first],
                mine[self.last],
                mine[self.previous],
                mine[self.next],
            ],
            axis=1,
        )

    def peaks(self, mine: Floats, other: Floats) -> Floats:
        """The highest of the kind, the lowest of three in a row, the highest of the other kind."""
        table = np.empty((len(self.first), 3), np.float32)
        for row, (a, b) in enumerate(zip(self.first, self.last + 1, strict=True)):
            three = np.convolve(mine[a:b], np.ones(3) / 3, "valid") if b - a > 2 else mine[a:b]
            table[row] = mine[a:b].max(), three.min(), other[a:b].max()
        return table

    def borders(self, scores: Floats, kind: int) -> Floats:
        """How much the borders, and the sentences beyond, are starts and ends of both kinds."""
        columns = []
        for start in (kind + 1, 4 - kind):
            columns += [scores[self.first, start], scores[self.last, start + 1]]
            columns += [scores[self.previous, start + 1], scores[self.next, start]]
        return np.stack(columns, axis=1)

    def others(self, mine: Floats, other: Floats) -> Floats:
        """The other kind within, in the first and last third, and around; this kind in those thirds."""
        a, b = self.first, self.last + 1
        third = np.maximum(1, (b - a) // 3)
        spans = ((a, b), (a, a + third), (b - third, b), (a - 3, a), (b, b + 3))
        columns = [self.mean(other, x, y) for x, y in spans]
        columns += [self.mean(mine, a, a + third), self.mean(mine, b - third, b)]
        return np.stack(columns, axis=1)

    def cued(self) -> Floats:
        """Where openings and closings stand."""
        opens = (self.seen.cues[:, _OPENING].sum(axis=1) > 0).astype(np.float32)
        closes = (self.seen.cues[:, _CLOSING].sum(axis=1) > 0).astype(np.float32)
        a, b = self.first, self.last + 1
        columns = [
            opens[self.first],
            np.minimum(self.count(opens, a, a + 3), 2),
            np.minimum(self.count(opens, a + 3, b), 3),
            np.minimum(self.count(opens, a - 2, a), 2),
            closes[self.last],
            closes[self.next],
            np.minimum(self.count(closes, b, b + 4), 3),
            np.minimum(self.count(closes, a - 4, a), 3),
        ]
        return np.stack(columns, axis=1)

    def shape(self) -> Floats:
        """How long, and how near to the episode's beginning and end."""
        left, right = self.before[self.first], self.before[-1] - self.before[self.last + 1]
        columns = [np.log(self.size), np.log(self.last - self.first + 1.0)]
        columns += [np.exp(-left / 200), np.exp(-right / 200), self.size < 25, self.size < 60]
        return np.stack(columns, axis=1)

    def ruled(self) -> Floats:
        """How well the best rule's run agrees: overlap, that of a sure one, same start, end, sure start."""
        table = np.zeros((len(self.first), 5), np.float32)
        for run in self.seen.rules:
            share = self.overlap(run.first, run.last)
            starts, ends = self.first == run.first, self.last == run.last
            new = np.stack([share, share * run.sure, starts, ends, starts * run.sure], axis=1)
            better = share > table[:, 0]
            table[better] = new[better]
        return table

    def counted(self) -> Floats:
        """Cues within, and by length."""
        sums = np.concatenate([np.zeros((1, self.seen.cues.shape[1])), np.cumsum(self.seen.cues, axis=0)])
        total = sums[self.last + 1] - sums[self.first]
        return np.concatenate(
            [np.minimum(total, 4), np.minimum(total, 6) / np.sqrt(self.size)[:, None] * 5], axis=1
        )

    def overlap(self, first: int, last: int) -> Floats:
        """Intersection over union with one span, in words."""
        start, end = self.before[self.first], self.before[self.last + 1]
        a, b = self.before[first], self.before[last + 1]
        both = np.clip(np.minimum(end, b) - np.maximum(start, a), 0, None)
        share: Floats = both / (np.maximum(end, b) - np.minimum(start, a))
        return share

    def mean(self, values: Floats, first: Ints, end: Ints) -> Floats:
        """By words; 0 over nothing."""
        first, end = np.clip(first, 0, self.n), np.clip(end, 0, self.n)
        sums = _sums(values * self.seen.words)
        mean: Floats = (sums[end] - sums[first]) / np.maximum(self.before[end] - self.before[first], 1)
        return mean

    def count(self, flags: Floats, first: Ints, end: Ints) -> Floats:
        sums = _sums(flags)
        found: Floats = sums[np.clip(end, 0, self.n)] - sums[np.clip(first, 0, self.n)]
        return found


def _sums(values: Floats) -> NDArray[np.float64]:
    return np.concatenate([[0.0], np.cumsum(values, dtype=np.float64)])


def _likely(scores: Floats, top: int) -> list[int]:
    return [int(i) for i in np.argsort(-scores)[:top] if scores[i] > -7.5]


def _place(words: Floats) -> Floats:
    """Nearness to the beginning and to the end, within half a minute and within three."""
    end = np.cumsum(words)
    start, left = end - words, end[-1] - end
    return np.stack(
        [np.exp(-start / 150), np.exp(-start / 500), np.exp(-left / 150), np.exp(-left / 500)], axis=1
    )


def _fading(values: Floats, words: Floats, reach: float) -> Floats:
    """The sum of all earlier rows, each fading with the words since."""
    out = np.zeros_like(values)
    for i in range(1, len(values)):
        fade = np.exp(-(words[i - 1] + words[i]) / 2 / reach)
        out[i] = (out[i - 1] + values[i - 1]) * fade
    return out


def _hashed(words: Sequence[str]) -> NDArray[np.int32]:
    """Buckets of the sentence's words and pairs of words."""
    terms = {*words, *(f"{a}_{b}" for a, b in pairwise(words))}
    return np.array([zlib.crc32(t.encode()) & ((1 << BITS) - 1) for t in sorted(terms)], np.int32)


def _distinct(split: Sequence[Sequence[str]], words: Floats) -> Floats:
    """How much a sentence says a word that is said again and again near it and hardly elsewhere."""
    at = np.cumsum(words) - words / 2
    places: dict[str, list[int]] = {}
    for i, terms in enumerate(split):
        for term in set(terms):
            if len(term) > 3 and term not in _COMMON:
                places.setdefault(term, []).append(i)
    out = np.zeros(len(split), np.float32)
    for where in places.values():
        if len(where) > 2:
            spots = at[where]
            near = np.searchsorted(spots, spots + AROUND) - np.searchsorted(spots, spots - AROUND, "right")
            share = np.where(near > 2, near / len(where) * np.minimum(near, 6) / 6, 0)
            np.maximum.at(out, where, share.astype(np.float32))
    return out
