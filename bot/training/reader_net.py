"""The reader's network in torch: MiniLM's upper layers over blocks, and a two-way GRU over the sentences."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors.torch import save_file
from torch import Tensor, nn

from bot.domain import Sentence
from bot.read.blocks import Block
from bot.read.cues import cues
from bot.read.encoder import DIMENSIONS
from bot.read.head import CLASSES, ENCODER, EVIDENCE, OUTPUTS, QUOTE, WORTH, Scores
from bot.read.tuned import SCALE

# Layers that stay as published: their states are computed once, so an epoch costs half.
FROZEN = 3
HIDDEN = 96
NAME = "MiniLM-L6 int8, tuned 2026-11"
MASKED = -1e4


class Lower:
    """The frozen layers; `upper` are those to tune."""

    def __init__(self, folder: Path) -> None:
        from transformers import AutoModel

        self._model: Any = AutoModel.from_pretrained(str(folder), local_files_only=True).eval()  # nosec B615 # a folder, and never the hub
        self.upper: nn.ModuleList = self._model.encoder.layer[FROZEN:]

    @torch.inference_mode()  # type: ignore[untyped-decorator]
    def states(self, packed: Sequence[Block]) -> list[Tensor]:
        """(tokens, 384) a block, half precision."""
        made: dict[int, Tensor] = {}
        order = sorted(range(len(packed)), key=lambda i: len(packed[i].ids))
        for at in range(0, len(order), 16):
            rows = order[at : at + 16]
            ids, mask = _padded([torch.tensor(packed[r].ids) for r in rows])
            hidden = through(
                self._model.encoder.layer[:FROZEN], self._model.embeddings(input_ids=ids.long()), mask
            )
            made |= {r: hidden[k, : len(packed[r].ids)].half() for k, r in enumerate(rows)}
        return [made[i] for i in range(len(packed))]


class Net(nn.Module):  # type: ignore[misc]
    """Blocks of states to (sentences, OUTPUTS); `bot.read.tuned` and `bot.read.head` run the same."""

    def __init__(self, upper: nn.ModuleList, cues: int) -> None:
        super().__init__()
        self.upper = upper
        self.project = nn.Linear(DIMENSIONS + cues, HIDDEN)
        self.gru = nn.GRU(HIDDEN, HIDDEN, batch_first=True, bidirectional=True)
        self.out = nn.Linear(3 * HIDDEN, OUTPUTS)
        self.drop = nn.Dropout(0.25)

    def forward(self, packed: Sequence[Block], states: Sequence[Tensor], cues: Tensor, first: int) -> Tensor:
        """Blocks of whole sentences, the first of which is sentence `first` of its episode."""
        seen = self.drop(self.vectors(packed, states, len(cues), first) * SCALE)
        x = torch.tanh(self.project(torch.cat([seen, cues], dim=-1)))[None]
        h, _ = self.gru(self.drop(x))
        out: Tensor = self.out(self.drop(torch.cat([h, x], dim=-1)))[0]
        return out

    def vectors(self, packed: Sequence[Block], states: Sequence[Tensor], n: int, first: int) -> Tensor:
        """The mean of each sentence's token states, (n, 384)."""
        x, mask = _padded([s.float() for s in states])
        x = through(self.upper, x, mask)
        owner = torch.full(mask.shape, -1, dtype=torch.long)
        for row, block in enumerate(packed):
            owner[row, : len(block.owner)] = torch.tensor(block.owner)
        own = owner[owner >= 0] - first
        sums = torch.zeros(n, DIMENSIONS).index_add(0, own, x[owner >= 0])
        return sums / torch.bincount(own, minlength=n).clamp(min=1)[:, None]

    def head_parameters(self) -> Iterator[Tensor]:
        return (p for name, p in self.named_parameters() if not name.startswith("upper."))


def through(layers: Sequence[Any], x: Tensor, mask: Tensor) -> Tensor:
    hidden_from = ((1 - mask) * MASKED)[:, None, None, :]
    for layer in layers:
        out = layer(x, hidden_from)
        x = out[0] if isinstance(out, tuple) else out
    return x


def _padded(rows: Sequence[Tensor]) -> tuple[Tensor, Tensor]:
    """Rows of different lengths as one tensor, and the mask of what is real."""
    mask = nn.utils.rnn.pad_sequence([torch.ones(len(r)) for r in rows], batch_first=True)
    return nn.utils.rnn.pad_sequence(list(rows), batch_first=True), mask


@torch.inference_mode()  # type: ignore[untyped-decorator]
def scores_of(net: Net, packed: Sequence[Block], states: Sequence[Tensor], cues: Tensor) -> Scores:
    """What `bot.read.tuned.TunedReader.scores` gives, in fp32."""
    net.eval()
    out = net(packed, states, cues, 0).numpy()
    sure = 1 / (1 + np.exp(-out[:, : CLASSES.start]))
    return Scores(
        worth=sure[:, WORTH],
        evidence=sure[:, EVIDENCE],
        quote=sure[:, QUOTE],
        classes=torch.from_numpy(out[:, CLASSES]).log_softmax(dim=-1).numpy(),
    )


def cue_tensor(said: Sequence[Sentence]) -> Tensor:
    return torch.from_numpy(cues(said))


def average(states: Sequence[Mapping[str, Tensor]]) -> dict[str, Tensor]:
    """The mean of several states of one training: better than each (Izmailov et al. 2018, SWA)."""
    return {k: torch.stack([s[k] for s in states]).mean(dim=0) for k in states[0]}


def save(net: Net, path: Path, name: str = NAME) -> None:
    """Half precision; the tuned layers under their names in MiniLM, the head under its own."""
    kept: dict[str, Tensor] = {}
    for key, value in net.state_dict().items():
        if key.startswith("upper."):
            at, _, rest = key.removeprefix("upper.").partition(".")
            kept[f"{ENCODER}layer.{int(at) + FROZEN}.{rest}"] = value.half().contiguous()
        else:
            kept[key] = value.half().contiguous()
    save_file(kept, str(path), metadata={"name": name})
