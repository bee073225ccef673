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
    """One GRU or several; `name` is what provenance calls it. Raises ModelError for a file it can't use."""

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
        """`seen` as `features` gives it, (n, features)."""
        out = self._outputs(seen)
        sure = 1 / (1 + np.exp(-out[:, :, : CLASSES.start]))
        mean = sure.mean(axis=0)
        logits = out[:, :, CLASSES]
        classes = np.exp(logits - logits.max(axis=-1, keepdims=True))
        classes = (classes / classes.sum(axis=-1, keepdims=True)).mean(axis=0)
        return Scores(
            worth=mean[:, WORTH],
            evidence=mean[:, EVIDENCE],
            quote=mean[:, QUOTE],
            classes=np.log(np.maximum(classes, 1e-6)),
        )

    def _outputs(self, seen: Floats) -> Floats:
        """(members, n, OUTPUTS)."""
        w = self._w
        if seen.shape[1] != w["project.weight"].shape[2]:
            raise ModelError("the reader's head was trained on other features; train it again")
        x = np.tanh(np.einsum("nf,mhf->mnh", seen, w["project.weight"]) + w["project.bias"][:, None])
        forward = _gru(x, w, "")
        backward = _gru(x[:, ::-1], w, "_reverse")[:, ::-1]
        h = np.concatenate([forward, backward, x], axis=-1)
        out: Floats = np.einsum("mnh,moh->mno", h, w["out.weight"]) + w["out.bias"][:, None]
        return out


def _gru(x: Floats, w: dict[str, Floats], way: str) -> Floats:
    """torch.nn.GRU (one layer) for all members at once: x (members, n, in) to (members, n, hidden)."""
    into = np.einsum("mni,mhi->mnh", x, w[f"gru.weight_ih_l0{way}"]) + w[f"gru.bias_ih_l0{way}"][:, None]
    weight, bias = w[f"gru.weight_hh_l0{way}"], w[f"gru.bias_hh_l0{way}"]
    size = weight.shape[2]
    h = np.zeros((len(x), size), np.float32)
    out = np.zeros((*x.shape[:2], size), np.float32)
    for step in range(x.shape[1]):
        rec = (weight @ h[:, :, None])[:, :, 0] + bias
        r, z = np.split(1 / (1 + np.exp(-(into[:, step, : 2 * size] + rec[:, : 2 * size]))), 2, axis=1)
        new = np.tanh(into[:, step, 2 * size :] + r * rec[:, 2 * size :])
        h = (1 - z) * new + z * h
        out[:, step] = h
    return out
