"""How a transcript is laid out: turns, what is set aside, insights, hits, and which ids there are."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from adapters.web.chapters import chapters, moments
from adapters.web.transcript import Script, located, place, script, sentences
from bot.domain import Episode, Reading, Segment, Sentence, SetAside, Transcript
from tests.web_kit import insight, reading, sentence

SAID = reading().sentences


def text_of(made: Script) -> str:
    lines = [line for stretch in made.stretches for turn in stretch.turns for line in turn.lines]
    return " ".join("".join(piece.text for piece in line.pieces) for line in lines)


def ids(made: Script) -> list[str]:
    turns = [turn for stretch in made.stretches for turn in stretch.turns]
    named = [box.anchor for turn in turns for box in turn.boxes]
    named += [line.anchor for turn in turns for line in turn.lines]
    return [name for name in named if name]


def places(made: Script) -> set[str]:
    return {turn.place for stretch in made.stretches for turn in stretch.turns} | {
        hit.place for hit in made.hits
    }


def test_stretches_turns_and_speakers() -> None:
    made = script(SAID, [insight(id=7)], reading())
    assert [(s.label, len(s.turns)) for s in made.stretches] == [("Intro", 1), ("Sponsor read", 1), ("", 4)]
    assert made.stretches[1].duration == "0:19" and not made.stretches[1].is_open
    assert [turn.speaker for turn in made.stretches[2].turns] == ["Ana", "Ben", "Ana", "Ben"]
    assert text_of(made) == " ".join(s.text for s in SAID)


def test_an_insight_stands_before_what_it_quotes() -> None:
    made = script(SAID, [insight(id=7)], reading())
    turn = made.stretches[2].turns[1]
    assert [box.insight.id for box in turn.boxes] == [7]
    assert [line.said for line in turn.lines] == [True, False]


def test_a_quote_is_found_by_its_words_nearest_to_its_time() -> None:
    twice = [
        sentence(n, "", text) for n, text in enumerate(["Yes, salt.", "No.", "Oh: yes — salt!", "And so on."])
    ]
    texts = ["yes salt", "no", "oh yes salt", "and so on"]
    assert located(insight(quote="yes, salt", start=25.0), twice, texts) == range(2, 3)
    assert located(insight(quote="Yes, salt. No.", start=25.0), twice, texts) == range(2)
    assert located(insight(quote="never said", start=31.0), twice, texts) == range(3, 4)
    assert located(insight(quote="never said", start=None), twice, texts) is None


def test_an_insight_inside_what_was_set_aside_opens_it() -> None:
    made = script(SAID, [insight(quote="Use the code BREAD.", start=21.0)], reading())
    assert [s.is_open for s in made.stretches] == [False, True, False]


def test_a_search_marks_each_place_whatever_its_case_and_opens_what_hides_it() -> None:
    made = script(SAID, (), reading(), "  THE   code ")
    assert made.found == 1 and [hit.place for hit in made.hits] == ["t=21"]
    assert [(piece.text, piece.hit) for piece in made.hits[0].pieces] == [
        ("Use ", False),
        ("the code", True),
        (" BREAD.", False),
    ]
    assert made.stretches[1].is_open
    assert script(SAID, (), reading(), "(.*").found == 0
    assert script(SAID, (), reading(), "   ").found == 0


def test_a_search_finds_words_by_their_beginning_or_within_where_they_are_written_together() -> None:
    said = [
        replace(SAID[0], text=text)
        for text in ("Street trees.", "The street.", "木が多い街路樹です", "½ tree")
    ]
    marked = [piece.text for hit in script(said, (), None, "TREE").hits for piece in hit.pieces if piece.hit]
    assert marked == ["tree", "tree"]
    assert script(said, (), None, "街路樹").found == 1


def test_two_things_in_one_second_share_an_anchor_that_stands_once() -> None:
    said = [replace(SAID[0], start=5.1), replace(SAID[4], start=5.8), replace(SAID[5], start=5.9)]
    made = script(said, [insight(id=1, start=5.8), insight(id=2, start=5.9, quote="Wages are a half.")])
    assert ids(made).count("t=5") == 1 and len(ids(made)) == len(set(ids(made)))


def test_a_transcript_without_times_has_places_and_no_clock() -> None:
    said = [replace(s, start=None, end=None) for s in SAID]
    made = script(said, [insight(id=7, start=None)], reading(), "loaf")
    assert "i7" in ids(made) and places(made) <= {*ids(made)}
    assert {stretch.duration for stretch in made.stretches} == {""}


def test_what_has_not_been_read_is_shown_by_segments() -> None:
    heard = Transcript(segments=(Segment(start=1.0, end=2.0, speaker="Ana", text="Hello."),))
    assert [s.text for s in sentences(heard, None)] == ["Hello."]
    assert sentences(heard, reading())[0].text == "Welcome to the show."
    assert not sentences(None, None)


words = st.sampled_from(["flour", "bread", "salt", "Flour is ten percent of it.", "½", "wage"])
line = st.builds(
    Sentence,
    start=st.one_of(st.none(), st.floats(0, 30)),
    end=st.none(),
    speaker=st.sampled_from(["", "Ana", "Ben"]),
    text=st.lists(words, max_size=60).map(" ".join),
)


@given(
    said=st.lists(line, max_size=30),
    aside=st.lists(
        st.builds(SetAside, kind=st.just("promo"), first=st.integers(0, 40), last=st.integers(0, 40))
    ),
    starts=st.lists(st.one_of(st.none(), st.floats(0, 30)), max_size=5),
    search=st.sampled_from(["", "salt", "½", "s"]),
)
def test_nothing_said_is_lost_ids_are_unique_and_every_link_leads_somewhere(
    said: list[Sentence], aside: list[SetAside], starts: list[float | None], search: str
) -> None:
    read = Reading(sentences=tuple(said), passages=(), set_aside=tuple(aside))
    insights = [insight(id=n, start=start) for n, start in enumerate(starts, 1)]
    made = script(said, insights, read, search, range(0, len(said), 3))
    assert text_of(made) == " ".join(s.text for s in said)
    assert len(ids(made)) == len(set(ids(made)))
    wanted = {place(n, said) for n in range(0, len(said), 3)}
    assert places(made) | wanted <= set(ids(made))


def test_chapters_of_the_show_notes() -> None:
    notes = "Hosts: us\n00:00 Intro\n(0:31) – What a loaf costs\n• 00:01:02: Wheat\n12 things: none"
    found = chapters(Episode(summary=notes), SAID)
    assert [(c.title, c.start, c.place) for c in found] == [
        ("Intro", 0.0, "t=0"),
        ("What a loaf costs", 31.0, "t=31"),
        ("Wheat", 62.0, "t=63"),
    ]


def test_show_notes_without_a_table_of_contents_give_none() -> None:
    for notes in (
        "00:00 One\n00:20 Two",
        "00:30 One\n00:20 Two\n00:10 Three",
        "00:00 One\n00:20 Two\n59:00 Three",
        "We start at 10:00 sharp\nand end at 11:00\nor 12:00",
    ):
        assert chapters(Episode(summary=notes), SAID) == []
    assert chapters(Episode(summary="00:00 One\n00:20 Two\n00:30 Three"), []) == []


def test_what_the_reader_found_and_no_insight_was_made_of() -> None:
    found = moments(reading(), [insight(start=5.0), insight(start=None)])
    assert [(m.title, m.start, m.place) for m in found] == [("“Flour is ten percent of it.”", 31.5, "t=31")]
    assert moments(reading(), [insight()]) == []
    assert moments(None, []) == []
