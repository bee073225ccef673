"""MiniLM tuned for reading: what each sentence is worth, read in its block, by CTranslate2."""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

from bot.domain import Sentence
from bot.errors import ModelError
from bot.read.blocks import Block, Floats, blocks, pooled
from bot.read.cues import cues
from bot.read.encoder import WeightFolders, convert, load_ct2, tokenizer_of
from bot.read.head import Head, Scores

# Pooled token states are of about 0.4 a component: scaled so that they weigh like the cues.
SCALE = 4.0
BATCH = 16


class TunedReader:
    """One tuned MiniLM with its head. `file` holds both, as `bot.training.reader` writes them.

    `folder` holds MiniLM as published (for its tokenizer), `converted` what `build` made of it and `file`.
    Raises ModelError where they can't be loaded.
    """

    def __init__(self, file: Path, folder: Path, converted: Path, *, threads: int = 2) -> None:
        self.tokens = 0
        self.head = Head(file)
        self.name = self.head.name
        self._tokenizer = tokenizer_of(folder)
        self._model = load_ct2(converted, threads)

    @classmethod
    def load(cls, weights: WeightFolders, file: Path, *, threads: int = 2) -> TunedReader:
        """From the cache of weights, built on first use and again when `file` changes."""
        folder = weights.folder("minilm")
        mark = hashlib.sha256(file.read_bytes()).hexdigest()[:12]
        converted = weights.derived(f"reader-{mark}-ct2-int8", lambda target: build(file, folder, target))
        return cls(file, folder, converted, threads=threads)

    def scores(self, said: Sequence[Sentence]) -> Scores:
        """Of at least one sentence."""
        return self.head.scores(features(said, self.vectors([s.text for s in said])))

    def vectors(self, texts: Sequence[str]) -> Floats:
        """Each sentence in its context, (n, 384)."""
        packed = packed_texts(self._tokenizer, texts)
        self.tokens += sum(len(b.ids) for b in packed)
        hidden = [h for at in range(0, len(packed), BATCH) for h in self._states(packed[at : at + BATCH])]
        return pooled(hidden, packed, len(texts))

    def _states(self, packed: Sequence[Block]) -> Floats:
        out = self._model.forward_batch([list(b.ids) for b in packed])
        states: Floats = np.asarray(out.last_hidden_state)
        return states


def packed_texts(tokenizer: Any, texts: Sequence[str], first: int = 0) -> list[Block]:
    """The texts' tokens in blocks; `first`: tokens of the first block, where it differs."""
    tokens = [e.ids for e in tokenizer.encode_batch(list(texts), add_special_tokens=False)]
    start, end, unknown = (tokenizer.token_to_id(t) for t in ("[CLS]", "[SEP]", "[UNK]"))
    return blocks(tokens, start=start, end=end, unknown=unknown, first=first)


def features(said: Sequence[Sentence], vectors: Floats) -> Floats:
    """What the head sees of each sentence: how it reads in its block, and its cues."""
    joined: Floats = np.concatenate([vectors * SCALE, cues(said)], axis=1).astype(np.float32)
    return joined


def build(file: Path, folder: Path, target: Path) -> None:
    """Write MiniLM with the tuned layers of `file`, as CTranslate2 int8, into `target` (needs torch)."""
    from safetensors.torch import load_file
    from transformers import AutoModel
    from transformers.utils import logging

    logging.disable_progress_bar()
    model = AutoModel.from_pretrained(str(folder), local_files_only=True)  # nosec B615 # a folder, and never the hub
    tuned = {k: v.float() for k, v in load_file(str(file)).items() if k.startswith("encoder.layer.")}
    unknown = model.load_state_dict(tuned, strict=False).unexpected_keys
    if unknown or not tuned:
        raise ModelError(f"{file.name} doesn't hold layers of MiniLM; train the reader again")
    with TemporaryDirectory() as scratch:
        model.save_pretrained(scratch)
        for name in ("tokenizer.json", "tokenizer_config.json", "special_tokens_map.json", "vocab.txt"):
            shutil.copy(folder / name, scratch)
        convert(Path(scratch), target)
