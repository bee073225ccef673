"""MiniLM through CTranslate2 says what MiniLM through torch says."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest

from bot.domain import Episode, Segment, Transcript
from bot.errors import ModelError
from bot.read.encoder import DIMENSIONS, Encoder, TransformersEncoder, unit
from bot.read.reader import PassageReader

SENTENCES = (
    "White roofs made the streets of Lyon two degrees cooler.",
    "The price of bread is mostly wages and rent, not flour.",
    "Sleep researchers changed their mind about naps, because the first studies were small.",
    "And, you know, we had about three hundred people in the room, which was amazing.",
)


@pytest.fixture(scope="module")
def encoder(tmp_path_factory: pytest.TempPathFactory) -> Encoder:
    return Encoder.load(_weights(tmp_path_factory), threads=1)


def _weights(tmp_path_factory: pytest.TempPathFactory):  # type: ignore[no-untyped-def]
    from platformdirs import user_cache_path

    from bot.weights import Weights

    given = os.environ.get("EARMARK_CACHE_DIR")
    return Weights((Path(given) if given else user_cache_path("earmark")) / "weights")


def test_unit_vectors_are_of_length_one_and_zero_stays_zero() -> None:
    scaled = unit(np.array([[3.0, 4.0], [0.0, 0.0]], np.float32))
    np.testing.assert_allclose(scaled, [[0.6, 0.8], [0, 0]], atol=1e-6)


def test_weights_that_are_not_there_are_named(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"tokenizer\.json"):
        Encoder(tmp_path, tmp_path)


@pytest.mark.model
def test_vectors_agree_with_the_reference(encoder: Encoder, tmp_path_factory: pytest.TempPathFactory) -> None:
    reference = TransformersEncoder(_weights(tmp_path_factory).folder("minilm"))
    mine, theirs = encoder.encode(SENTENCES), reference.encode(SENTENCES)
    assert mine.shape == (len(SENTENCES), DIMENSIONS) and mine.dtype == np.float32
    assert ((mine * theirs).sum(axis=1) >= 0.99).all()
    assert encoder.encode([]).shape == (0, DIMENSIONS)


@pytest.mark.model
def test_order_and_batching_change_nothing_that_matters(encoder: Encoder) -> None:
    many = [f"{s} {'Really. ' * (i % 7)}" for i, s in enumerate(SENTENCES * 60)]
    together = encoder.encode(many)
    for i in (0, 17, 239):
        assert float(together[i] @ encoder.encode([many[i]])[0]) > 0.98


@pytest.mark.model
def test_a_short_episode_is_read_and_written(tmp_path_factory: pytest.TempPathFactory) -> None:
    from bot.write.extractive import ExtractiveWriter

    texts = (
        "Welcome to the show, it's good to have you here today.",
        "This episode is brought to you by Acme.",
        "Check them out at acme.com/show for a discount.",
        "We measured the streets of Lyon for three summers.",
        "White roofs made the streets two degrees cooler than black ones, because they reflect the light.",
        "Trees helped even more, but a tree takes thirty years to grow, and paint takes an afternoon.",
        "The city paid nine euros for every square metre, less than a tenth of what the trees cost.",
        "Thanks for listening, and see you next week.",
    )
    segments = tuple(Segment(start=8.0 * i, end=8.0 * i + 8, text=t) for i, t in enumerate(texts))
    reader = PassageReader.load(_weights(tmp_path_factory), threads=1)
    reading = reader.read(Transcript(segments=segments))
    assert any(s.kind == "sponsor" and s.first == 1 and s.last in (2, 3) for s in reading.set_aside)
    made = [ExtractiveWriter().write(p, reading, Episode(show="City Hours")) for p in reading.passages]
    assert any(i and "two degrees" in i.text and i.provenance.reader == reading.model for i in made)
