"""What `earmark tune write` searches on: an annotated insight's evidence, told as an insight."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from bot.training.asked import Asked, asked_of
from bot.training.episodes import Annotated, is_validation
from bot.training.tune_search import Mark, Split, Task
from bot.write.fluent import faults
from bot.write.gen_input import VARIABLES, parsed
from bot.write.ground import BAND
from bot.write.hub import USUAL
from bot.write.lexicon import content
from bot.write.words import stem

DEV, UNSEEN = 96, 16
# What an answer's points, 0..1, are made of: the gate alone could be won by a text that says nothing, and
# likeness alone by one that says something else. A refused answer counts by how few things are wrong with
# it: where none passes, there is still a slope.
PASSED, REFUSED, LIKE, LONG = 0.5, 0.25, 0.3, 0.2
PASSES = "pass the gate"
# Examples end up in a prompt that ships: only of shows whose transcripts may be passed on as they are (MIT).
SHAREABLE = ("pythonbytes", "bitcoin")
LENT = 3


@dataclass(frozen=True)
class Passage:
    """An insight to word."""

    asked: Asked

    @property
    def values(self) -> Mapping[str, str]:
        pair = self.asked.pair
        return {"show": pair.show, "about": ", ".join(pair.about) or pair.show, "passage": pair.passage}

    @property
    def shown(self) -> str:
        pair = self.asked.pair
        return f"{pair.passage}\n\nAnswer:\n{pair.headline}\n{pair.text}"

    def marked(self, answer: str) -> Mark:
        """By the gate, likeness to the annotator's text, length; 0 for noise."""
        headline, text = parsed(answer)
        if faults(headline, text):
            return Mark(points=0.0, kind=PASSES, right=False)
        wrong = len(self.asked.refused(headline, text))
        gate = REFUSED / (1 + wrong) if wrong else PASSED
        like = overlap(f"{headline} {text}", f"{self.asked.pair.headline} {self.asked.pair.text}")
        points = gate + LIKE * like + LONG * of_length(len(text.split()))
        return Mark(points=points, kind=PASSES, right=not wrong)


def overlap(a: str, b: str) -> float:
    """F1 of the different stems that carry meaning, ROUGE-1 without stop words (Lin 2004)."""
    ours, theirs = (frozenset(stem(w) for w in content(text)) for text in (a, b))
    return 2 * len(ours & theirs) / max(1, len(ours) + len(theirs))


def of_length(words: int) -> float:
    """1 within BAND, falling to 0 at nothing and at twice as much."""
    low, high = BAND
    return min(1.0, words / low) if words <= high else max(0.0, 2 - words / high)


def parted(
    episodes: Sequence[Annotated], seed: int
) -> tuple[list[Annotated], list[Annotated], list[Annotated]]:
    """Episodes to search on, unseen ones, and those that lend examples (which aren't searched on)."""
    trained = [e for e in episodes if not is_validation(e)]
    random.Random(seed).shuffle(trained)
    lent = [e for e in trained if e.show in SHAREABLE][:LENT]
    return [e for e in trained if e not in lent], [e for e in episodes if is_validation(e)], lent


def split(episodes: Sequence[Annotated], seed: int) -> Split:
    learnt, unseen, lent = parted(episodes, seed)
    shown = [a for a in asked_of(lent) if not a.refused(a.pair.headline, a.pair.text)]
    short = sorted(shown, key=lambda a: len(a.pair.passage))[:4]
    return Split(
        dev=[Passage(a) for a in asked_of(learnt, DEV)],
        unseen=[Passage(a) for a in asked_of(unseen, UNSEEN)],
        examples=[Passage(a) for a in short],
    )


WRITE = Task(
    name="write",
    variables=VARIABLES,
    kinds=(PASSES,),
    each=2,
    usual=USUAL,
    instructions=(
        "From $show, about $about. Write the claim in at most 12 words, then two or three sentences that"
        " explain it.",
        "$show, about $about. First line: a headline of at most 12 words. Second line: what was said, in 45"
        " words.",
        "Sum up what was said on $show, about $about: one line with the main claim, then one paragraph of 40"
        " to 60 words that says who claims it and why.",
        "Write a news item from $show, about $about: a headline, a line break, and a text of three"
        " sentences.",
    ),
    layouts=("{instruction}\n\n$passage", "$passage\n\n{instruction}"),
    split=split,
)
