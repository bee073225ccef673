"""Recipes: how a student is made of its teacher, as a TOML file that reproduces it."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any

from bot.errors import ConfigError, of_system

# What a name may be, where it is not free.
ONE_OF: Mapping[str, tuple[str, ...]] = {
    "learns": ("texts", "probabilities"),
    "texts": ("annotator", "teacher"),
    "start": ("spaced", "changing"),
}


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """`teacher`: "smollm2" or a folder. `student`: "base" (SmolLM2 as published), "teacher" or a folder, of
    which `layers` stay (0: all): "spaced" evenly, or the "changing" ones (`start`; see bot.training.start).
    `warm`: of so many tokens each layer first learns by itself what those left out before it did.

    `learns`: "texts" is plain cross-entropy on a text, `texts` says whose (the teacher's is its likeliest,
    Kim & Rush 2016, sequence-level distillation); "probabilities" is generalised
    Jensen-Shannon divergence to the teacher (Agarwal et al. 2024, GKD): `beta` 0 is forward KL, 1 reverse;
    `lmbda` the share of batches that the student writes itself, at `temperature`. `tokens`: of prompts and
    texts together, after which training ends; `steps` where that comes first (0: no limit).
    """

    name: str
    teacher: str = "smollm2"
    student: str = "teacher"
    layers: int = 0
    start: str = "spaced"
    warm: int = 0
    learns: str = "probabilities"
    texts: str = "annotator"
    lmbda: float = 0.0
    beta: float = 0.0
    temperature: float = 1.0
    curated: bool = True
    pairs: int = 0
    steps: int = 0
    tokens: int = 0
    batch: int = 4
    rate: float = 3e-4
    longest: int = 360
    seed: int = 1


def read(path: Path, *, steps: int | None = None, teacher: Path | None = None) -> Recipe:
    """A recipe's file; ConfigError that names what is wrong with it."""
    try:
        found = of(tomllib.loads(path.read_text("utf-8")), path.name)
    except OSError as error:
        raise ConfigError(f"The recipe can't be read. {of_system(error)}") from error
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"{path.name} is no TOML: {error}") from error
    found = replace(found, steps=steps) if steps else found
    return replace(found, teacher=str(teacher)) if teacher else found


def of(values: Mapping[str, Any], file: str) -> Recipe:
    """A recipe of its values; ConfigError for a name that there isn't, a wrong type, a share beyond 0..1."""
    kinds = {f.name: type(f.default) for f in fields(Recipe) if f.name != "name"} | {"name": str}
    whole = {k: float(v) for k, v in values.items() if kinds.get(k) is float and type(v) is int}
    given: dict[str, Any] = {**values, **whole}
    unknown = [k for k in given if k not in kinds]
    wrong = [k for k, v in given.items() if k in kinds and type(v) is not kinds[k]]
    if unknown or wrong or "name" not in given:
        what = f"it knows no “{unknown[0]}”" if unknown else f"“{(wrong or ['name'])[0]}” is missing or wrong"
        raise ConfigError(f"The recipe {file}: {what}; a recipe has {', '.join(sorted(kinds))}.")
    made = Recipe(**given)
    for name, values_of in ONE_OF.items():
        if getattr(made, name) not in values_of:
            raise ConfigError(f"The recipe {file}: {name} is one of {', '.join(values_of)}.")
    if not (0 <= made.lmbda <= 1 and 0 <= made.beta <= 1):
        raise ConfigError(f"The recipe {file}: lmbda and beta are 0 to 1.")
    if made.warm and made.student != "teacher":
        raise ConfigError(f"The recipe {file}: only a student made of its teacher's layers can be warmed.")
    if not (made.steps or made.tokens):
        raise ConfigError(f"The recipe {file} must say how long to learn: steps or tokens.")
    return made
