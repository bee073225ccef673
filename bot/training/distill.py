"""From a teacher to a smaller student, by a recipe: `earmark distill RECIPE --folder FOLDER --out FOLDER`."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from statistics import mean
from tempfile import TemporaryDirectory
from typing import Any

import torch

from bot.errors import ConfigError
from bot.read.encoder import WeightFolders
from bot.training.asked import Asked, asked_of
from bot.training.base import smollm2, thinned
from bot.training.cousins import END, Ct2Cousin, tokenizer_of
from bot.training.curate import Curated, curated, uncurated
from bot.training.distill_trl import learn, shuffled
from bot.training.episodes import Annotated, is_validation
from bot.training.fidelity_words import diversity, manner, written
from bot.training.folder import load
from bot.training.recipe import Recipe, read
from bot.training.start import STARTS, warmed
from bot.training.writer import Example, example

__all__ = ["read", "run"]
HELD_OUT, WRITTEN = 24, 12


def run(recipe: Recipe, folder: Path, out: Path, weights: WeightFolders) -> str:
    """Make the student and its reports below `out`; a line that says how it stands."""
    begun = time.monotonic()
    episodes = load(folder, everything=True).episodes
    teacher = _named(recipe.teacher, weights)
    source, student = _source(recipe, teacher, weights), out / recipe.name
    tokenizer = tokenizer_of(source)
    chosen = _chosen(recipe, [e for e in episodes if not is_validation(e)])
    lessons = lessons_of(chosen.kept, tokenizer, recipe)
    lessons = retold(lessons, teacher) if recipe.texts == "teacher" else lessons
    kept = _thinned(recipe, source, lessons, student)
    _write(out / "curation.json", {"report": chosen.report(), "dropped": chosen.dropped})
    held = asked_of([e for e in episodes if is_validation(e)], HELD_OUT)
    learned = _trained(student, kept, teacher, tokenizer, lessons, recipe, held)
    figures = {**learned, **_gate(student, asked_of([e for e in episodes if is_validation(e)], WRITTEN))}
    figures["minutes"] = round((time.monotonic() - begun) / 60, 1)
    _write(out / "report.json", {"recipe": asdict(recipe), "pairs": len(lessons), **figures})
    return _said(recipe, figures, out)


def _named(name: str, weights: WeightFolders) -> Path:
    folder = smollm2(weights) if name == "smollm2" else Path(name)
    if not (folder / "config.json").is_file():
        raise ConfigError(
            f"{name} is no folder with a language model; train a teacher first (docs/training.md)."
        )
    return folder


def _source(recipe: Recipe, teacher: Path, weights: WeightFolders) -> Path:
    """What the student is before it has learnt: a folder, of which some layers stay."""
    own = {"teacher": lambda: teacher, "base": lambda: smollm2(weights)}.get(recipe.student)
    return own() if own else _named(recipe.student, weights)


def _thinned(recipe: Recipe, source: Path, lessons: Sequence[Example], target: Path) -> list[int]:
    """Writes the student that hasn't learnt; which layers it has of its source."""
    model = _model(source)
    whole = len(model.model.layers)
    kept = STARTS[recipe.start](model, lessons, recipe.layers) if recipe.layers else list(range(whole))
    thinned(source, target, kept)
    return kept


def _chosen(recipe: Recipe, episodes: Sequence[Annotated]) -> Curated:
    every = asked_of(episodes)
    return curated(every, recipe.seed) if recipe.curated else uncurated(every)


def lessons_of(asked: Sequence[Asked], tokenizer: Any, recipe: Recipe) -> list[Example]:
    """Those that are short enough, shuffled; so many as the recipe wants, for sizes that compare, or all."""
    made = (example(a.pair, tokenizer) for a in asked)
    fits = [e for e in made if len(e.ids) <= recipe.longest]
    if len(fits) < recipe.batch:
        raise ConfigError(
            f"{len(fits)} pairs are left after curation, and a step takes {recipe.batch}: annotate more "
            "episodes, or set a smaller `batch` or `curated = false` in the recipe."
        )
    if len(fits) < recipe.pairs:
        sys.stderr.write(
            f"The recipe wants {recipe.pairs} pairs; it learns from the {len(fits)} there are.\n"
        )
    return list(shuffled(fits, recipe.seed))[: recipe.pairs or None]


