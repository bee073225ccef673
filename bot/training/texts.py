"""What posted texts are like, purely: how they repeat one another, and how much they copy."""

from __future__ import annotations

import gzip
from collections import Counter
from collections.abc import Iterator, Sequence

from bot.write.lexicon import bare

# Words that make an opening, and how often one may occur before it counts as repeated.
OPENING_WORDS, OPENING_OFTEN = 2, 2


def compression_ratio(texts: Sequence[str]) -> float:
    """Bytes of the texts over their bytes after gzip: higher is more repetitive (Shaib et al. 2024).

    It grows with the amount of text: compare rows of about as many texts of about the same length.
    """
    plain = "\n".join(texts).encode()
    # mtime: gzip would write the time of day into its header.
    return len(plain) / len(gzip.compress(plain, mtime=0)) if plain else 0.0


def repeated_openings(texts: Sequence[str]) -> float:
    """Share of the texts whose first two words open at least two others as well."""
    openings = Counter(_opening(text) for text in texts)
    return sum(n for n in openings.values() if n > OPENING_OFTEN) / max(len(texts), 1)


def copied(text: str, source: str, n: int) -> float:
    """Share of the text's runs of `n` words that stand in `source`; without case and punctuation.

    1 minus the share of novel n-grams of See et al. 2017. 0 for a text shorter than `n` words.
    """
    runs, theirs = list(_runs(text, n)), set(_runs(source, n))
    return sum(run in theirs for run in runs) / max(len(runs), 1)


def _opening(text: str) -> str:
    return " ".join(text.split()[:OPENING_WORDS]).lower()


def _runs(text: str, n: int) -> Iterator[tuple[str, ...]]:
    words = [w for w in map(bare, text.split()) if w]
    return (tuple(words[i : i + n]) for i in range(len(words) - n + 1))
