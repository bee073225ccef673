"""Where sentences end, and what is marked, in words without punctuation: a small two-way GRU."""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from bot.errors import ModelError

Floats = NDArray[np.float32]
Ids = NDArray[np.int64]
WEIGHTS = Path(__file__).with_name("borders.safetensors")
# What may stand after a word; the order is the network's.
MARKS = ("", ",", ".", "?")
NOTHING, COMMA, STOP, QUESTION = range(len(MARKS))
CAPITAL = len(MARKS)
OUTPUTS = CAPITAL + 1
# Rows of the tables: a word is the sum of two rows, so that few words share both (hash embeddings,
# Svenstrup et al. 2017); its ending has a row of its own.
WORDS, ENDINGS, ENDING = 8192, 1024, 3
# Words read at once, and on either side of them the words that are read for context alone.
STRIDE, CONTEXT, BATCH = 192, 32, 16
_NOT_OF_A_WORD = re.compile(r"[^\w']")


@dataclass(frozen=True, kw_only=True)
class Marks:
    """Per word, in 0..1: `after` the chance of each of MARKS (n, 4), `capital` that of a capital (n,)."""

    after: Floats
    capital: Floats

    @property
    def ends(self) -> Floats:
        """The chance that a sentence ends after each word, (n,)."""
        ended: Floats = self.after[:, STOP] + self.after[:, QUESTION]
        return ended

    def part(self, first: int, end: int) -> Marks:
        """Those of the words from `first` up to `end`."""
        return Marks(after=self.after[first:end], capital=self.capital[first:end])


class Borders:
    """The network of a file, as `bot.training.sentences` writes it. Raises ModelError for another file.

    `spellings` are words that are written neither small nor with a first capital alone, by their bare form.
    """

    def __init__(self, path: Path = WEIGHTS) -> None:
        from safetensors import SafetensorError, safe_open

        try:
            with safe_open(str(path), "np") as file:
                spelled = (file.metadata() or {}).get("spellings", "").split()
                self._w = {k: file.get_tensor(k).astype(np.float32) for k in file.keys()}  # noqa: SIM118
            self._kernel = _as_matrix(self._w["conv.weight"])
            self.spellings: Mapping[str, str] = {bare(word): word for word in spelled}
        except (OSError, KeyError, SafetensorError) as error:
            raise ModelError(f"the sentence borders {path.name} can't be read: {error}") from error

    def marks(self, words: Sequence[str]) -> Marks:
        """Of at least one word, case and punctuation of which count for nothing."""
        ids = word_ids(words)
        parts = [self._outputs(batch) for batch in _batches(ids)]
        out = np.concatenate([p.reshape(-1, OUTPUTS) for p in parts])[: len(words)]
        return Marks(after=_softmax(out[:, :CAPITAL]), capital=_sigmoid(out[:, CAPITAL]))

    def _outputs(self, ids: Ids) -> Floats:
        """(rows, STRIDE + 2 CONTEXT, 3) ids to (rows, STRIDE, OUTPUTS)."""
        w = self._w
        x = np.concatenate([w["word.weight"][ids[..., :2]].sum(axis=2), w["ending.weight"][ids[..., 2]]], -1)
        x = np.maximum(_windows(x, w["conv.weight"].shape[2]) @ self._kernel + w["conv.bias"], 0)
        h = np.concatenate([_gru(x, w, ""), _gru(x[:, ::-1], w, "_reverse")[:, ::-1], x], axis=-1)
        out: Floats = h[:, CONTEXT:-CONTEXT] @ w["out.weight"].T + w["out.bias"]
        return out


@lru_cache(maxsize=1)
def shipped() -> Borders:
    """The network that comes with Earmark, read once."""
    return Borders()


def bare(word: str) -> str:
    """The word without case and punctuation."""
    return _NOT_OF_A_WORD.sub("", word.replace("’", "'").lower())


def word_ids(words: Sequence[str]) -> Ids:
    """The rows of each word in the tables, (n, 3)."""
    return np.array([_rows(word) for word in words], np.int64).reshape(-1, 3)


@lru_cache(maxsize=20_000)
def _rows(word: str) -> tuple[int, int, int]:
    plain = bare(word).encode()
    return (
        1 + zlib.crc32(plain) % (WORDS - 1),
        1 + zlib.crc32(b"2 " + plain) % (WORDS - 1),
        1 + zlib.crc32(plain[-ENDING:]) % (ENDINGS - 1),
    )


def _batches(ids: Ids) -> Iterator[Ids]:
    """Overlapping windows of STRIDE words and their context, a few at once; row 0 of the tables: no word."""
    count = -(-len(ids) // STRIDE)
    padded = np.zeros((count * STRIDE + 2 * CONTEXT, 3), np.int64)
    padded[CONTEXT : CONTEXT + len(ids)] = ids
    windows = [padded[i * STRIDE : (i + 1) * STRIDE + 2 * CONTEXT] for i in range(count)]
    for at in range(0, count, BATCH):
        yield np.stack(windows[at : at + BATCH])


def _as_matrix(kernel: Floats) -> Floats:
    """torch's (out, in, width) as (width · in, out), for `_windows`."""
    matrix: Floats = kernel.transpose(2, 1, 0).reshape(-1, kernel.shape[0])
    return matrix


def _windows(x: Floats, width: int) -> Floats:
    """(rows, n, in) to (rows, n, width · in): each place with its neighbours, zeros beyond the ends."""
    n, half = x.shape[1], width // 2
    padded = np.pad(x, ((0, 0), (half, half), (0, 0)))
    side_by_side: Floats = np.concatenate([padded[:, i : i + n] for i in range(width)], axis=-1)
    return side_by_side


def _gru(x: Floats, w: Mapping[str, Floats], way: str) -> Floats:
    """torch.nn.GRU (one layer) over (rows, n, in) to (rows, n, hidden)."""
    into = x @ w[f"gru.weight_ih_l0{way}"].T + w[f"gru.bias_ih_l0{way}"]
    weight, bias = np.ascontiguousarray(w[f"gru.weight_hh_l0{way}"].T), w[f"gru.bias_hh_l0{way}"]
    size = weight.shape[0]
    h = np.zeros((len(x), size), np.float32)
    out = np.zeros((*x.shape[:2], size), np.float32)
    for step in range(x.shape[1]):
        now, rec = into[:, step], h @ weight + bias
        gates = _sigmoid(now[:, : 2 * size] + rec[:, : 2 * size])
        r, z = gates[:, :size], gates[:, size:]
        h = (1 - z) * np.tanh(now[:, 2 * size :] + r * rec[:, 2 * size :]) + z * h
        out[:, step] = h
    return out


def _sigmoid(x: Floats) -> Floats:
    # By tanh, which doesn't overflow.
    sure: Floats = 0.5 * (1 + np.tanh(0.5 * x))
    return sure


def _softmax(x: Floats) -> Floats:
    raised = np.exp(x - x.max(axis=-1, keepdims=True))
    shares: Floats = raised / raised.sum(axis=-1, keepdims=True)
    return shares
