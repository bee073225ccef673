"""CTranslate2's Whisper weights as openai-whisper's model, so that one download serves both engines.

The layout of model.bin: https://github.com/OpenNMT/CTranslate2/blob/master/python/ctranslate2/specs/model_spec.py
"""

from __future__ import annotations

import json
import struct
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from bot.errors import ModelError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Arrays = dict[str, NDArray[np.float32]]

_TYPES = {0: np.float32, 1: np.int8, 2: np.int16, 3: np.int32, 4: np.float16}


class _Binary:
    """Reads values off a byte string, one after the other."""

    def __init__(self, data: bytes) -> None:
        self.data = memoryview(data)
        self.at = 0

    def number(self, kind: str) -> int:
        value = int(struct.unpack_from("<" + kind, self.data, self.at)[0])
        self.at += struct.calcsize("<" + kind)
        return value

    def take(self, size: int) -> memoryview:
        taken = self.data[self.at : self.at + size]
        self.at += size
        return taken

    def string(self) -> str:
        return bytes(self.take(self.number("H"))).rstrip(b"\0").decode()

    def array(self) -> NDArray[Any]:
        shape = [self.number("I") for _ in range(self.number("B"))]
        kind = _TYPES[self.number("B")]
        return np.frombuffer(self.take(self.number("I")), kind).reshape(shape)


def read_ctranslate2(path: Path) -> dict[str, NDArray[Any]]:
    """The variables in a model.bin of CTranslate2, by name."""
    binary = _Binary(path.read_bytes())
    try:
        version, spec, _ = binary.number("I"), binary.string(), binary.number("I")
        found = {binary.string(): binary.array() for _ in range(binary.number("I"))}
        if version >= 3:
            found |= {binary.string(): found[binary.string()] for _ in range(binary.number("I"))}
    except (struct.error, KeyError, ValueError) as error:
        raise ModelError(f"{path.name} isn't a CTranslate2 model") from error
    if spec != "WhisperSpec":
        raise ModelError(f"{path.name} holds a {spec}, not Whisper")
    return found


def convert(source: Path) -> tuple[dict[str, int], Arrays]:
    """A CTranslate2 Whisper folder (float16 or float32) as openai-whisper's dimensions and state."""
    found = read_ctranslate2(source / "model.bin")
    state: Arrays = {}
    _ends(found, state)
    layers = {side: _layers(found, side) for side in ("encoder", "decoder")}
    for side, count in layers.items():
        for index in range(count):
            _block(found, state, side, index)
    return _dimensions(state, layers, int(found["encoder/num_heads"])), state


def _layers(found: Mapping[str, Any], side: str) -> int:
    return len({name.split("/")[1] for name in found if name.startswith(f"{side}/layer_")} - {"layer_norm"})


def _float(found: Mapping[str, NDArray[Any]], name: str) -> NDArray[np.float32]:
    return np.ascontiguousarray(found[name], dtype=np.float32)


def _norm(found: Mapping[str, NDArray[Any]], state: Arrays, target: str, source: str) -> None:
    state[f"{target}.weight"] = _float(found, f"{source}/gamma")
    state[f"{target}.bias"] = _float(found, f"{source}/beta")


def _linear(found: Mapping[str, NDArray[Any]], state: Arrays, targets: tuple[str, ...], source: str) -> None:
    """One fused layer of CTranslate2 as the layers it was made of; Whisper's key has no bias."""
    weights = np.split(_float(found, f"{source}/weight"), len(targets))
    biases = np.split(_float(found, f"{source}/bias"), len(targets))
    for target, weight, bias in zip(targets, weights, biases, strict=True):
        state[f"{target}.weight"] = np.ascontiguousarray(weight)
        if not target.endswith(".key"):
            state[f"{target}.bias"] = np.ascontiguousarray(bias)


def _ends(found: Mapping[str, NDArray[Any]], state: Arrays) -> None:
    for conv in ("conv1", "conv2"):
        state[f"encoder.{conv}.weight"] = _float(found, f"encoder/{conv}/weight")
        state[f"encoder.{conv}.bias"] = _float(found, f"encoder/{conv}/bias")
    for side in ("encoder", "decoder"):
        state[f"{side}.positional_embedding"] = _float(found, f"{side}/position_encodings/encodings")
    state["decoder.token_embedding.weight"] = _float(found, "decoder/embeddings/weight")
    _norm(found, state, "encoder.ln_post", "encoder/layer_norm")
    _norm(found, state, "decoder.ln", "decoder/layer_norm")


def _block(found: Mapping[str, NDArray[Any]], state: Arrays, side: str, index: int) -> None:
    source, target = f"{side}/layer_{index}", f"{side}.blocks.{index}"
    _norm(found, state, f"{target}.attn_ln", f"{source}/self_attention/layer_norm")
    attention = (f"{target}.attn.query", f"{target}.attn.key", f"{target}.attn.value")
    _linear(found, state, attention, f"{source}/self_attention/linear_0")
    _linear(found, state, (f"{target}.attn.out",), f"{source}/self_attention/linear_1")
    if side == "decoder":
        cross = f"{target}.cross_attn"
        _norm(found, state, f"{cross}_ln", f"{source}/attention/layer_norm")
        _linear(found, state, (f"{cross}.query",), f"{source}/attention/linear_0")
        _linear(found, state, (f"{cross}.key", f"{cross}.value"), f"{source}/attention/linear_1")
        _linear(found, state, (f"{cross}.out",), f"{source}/attention/linear_2")
    _norm(found, state, f"{target}.mlp_ln", f"{source}/ffn/layer_norm")
    _linear(found, state, (f"{target}.mlp.0",), f"{source}/ffn/linear_0")
    _linear(found, state, (f"{target}.mlp.2",), f"{source}/ffn/linear_1")


def _dimensions(state: Arrays, layers: Mapping[str, int], heads: int) -> dict[str, int]:
    width = state["encoder.conv1.weight"].shape
    return {
        "n_mels": width[1],
        "n_audio_ctx": state["encoder.positional_embedding"].shape[0],
        "n_audio_state": width[0],
        "n_audio_head": heads,
        "n_audio_layer": layers["encoder"],
        "n_vocab": state["decoder.token_embedding.weight"].shape[0],
        "n_text_ctx": state["decoder.positional_embedding"].shape[0],
        "n_text_state": state["decoder.token_embedding.weight"].shape[1],
        "n_text_head": heads,
        "n_text_layer": layers["decoder"],
    }


def write(source: Path, folder: Path) -> None:
    """Convert `source` into `folder`: model.safetensors and dims.json."""
    from safetensors.numpy import save_file

    dims, state = convert(source)
    save_file(state, folder / "model.safetensors")
    (folder / "dims.json").write_text(json.dumps(dims))


def load(folder: Path) -> Any:
    """The whisper.model.Whisper of what `write` wrote."""
    from safetensors.torch import load_file
    from whisper.model import ModelDimensions, Whisper

    model = Whisper(ModelDimensions(**json.loads((folder / "dims.json").read_text())))
    model.load_state_dict(load_file(folder / "model.safetensors"), strict=False)
    return model.eval()
