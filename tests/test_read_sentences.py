"""Segments become sentences: merged, split, timed, verbatim."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain import Segment, Transcript, Word
from bot.read.sentences import MAX_WORDS, cuts, is_end, sentences


def transcript(*rows: tuple[float | None, float | None, str, str]) -> Transcript:
    return Transcript(segments=tuple(Segment(start=a, end=b, speaker=who, text=t) for a, b, who, t in rows))


def texts(t: Transcript) -> list[str]:
    return [s.text for s in sentences(t)]


def test_cues_of_one_speaker_are_merged_up_to_the_sentence_end() -> None:
    t = transcript(
        (0, 2, "Ann", "The roof was painted"),
        (2, 4, "Ann", "white. It cooled"),
        (4, 6, "Ann", "by five degrees."),
    )
    assert texts(t) == ["The roof was painted white.", "It cooled by five degrees."]
    first, second = sentences(t)
    assert (first.start, second.end) == (0, 6)
    assert first.end is not None and 2 < first.end < 4 and first.end == second.start


def test_a_change_of_speaker_ends_a_sentence() -> None:
    t = transcript((0, 1, "Ann", "So I thought"), (1, 2, "Bob", "you never think."), (2, 3, "Ann", "fair."))
    assert [(s.speaker, s.text) for s in sentences(t)] == [
        ("Ann", "So I thought"),
        ("Bob", "you never think."),
        ("Ann", "fair."),
    ]


@pytest.mark.parametrize(
    ("word", "after", "ends"),
    [
        ("Dr.", "Smith", False),
        ("e.g.", "Berlin", False),
        ("3.5", "Percent", False),
        ("example.com", "Then", False),
        ("J.", "Smith", False),
        ("No.", "5", False),
        ("No.", "We", True),
        ("p.m.", "We", True),
        ("p.m.", "on", False),
        ("done.", "Then", True),
        ('done."', "Then", True),
        ("what?", "Then", True),
        ("hm...", "but", False),
        ("done", None, True),
    ],
)
def test_where_sentences_end(word: str, after: str | None, ends: bool) -> None:
    assert is_end(word, after) is ends


def test_segments_that_are_sentences_keep_their_indices() -> None:
    t = transcript(
        (0, 1, "", "One is here."),
        (1, 2, "", "See Mr. Two. Really?"),
        (2, 3, "", "Three!"),
        *[(float(i), i + 1.0, "", f"Number {i} stands alone.") for i in range(3, 20)],
    )
    assert [(c.first, c.last) for c in cuts(t)] == [(i, i) for i in range(20)]


def test_without_punctuation_pauses_cut() -> None:
    words = "so the first thing we did was to paint every roof in the whole city white"
    t = transcript((0, 4, "", words), (6, 10, "", "and then the summer came and nobody believed the numbers"))
    assert len(texts(t)) == 2 and " ".join(texts(t)).split()[:3] == ["so", "the", "first"]
    endless = transcript((0, 60, "", " ".join(["word"] * 300)))
    assert max(len(s.split()) for s in texts(endless)) <= 30


def test_endless_sentences_are_cut_at_clauses() -> None:
    t = transcript((0, 60, "", ", ".join(["and so it went on"] * 20) + "."), (60, 61, "", "It ended."))
    assert max(len(s.split()) for s in texts(t)) <= MAX_WORDS
    assert all(s.endswith((",", ".")) for s in texts(t))


def test_no_times_stay_none() -> None:
    t = transcript((None, None, "", "First this. Then that happened."), (None, None, "", "So it goes."))
    assert [(s.start, s.end) for s in sentences(t)] == [(None, None)] * 3


def test_word_times_are_used() -> None:
    words = (
        Word(start=0, end=1, text="Stop."),
        Word(start=8, end=9, text="Go"),
        Word(start=9, end=9.5, text="on."),
    )
    t = Transcript(segments=(Segment(start=0, end=10, text="Stop. Go on.", words=words),))
    assert [(s.start, s.end) for s in sentences(t)] == [(0, 1), (8, 9.5)]


def test_an_empty_transcript_has_none() -> None:
    assert sentences(Transcript(segments=())) == ()
    assert sentences(transcript((0, 1, "", "  "))) == ()


@given(st.lists(st.text(alphabet='ab.?! ,\n"A1', max_size=40), max_size=8))
def test_no_word_is_lost_or_added(parts: list[str]) -> None:
    t = transcript(*[(float(i), i + 1.0, "", p) for i, p in enumerate(parts)])
    assert " ".join(texts(t)).split() == t.text.split()


@pytest.mark.data
def test_annotated_episodes_keep_their_numbering(data_dir: Path) -> None:
    from bot.training.episodes import annotated

    for episode in annotated(data_dir / "episodes"):
        assert [c.first for c in cuts(episode.transcript)] == list(range(len(episode.transcript.segments)))
