"""Training answers: the network learns where the evidence is, and the figures count what they say."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from bot.answer.search import Hit, Index
from bot.domain import Sentence
from bot.training.answers import cites, place, refused
from bot.training.answers_data import BESIDE, Asked
from bot.training.answers_ranker import Example, trained
from tests.test_answer import BREAD, STREETS, WordEncoder


def question(evidence: tuple[int, ...], *, foreign: bool = False) -> Asked:
    said = [Sentence(start=None, end=None, speaker="", text=t) for t in STREETS + BREAD]
    index = Index(said, WordEncoder())
    return Asked(
        question="How cool?", index=index, evidence=evidence, validation=False, fold=0, foreign=foreign
    )


def hit(at: int) -> Hit:
    scores = np.zeros(len(STREETS + BREAD), np.float32)
    scores[at] = 9.0
    return Hit(at=at, score=9.0, confidence=0.5, scores=scores, inputs=scores)


def example(seed: int, evidence: int) -> Example:
    """Twenty sentences, of which one column in eight knows the evidence."""
    rng = np.random.default_rng(seed)
    x, vectors = rng.normal(size=(20, 8)), 0.01 * rng.normal(size=(20, 16))
    x[:, 3] *= 0.1
    x[evidence, 3] += 6
    target = np.full(20, 1e-6)
    target[evidence] = 1.0
    tensors = [
        torch.tensor(v, dtype=torch.float32) for v in (x, vectors, rng.normal(size=16), np.log(target))
    ]
    return Example(
        x=tensors[0],
        vectors=tensors[1],
        passages=tensors[1],
        question=tensors[2],
        target=tensors[3],
        weight=1.0,
        fold=0,
    )


def test_the_network_learns_what_marks_the_evidence() -> None:
    torch.set_num_threads(1)
    net = trained([example(n, n % 20) for n in range(200)], 0)
    with torch.inference_mode():
        first = [int(net(example(1000 + n, n % 20)).argmax()) == n % 20 for n in range(40)]
    assert np.mean(first) > 0.5  # by chance 0.05


def test_a_passage_is_right_within_two_sentences() -> None:
    asked = question((2,))
    assert place(asked, [hit(4), hit(9)]) == 0
    assert place(asked, [hit(5), hit(0)]) == 1
    assert place(asked, [hit(5), hit(9)]) == 2


def test_what_is_cited_is_what_the_answer_would_show() -> None:
    assert cites(question((2,)), [hit(2)])
    assert not cites(question((2,)), [hit(8)])


def test_the_target_is_the_evidence_and_a_little_what_is_beside() -> None:
    target = question((2, 3)).target
    assert target[2] == target[3] == 1 and target[1] == target[4] == pytest.approx(BESIDE)
    assert target[6] < 0.01


def test_refusals_are_counted_by_kind() -> None:
    questions = [question((1,)), question((1,)), question(()), question((), foreign=True)]
    assert refused(questions, [0.9, 0.1, 0.1, 0.6], 0.5) == (1.0, 0.0, 0.5)
