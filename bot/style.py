"""What posted texts are like: how they repeat one another and how they drift.

Models trained on models' output converge on one style (Shumailov et al. 2024, "AI models collapse when
trained on recursively generated data"), and readers tire of it before a model's loss shows it.
"""

from __future__ import annotations

import gzip
import math
import random
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, fields

OPENING_WORDS, OPENING_OFTEN = 2, 2
PHRASE = 4  # words of a stock phrase, and of the runs that self-repetition counts
STOCK_SHARE = 0.05  # of the texts that hold it, from which on (and from three on) a phrase is a stock phrase
COMPARED = 30  # words of each text that self-BLEU looks at: it grows with length
SAMPLES, SURE, MUCH = 200, 0.975, 0.1
AGREE = 2  # of the measures that are watched
FEWEST = 20  # texts on each side below which a drift is not worth a word
Runs = Counter[tuple[str, ...]]


@dataclass(frozen=True, kw_only=True)
class Style:
    """All but `texts` and `words` are shares in 0..1 or ratios; higher is more alike.

    `openings`: of texts whose first two words open more than one other as well. `compression`: bytes over
    bytes after gzip (Shaib et al. 2024). `self_repetition`: of the texts' runs of four words that another
    text has too (Salkar et al. 2022). `self_bleu`: mean BLEU-4 of each text against the others (Zhu et al.
    2018), over equal lengths. `own_words`: of the texts' pairs of words that their speakers said in a row.
    """

    texts: int
    words: float
    openings: float
    compression: float
    self_repetition: float
    self_bleu: float
    own_words: float
    stock: tuple[tuple[str, int], ...] = ()


WATCHED = {
    "openings": "more texts begin alike",
    "compression": "the texts repeat one another more",
    "self_repetition": "more phrases come again",
    "self_bleu": "the texts are worded more alike",
}


def measure(texts: Sequence[str], sources: Sequence[str] = (), names: Sequence[str] = ()) -> Style:
    """The style of `texts`; `sources` are what their speakers said, in that order (none: not compared),
    `names` those of the speakers, which are no phrases."""
    return Style(
        texts=len(texts),
        words=sum(len(text.split()) for text in texts) / max(1, len(texts)),
        openings=repeated_openings(texts),
        compression=compression_ratio(texts),
        self_repetition=self_repetition(texts),
        self_bleu=self_bleu(texts),
        own_words=_mean([copied(t, s, 2) for t, s in zip(texts, sources, strict=bool(sources))]),
        stock=stock_phrases(texts, names),
    )


