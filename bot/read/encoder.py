"""Sentences as vectors: all-MiniLM-L6-v2 through CTranslate2, or transformers as the reference."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from bot.errors import ModelError

Vectors = NDArray[np.float32]
NAME = "MiniLM-L6 int8"
DIMENSIONS = 384
MAX_TOKENS = 128
# Tokens in one batch, padding included: big enough for speed, small enough for some tens of MB.
BATCH_TOKENS = 4096


class WeightFolders(Protocol):
    """The part of `bot.weights.Weights` that is needed here."""

    def folder(self, name: str) -> Path: ...

    def derived(self, name: str, build: Callable[[Path], None]) -> Path: ...


class Encoder:
    """MiniLM by CTranslate2 int8: mean pooling, unit length; 0.993 of cosine with the reference.

    `folder` holds the published weights and tokenizer.json, `converted` what `convert` made of them.
    Raises ModelError where they can't be loaded.
    """

    name = NAME

    def __init__(self, folder: Path, converted: Path, *, threads: int = 2) -> None:
        self.tokens = 0
        self._tokenizer = tokenizer_of(folder)
        self._model = load_ct2(converted, threads)

    @classmethod
    def load(cls, weights: WeightFolders, *, threads: int = 2) -> Encoder:
        """From the cache of weights, converting them on first use."""
        folder = weights.folder("minilm")
        converted = weights.derived("minilm-ct2-int8", lambda target: convert(folder, target))
        return cls(folder, converted, threads=threads)

    def encode(self, texts: Sequence[str]) -> Vectors:
        ids = [e.ids for e in self._tokenizer.encode_batch(list(texts))]
        self.tokens += sum(map(len, ids))
        out = np.zeros((len(ids), DIMENSIONS), np.float32)
        for rows in _batches([len(i) for i in ids]):
            out[rows] = self._pooled([ids[row] for row in rows])
        return out

    def pieces(self, texts: Sequence[str]) -> list[list[str]]:
        """The word pieces of each text, without special tokens."""
        return [e.tokens for e in self._tokenizer.encode_batch(list(texts), add_special_tokens=False)]

    def read(self, texts: Sequence[str]) -> tuple[Vectors, list[Vectors]]:
        """What `encode` gives, and for each text the states of its pieces, unit rows, (pieces, 384)."""
        ids = [e.ids for e in self._tokenizer.encode_batch(list(texts))]
        self.tokens += sum(map(len, ids))
        states = [np.zeros((0, DIMENSIONS), np.float32)] * len(ids)
        vectors = np.zeros((len(ids), DIMENSIONS), np.float32)
        for rows in _batches([len(i) for i in ids]):
            hidden = np.asarray(self._model.forward_batch([ids[row] for row in rows]).last_hidden_state)
            for row, own in zip(rows, hidden, strict=True):
                own = own[: len(ids[row])]
                # A text of no pieces has one state that is like nothing.
                inner = own[1:-1] if len(own) > 2 else np.zeros((1, DIMENSIONS), np.float32)
                vectors[row], states[row] = unit(own.mean(axis=0)), unit(inner)
        return vectors, states

    def _pooled(self, ids: list[list[int]]) -> Vectors:
        hidden = np.asarray(self._model.forward_batch(ids).last_hidden_state)
        lengths = np.array([len(i) for i in ids])
        mask = (np.arange(hidden.shape[1])[None, :] < lengths[:, None])[..., None]
        return unit((hidden * mask).sum(axis=1))


class TransformersEncoder:
    """The same model by transformers and torch in fp32: slower, and what `Encoder` is measured against."""

    name = "MiniLM-L6 fp32"

    def __init__(self, folder: Path) -> None:
        from transformers import AutoModel

        self.tokens = 0
        self._tokenizer = tokenizer_of(folder)
        self._model: Any = AutoModel.from_pretrained(str(folder), local_files_only=True).eval()  # nosec B615 # a folder, and never the hub

    def encode(self, texts: Sequence[str]) -> Vectors:
        import torch

        ids = [e.ids for e in self._tokenizer.encode_batch(list(texts))]
        self.tokens += sum(map(len, ids))
        rows = []
        with torch.inference_mode():
            for row in ids:
                hidden = self._model(input_ids=torch.tensor([row])).last_hidden_state[0]
                rows.append(hidden.mean(dim=0).numpy())
        return unit(np.array(rows, np.float32).reshape(-1, DIMENSIONS))


def convert(folder: Path, target: Path) -> None:
    """Write the CTranslate2 int8 form of the weights in `folder` into `target` (needs torch)."""
    from ctranslate2.converters import TransformersConverter
    from transformers.utils import logging

    # The converter passes an argument by its old name, and a bar of a quarter second tells nobody much.
    logging.set_verbosity_error()
    logging.disable_progress_bar()
    try:
        TransformersConverter(str(folder)).convert(str(target), quantization="int8", force=True)
    except (OSError, RuntimeError, ValueError) as error:
        raise ModelError(f"MiniLM can't be converted: {error}") from error


def load_ct2(converted: Path, threads: int) -> Any:
    """The CTranslate2 encoder in a folder that `convert` made; ModelError where there is none."""
    import ctranslate2

    try:
        return ctranslate2.Encoder(
            str(converted), device="cpu", compute_type="int8", inter_threads=1, intra_threads=threads
        )
    except (RuntimeError, ValueError) as error:
        raise ModelError(f"MiniLM can't be loaded from {converted.name}: {error}") from error


def unit(vectors: Vectors) -> Vectors:
    """Rows scaled to length one (a zero row stays zero)."""
    norms = np.linalg.norm(vectors, axis=-1, keepdims=True)
    scaled: Vectors = (vectors / np.maximum(norms, 1e-9)).astype(np.float32)
    return scaled


def tokenizer_of(folder: Path) -> Any:
    """MiniLM's tokenizer, cut at MAX_TOKENS, without padding; raises ModelError where there is none."""
    from tokenizers import Tokenizer

    path = folder / "tokenizer.json"
    try:
        text = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise ModelError(f"MiniLM's {path.name} can't be read: {error}") from error
    tokenizer = Tokenizer.from_str(json.dumps(text | {"padding": None}))
    tokenizer.enable_truncation(MAX_TOKENS)
    return tokenizer


def _batches(lengths: Sequence[int]) -> list[list[int]]:
    """Row numbers in batches of similar length, at most BATCH_TOKENS with padding."""
    batches: list[list[int]] = []
    current: list[int] = []
    for row in sorted(range(len(lengths)), key=lengths.__getitem__):
        if current and lengths[row] * (len(current) + 1) > BATCH_TOKENS:
            batches.append(current)
            current = []
        current.append(row)
    return [*batches, current] if current else batches
