"""Fits the check for noise on true texts and measures it on noise: `python -m bot.training.fluency FOLDER`.

    python -m bot.training.fluency FOLDER [--fit] [--texts report.json …]

The limits are what the texts of the training episodes keep to but for a few; figures are of the validation
episodes. Noise is made by rule of those texts, or read from reports that `earmark distill` wrote.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np

from bot.training.episodes import Annotated, is_validation
from bot.training.folder import load
from bot.write import fluent
from bot.write.gen_input import parsed
from bot.write.ground import BAND
from bot.write.lexicon import is_finite
from bot.write.words import in_order

Text = tuple[str, str]
# The share of true texts that each side of a measure may cost; None: that side is open.
COSTS: Mapping[str, tuple[float | None, float | None]] = {
    "repetition": (None, 0.004),
    "variety": (0.004, None),
    "carrying": (0.004, 0.002),
    "clauses": (0.004, None),
    "flow": (0.004, None),
}
OPEN = 1e9


def fit(texts: Sequence[Text]) -> dict[str, object]:
    """What `bot.write.fluent` reads: the table of neighbouring classes, and the limits."""
    table = flow_table(texts)
    pairs = fluent.by_pair(table)
    # Its own flow is of the table in the making.
    plain = {name: measured for name, measured in fluent.MEASURED.items() if name != "flow"}
    found = [
        {**{name: measured(*t) for name, measured in plain.items()}, "flow": fluent.flow_by(pairs, t[1])}
        for t in texts
    ]
    limits = {
        name: [_bound([f[name] for f in found], low, -1), _bound([f[name] for f in found], high, 1)]
        for name, (low, high) in COSTS.items()
    }
    return {"limits": limits, "flow": table}


def _bound(values: Sequence[float], share: float | None, side: int) -> float:
    if share is None:
        return side * OPEN
    return round(float(np.quantile(values, share if side < 0 else 1 - share)) + side * 1e-4, 4)


def flow_table(texts: Sequence[Text]) -> dict[str, list[float]]:
    """log p(b | a) / p(b) of neighbouring classes, counts smoothed by one half."""
    pairs = Counter(p for headline, text in texts for part in (headline, text) for p in fluent.pairs_of(part))
    counts = np.array([[pairs[a, b] + 0.5 for b in fluent.CLASSES] for a in fluent.CLASSES])
    given = counts / counts.sum(axis=1, keepdims=True)
    alone = counts.sum(axis=0) / counts.sum()
    rows = np.round(np.log(given / alone), 3).tolist()
    return dict(zip(fluent.CLASSES, rows, strict=True))


def loop(text: Text, chance: random.Random) -> Text:
    """A few of its words, over and over, a word of each changed at times."""
    words = text[1].split()
    at, n = chance.randrange(len(words)), chance.randint(2, 7)
    phrase = (words * 2)[at : at + n]
    made: list[str] = []
    while len(made) < chance.randint(*BAND):
        made += [chance.choice(words) if chance.random() < 0.1 else w for w in phrase]
    return text[0], _sentence(made)


def shuffled(text: Text, chance: random.Random) -> Text:
    words = text[1].split()
    chance.shuffle(words)
    return text[0], _sentence(words)


def in_pairs(text: Text, chance: random.Random) -> Text:
    """Shuffled, but each second word still follows the one before."""
    words = text[1].split()
    pairs = [words[i : i + 2] for i in range(0, len(words), 2)]
    chance.shuffle(pairs)
    return text[0], _sentence([w for pair in pairs for w in pair])


def commonest(text: Text, chance: random.Random) -> Text:
    """The commonest words, as a language model that hasn't learnt yet writes them."""
    words = in_order("the a of and to is in that it for are one way same time people things new")
    weights = [1 / (n + 1) for n in range(len(words))]
    made = chance.choices(words, weights, k=chance.randint(*BAND))
    return text[0], _sentence([f"{w}," if chance.random() < 0.2 else w for w in made])


def without_verbs(text: Text, _: random.Random) -> Text:
    """Its words that aren't verbs or little words, in order, twice."""
    words = [w for w in text[1].split() if fluent.carrying("", w) and not is_finite(w)]
    return text[0], _sentence((words * 3)[: BAND[1] - 10])


def _sentence(words: Sequence[str]) -> str:
    text = " ".join(words)
    return f"{text[:1].upper()}{text[1:].rstrip('.,')}."


NOISE: Mapping[str, Callable[[Text, random.Random], Text]] = {
    "loops": loop,
    "words shuffled": shuffled,
    "pairs of words shuffled": in_pairs,
    "commonest words": commonest,
    "no verbs": without_verbs,
}


def texts_of(episodes: Sequence[Annotated]) -> list[Text]:
    return [(i["headline"], i["text"]) for e in episodes for i in e.reference["insights"]]


def caught(texts: Sequence[Text]) -> dict[str, float]:
    """The share that is refused, and by which measure."""
    every = [fluent.faults(*t) for t in texts]
    by = {name: sum(said in found for found in every) for name, said in fluent.SAID.items()}
    return {"refused": sum(map(bool, every)) / len(every), **{n: c / len(every) for n, c in by.items()}}


def rows(texts: Sequence[Text], seed: int = 1) -> Iterator[tuple[str, dict[str, float]]]:
    chance = random.Random(seed)
    yield "true", caught(texts)
    for name, made in NOISE.items():
        yield name, caught([made(t, chance) for t in texts])


def main(argv: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(
        prog="python -m bot.training.fluency",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("folder", type=Path, help="annotated episodes")
    parser.add_argument("--fit", action="store_true", help="fit on the training episodes first")
    parser.add_argument("--out", type=Path, default=fluent.KEPT, help="where what was fitted goes")
    parser.add_argument("--texts", type=Path, nargs="*", default=[], help="reports of `earmark distill`")
    options = parser.parse_args(argv)
    episodes = load(options.folder, everything=True).episodes
    if options.fit:
        kept = fit(texts_of([e for e in episodes if not is_validation(e)]))
        options.out.write_text(json.dumps(kept) + "\n", "utf-8")
        if options.out != fluent.KEPT:
            return  # what is measured is the check that ships
    for name, shares in rows(texts_of([e for e in episodes if is_validation(e)])):
        _say(name, shares)
    for path in options.texts:
        _say(path.stem, caught([parsed(t) for t in json.loads(path.read_text("utf-8"))["texts"]]))


def _say(name: str, shares: Mapping[str, float]) -> None:
    by = ", ".join(f"{n} {s:.3f}" for n, s in shares.items() if n != "refused" and s)
    sys.stdout.write(f"{name:<28}{shares['refused']:>7.3f}  {by}\n")


if __name__ == "__main__":
    main()
