"""The metrics, the split and the targets that models are trained and judged by."""

from __future__ import annotations

import json
import math
from pathlib import Path

import numpy as np
import pytest

from bot.domain import Segment, Transcript
from bot.read.head import KINDS, WORTH
from bot.training.episodes import Annotated, annotated, is_validation
from bot.training.metric import (
    f_half,
    hit_at_5,
    hit_ranks,
    matched,
    ndcg_at_5,
    overlap,
    waste_at_5,
)

INSIGHTS = [
    {"rank": r, "evidence": [100 * r, 100 * r + 1], "quote": "never said", "kind": "claim"}
    for r in range(1, 11)
]


def test_the_ideal_five_score_one() -> None:
    assert ndcg_at_5([100, 200, 300, 400, 500], INSIGHTS) == pytest.approx(1.0)
    assert hit_at_5([100, 200, 300, 400, 500], INSIGHTS) == 1.0


def test_gain_falls_with_rank_and_place() -> None:
    ideal = sum((10 - i) / math.log2(i + 2) for i in range(5))
    assert ndcg_at_5([1000], INSIGHTS) == pytest.approx(1 / ideal)
    assert ndcg_at_5([None, 100], INSIGHTS) == pytest.approx(10 / math.log2(3) / ideal)
    assert ndcg_at_5([100, 900], INSIGHTS) > ndcg_at_5([900, 100], INSIGHTS)


def test_within_two_sentences_is_a_hit_and_no_insight_is_hit_twice() -> None:
    assert hit_ranks([98, 103, 97, 205, None], INSIGHTS) == [1, None, None, None, None]
    assert hit_ranks([103, 98], INSIGHTS) == [1, None]


def test_waste_counts_what_lies_in_non_content() -> None:
    assert waste_at_5([5, 10, 11, None], [{"from": 3, "to": 10}]) == pytest.approx(0.4)


def test_spans_match_one_to_one_at_half_overlap() -> None:
    assert overlap((0, 9), (5, 14)) == pytest.approx(1 / 3) and overlap((0, 1), (5, 6)) == 0
    assert matched([(0, 9), (1, 9)], [(0, 9), (20, 29)]) == 1
    assert matched([(0, 4)], [(0, 9)]) == 1 and matched([(0, 3)], [(0, 9)]) == 0


def test_f_half_prefers_precision() -> None:
    assert f_half(0, 0, 0) == 1.0 and f_half(0, 3, 2) == 0.0 and f_half(2, 2, 2) == 1.0
    assert f_half(5, 5, 10) > f_half(5, 10, 5)


def episode(id: str, n: int = 20) -> Annotated:
    segments = tuple(Segment(start=None, end=None, text=f"Sentence {i} is said.") for i in range(n))
    reference = {
        "insights": [
            {"rank": 1, "evidence": [5], "quote": "Sentence 5 is"},
            {"rank": 10, "evidence": [6], "quote": "nowhere"},
        ],
        "non_content": [{"from": 0, "to": 1, "kind": "intro"}],
        "unread": [19],
    }
    return Annotated(id=id, transcript=Transcript(segments=segments), reference=reference)


def test_targets_are_the_gain_of_the_place() -> None:
    from bot.training.reader import targets

    y, kinds, weight = targets(episode("x-1"), 20)
    assert y[5, WORTH] == 1.0 and y[6, WORTH] == pytest.approx(0.9) and y[8, WORTH] == pytest.approx(0.07)
    assert y[5, 2] == 1.0 and y[6, 2] == 0.0
    assert list(kinds[:3]) == [1 + KINDS.index("intro")] * 2 + [0]
    assert weight[19] == 0.0 and np.sum(weight) == 19


def test_the_split_is_fixed_and_keeps_whole_shows_apart() -> None:
    assert all(is_validation(episode(f"go-time-{i}")) for i in range(9))
    kept = [is_validation(episode(f"some-show-{i}")) for i in range(500)]
    assert 0.12 < sum(kept) / 500 < 0.28
    assert episode("bitcoin-a-b-c").show == "bitcoin" and episode("the-changelog-12").show == "the-changelog"


def test_episodes_are_read_in_order_from_a_folder(tmp_path: Path) -> None:
    for name in ("b-2", "a-1"):
        rows = [{"startTime": 0.0, "endTime": 1.0, "speaker": None, "body": "Hello there."}]
        (tmp_path / f"{name}.transcript.json").write_text(json.dumps({"segments": rows}))
        (tmp_path / f"{name}.reference.json").write_text(json.dumps({"id": name, "unread": [0]}))
    first, second = annotated(tmp_path)
    assert (first.id, second.id) == ("a-1", "b-2") and first.unread == {0}
    assert first.transcript.segments[0].text == "Hello there." and first.transcript.segments[0].speaker == ""


def test_a_poor_transcript_has_neither_case_nor_punctuation() -> None:
    from bot.training.reader import bare

    assert bare("Well, Ana\u2014it's 3.5 %!") == "well ana it's 3 5"


def test_teachers_are_one_by_their_mean_and_mix_into_the_targets(tmp_path: Path) -> None:
    import torch

    from bot.read.head import Scores
    from bot.training import reader_taught as taught

    for name, worth in (("a", 0.2), ("b", 0.6)):
        each = np.full(2, worth, np.float32)
        classes = np.log(np.full((2, 1 + len(KINDS)), 1 / 7, np.float32))
        scores = Scores(worth=each, evidence=each, quote=each, classes=classes)
        taught.keep(tmp_path / name, "x-1", taught.as_rows(scores))
    rows = taught.taught([tmp_path / "a", tmp_path / "b"], "x-1", 2)
    assert rows[:, WORTH] == pytest.approx([0.4, 0.4])
    annotator = torch.tensor([[1.0, 0.0, 0.0]] * 2)
    substance = torch.eye(1 + len(KINDS))[[0, 0]]
    target, kinds = taught.mixed(annotator, substance, rows, 0.5)
    assert target[0].tolist() == pytest.approx([0.7, 0.2, 0.2])
    assert kinds.sum(dim=1).tolist() == pytest.approx([1, 1]) and float(kinds[0, 0]) == pytest.approx(4 / 7)


@pytest.mark.parametrize(
    ("holds", "said"),
    [
        (None, "can't be read"),
        (b"not numbers", "holds no scores"),
        (np.zeros((3, 10)), "of 2 sentences and 10"),
    ],
)
def test_a_teacher_that_read_another_transcript_is_said(tmp_path: Path, holds: object, said: str) -> None:
    from bot.errors import ConfigError
    from bot.training.reader_taught import taught

    if isinstance(holds, bytes):
        (tmp_path / "x-1.npy").write_bytes(holds)
    elif holds is not None:
        np.save(tmp_path / "x-1.npy", holds)
    with pytest.raises(ConfigError, match=said):
        taught([tmp_path], "x-1", 2)
