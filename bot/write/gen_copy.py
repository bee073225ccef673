"""What a copying writer may say: the words of passage and metadata, and the small words that join them."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from bot.write.lexicon import STOPS, bare, listed

# Closed: joining words, and verbs that say who thinks what. "not" and its like come only from the passage.
JOINING = listed(
    "a an and are argues as at be been but by can could do does each even explains finds for from had has"
    " have how if in into is it its just makes many may means more most much of on once one only or other"
    " out over own rather recalls reports said says since so some such suggests than that the their them"
    " then there these they this those through to up was way were what when where which while who whose why"
    " will with would yet speaker host guest according adds believes compares describes warns thinks"
)
# What turns a claim round: never given, only copied.
_TURNING = listed("no not never none nobody nothing neither nor cannot without hardly less few against")
_FREE = frozenset(w for w in STOPS - _TURNING if not w.endswith("n't"))
_WORD = re.compile(r"[\w’'&+#.%$€£-]*\w[%+#]*")
_MARKS = (
    ".",
    ",",
    ":",
    ";",
    "?",
    "!",
    "’",
    "'",
    "'s",
    "’s",
    '"',
    "“",
    "”",
    "(",
    ")",
    "-",
    "–",
    " –",
    "—",
    " —",
    "\n",
)

Pieces = Callable[[str], Sequence[int]]


def vocabulary(said: str) -> frozenset[str]:
    """The words that may be written, as they are spelt: those said, those that join."""
    return frozenset(_WORD.findall(said)) | (JOINING - _TURNING)


def tokens(said: str, pieces: Pieces) -> frozenset[int]:
    """The ids of all tokens that spell an allowed word, at the start of a line, or after a space."""
    spelt = {form for word in vocabulary(said) for form in (word, word[:1].upper() + word[1:])}
    texts = [*(f" {w}" for w in spelt), *spelt, *_MARKS]
    return frozenset(i for text in texts for i in pieces(text))


def strangers(written: str, said: str) -> tuple[str, ...]:
    """Words that aren't allowed: tokens of allowed words may join to others."""
    known = {bare(w) for w in vocabulary(said)} | _FREE
    known |= {w.removesuffix("s") for w in known} | {w.removesuffix("'s") for w in known}
    words = (bare(w).removesuffix("'s").removesuffix("’s") for w in _WORD.findall(written))
    return tuple(w for w in words if w and w not in known and w.removesuffix("s") not in known)
