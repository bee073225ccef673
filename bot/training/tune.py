"""The prompt and the decoding that suit a model, searched for on a budget: `earmark tune TASK MODEL`.

A plain search by successive halving (Jamieson & Talwalkar 2016), not DSPy: a model of this size can neither
propose instructions nor reflect on its mistakes, which is what DSPy's optimisers ask of it, and what is left
of them, trying candidates by chance, is these few lines without a dependency of its own models of prompts.
"""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from datetime import date
from hashlib import sha256
from pathlib import Path
from statistics import mean
from typing import Any

from bot.errors import ConfigError
from bot.prompts import Prompt, decoding, prompt
from bot.read.encoder import WeightFolders
from bot.training.asked import Asked, asked_of
from bot.training.base import smollm2
from bot.training.cousins import Ct2Cousin
from bot.training.episodes import Annotated, is_validation
from bot.training.folder import load
from bot.write.fluent import faults
from bot.write.gen_input import TURN, VARIABLES, parsed
from bot.write.ground import BAND
from bot.write.lexicon import content
from bot.write.words import stem

DEV, UNSEEN, EACH = 96, 16, 2
FEWEST_UNSEEN = 4
# What an answer's points, 0..1, are made of: the gate alone could be won by a text that says nothing, and
# likeness alone by one that says something else. A refused answer counts by how few things are wrong with
# it: where none passes, there is still a slope.
PASSED, REFUSED, LIKE, LONG = 0.5, 0.25, 0.3, 0.2
# Examples end up in a prompt that ships: only of shows whose transcripts may be passed on as they are (MIT).
SHAREABLE = ("pythonbytes", "bitcoin")
SEPARATOR = "\n\n"


@dataclass(frozen=True, kw_only=True)
class Order:
    """`model`: "smollm2" or a folder. `budget`: answers drawn in the search. `prompts`: written to."""

    task: str
    model: str
    folder: Path
    budget: int = 200
    prompts: Path = Path("prompts")
    seed: int = 1


@dataclass(frozen=True, kw_only=True)
class Trial:
    """One way to ask: a prompt's text with $show, $about, $passage, and how the answer is drawn."""

    text: str
    temperature: float
    top_p: float

    @property
    def hash(self) -> str:
        """As `bot.prompts.Prompt.hash` has it."""
        return sha256(self.text.encode()).hexdigest()[:8]


@dataclass(frozen=True, kw_only=True)
class Score:
    """Means over passages: of the points of the best answer, and whether one passes the gate."""

    points: float
    passes: float


Draw = Callable[[str, int, Trial], Sequence[str]]

INSTRUCTIONS = (
    "From $show, about $about. Write the claim in at most 12 words, then two or three sentences that explain"
    " it.",
    "$show, about $about. First line: a headline of at most 12 words. Second line: what was said, in 45"
    " words.",
    "Sum up what was said on $show, about $about: one line with the main claim, then one paragraph of 40 to"
    " 60 words that says who claims it and why.",
    "Write a news item from $show, about $about: a headline, a line break, and a text of three sentences.",
)
LAYOUTS = ("{instruction}\n\n$passage", "$passage\n\n{instruction}")
EXAMPLES = (0, 1, 2)
DECODING = ((0.0, 1.0), (0.3, 0.95), (0.6, 0.95))


def trials(examples: Sequence[Asked], seed: int) -> list[Trial]:
    """Every instruction, layout, number and order of examples and decoding, shuffled."""
    chance = random.Random(seed)
    made = [
        Trial(text=worded(instruction, layout, chance.sample(list(examples), n)), temperature=heat, top_p=top)
        for instruction in INSTRUCTIONS
        for layout in LAYOUTS
        for n in EXAMPLES
        if n <= len(examples)
        for heat, top in DECODING
    ]
    return chance.sample(made, len(made))


def worded(instruction: str, layout: str, examples: Sequence[Asked]) -> str:
    """A prompt's text; what examples hold of dollars names no variable."""
    shown = [
        f"{e.pair.passage}\n\nAnswer:\n{e.pair.headline}\n{e.pair.text}".replace("$", "$$") for e in examples
    ]
    asked = layout.format(instruction=instruction)
    return SEPARATOR.join([*shown, f"{asked}\n\nAnswer:" if shown else asked])


def score(trial: Trial, asked: Sequence[Asked], draw: Draw) -> Score:
    """EACH answers a passage (one where it is greedy), judged by the gate."""
    best, passes = [], []
    for one in asked:
        answers = draw(filled(trial, one), EACH if trial.temperature else 1, trial)
        points, passed = max((_points(one, answer) for answer in answers), default=(0.0, False))
        best.append(points)
        passes.append(float(passed))
    return Score(points=mean(best), passes=mean(passes))


def _points(asked: Asked, answer: str) -> tuple[float, bool]:
    """Points, and whether it passes: the gate, likeness to the annotator's text, length; 0 for noise."""
    headline, text = parsed(answer)
    if faults(headline, text):
        return 0.0, False
    wrong = len(asked.refused(headline, text))
    gate = REFUSED / (1 + wrong) if wrong else PASSED
    like = overlap(f"{headline} {text}", f"{asked.pair.headline} {asked.pair.text}")
    return gate + LIKE * like + LONG * of_length(len(text.split())), not wrong


def overlap(a: str, b: str) -> float:
    """F1 of the different stems that carry meaning, ROUGE-1 without stop words (Lin 2004)."""
    ours, theirs = (frozenset(stem(w) for w in content(text)) for text in (a, b))
    return 2 * len(ours & theirs) / max(1, len(ours) + len(theirs))