def retold(lessons: Sequence[Example], teacher: Path) -> list[Example]:
    """The same questions with what the teacher most probably answers (int8, greedy)."""
    model = Ct2Cousin(teacher)
    end = model.tokenizer.convert_tokens_to_ids(END)
    made = []
    for one in lessons:
        asked = one.ids[: -one.written].tolist()
        answer = [*model.written(asked), end]
        made.append(replace(one, ids=torch.tensor(asked + answer), written=len(answer)))
    return made


def _trained(
    student: Path,
    kept: Sequence[int],
    teacher: Path,
    tokenizer: Any,
    lessons: Sequence[Example],
    recipe: Recipe,
    held: Sequence[Asked],
) -> dict[str, Any]:
    """The student's folder is written anew; losses on `held` before and after, steps, tokens."""
    model, guide = _model(student), _model(teacher)
    if model.config.vocab_size != guide.config.vocab_size:
        raise ConfigError(
            "Teacher and student cut text into different tokens; learn from its texts (learns = “texts”)."
        )
    before = held_out_loss(model, tokenizer, held)
    missed = warmed(model, guide, kept, lessons, recipe.warm) if recipe.warm else []
    warm = held_out_loss(model, tokenizer, held) if missed else before
    with TemporaryDirectory() as scratch:
        found = learn(model, guide, tokenizer, lessons, recipe, Path(scratch))
    after = held_out_loss(model, tokenizer, held)
    model.save_pretrained(student)
    return {
        **found,
        "layers kept": list(kept),
        "held-out loss before": before,
        "held-out loss after warming": warm,
        "missed in warming": [round(m, 4) for m in missed],
        "held-out loss": after,
        "held-out loss of the teacher": held_out_loss(guide, tokenizer, held),
        "parameters_m": round(sum(p.numel() for p in model.parameters()) / 1e6, 1),
    }


def held_out_loss(model: Any, tokenizer: Any, held: Sequence[Asked]) -> float:
    """The mean over texts of the loss of a token of the annotator's text, in nats."""
    model.eval()
    losses = []
    for one in held:
        lesson = example(one.pair, tokenizer)
        with torch.inference_mode():
            logits = model(lesson.ids[None], logits_to_keep=lesson.written + 1).logits[0, :-1]
        right = lesson.ids[-lesson.written :]
        losses.append(torch.nn.functional.cross_entropy(logits.float(), right).item())
    return float(round(mean(losses), 4))


def _model(folder: Path) -> Any:
    from transformers import AutoModelForCausalLM
    from transformers.utils import logging

    logging.disable_progress_bar()
    return AutoModelForCausalLM.from_pretrained(  # nosec B615 # a folder, and never the hub
        folder, dtype=torch.float32, local_files_only=True
    )


def _gate(folder: Path, asked: Sequence[Asked]) -> dict[str, Any]:
    """What the student writes as it would ship: int8, greedy; how alike its texts are, beside the annotator's
    of the same passages, since learning from a model's texts narrows style."""
    made = written(Ct2Cousin(folder), asked)
    theirs = diversity([one.pair.text for one in asked])
    return {
        **{name: round(value, 3) for name, value in manner(made).items()},
        "the annotator's texts": {name: round(value, 3) for name, value in theirs.items()},
        "texts": list(made.texts),
    }


def _said(recipe: Recipe, figures: Mapping[str, Any], out: Path) -> str:
    alike = figures["the annotator's texts"]["compression"]
    return (
        f"{recipe.name}: held-out loss {figures['held-out loss before']:.3f} → "
        f"{figures['held-out loss']:.3f} "
        f"(teacher {figures['held-out loss of the teacher']:.3f}) after {figures['steps']} steps and "
        f"{figures['tokens']} tokens; {figures['passes the gate']:.0%} pass the gate; "
        f"compression {figures['compression']:.2f} "
        f"(the annotator's {alike:.2f}; higher is more alike); "
        f"{figures['tokens a CPU second']:.0f} tokens a CPU second. "
        f"The student is in {out / recipe.name}, its texts in {out / 'report.json'}."
    )


def _write(path: Path, what: Mapping[str, Any]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(what, ensure_ascii=False, indent=1) + "\n", "utf-8")