def drifted(before: Sequence[Sequence[str]], now: Sequence[Sequence[str]], seed: int = 0) -> list[str]:
    """In words, what is more uniform in `now` than in nearly all (97.5 %) of 200 samples of as many texts of
    `before`, and by a tenth at least. Nothing with fewer than FEWEST texts now, or twice that before; nothing
    where one measure alone says so.

    Both are the texts of each episode: those of one are alike, so that whole episodes are drawn. Drawing
    single texts called ten of sixteen random weeks of real posts a drift (docs/experiments.md).
    """
    # Without replacement, since a text drawn twice would repeat itself; so at most half of what there is.
    size = min(sum(map(len, before)) // 2, sum(map(len, now)))
    if size < FEWEST:
        return []
    chance = random.Random(seed)
    recent = measure(_drawn(now, size, chance))
    samples = [measure(_drawn(before, size, chance)) for _ in range(SAMPLES)]
    told = [
        f"{said} ({name.replace('_', ' ')} {usual:.2f} → {getattr(recent, name):.2f})"
        for name, said in WATCHED.items()
        for usual, most in [_range([getattr(sample, name) for sample in samples])]
        if getattr(recent, name) > most and getattr(recent, name) > usual * (1 + MUCH)
    ]
    return told if len(told) >= AGREE else []


def _drawn(episodes: Sequence[Sequence[str]], size: int, chance: random.Random) -> list[str]:
    """`size` texts, of whole episodes but for the last."""
    return [text for texts in chance.sample(list(episodes), len(episodes)) for text in texts][:size]


def _range(values: Sequence[float]) -> tuple[float, float]:
    """The median, and what nearly all lie below."""
    ordered = sorted(values)
    return ordered[len(ordered) // 2], ordered[int(SURE * (len(ordered) - 1))]


def compression_ratio(texts: Sequence[str]) -> float:
    """It grows with the amount of text: compare rows of about as many texts of about the same length."""
    plain = "\n".join(texts).encode()
    # mtime: gzip would write the time of day into its header.
    return len(plain) / len(gzip.compress(plain, mtime=0)) if plain else 0.0


def repeated_openings(texts: Sequence[str]) -> float:
    openings = Counter(opening(text) for text in texts)
    return sum(n for n in openings.values() if n > OPENING_OFTEN) / max(len(texts), 1)


def opening(text: str) -> str:
    """The first two words, lower-case."""
    return " ".join(_words(text)[:OPENING_WORDS])


def copied(text: str, source: str, n: int) -> float:
    """Share of the text's runs of `n` words that stand in `source`: 1 less the novel n-grams of See et al.
    2017; 0 for a text shorter than that."""
    theirs = set(_runs(_words(source), n))
    runs = _runs(_words(text), n)
    return sum(run in theirs for run in runs) / max(len(runs), 1)


def self_repetition(texts: Sequence[str], n: int = PHRASE) -> float:
    each = [set(_runs(_words(text), n)) for text in texts]
    held: Runs = Counter(run for runs in each for run in runs)
    return _mean([sum(held[run] > 1 for run in runs) / len(runs) for runs in each if runs])


def stock_phrases(
    texts: Sequence[str], names: Sequence[str] = (), n: int = PHRASE, most: int = 5
) -> tuple[tuple[str, int], ...]:
    """The runs of `n` words that at least three, and a twentieth, of the texts hold, with how many do; runs
    that go on from one another, in as many texts, are one longer phrase. One that is a name is none."""
    held: Runs = Counter(run for text in texts for run in dict.fromkeys(_runs(_words(text), n)))
    least = max(3, math.ceil(STOCK_SHARE * len(texts)))
    often = [(run, count) for run, count in held.most_common() if count >= least and not _named(run, names)]
    return tuple((" ".join(run), count) for run, count in _joined(often, n - 1)[:most])


def _named(run: tuple[str, ...], names: Sequence[str]) -> bool:
    """All but one word of it stand in a row in a name."""
    shorter = set(_runs(run, len(run) - 1))
    return any(not shorter.isdisjoint(_runs(_words(name), len(run) - 1)) for name in names)


def _joined(runs: Sequence[tuple[tuple[str, ...], int]], shared: int) -> list[tuple[tuple[str, ...], int]]:
    joined: list[tuple[tuple[str, ...], int]] = []
    for run, count in runs:
        for at, (known, times) in enumerate(joined):
            if times == count and known[-shared:] == run[:shared]:
                joined[at] = ((*known, *run[shared:]), count)
                break
            if times == count and run[-shared:] == known[:shared]:
                joined[at] = ((*run[:-shared], *known), count)
                break
        else:
            joined.append((run, count))
    return joined


def self_bleu(texts: Sequence[str], most: int = 4) -> float:
    """Papineni et al. 2002 without brevity penalty, all lengths being equal; texts that are shorter than
    COMPARED words are left out."""
    cut = [words[:COMPARED] for text in texts if len(words := _words(text)) >= COMPARED]
    if len(cut) < 2:
        return 0.0
    precisions = [_precisions([Counter(_runs(words, n)) for words in cut]) for n in range(1, most + 1)]
    return _mean([math.exp(_mean([math.log(p) for p in each])) for each in zip(*precisions, strict=True)])


def _precisions(each: Sequence[Runs]) -> list[float]:
    """Of each text's runs the share that some other text has, clipped; smoothed by one half."""
    best: dict[tuple[str, ...], list[int]] = {}
    for runs in each:
        for run, count in runs.items():
            best[run] = sorted([count, *best.get(run, [])], reverse=True)[:2]
    return [
        (sum(min(count, _of_others(best[run], count)) for run, count in runs.items()) + 0.5)
        / (runs.total() + 0.5)
        for runs in each
    ]


def _of_others(best: Sequence[int], own: int) -> int:
    """The highest count among the other texts, from the two highest of all."""
    others = list(best)
    others.remove(own) if own in others else None
    return others[0] if others else 0


def _words(text: str) -> list[str]:
    return re.findall(r"[\w'’]+", text.lower())


def _runs(words: Sequence[str], n: int) -> list[tuple[str, ...]]:
    return [tuple(words[i : i + n]) for i in range(len(words) - n + 1)]


def _mean(values: Sequence[float]) -> float:
    return sum(values) / max(1, len(values))


MEANS = {
    "texts": "how many there are",
    "words": "of a text, on average",
    "openings": "share whose first two words open two other texts as well",
    "compression": "how much gzip makes of them: more is more alike, and more texts are more",
    "self repetition": "share of four words in a row that another text has too",
    "self bleu": "how like the others a text is, 0 to 1",
    "own words": "share of two words in a row that were said so",
    "stock phrases": "in three texts or more, and in one of twenty",
}


def as_rows(style: Style) -> list[tuple[str, str]]:
    """For a table: each figure by its name in MEANS."""
    figures = [(f.name, getattr(style, f.name)) for f in fields(style) if f.name != "stock"]
    rows = [
        (name.replace("_", " "), f"{value:.2f}" if isinstance(value, float) else str(value))
        for name, value in figures
    ]
    return [*rows, ("stock phrases", "; ".join(f"“{phrase}” ×{n}" for phrase, n in style.stock) or "none")]
