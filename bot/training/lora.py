"""Low-rank adapters on the upper half of a Llama-like model; the lower half stays as it is, run once."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

RANK = 32
# What the adapters' product is multiplied by.
SCALE = 2.0


class Adapted(nn.Module):  # type: ignore[misc]
    """A frozen linear layer and what is learned on top of it: W x + 2 B A x (Hu et al. 2021, LoRA)."""

    def __init__(self, frozen: nn.Linear, rank: int = RANK) -> None:
        super().__init__()
        self.frozen = frozen
        self.down = nn.Parameter(torch.randn(rank, frozen.in_features) / frozen.in_features**0.5)
        self.up = nn.Parameter(torch.zeros(frozen.out_features, rank))

    def forward(self, x: Tensor) -> Tensor:
        low: Tensor = nn.functional.linear(nn.functional.linear(x, self.down), self.up)
        frozen: Tensor = self.frozen(x)
        return frozen + SCALE * low


class HalfTuned:
    """A causal language model with adapters on every linear layer from the middle up."""

    def __init__(self, model: Any) -> None:
        self.model = model
        self.middle = len(model.model.layers) // 2
        for parameter in model.parameters():
            parameter.requires_grad_(False)
        for layer in model.model.layers[self.middle :]:
            _adapt(layer)

    def lower(self, ids: Tensor) -> Tensor:
        """What the upper half is given: constant, so it can be kept. (tokens,) → (tokens, width)."""
        with torch.no_grad():
            hidden = self.model.model.embed_tokens(ids[None])
            return self._through(hidden, self.model.model.layers[: self.middle])[0]

    def logits(self, hidden: Tensor, last: int) -> Tensor:
        """Scores of the token after each of the `last` positions: the vocabulary is a third of the cost."""
        upper = self._through(hidden[None], self.model.model.layers[self.middle :])[0, -last:]
        scores: Tensor = self.model.lm_head(self.model.model.norm(upper))
        return scores

    def _through(self, hidden: Tensor, layers: Any) -> Tensor:
        at = torch.arange(hidden.shape[1])[None]
        turned = self.model.model.rotary_emb(hidden, at)
        for layer in layers:
            hidden = layer(hidden, attention_mask=None, position_ids=at, position_embeddings=turned)
        return hidden

    def parameters(self) -> list[nn.Parameter]:
        return [p for p in self.model.parameters() if p.requires_grad]

    def state(self) -> dict[str, Tensor]:
        """The adapters alone, by name, half precision."""
        named = self.model.named_parameters()
        return {n: p.detach().to(torch.float16).contiguous() for n, p in named if p.requires_grad}

    def load(self, state: dict[str, Tensor]) -> None:
        for name, parameter in self.model.named_parameters():
            if parameter.requires_grad:
                parameter.data.copy_(state[name].float())


def _adapt(layer: nn.Module) -> None:
    for part in list(layer.children()):
        for name, child in list(part.named_children()):
            if isinstance(child, nn.Linear):
                setattr(part, name, Adapted(child))


def merge(model: Any, adapters: Path) -> None:
    """Add saved adapters (`NAME.up`, `NAME.down`) to the weights of a transformers model, in place."""
    from safetensors.torch import load_file

    state = load_file(str(adapters))
    with torch.no_grad():
        for name in [n.removesuffix(".up") for n in state if n.endswith(".up")]:
            weight = model.get_submodule(name).weight
            weight += SCALE * (state[f"{name}.up"].float() @ state[f"{name}.down"].float())
