"""The models that training starts from, as transformers' folders, made once from the weights."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from bot.errors import ModelError
from bot.read.encoder import WeightFolders

SMOLLM2 = "SmolLM2-135M-Instruct"
_TOKENIZER_FILES = ("tokenizer.json", "tokenizer_config.json", "chat_template.jinja")


def smollm2(weights: WeightFolders) -> Path:
    """SmolLM2-135M-Instruct from the packaged GGUF (Q4_1, so a little less than as published), 538 MB.

    The last part of the path is its name: prompts are chosen by it.
    """
    return weights.derived("smollm2-135m-transformers-1", _converted(weights)) / SMOLLM2


def _converted(weights: WeightFolders) -> Any:
    return lambda target: from_gguf(weights.folder("smollm2-135m") / "model.gguf", target / SMOLLM2)


def from_gguf(file: Path, target: Path) -> None:
    """Write a GGUF file as a transformers folder in fp32; ModelError where the extra is missing."""
    from transformers import AutoModelForCausalLM, AutoTokenizer
    from transformers.utils import logging

    logging.disable_progress_bar()
    try:
        here: dict[str, Any] = {"gguf_file": file.name, "local_files_only": True}
        read = AutoModelForCausalLM.from_pretrained(file.parent, **here)  # nosec B615 # as that says
        tokenizer = AutoTokenizer.from_pretrained(file.parent, **here)  # nosec B615
    except ImportError as error:
        raise ModelError('Reading GGUF needs `pip install "earmark[train]"`.') from error
    # `save_pretrained` refuses a model that was quantised, even after it was unpacked: a fresh one of the
    # same shape takes its weights.
    shape = json.loads(read.config.to_json_string(use_diff=False))
    shape.pop("quantization_config", None)
    plain = AutoModelForCausalLM.from_config(type(read.config)(**shape))
    plain.load_state_dict(read.state_dict())
    plain.save_pretrained(target)
    tokenizer.save_pretrained(target)


def thinned(folder: Path, target: Path, kept: Sequence[int]) -> None:
    """A student out of its teacher: the layers `kept`, in their order; everything else is copied.

    Shleifer & Rush 2020, “Pre-trained Summarization Distillation”.
    """
    from transformers import AutoModelForCausalLM, AutoTokenizer

    model = AutoModelForCausalLM.from_pretrained(folder, local_files_only=True)  # nosec B615 # never the hub
    model.model.layers = type(model.model.layers)(model.model.layers[i] for i in kept)
    for at, layer in enumerate(model.model.layers):
        layer.self_attn.layer_idx = at  # where it keeps what it has read
    model.config.num_hidden_layers = len(kept)
    if getattr(model.config, "layer_types", None):
        model.config.layer_types = [model.config.layer_types[i] for i in kept]
    model.save_pretrained(target)
    tokenizer = AutoTokenizer.from_pretrained(folder, local_files_only=True)  # nosec B615 # a folder, and never the hub
    tokenizer.save_pretrained(target)
