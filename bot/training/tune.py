"""The prompt and the decoding that suit a model, searched for on a budget: `earmark tune TASK MODEL`."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from datetime import date
from pathlib import Path
from typing import Any

from bot.config import Settings
from bot.errors import ConfigError
from bot.prompts import decoding, family, prompt
from bot.read.encoder import WeightFolders
from bot.training import tune_answer
from bot.training.folder import load
from bot.training.tune_models import Model, named
from bot.training.tune_search import Score, Split, Task, Trial, affordable, score, search, trials
from bot.training.tune_write import WRITE

FEWEST_UNSEEN = 4
TASKS: Mapping[str, Callable[[WeightFolders], Task]] = {
    "write": lambda _: WRITE,
    "answer": tune_answer.task,
}


@dataclass(frozen=True, kw_only=True)
class Order:
    """`model`: as `bot.training.tune_models.named` takes it. `budget`: answers drawn in the search.
    `prompts`: written to."""

    task: str
    model: str
    folder: Path
    budget: int = 200
    prompts: Path = Path("prompts")
    seed: int = 1


def run(order: Order, settings: Settings, weights: WeightFolders, today: date) -> str:
    """Search, validate on unseen episodes against the prompt in use, write the better; what was found."""
    if order.task not in TASKS:
        there_is = " and ".join(TASKS)
        raise ConfigError(f"There is no task “{order.task}” that takes a prompt; there is {there_is}.")
    task = TASKS[order.task](weights)
    model, found = named(order.model, settings, weights), load(order.folder, everything=True)
    parts = task.split(found.episodes, order.seed)
    if not (parts.dev and parts.unseen):
        raise ConfigError(
            f"{order.folder} has nothing to search on or nothing unseen to compare on: it takes episodes of"
            " both parts of the split (docs/training.md)."
        )
    return tuned(order, task, model, parts, today)


def tuned(order: Order, task: Task, model: Model, parts: Split, today: date) -> str:
    tried = affordable(task, trials(task, parts.examples, order.seed), order.budget)
    first, dev = search(task, tried, parts.dev, model.draw, order.budget)[0]
    # The comparison costs no more than the search.
    unseen = parts.unseen[: max(FEWEST_UNSEEN, order.budget // (2 * task.each))]
    now = _in_use(task, model.family, order.prompts)
    best, old = (score(task, t, unseen, model.draw) for t in (first, now))
    note = {
        "model": model.name,
        "date": today.isoformat(),
        "hash": first.hash,
        "temperature": first.temperature,
        "top_p": first.top_p,
        "unseen": asdict(best),
        "before": {"hash": now.hash, **asdict(old)},
        "dev": asdict(dev),
        "asked": len(unseen),
        "budget": order.budget,
    }
    better = bool(best.right.get(task.kinds[0])) and best.points > old.points
    return said(best, old, len(unseen), keep(order, model.family, first, note) if better else None)


def _in_use(task: Task, name: str, prompts: Path) -> Trial:
    """The prompt that the model would get today, and how its answers would be drawn."""
    folder = prompts if (prompts / task.name).is_dir() else None
    found = prompt(task.name, name, task.variables, folder)
    drawn = decoding(found, folder) or task.usual
    return Trial(text=found.text, temperature=drawn.temperature, top_p=drawn.top_p)


def keep(order: Order, name: str, trial: Trial, note: Mapping[str, Any]) -> Path:
    """Write the prompt, and beside it how good it is; the text alone is what its hash is of."""
    path = order.prompts / order.task / f"{family(name)}.md"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(trial.text + "\n", "utf-8")
    path.with_suffix(".json").write_text(json.dumps(note, ensure_ascii=False, indent=1) + "\n", "utf-8")
    return path


def said(best: Score, old: Score, asked: int, path: Path | None) -> str:
    figures = f"Asked {asked} times of unseen episodes: {_figures(best)}; before {_figures(old)}."
    kept = f"Written to {path}." if path else "None is right, or it is no better: nothing is written."
    return f"{figures} {kept}"


def _figures(found: Score) -> str:
    shares = ", ".join(f"{share:.0%} {kind}" for kind, share in found.right.items())
    return f"{found.points:.2f} points ({shares})"
