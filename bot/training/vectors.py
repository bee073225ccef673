"""Vectors of sentences, kept on disk so that a second training starts at once."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from bot.read.encoder import Encoder, Vectors


def cached(path: Path, texts: list[str], encoder: Encoder) -> Vectors:
    """The texts' vectors, from `path` if it is there; delete the folder when the encoder changes."""
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        np.save(path, encoder.encode(texts).astype(np.float16))
    stored: Vectors = np.load(path).astype(np.float32)
    return stored
