"""A reader's scores as lessons for another: an ensemble's, or a larger encoder's, one file an episode."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from bot.errors import ConfigError, of_system
from bot.read.head import CLASSES, Floats, Scores

COLUMNS = CLASSES.stop


def as_rows(scores: Scores) -> Floats:
    """Worth, evidence, quote, and the probability of each class, (sentences, COLUMNS)."""
    first = np.stack([scores.worth, scores.evidence, scores.quote], axis=1)
    rows: Floats = np.concatenate([first, np.exp(scores.classes)], axis=1).astype(np.float32)
    return rows


def keep(folder: Path, id: str, rows: Floats) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    np.save(folder / f"{id}.npy", rows)


def taught(folders: Sequence[Path], id: str, sentences: int) -> Floats:
    """The mean of what the teachers gave; ConfigError where one has no, or other, rows for the episode."""
    every = [_read(folder / f"{id}.npy", sentences) for folder in folders]
    rows: Floats = np.mean(every, axis=0, dtype=np.float32)
    return rows


def _read(path: Path, sentences: int) -> Floats:
    try:
        rows: Floats = np.load(path)
    except OSError as error:
        raise ConfigError(f"The teacher's scores can't be read. {of_system(error)}") from error
    except ValueError as error:
        raise ConfigError(f"{path} holds no scores: {error}") from error
    if rows.shape != (sentences, COLUMNS):
        raise ConfigError(f"{path} must be of {sentences} sentences and {COLUMNS} columns, not {rows.shape}.")
    return rows


def mixed(target: Tensor, kinds: Tensor, rows: Floats, share: float) -> tuple[Tensor, Tensor]:
    """The annotator's targets (n, 3) and classes (n, 7) with `share` of the teacher's in them."""
    theirs = torch.from_numpy(rows)
    return torch.lerp(target, theirs[:, : CLASSES.start], share), torch.lerp(kinds, theirs[:, CLASSES], share)
