"""The ranker reads what is promising, word by word, and scores it as it was trained to."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
import torch

from bot.answer import late
from bot.answer.answer import NOT_HERE, SearchAnswerer
from bot.answer.places import FEATURES, features
from bot.answer.ranker import NOWHERE, WEIGHTS, Ranker, inputs, scored
from bot.answer.search import Index
from bot.domain import Sentence
from bot.errors import ModelError
from bot.read.encoder import Encoder
from bot.training.answers import place
from bot.training.answers_data import FOLDS, asked
from bot.training.answers_ranker import Example, Net, stacked
from bot.training.episodes import annotated, is_validation
from bot.weights import Weights
from tests.test_answer import BREAD, STREETS, WordEncoder, source

WIDTH = 384
TALK = tuple(f"{text} {n}" for n in range(30) for text in (*STREETS, *BREAD))


def index(texts: Sequence[str] = STREETS + BREAD, *, rough: bool = False) -> Index:
    said = [Sentence(start=None, end=None, speaker="Ann", text=t) for t in texts]
    encoder = WordEncoder(WIDTH)
    vectors = np.tile(encoder.encode([" ".join(texts)]), (len(said), 1)) if rough else None
    return Index(said, encoder, vectors, rough=rough)


def test_what_ships_is_small_and_whole() -> None:
    made = Ranker()
    assert WEIGHTS.stat().st_size < 8_000_000
    width = len(FEATURES) + late.COLUMNS
    assert [len(part) for part in made.sureness] == [width, width, width, 2]


def test_it_scores_as_the_networks_that_were_trained() -> None:
    rng = np.random.default_rng(0)
    x, vectors = rng.normal(size=(9, 42)).astype(np.float32), rng.normal(size=(9, WIDTH)).astype(np.float32)
    question = rng.normal(size=WIDTH).astype(np.float32)
    nets = [Net(42, WIDTH).eval() for _ in range(FOLDS)]
    zero, one = np.zeros(42, np.float32), np.ones(42, np.float32)
    made = scored({"mean": zero, "scale": one, **stacked(nets)}, x, vectors, vectors[::-1], question)
    example = Example(
        x=torch.from_numpy(x),
        vectors=torch.from_numpy(vectors),
        passages=torch.from_numpy(vectors[::-1].copy()),
        question=torch.from_numpy(question),
        target=torch.zeros(9),
        weight=1.0,
        fold=0,
    )
    with torch.inference_mode():
        expected = np.mean([net(example).numpy() for net in nets], axis=0)
    assert np.allclose(made, expected, atol=1e-3)


def test_the_answer_is_ranked_first_with_the_shipped_weights() -> None:
    hits = index().search("How much cooler did white roofs make the streets?", ranker=Ranker())
    assert abs(hits[0].at - 2) <= 2


def test_only_promising_sentences_are_read() -> None:
    talk = index(TALK)
    x, rows = inputs(talk, "white roofs")
    scores, _ = Ranker().ranked(talk, "white roofs")
    assert x.shape == (len(TALK), 42) and 0 < len(rows) < len(TALK)
    unread = sorted(set(range(len(TALK))) - set(rows))
    assert (scores[unread] == NOWHERE).all() and (scores[rows] > NOWHERE).all()
    assert (x[unread, 28] == 0).all()


def test_rough_vectors_become_exact_where_they_are_read() -> None:
    rough, exact = index(rough=True), index()
    rows = [1, 2, 5]
    before = rough.passages.copy()
    rough.read(rows)
    assert np.allclose(rough.vectors[rows], exact.vectors[rows])
    assert not np.allclose(rough.vectors[0], exact.vectors[0])
    assert not np.allclose(rough.passages, before)


@pytest.mark.parametrize("question", ["", "?", "the of and", "🍞", "word " * 400, "WHY"])
@pytest.mark.parametrize("texts", [STREETS, ("One.",), ("", "", "")])
def test_any_question_gets_finite_scores(question: str, texts: Sequence[str]) -> None:
    talk = index(texts)
    scores, x = Ranker().ranked(talk, question)
    assert np.isfinite(scores).all() and np.isfinite(x).all()
    assert np.isfinite(features(question, talk, talk.search(question, ranker=Ranker()))).all()


def test_closeness_is_the_highest_cosine_of_each_piece() -> None:
    eye = np.eye(4, dtype=np.float32)
    close = late.closeness(eye[:2], [eye[2:], eye[1:3]], [0, 2], 3)
    assert close.tolist() == [[0, 0], [0, 0], [0, 1]]


def test_rare_pieces_count_more_than_common_ones_and_stop_words_nothing() -> None:
    rarity = late.rarities([["roof", "street"], ["street"], ["street"]])
    each, stops = late.weights(["the", "roof", "street"], rarity)
    assert each[0] == 0 and each[1] > each[2] > 0 and stops.tolist() == [True, False, False]
    assert each.sum() == pytest.approx(1)


def test_a_file_that_is_none_is_told(tmp_path: Path) -> None:
    (tmp_path / "r.safetensors").write_bytes(b"nothing")
    with pytest.raises(ModelError, match=r"ranker r\.safetensors"):
        Ranker(tmp_path / "r.safetensors")


@pytest.fixture(scope="module")
def encoder() -> Encoder:
    from platformdirs import user_cache_path

    given = os.environ.get("EARMARK_CACHE_DIR")
    return Encoder.load(
        Weights((Path(given) if given else user_cache_path("earmark")) / "weights", progress=lambda *_: None),
        threads=1,
    )


@pytest.mark.model
def test_what_is_said_is_answered_and_what_is_not_is_refused(encoder: Encoder) -> None:
    answerer = SearchAnswerer(encoder, ranker=Ranker())
    talk = [source("Roofs and bread", STREETS + BREAD, "Ann")]
    for question, said in (
        ("How much cooler did white roofs make the streets?", "two degrees"),
        ("Who never bought bread?", "grandmother"),
        ("How much of the price of bread is flour?", "tenth"),
    ):
        here = answerer.answer(question, talk)
        assert here.found and said in " ".join(c.quote for c in here.citations)
        assert all(c.quote in STREETS + BREAD for c in here.citations)
    absent = answerer.answer("Which football club did the mayor of Berlin play for?", talk)
    assert not absent.found and absent.text == NOT_HERE and absent.citations


@pytest.mark.model
@pytest.mark.data
def test_the_evidence_of_validation_questions_is_found(encoder: Encoder, tmp_path: Path) -> None:
    folder = (
        Path(os.environ.get("EARMARK_TEST_DATA", Path(__file__).parents[2] / "shared" / "data")) / "episodes"
    )
    if not folder.is_dir():
        pytest.skip("the annotated episodes are not here")
    kept = [e for e in annotated(folder) if is_validation(e)][:3]
    questions = [q for e in kept for q in asked(e, kept[0], encoder, tmp_path) if q.evidence]
    found = [place(q, q.index.search(q.question, 5, Ranker())) < 5 for q in questions]
    assert np.mean(found) >= 0.75


def test_names_are_found_where_their_bearers_speak() -> None:
    talk = index()
    assert inputs(talk, "What did Ann measure?")[0][:, 15].all()
    assert not inputs(talk, "What did Bob measure?")[0][:, 15].any()
