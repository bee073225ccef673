"""A cross-encoder, MiniLM-L12 tuned on MS MARCO: how well a passage answers a question, read together."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from bot.answer.words import Floats
from bot.errors import ModelError

WEIGHTS_NAME = "cross-encoder"
NAME = "MiniLM-L12 cross-encoder int8"
MAX_TOKENS = 256


class WeightFolders(Protocol):
    """The part of `bot.weights.Weights` that is needed here."""

    def folder(self, name: str) -> Path: ...


class CrossEncoder:
    """`folder` holds model.onnx and tokenizer.json. ModelError where they can't be loaded."""

    name = NAME

    def __init__(self, folder: Path, *, threads: int = 2) -> None:
        self.tokens = 0
        self._tokenizer = _tokenizer(folder)
        self._threads = threads
        self._session = _session(folder)

    @classmethod
    def later(cls, weights: WeightFolders, *, threads: int = 2) -> Callable[[], CrossEncoder]:
        """Loads it, its weights pulled on first use."""
        return lambda: cls(weights.folder(WEIGHTS_NAME), threads=threads)

    def scores(self, question: str, passages: Sequence[str]) -> Floats:
        """A logit each. A pair a thread: padded together they take a fifth to a half longer, and all threads
        on one pair a tenth."""
        pairs = [self._tokenizer.encode(question, passage) for passage in passages]
        self.tokens += sum(len(pair.ids) for pair in pairs)
        with ThreadPoolExecutor(self._threads) as pool:
            return np.array(list(pool.map(self._score, pairs)), np.float32)

    def _score(self, pair: Any) -> float:
        given = {
            "input_ids": pair.ids,
            "attention_mask": pair.attention_mask,
            "token_type_ids": pair.type_ids,
        }
        told = self._session.run(None, {k: np.array([v], np.int64) for k, v in given.items()})
        return float(told[0][0, 0])


def _tokenizer(folder: Path) -> Any:
    from tokenizers import Tokenizer

    try:
        tokenizer = Tokenizer.from_str((folder / "tokenizer.json").read_text("utf-8"))
    except Exception as error:  # tokenizers raises plain Exception
        raise ModelError(f"the cross-encoder's tokenizer.json can't be read: {error}") from error
    tokenizer.no_padding()
    # Of a question that alone is longer, its end is lost.
    tokenizer.enable_truncation(MAX_TOKENS, strategy="longest_first")
    return tokenizer


def _session(folder: Path) -> Any:
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads, options.inter_op_num_threads = 1, 1
    try:
        return onnxruntime.InferenceSession(
            str(folder / "model.onnx"), options, providers=["CPUExecutionProvider"]
        )
    except Exception as error:  # its errors have no class in common but this one
        raise ModelError(f"the cross-encoder's model.onnx can't be loaded: {error}") from error
