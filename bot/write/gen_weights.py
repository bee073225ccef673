"""SmolLM2 made ready: from the published GGUF, with our adapters merged in, to CTranslate2 int8."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from bot.errors import ModelError
from bot.write.gguf import GGUF, Floats

ADAPTERS = Path(__file__).with_name("smollm2.safetensors")
# LoRA's scale: what the adapters' product is multiplied by.
SCALE = 2.0
_LAYER = {
    "attn_norm": "input_layernorm",
    "ffn_norm": "post_attention_layernorm",
    "attn_q": "self_attn.q_proj",
    "attn_k": "self_attn.k_proj",
    "attn_v": "self_attn.v_proj",
    "attn_output": "self_attn.o_proj",
    "ffn_gate": "mlp.gate_proj",
    "ffn_up": "mlp.up_proj",
    "ffn_down": "mlp.down_proj",
}
_OTHER = {"token_embd.weight": "model.embed_tokens.weight", "output_norm.weight": "model.norm.weight"}
_ENDS = {"bos": "bos", "eos": "eos", "unk": "unknown"}
# GGUF's number of the tokens that are no text.
_CONTROL = 3


class WeightFolders(Protocol):
    """The part of `bot.weights.Weights` that is needed here."""

    def folder(self, name: str) -> Path: ...

    def derived(self, name: str, build: Callable[[Path], None]) -> Path: ...


def ready(weights: WeightFolders, adapters: Path = ADAPTERS) -> Path:
    """The folder of the int8 model and its tokenizer.json, made on first use (a minute, with torch)."""
    import hashlib

    tag = hashlib.sha256(adapters.read_bytes()).hexdigest()[:8]
    gguf = weights.folder("smollm2-135m") / "model.gguf"
    return weights.derived(f"smollm2-135m-ct2-int8-{tag}", lambda target: convert(gguf, target, adapters))


def convert(gguf: Path, target: Path, adapters: Path | None = None) -> None:
    """Write the CTranslate2 int8 form of a GGUF of SmolLM2 into `target`, with adapters merged if given."""
    from ctranslate2.converters import TransformersConverter
    from transformers.utils import logging

    logging.set_verbosity_error()
    logging.disable_progress_bar()
    with tempfile.TemporaryDirectory() as scratch:
        unpack(gguf, Path(scratch), adapters)
        try:
            TransformersConverter(scratch, copy_files=["tokenizer.json"]).convert(
                str(target), quantization="int8", force=True
            )
        except (OSError, RuntimeError, ValueError) as error:
            raise ModelError(f"SmolLM2 can't be converted: {error}") from error


def unpack(gguf: Path, target: Path, adapters: Path | None = None) -> None:
    """Write a GGUF of SmolLM2 as a folder for transformers, in fp32, with adapters merged if given."""
    import torch
    from transformers import LlamaConfig, LlamaForCausalLM

    file = GGUF(gguf)
    model = LlamaForCausalLM(LlamaConfig(**_config(file.fields)))
    state = {_named(name): torch.from_numpy(_turned(name, v, file.fields)) for name, v in file.tensors()}
    missing, foreign = model.load_state_dict(state, strict=False)
    if foreign or set(missing) - {"lm_head.weight"}:
        raise ModelError(f"{gguf.name} isn't the model that was expected: {[*foreign, *missing][:3]}")
    model.tie_weights()
    if adapters:
        merge(model, adapters)
    model.save_pretrained(target)
    _tokenizer(file.fields).save_pretrained(target)


def merge(model: Any, adapters: Path) -> None:
    """Add low-rank adapters (`NAME.up`, `NAME.down`) to the weights of a transformers model, in place."""
    import torch
    from safetensors.torch import load_file

    state = load_file(str(adapters))
    with torch.no_grad():
        for name in [n.removesuffix(".up") for n in state if n.endswith(".up")]:
            weight = model.get_submodule(name).weight
            weight += SCALE * (state[f"{name}.up"].float() @ state[f"{name}.down"].float())


def _config(fields: dict[str, Any]) -> dict[str, Any]:
    of = {name.removeprefix("llama."): value for name, value in fields.items() if name.startswith("llama.")}
    return {
        "vocab_size": of["vocab_size"],
        "hidden_size": of["embedding_length"],
        "intermediate_size": of["feed_forward_length"],
        "num_hidden_layers": of["block_count"],
        "num_attention_heads": of["attention.head_count"],
        "num_key_value_heads": of["attention.head_count_kv"],
        "max_position_embeddings": of["context_length"],
        "rms_norm_eps": of["attention.layer_norm_rms_epsilon"],
        "rope_theta": of["rope.freq_base"],
        "bos_token_id": fields["tokenizer.ggml.bos_token_id"],
        "eos_token_id": fields["tokenizer.ggml.eos_token_id"],
        "tie_word_embeddings": True,
    }


def _named(name: str) -> str:
    """ "blk.0.attn_q.weight" → "model.layers.0.self_attn.q_proj.weight"."""
    if name in _OTHER:
        return _OTHER[name]
    _, layer, part, weight = name.split(".")
    return f"model.layers.{layer}.{_LAYER.get(part, part)}.{weight}"


def _turned(name: str, values: Floats, fields: dict[str, Any]) -> Floats:
    """Queries and keys are stored with the halves of each head interleaved, for another way to rotate."""
    heads = {"attn_q": "llama.attention.head_count", "attn_k": "llama.attention.head_count_kv"}
    part = name.split(".")[-2]
    if part not in heads:
        return values
    count, (rows, columns) = fields[heads[part]], values.shape
    apart = values.reshape(count, rows // count // 2, 2, columns).swapaxes(1, 2)
    return np.ascontiguousarray(apart.reshape(rows, columns))


def _tokenizer(fields: dict[str, Any]) -> Any:
    from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers
    from transformers import PreTrainedTokenizerFast

    words = fields["tokenizer.ggml.tokens"]
    merges = [tuple(m.split(" ", 1)) for m in fields["tokenizer.ggml.merges"]]
    made = Tokenizer(models.BPE(vocab={w: i for i, w in enumerate(words)}, merges=merges))
    made.pre_tokenizer = pre_tokenizers.Sequence(
        [pre_tokenizers.Digits(individual_digits=True), pre_tokenizers.ByteLevel(add_prefix_space=False)]
    )
    made.decoder = decoders.ByteLevel()
    kinds = fields["tokenizer.ggml.token_type"]
    control = [w for w, kind in zip(words, kinds, strict=True) if kind == _CONTROL]
    made.add_special_tokens([AddedToken(w, normalized=False) for w in control])
    # CTranslate2 wants all three named, though none is put anywhere by itself.
    names = {f"{n}_token": words[fields[f"tokenizer.ggml.{k}_token_id"]] for n, k in _ENDS.items()}
    return PreTrainedTokenizerFast(tokenizer_object=made, pad_token=names["eos_token"], **names)
