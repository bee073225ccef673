"""A plain search for the way to ask that suits a model, by successive halving (Jamieson & Talwalkar 2016).

Not DSPy: a model of this size can neither propose instructions nor reflect on its mistakes, which is what
DSPy's optimisers ask of it, and what is left of them, trying candidates by chance, is these few lines without
a dependency of its own models of prompts.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from statistics import mean
from typing import Protocol

from bot.prompts import Decoding, Prompt, hashed
from bot.training.episodes import Annotated

SEPARATOR = "\n\n"
EXAMPLES = (0, 1, 2)
DECODING = ((0.0, 1.0), (0.3, 0.95), (0.6, 0.95))


@dataclass(frozen=True, kw_only=True)
class Mark:
    """What an answer is worth, 0..1, and whether it is `right`; `kind`: what it is to be right at."""

    points: float
    kind: str
    right: bool


class Item(Protocol):
    """Something that a model is asked, known by what fills the prompt in."""

    @property
    def values(self) -> Mapping[str, str]: ...

    @property
    def shown(self) -> str:
        """It with a good answer, as an example in a prompt."""
        ...

    def marked(self, answer: str) -> Mark: ...


@dataclass(frozen=True, kw_only=True)
class Split:
    """What is searched on, what only the winner and the prompt in use are asked, what may be an example."""

    dev: Sequence[Item]
    unseen: Sequence[Item]
    examples: Sequence[Item]


@dataclass(frozen=True, kw_only=True)
class Task:
    """`kinds`: what an answer can be right at, by its name in words; without any right at the first no prompt
    is kept. `each`: answers that the program draws, of which the best counts. `usual`: how, untuned."""

    name: str
    variables: frozenset[str]
    kinds: Sequence[str]
    each: int
    usual: Decoding
    instructions: Sequence[str]
    layouts: Sequence[str]
    split: Callable[[Sequence[Annotated], int], Split]


@dataclass(frozen=True, kw_only=True)
class Trial:
    """One way to ask: a prompt's text with its task's variables, and how the answer is drawn."""

    text: str
    temperature: float
    top_p: float

    @property
    def hash(self) -> str:
        return hashed(self.text)

    @property
    def decoding(self) -> Decoding:
        return Decoding(temperature=self.temperature, top_p=self.top_p)


@dataclass(frozen=True, kw_only=True)
class Score:
    """The mean of the best answers' points, and by kind the share of items with a right answer."""

    points: float
    right: Mapping[str, float]


Draw = Callable[[str, int, Trial], Sequence[str]]


def trials(task: Task, examples: Sequence[Item], seed: int) -> list[Trial]:
    """Every instruction, layout, number and order of examples and decoding, shuffled."""
    chance = random.Random(seed)
    made = [
        Trial(text=worded(instruction, layout, chance.sample(list(examples), n)), temperature=heat, top_p=top)
        for instruction in task.instructions
        for layout in task.layouts
        for n in EXAMPLES
        if n <= len(examples)
        for heat, top in DECODING
    ]
    return chance.sample(made, len(made))


def worded(instruction: str, layout: str, examples: Sequence[Item]) -> str:
    """A prompt's text; what examples hold of dollars names no variable."""
    shown = [e.shown.replace("$", "$$") for e in examples]
    asked = layout.format(instruction=instruction)
    return SEPARATOR.join([*shown, f"{asked}\n\nAnswer:" if shown else asked])


def score(task: Task, trial: Trial, items: Sequence[Item], draw: Draw) -> Score:
    """`task.each` answers an item (one where it is greedy), of which the best counts."""
    best = []
    for one in items:
        answers = draw(filled(task, trial, one), task.each if trial.temperature else 1, trial)
        best.append(max((one.marked(a) for a in answers or [""]), key=lambda m: m.points))
    right = {k: [m.right for m in best if m.kind == k] for k in task.kinds}
    return Score(points=mean(m.points for m in best), right={k: mean(r) for k, r in right.items() if r})


def filled(task: Task, trial: Trial, one: Item) -> str:
    """What the model is asked."""
    form = Prompt(task=task.name, family="trial", text=trial.text, variables=task.variables)
    return form.filled(**one.values)


def search(
    task: Task, found: Sequence[Trial], dev: Sequence[Item], draw: Draw, budget: int
) -> list[tuple[Trial, Score]]:
    """The best, first, by successive halving: all on few items, the better half on twice as many.

    Every round gets as much of `budget` (in answers) as any other; the last one left has seen the most.
    """
    rounds = max(1, len(found).bit_length() - 1)
    left, ranked, at = list(found), [], 0
    for _ in range(rounds):
        size = max(1, budget // rounds // (len(left) * task.each))
        shown = [dev[(at + i) % len(dev)] for i in range(size)]
        at += size
        ranked = sorted(((t, score(task, t, shown, draw)) for t in left), key=lambda r: -r[1].points)
        left = [t for t, _ in ranked[: max(1, len(left) // 2)]]
        if len(left) == 1:
            break
    return ranked


def affordable(task: Task, found: Sequence[Trial], budget: int) -> list[Trial]:
    """So many that each can be tried on one item in the first round at least."""
    n = len(found)
    while n > 2 and n * task.each * max(1, n.bit_length() - 1) > budget:
        n -= 1
    return list(found[:n])
