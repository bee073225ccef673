"""Punctuated texts as the words a recogniser would give, with the marks and capitals that it leaves out."""

from __future__ import annotations

import json
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from bot.read.borders import COMMA, NOTHING, QUESTION, STOP
from bot.read.sentences import is_end
from bot.training.reader import bare

UNKNOWN = -1
# A spelling counts a few times an episode, must be counted this often, and be this share of all.
MOST_OF_ONE, OFTEN, SURE = 3, 7, 0.8
_I = re.compile(r"i(?:'|$)")
_COMMA = re.compile(r"(?:[,;:–—…]|-+|\.{3})[\"'”’)\]]*$")


@dataclass(frozen=True, kw_only=True)
class Marked:
    """Words as a recogniser gives them, the mark after each, and whether each has a capital (UNKNOWN: it
    opens a sentence)."""

    words: tuple[str, ...]
    marks: NDArray[np.int64]
    capitals: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.words)


def marked(texts: Iterable[str]) -> Marked:
    """Punctuated texts, each of which ends a sentence, as one stream."""
    rows = [row for text in texts for row in _of_text(text)]
    words, marks, capitals = zip(*rows, strict=True) if rows else ((), (), ())
    return Marked(words=words, marks=np.array(marks, np.int64), capitals=np.array(capitals, np.int64))


def _of_text(text: str) -> list[tuple[str, int, int]]:
    rows: list[tuple[str, int, int]] = []
    opens = True
    written = text.split()
    for word, after in pairwise([*written, None]):
        assert word is not None
        parts = bare(word).split()
        mark = _mark(word, after)
        if not parts and rows:
            rows[-1] = (rows[-1][0], max(rows[-1][1], mark), rows[-1][2])
        for at, part in enumerate(parts):
            found = word.lower().find(part)
            capital = int(word[found : found + 1].isupper())
            last = at == len(parts) - 1
            rows.append(
                (part, mark if last else NOTHING, UNKNOWN if opens and not _I.match(part) else capital)
            )
            opens = False
        opens = opens or bool(rows and rows[-1][1] >= STOP)
    if rows and rows[-1][1] < STOP:
        rows[-1] = (rows[-1][0], STOP, rows[-1][2])
    return rows


def _mark(word: str, after: str | None) -> int:
    if after is None or is_end(word, after):
        return QUESTION if "?" in word[-3:] else STOP
    if not bare(word) and re.search(r"[.?!]", word):
        return QUESTION if "?" in word else STOP
    return COMMA if _COMMA.search(word) else NOTHING


def of_meetings(path: Path) -> Iterator[Marked]:
    """QMSum: tokenised turns with tags such as {disfmarker}."""
    for line in path.read_text("utf-8").splitlines():
        turns = json.loads(line)["meeting_transcripts"]
        texts = (_joined(t["content"]) for t in turns)
        yield marked(t for t in texts if bare(t))


def _joined(text: str) -> str:
    """Without tags, and with "we 've" and "do n't" as one word again."""
    untagged = " ".join(re.sub(r"\{[^}]*\}", " ", text).split())
    return re.sub(r" (?='(?:ve|s|re|d|ll|m|t)\b|n't\b)", "", untagged)


def spellings(texts: Iterable[Sequence[str]]) -> str:
    """Words written like API or GitHub, nearly always so and in three of the streams of texts, in a row."""
    seen: dict[str, Counter[str]] = defaultdict(Counter)
    for stream in texts:
        words = (w.strip(".,;:!?\"'()[]“”‘’-…") for text in stream for w in text.split())
        for word, n in Counter(w.removesuffix("'s").removesuffix("’s") for w in words).items():
            if word.isalpha():
                seen[word.lower()][word] += min(n, MOST_OF_ONE)
    common = ((counts.most_common(1)[0], counts.total()) for counts in seen.values())
    found = (word for (word, n), total in common if n >= OFTEN and n >= SURE * total)
    return " ".join(sorted(w for w in found if len(w) > 1 and w[1:] != w[1:].lower()))
