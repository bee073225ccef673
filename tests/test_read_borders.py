"""The network of sentence borders: what ships finds them, whatever the length; a damaged file is told."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from bot.errors import ModelError
from bot.read.borders import STRIDE, WEIGHTS, Borders, bare, shipped, word_ids

SPOKEN = (
    "so i think we should talk about testing first what do you think about that yeah i agree with you"
    " the problem is that nobody writes them until something breaks and then it's too late"
)
SPEECH = SPOKEN.split()


def test_sentences_end_where_a_person_would_end_them() -> None:
    ends = shipped().marks(SPEECH).ends
    said = [SPEECH[i] for i in np.flatnonzero(ends > 0.35)]
    assert {"that", "you", "late"} <= set(said)
    assert not {"the", "we", "nobody", "is", "and"} & set(said)


def test_a_question_is_told_from_a_statement() -> None:
    marks = shipped().marks(SPEECH)
    asked, told = marks.after[SPEECH.index("that")], marks.after[-1]
    assert asked[3] > asked[2] and told[2] > told[3]


def test_chances_are_chances() -> None:
    marks = shipped().marks(SPEECH)
    assert marks.after.shape == (len(SPEECH), 4) and marks.capital.shape == (len(SPEECH),)
    assert np.allclose(marks.after.sum(axis=1), 1, atol=1e-5)
    assert np.all((marks.capital >= 0) & (marks.capital <= 1))


@pytest.mark.parametrize("n", [1, STRIDE - 1, STRIDE, STRIDE + 1, 20 * STRIDE + 7])
def test_any_number_of_words(n: int) -> None:
    assert shipped().marks((SPEECH * (n // len(SPEECH) + 1))[:n]).ends.shape == (n,)


def test_windows_leave_no_seam() -> None:
    """A word is seen alike wherever the window that holds it begins."""
    words = SPEECH * 20
    whole, later = shipped().marks(words).ends, shipped().marks(words[100:]).ends
    assert np.abs(whole[150:400] - later[50:300]).max() < 0.05


def test_case_and_punctuation_count_for_nothing() -> None:
    shouted = [f"{w.upper()}," for w in SPEECH]
    assert np.array_equal(word_ids(shouted), word_ids(SPEECH))
    assert bare("Don’t,") == "don't"


def test_what_is_no_network_is_told(tmp_path: Path) -> None:
    wrong = tmp_path / "borders.safetensors"
    for content in (b"", b"not safetensors at all"):
        wrong.write_bytes(content)
        with pytest.raises(ModelError, match="borders"):
            Borders(wrong)
    with pytest.raises(ModelError, match="missing"):
        Borders(tmp_path / "missing.safetensors")


def test_it_stays_small() -> None:
    assert WEIGHTS.stat().st_size <= 3_000_000