def of_length(words: int) -> float:
    """1 within BAND, falling to 0 at nothing and at twice as much."""
    low, high = BAND
    return min(1.0, words / low) if words <= high else max(0.0, 2 - words / high)


def filled(trial: Trial, one: Asked) -> str:
    """What the model is asked."""
    form = Prompt(task="write", family="trial", text=trial.text, variables=VARIABLES)
    about = ", ".join(one.pair.about) or one.pair.show
    return form.filled(show=one.pair.show, about=about, passage=one.pair.passage)


def search(
    found: Sequence[Trial], dev: Sequence[Asked], draw: Draw, budget: int
) -> list[tuple[Trial, Score]]:
    """The best, first, by successive halving: all on few passages, the better half on twice as many.

    Every round gets as much of `budget` (in answers) as any other; the last one left has seen the most.
    """
    rounds = max(1, len(found).bit_length() - 1)
    left, ranked, at = list(found), [], 0
    for _ in range(rounds):
        size = max(1, budget // rounds // (len(left) * EACH))
        shown = [dev[(at + i) % len(dev)] for i in range(size)]
        at += size
        ranked = sorted(((t, score(t, shown, draw)) for t in left), key=lambda r: -r[1].points)
        left = [t for t, _ in ranked[: max(1, len(left) // 2)]]
        if len(left) == 1:
            break
    return ranked


def affordable(found: Sequence[Trial], budget: int) -> list[Trial]:
    """So many that each can be tried on one passage in the first round at least."""
    n = len(found)
    while n > 2 and n * EACH * max(1, n.bit_length() - 1) > budget:
        n -= 1
    return list(found[:n])


def run(order: Order, weights: WeightFolders, today: date) -> str:
    """Search, validate on unseen episodes against the prompt in use, write the better; what was found."""
    if order.task != "write":
        raise ConfigError(f"There is no task “{order.task}” that takes a prompt; there is write.")
    folder = smollm2(weights) if order.model == "smollm2" else Path(order.model)
    if not (folder / "config.json").is_file():
        raise ConfigError(f"{order.model} is no folder with a language model; “smollm2” is the one we know.")
    model, episodes = Ct2Cousin(folder), load(order.folder, everything=True).episodes
    draw = drawing(model)
    dev, unseen, shown = split(episodes, order.seed)
    unseen = unseen[: max(FEWEST_UNSEEN, order.budget // 4)]  # the comparison costs no more than the search
    found = search(affordable(trials(shown, order.seed), order.budget), dev, draw, order.budget)
    now = _in_use(folder.name, order.prompts)
    best, old = (score(t, unseen, draw) for t in (found[0][0], now))
    note = {
        "model": model.name,
        "date": today.isoformat(),
        "hash": found[0][0].hash,
        "temperature": found[0][0].temperature,
        "top_p": found[0][0].top_p,
        "unseen": asdict(best),
        "before": {"hash": now.hash, **asdict(old)},
        "dev": asdict(found[0][1]),
        "passages": len(unseen),
        "budget": order.budget,
    }
    better = bool(best.passes) and best.points > old.points
    return said(note, keep(order, folder.name, found[0][0], note) if better else None)


def split(episodes: Sequence[Annotated], seed: int) -> tuple[list[Asked], list[Asked], list[Asked]]:
    """Passages to search on, those of unseen episodes, and examples (of episodes that aren't searched on)."""
    trained = [e for e in episodes if not is_validation(e)]
    random.Random(seed).shuffle(trained)
    lent = [e for e in trained if e.show in SHAREABLE][:3]
    shown = [a for a in asked_of(lent) if not a.refused(a.pair.headline, a.pair.text)]
    short = sorted(shown, key=lambda a: len(a.pair.passage))[:4]
    return (
        asked_of([e for e in trained if e not in lent], DEV),
        asked_of([e for e in episodes if is_validation(e)], UNSEEN),
        short,
    )


def drawing(model: Ct2Cousin) -> Draw:
    def draw(asked: str, n: int, trial: Trial) -> list[str]:
        ids = model.tokenizer(TURN.format(asked=asked), add_special_tokens=False)["input_ids"]
        warm: dict[str, Any] = (
            {"sampling_temperature": trial.temperature, "sampling_topp": trial.top_p, "sampling_topk": 0}
            if trial.temperature
            else {}
        )
        return [model.tokenizer.decode(i, skip_special_tokens=True) for i in model.drawn(ids, n, **warm)]

    return draw


def _in_use(name: str, prompts: Path) -> Trial:
    """The prompt that the model would get today, and how its answers would be drawn."""
    from bot.write.hub import USUAL

    folder = prompts if prompts.is_dir() else None
    found = prompt("write", name, VARIABLES, folder)
    drawn = decoding(found, folder) or USUAL
    return Trial(text=found.text, temperature=drawn.temperature, top_p=drawn.top_p)


def keep(order: Order, name: str, trial: Trial, note: dict[str, Any]) -> Path:
    """Write the prompt, and beside it how good it is; the text alone is what its hash is of."""
    path = order.prompts / order.task / f"{name.lower()}.md"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(trial.text + "\n", "utf-8")
    path.with_suffix(".json").write_text(json.dumps(note, ensure_ascii=False, indent=1) + "\n", "utf-8")
    return path


def said(note: dict[str, Any], path: Path | None) -> str:
    best, old = note["unseen"], note["before"]
    figures = (
        f"On {note['passages']} unseen passages: {best['points']:.2f} points ({best['passes']:.0%} pass the "
        f"gate), before {old['points']:.2f} ({old['passes']:.0%})."
    )
    kept = f"Written to {path}." if path else "None passes, or it is no better: nothing is written."
    return f"{figures} {kept}"
