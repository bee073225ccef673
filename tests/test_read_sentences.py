"""Segments become sentences: merged, split, timed, verbatim."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain import Segment, Transcript, Word
from bot.read.borders import Floats
from bot.read.sentences import LOOSE_MAX, MAX_WORDS, cuts, is_end, sentences


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


def never(words: Sequence[str]) -> Floats:
    return np.full(len(words), 0.01, np.float32)


def after(*last: str) -> Callable[[Sequence[str]], Floats]:
    """Sentences likely end with these words."""
    return lambda words: np.array([0.9 if w in last else 0.02 for w in words], np.float32)


def test_without_punctuation_sentences_end_where_that_is_likely() -> None:
    t = transcript(
        (0, 4, "", "we painted every roof"), (4, 8, "", "white and then it cooled nobody believed it")
    )
    cut = sentences(t, after("white", "cooled"))
    assert [s.text for s in cut] == [
        "we painted every roof white",
        "and then it cooled",
        "nobody believed it",
    ]
    assert cut[0].start == 0 and cut[0].end == cut[1].start and 4 < (cut[0].end or 0) < 8
    assert [(c.first, c.last) for c in cuts(t, after("white"))] == [(0, 1), (1, 1)]


def test_what_ships_cuts_where_a_person_would() -> None:
    said = "what did you learn from that we learned that nobody had ever tested a backup so now we do"
    assert texts(transcript((0, 9, "", said)))[0] == "what did you learn from that"


def test_a_pause_makes_an_end_likelier() -> None:
    def unsure(words: Sequence[str]) -> Floats:
        return np.full(len(words), 0.3, np.float32)

    rows = [(0.0, 2.0, "", "so the first thing"), (2.0, 4.0, "", "we did"), (5.0, 6.0, "", "and then")]
    assert [s.text for s in sentences(transcript(*rows), unsure)] == ["so the first thing we did", "and then"]


def test_a_change_of_speaker_ends_a_sentence_without_punctuation() -> None:
    t = transcript((0, 1, "Ann", "so i thought"), (1, 2, "Bob", "you never think"))
    assert [s.text for s in sentences(t, never)] == ["so i thought", "you never think"]


def test_nothing_without_punctuation_is_endless() -> None:
    endless = transcript((0, 60, "", " ".join(["word"] * 300)))
    for ends in (never, after("word")):
        lengths = [len(s.text.split()) for s in sentences(endless, ends)]
        assert sum(lengths) == 300 and max(lengths) <= LOOSE_MAX


def test_an_unpunctuated_stretch_in_a_punctuated_transcript_is_cut_too() -> None:
    marked = "It was hot. We stayed in. Nobody came, of course. So it went on."
    bare = " ".join(["and then we painted one more roof"] * 12)
    t = transcript((0, 9, "Ann", marked), (9, 50, "Bob", bare), (50, 60, "Ann", marked))
    assert [s.text for s in sentences(t, after("roof")) if s.speaker == "Bob"] == [
        "and then we painted one more roof"
    ] * 12
    assert len(sentences(t, never)) > 8


def test_punctuated_transcripts_are_never_asked_about() -> None:
    def asked(words: Sequence[str]) -> Floats:
        raise AssertionError("there is punctuation to go by")

    t = transcript((0, 4, "", "It was hot. We"), (4, 9, "", "stayed in. Nobody came."))
    assert len(sentences(t, asked)) == 3


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
