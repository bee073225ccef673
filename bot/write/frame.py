"""What a passage is about, where its own sentences don't say: a name that the talk around it keeps using."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from functools import lru_cache

from bot.domain import Passage, Sentence
from bot.write.lexicon import STOPS, bare, listed

# Sentences before the passage that count as its talk, and how often an episode names its subject.
BEFORE, OFTEN = 8, 8
_NEVER = listed(
    "i god monday tuesday wednesday thursday friday saturday sunday january february march april may"
    " june july"
    " august september october november december english american yeah yes okay right speaker dr mr mrs"
    " ceo cto mrs"
    " hey oh wow well so and but thanks twitter youtube google github slack episode today"
)


def topic_of(passage: Passage, sentences: Sequence[Sentence]) -> str:
    """The name that the passage is surely about ("" where none stands out): one of the two that the whole
    episode uses most, used twice in the talk up to the evidence."""
    first = max(0, passage.first - BEFORE)
    near = _counted(sentences[first : passage.quote_at + 1])
    whole = _whole(tuple(sentences))
    people = {bare(w) for s in {s.speaker for s in sentences} for w in s.split()}
    used = [n for n, c in whole.most_common(12) if c >= OFTEN and not {bare(w) for w in n.split()} & people]
    return max((n for n in used[:2] if near[n] >= 2), key=lambda n: near[n], default="")


@lru_cache(maxsize=4)
def _whole(sentences: tuple[Sentence, ...]) -> Counter[str]:
    return _counted(sentences)


def _counted(sentences: Sequence[Sentence]) -> Counter[str]:
    return Counter(name for s in sentences for name in _names(s.text))


def _names(text: str) -> Iterator[str]:
    """Runs of one to three capitalised words inside a sentence (its first word doesn't count)."""
    words = text.split()
    run: list[str] = []
    for i, word in enumerate([*words, ""]):
        plain = word.strip("\"“”‘’'()[].,;:!?…–—-*").removesuffix("'s").removesuffix("’s")
        if i and _is_name(plain) and not re.search(r"[.?!:\"“]$", words[i - 1]):
            run.append(plain)
            if word[-1:].isalnum() and len(run) < 3:
                continue
        if run:
            yield " ".join(run)
        run = []


def _is_name(word: str) -> bool:
    if len(word) < 2 or not re.fullmatch(r"[A-Za-z][\w+#.-]*", word):
        return False
    return any(c.isupper() for c in word) and bare(word) not in STOPS | _NEVER
