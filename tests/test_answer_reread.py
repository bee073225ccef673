"""The cross-encoder's order: read only where it matters, told in provenance, and missed by nobody."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import save_file

from bot.answer.answer import SearchAnswerer
from bot.answer.cross import CrossEncoder
from bot.answer.places import Place
from bot.answer.reread import READ, SURE, WEIGHTS, Reread, features, passage, share
from bot.answer.search import Hit
from bot.answer.words import Floats
from bot.domain import Sentence
from bot.errors import ModelError
from bot.training.answers_reread import Read, fitted
from tests.test_answer import BREAD, STREETS, WordEncoder, source

SIGNALS = 11  # what a ranker's input is where search alone ranks
QUESTION = "What do streets cost?"


class FakePairs:
    """Likes passages that hold a word."""

    name = "pairs"

    def __init__(self, word: str) -> None:
        self.word, self.tokens = word, 0

    def scores(self, question: str, passages: Sequence[str]) -> Floats:
        self.tokens += len(passages)
        return np.array([5.0 if self.word in p else -5.0 for p in passages], np.float32)


@pytest.fixture
def by_reading(tmp_path: Path) -> Path:
    """An order that goes by the cross-encoder's logit alone."""
    weights = np.zeros(7 + SIGNALS, np.float32)
    weights[2] = 1.0
    zero, one = np.zeros_like(weights), np.ones_like(weights)
    save_file({"mean": zero, "scale": one, "weights": weights}, str(tmp_path / "order.safetensors"))
    return tmp_path / "order.safetensors"


def places(scores: Sequence[float]) -> list[Place]:
    made = source("Talk", [f"Sentence {n}." for n in range(len(scores))])
    index = SearchAnswerer(WordEncoder())._index(made)
    inputs = np.zeros(SIGNALS, np.float32)
    return [
        Place(source=made, index=index, hit=Hit(at=n, score=s, confidence=0, scores=inputs, inputs=inputs))
        for n, s in enumerate(scores)
    ]


def test_the_place_that_reads_best_answers_and_provenance_says_what_read_it(by_reading: Path) -> None:
    pairs = FakePairs("grandmother")
    plain = SearchAnswerer(WordEncoder(), threshold=0.0)
    read = SearchAnswerer(WordEncoder(), threshold=0.0, reread=Reread(lambda: pairs, by_reading, sure=1.1))
    talk = [source("Talk", STREETS + BREAD)]
    assert "grandmother" not in plain.answer("What does bread cost?", talk).text
    answer = read.answer("What does bread cost?", talk)
    assert answer.citations != plain.answer("What does bread cost?", talk).citations
    assert answer.provenance.reader == "words + pairs"
    before = plain.answer("What does bread cost?", talk).provenance
    assert before.reader == "words" and pairs.tokens > 1


def test_of_what_is_refused_the_places_that_read_best_are_shown_first(by_reading: Path) -> None:
    pairs = FakePairs("grandmother")
    plain = SearchAnswerer(WordEncoder(), threshold=1.1)
    read = SearchAnswerer(WordEncoder(), threshold=1.1, reread=Reread(lambda: pairs, by_reading, sure=1.1))
    question, talk = "What does bread cost?", [source("Talk", STREETS + BREAD)]
    before, answer = plain.answer(question, talk), read.answer(question, talk)
    assert not answer.found and answer.text == before.text and answer.confidence == before.confidence
    assert answer.citations[0] != before.citations[0] and answer.provenance.reader == "words + pairs"


def test_only_the_best_are_read_and_none_is_lost(by_reading: Path) -> None:
    pairs = FakePairs("Sentence 9.")
    order = Reread(lambda: pairs, by_reading)
    many = places([-0.01 * n for n in range(READ + 5)])
    made = order.ordered(QUESTION, many)
    assert made is not None and pairs.tokens == READ
    assert {p.hit.at for p in made[:5]} == {7, 8, 9, 10, 11}, "those whose passage holds it"
    assert made[READ:] == many[READ:] and len(made) == len(many)


def test_where_the_ranker_is_sure_nothing_is_read(by_reading: Path) -> None:
    pairs = FakePairs("Sentence 1.")
    order = Reread(lambda: pairs, by_reading)
    sure = places([5.0, 0.0, 0.0])
    assert share(sure) > SURE and order.ordered(QUESTION, sure) is None
    assert order.ordered(QUESTION, places([5.0])) is None and pairs.tokens == 0


def test_without_its_weights_the_ranker_answers_and_they_are_asked_for_once(
    by_reading: Path, caplog: pytest.LogCaptureFixture
) -> None:
    asked: list[int] = []

    def load() -> FakePairs:
        asked.append(1)
        raise ModelError("no network")

    answerer = SearchAnswerer(WordEncoder(), threshold=0.0, reread=Reread(load, by_reading, sure=1.1))
    for _ in range(2):
        answer = answerer.answer(QUESTION, [source("Roofs", STREETS)])
        assert answer.found and answer.provenance.reader == "words"
    assert len(asked) == 1 and caplog.text.count("no network") == 1


def test_a_passage_names_who_speaks_where_that_changes() -> None:
    said = [Sentence(start=None, end=None, speaker=w, text=t) for w, t in (("A", "x"), ("A", "y"), ("", "z"))]
    assert passage(said) == "A: x y z"


def test_the_order_learns_from_what_reads_well() -> None:
    rng = np.random.default_rng(0)
    questions = []
    for _ in range(40):
        x = rng.normal(size=(6, 4)).astype(np.float32)
        questions.append(Read(x=x, right=np.arange(6) == x[:, 2].argmax()))
    made = fitted(questions)
    assert np.abs(made["weights"]).argmax() == 2 and made["weights"][2] > 1
    order = [int(((q.x - made["mean"]) / made["scale"] @ made["weights"]).argmax()) for q in questions]
    assert np.mean([q.right[n] for q, n in zip(questions, order, strict=True)]) > 0.9


def test_what_ships_fits_the_ranker() -> None:
    from bot.answer.ranker import Ranker
    from tests.test_answer_ranker import index

    hits = index().search("How much cooler?", READ, Ranker())
    width = features(hits, np.zeros(len(hits), np.float32)).shape[1]
    order = Reread(lambda: FakePairs(""), WEIGHTS)
    assert order._weights.shape == (width,)


def test_files_that_cant_be_read_are_named(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"order\.safetensors"):
        Reread(lambda: FakePairs(""), tmp_path / "order.safetensors")
    with pytest.raises(ModelError, match=r"tokenizer\.json"):
        CrossEncoder(tmp_path)


@pytest.mark.model
def test_what_answers_reads_better_than_what_is_only_near() -> None:
    from platformdirs import user_cache_path

    from bot.weights import Weights

    given = os.environ.get("EARMARK_CACHE_DIR")
    weights = Weights((Path(given) if given else user_cache_path("earmark")) / "weights")
    pairs = CrossEncoder.later(weights, threads=1)()
    scores = pairs.scores("How much cooler did white roofs make the streets?", [STREETS[2], STREETS[5], ""])
    assert scores.argmax() == 0 and scores[0] - scores[1:].max() > 3
    assert pairs.tokens > 40
    (tokens := pairs.tokens) and pairs.scores("why " * 400, ["because " * 400])
    assert pairs.tokens - tokens == 256, "cut"
