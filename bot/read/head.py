"""The head over sentence vectors: a small two-way GRU, trained in torch, run here in numpy."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from bot.domain import NonContent
from bot.errors import ModelError

Floats = NDArray[np.float32]
KINDS: tuple[NonContent, ...] = ("intro", "outro", "sponsor", "promo", "banter", "housekeeping")
# Columns of the head's output: worth of a place, evidence, quote, then substance and the kinds (logits), and
# whether a chapter begins here, which only training looks at.
WORTH, EVIDENCE, QUOTE, CLASSES = 0, 1, 2, slice(3, 4 + len(KINDS))
CHAPTER = CLASSES.stop
OUTPUTS = CHAPTER + 1
# Tensors of the tuned encoder that lie in the same file.
ENCODER = "encoder."


@dataclass(frozen=True, kw_only=True)
class Scores:
    """Per sentence: `worth`, `evidence`, `quote` in 0..1 (n,), and log probabilities of substance and KINDS
    (n, 7)."""

    worth: Floats
    evidence: Floats
    quote: Floats
    classes: Floats


class Head:
    """The GRU of a file; `name` is what provenance calls it. Raises ModelError for a file it can't use."""

    def __init__(self, path: Path) -> None:
        from safetensors import SafetensorError, safe_open

        try:
            with safe_open(str(path), "np") as file:
                self.name = str((file.metadata() or {})["name"])
                keys = [k for k in file.keys() if not k.startswith(ENCODER)]  # noqa: SIM118
                self._w = {k: file.get_tensor(k).astype(np.float32) for k in keys}
        except (OSError, KeyError, SafetensorError) as error:
            raise ModelError(f"the reader's head {path.name} can't be read: {error}") from error

    def scores(self, seen: Floats) -> Scores:
        """`seen` is (n, features), as the head was trained on."""
        out = self._outputs(seen)
        sure = (1 / (1 + np.exp(-out[:, : CLASSES.start]))).astype(np.float32)
        logits = out[:, CLASSES] - out[:, CLASSES].max(axis=-1, keepdims=True)
        classes = logits - np.log(np.exp(logits).sum(axis=-1, keepdims=True))
        return Scores(worth=sure[:, WORTH], evidence=sure[:, EVIDENCE], quote=sure[:, QUOTE], classes=classes)

    def _outputs(self, seen: Floats) -> Floats:
        """(n, OUTPUTS)."""
        w = self._w
        if seen.shape[1] != w["project.weight"].shape[1]:
            raise ModelError("the reader's head was trained on other features; train it again")
        x = np.tanh(seen @ w["project.weight"].T + w["project.bias"])
        h = np.concatenate([_gru(x, w, ""), _gru(x[::-1], w, "_reverse")[::-1], x], axis=-1)
        out: Floats = h @ w["out.weight"].T + w["out.bias"]
        return out


def _gru(x: Floats, w: dict[str, Floats], way: str) -> Floats:
    """torch.nn.GRU (one layer): x (n, in) to (n, hidden)."""
    into = x @ w[f"gru.weight_ih_l0{way}"].T + w[f"gru.bias_ih_l0{way}"]
    weight, bias = w[f"gru.weight_hh_l0{way}"], w[f"gru.bias_hh_l0{way}"]
    size = weight.shape[1]
    h = np.zeros(size, np.float32)
    out = np.zeros((len(x), size), np.float32)
    for step in range(len(x)):
        rec = weight @ h + bias
        r, z = np.split(1 / (1 + np.exp(-(into[step, : 2 * size] + rec[: 2 * size]))), 2)
        h = (1 - z) * np.tanh(into[step, 2 * size :] + r * rec[2 * size :]) + z * h
        out[step] = h
    return out
