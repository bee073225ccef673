"""What the generative writer is shown of a passage: its evidence, cleaned, by speaker, in a prompt."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from itertools import groupby

from bot.domain import Sentence
from bot.write.clean import clean

FAMILY = "smollm2"
VARIABLES = frozenset({"show", "about", "passage"})
# The chat form that SmolLM2 was trained on, without a system's turn: it costs 20 tokens and says nothing.
TURN = "<|im_start|>user\n{asked}<|im_end|>\n<|im_start|>assistant\n"
# The longest evidence that the small model was trained on.
WORDS = 230


def shown(sentences: Iterable[Sentence]) -> str:
    """The sentences as they would be written, one line a turn, each with its speaker where one is known."""
    said = [(s.speaker, c) for s in sentences if (c := clean(s.text))]
    turns = [(speaker, " ".join(text for _, text in turn)) for speaker, turn in groupby(said, lambda s: s[0])]
    return "\n".join(f"{speaker}: {text}" if speaker else text for speaker, text in turns)


def shortened(sentences: Sequence[Sentence], words: int = WORDS) -> list[Sentence]:
    """The first sentences that stay within so many words (one at least)."""
    kept: list[Sentence] = []
    used = 0
    for sentence in sentences:
        used += len(sentence.text.split())
        if kept and used > words:
            break
        kept.append(sentence)
    return kept


def subjects(sentences: Iterable[Sentence], most: int = 6) -> list[str]:
    """The names that the episode uses most: what its "we" and "it" are. None where nothing is capitalised."""
    seen: Counter[str] = Counter()
    speakers = set()
    for sentence in sentences:
        speakers.update(sentence.speaker.split())
        seen.update(_NAME.findall(sentence.text))
    names = [n for n, count in seen.most_common(4 * most) if count > 1 and not speakers & set(n.split())]
    return [n for n in names if not any(n != m and n in m for m in names)][:most]


# Capitals that do not open a sentence; a lone "I" is no name.
_NAME = re.compile(r"(?<=[a-z,] )(?!I\b)[A-Z][\w+#&-]*(?:\.\w+)?(?: [A-Z0-9][\w+#&-]*)*")


def bare(text: str) -> str:
    """As a poor transcript would have it: no capitals, no punctuation."""
    return re.sub(r"[.,;:?!\"“”()–—-]+(?=\s|$)|(?<=\s)[\"“(–—-]+", "", text.lower())


def parsed(output: str) -> tuple[str, str]:
    """Headline and text of what was generated: its first line, and the rest joined."""
    top, _, rest = output.strip().partition("\n")
    return top.strip().rstrip("."), " ".join(rest.split())
