"""The extractive writer and its gate: what is written is said in the passage, or isn't written."""

from __future__ import annotations

from dataclasses import replace
from itertools import islice
from pathlib import Path

import pytest

from bot.domain import Episode, Insight, Passage, Reading, Sentence, SetAside
from bot.write.choose import best
from bot.write.extractive import ExtractiveWriter, moment, verbatim
from bot.write.ground import invented, problems, unsupported

EPISODE = Episode(id=7, title="Cooler streets", show="City Hours")
SAID = (
    "Yeah, it was lovely there.",
    "So we measured every street in Lyon for three summers.",
    "And, you know, I think that streets with white roofs were 2.4 degrees cooler than the others, because"
    " the roofs reflect most of the light before it can heat the walls.",
    "Trees helped more, but a tree takes thirty years to grow, and paint takes an afternoon.",
    "The city paid nine euros for every square metre.",
    "What did people say?",
)


def reading(*texts: str, speaker: str = "Ann Roy", aside: tuple[SetAside, ...] = ()) -> Reading:
    sentences = tuple(
        Sentence(start=10.0 * i, end=10.0 * i + 10, speaker=speaker, text=t) for i, t in enumerate(texts)
    )
    return Reading(sentences=sentences, passages=(), set_aside=aside, model="a reader")


def passage(first: int, last: int, *evidence: int) -> Passage:
    return Passage(first=first, last=last, score=0.8, evidence=evidence, quote_at=evidence[0])


def write(seen: Reading, where: Passage) -> Insight | None:
    return ExtractiveWriter().write(where, seen, EPISODE)


def test_an_insight_is_a_claim_with_its_reason_in_the_speakers_words() -> None:
    made = write(reading(*SAID), passage(1, 4, 2, 3))
    assert made is not None
    assert 4 <= len(made.headline.split()) <= 12 and not made.headline.endswith(".")
    assert 35 <= len(made.text.split()) <= 65 and "Ann Roy" in made.text
    assert "you know" not in made.text and "2.4 degrees" in made.text
    assert made.quote in SAID[2] and made.quote.startswith("streets with white roofs")
    assert made.speaker == "Ann Roy" and made.episode_id == 7 and made.score == 0.8
    assert made.start is not None and made.end is not None and 20 < made.start < made.end <= 30
    assert (made.provenance.writer, made.provenance.reader) == ("extractive v4", "a reader")


def test_where_nobody_is_named_the_show_is() -> None:
    made = write(reading(*SAID, speaker=""), passage(1, 4, 2, 3))
    assert made is not None and "a speaker on City Hours" in made.text.replace("A speaker", "a speaker")


@pytest.mark.parametrize(
    "texts",
    [
        ("What do you think?", "Why is that so hard for us?", "Who knows what it would take?"),
        ("Right.", "Yeah.", "It was."),
        (
            "It was that, and it did this to them.",
            "They did it, and he said it to her.",
            "It was so for them.",
        ),
        (
            "This is brought to you by Acme, whose servers are faster than all the others that we tried.",
            "Use the code PODCAST and get a free trial of thirty days, because Acme likes our listeners.",
            "Acme servers start in two seconds, and they never stop until you tell them to.",
        ),
        (),
    ],
)
def test_no_insight_is_better_than_a_bad_one(texts: tuple[str, ...]) -> None:
    texts = texts or ("Short and sweet.", "Nothing more to it here.")
    assert write(reading(*texts), passage(0, len(texts) - 1, 0, 1)) is None


def test_what_is_set_aside_is_never_drawn_on() -> None:
    aside = (SetAside(kind="sponsor", first=3, last=4),)
    made = write(reading(*SAID, aside=aside), passage(1, 2, 2))
    assert made is None or ("thirty years" not in made.text and "nine euros" not in made.text)


GOOD = {
    "headline": "White roofs cool streets by 2.4 degrees",
    "text": "Ann Roy says " + "roofs " * 40,
    "quote": "white roofs cool the streets by 2.4",
    "passage": "White roofs cool the streets by 2.4 degrees in Lyon.",
    "metadata": "Ann Roy City Hours",
    "transcript": "So white roofs cool the streets by 2.4 degrees in Lyon.",
}


@pytest.mark.parametrize(
    ("changed", "problem"),
    [
        ({}, ""),
        ({"headline": "White roofs cool streets by 4.2 degrees"}, "4.2"),
        ({"headline": "White roofs cool streets by three degrees"}, "three"),
        ({"headline": "White roofs cool Paris by 2.4 degrees"}, "paris"),
        ({"headline": "Bob says white roofs cool streets"}, "bob"),
        ({"quote": "white roofs cool the streets by 2.5"}, "quote is not"),
        ({"quote": "white roofs"}, "quote has 2 words"),
        ({"text": "Too short."}, "text has 2 words"),
        ({"headline": "a " * 13}, "headline has 13 words"),
        ({"headline": "See https://example.com for roofs"}, "address"),
        ({"headline": "White roofs, <!everyone>, cool streets"}, "address"),
    ],
)
def test_the_gate(changed: dict[str, str], problem: str) -> None:
    found = problems(**{**GOOD, **changed})
    assert (problem in " ".join(found)) if problem else found == ()


def test_no_word_may_be_made_up() -> None:
    assert invented("According to Ann, butyou pay.", "Ann But you pay") == ("butyou",)
    assert invented("According to Ann, you pay.", "Ann But you pay") == ()


def test_plurals_and_genitives_of_known_names_are_known() -> None:
    assert unsupported("Lyon's streets cost 9 euros.", "in Lyon streets cost 9 euros") == ()


@pytest.mark.parametrize(
    ("sentence", "quote"),
    [
        ("And I think that white roofs cool streets a lot.", "white roofs cool streets a lot."),
        ("Well, you know, white roofs cool the whole street.", "white roofs cool the whole street."),
        ("It works.", ""),
    ],
)
def test_quotes_are_runs_of_the_sentence(sentence: str, quote: str) -> None:
    assert verbatim(sentence) == quote and quote in sentence


def test_a_long_sentence_is_quoted_to_a_clause_end() -> None:
    sentence = ", ".join(["white roofs cool the whole street a lot"] * 9)
    assert verbatim(sentence) in sentence and 6 <= len(verbatim(sentence).split()) <= 40


def test_a_quote_without_times_has_none() -> None:
    timeless = Sentence(start=None, end=None, speaker="", text=SAID[2])
    assert moment(timeless, "streets with white roofs") == (None, None)


def insight(headline: str, score: float, start: float, text: str = "") -> Insight:
    return Insight(
        headline=headline, text=text or headline, quote=headline, score=score, start=start, end=start + 5
    )


def test_the_best_are_different_and_in_order() -> None:
    roofs = insight("White roofs cool streets by two degrees", 0.9, 100)
    again = insight("Streets with white roofs were cooler by two degrees", 0.89, 3000)
    bread = insight("Bakers price bread by the hour, not by flour", 0.7, 1000)
    sleep = insight("Sleep researchers changed their mind about naps", 0.6, 2000)
    assert best([sleep, again, roofs, bread], 3) == (roofs, bread, sleep)
    assert best([], 3) == () and best([roofs], 0) == ()


def test_the_same_sentence_is_not_told_twice() -> None:
    shared = "White roofs cool the street by two degrees."
    one = insight("Roofs", 0.9, 100, f"Paint is cheap in Lyon. {shared}")
    two = insight(
        "Trees", 0.8, 900, f"{shared} Elms need thirty summers before anybody sits below them in comfort."
    )
    assert best([one, two], 2) == (one,)


def test_of_two_equal_ones_the_one_further_away_is_taken() -> None:
    first = insight("White roofs cool streets by two degrees", 0.9, 100)
    beside = insight("Bakers price bread by working hours", 0.7, 110)
    away = insight("Sleep researchers changed their mind about naps", 0.68, 2000)
    assert best([first, beside, away], 2) == (first, away)


@pytest.mark.data
def test_every_insight_of_every_third_real_episode_is_grounded(data_dir: Path) -> None:
    from bot.read.sentences import sentences
    from bot.training.episodes import annotated

    made = possible = 0
    # They are alike, and all of them take a quarter of a minute.
    for episode in islice(annotated(data_dir / "episodes"), 0, None, 3):
        said = sentences(episode.transcript)
        whole = " ".join(episode.transcript.text.split())
        about = Episode(title=episode.id, show=episode.show)
        for row in episode.reference["insights"]:
            at = row["evidence"][0]
            where = Passage(
                first=max(0, at - 1), last=min(len(said) - 1, at + 4), score=0.5, evidence=(at,), quote_at=at
            )
            possible += 1
            found = ExtractiveWriter().write(where, Reading(sentences=said, passages=(where,)), about)
            if found is None:
                continue
            made += 1
            around = " ".join(s.text for s in said[max(0, at - 6) : at + 12])
            names = " ".join({s.speaker for s in said})
            assert found.quote in whole
            assert (
                unsupported(f"{found.headline}. {found.text}", f"{around} {names} {about.title} {about.show}")
                == ()
            )
            assert len(found.headline.split()) <= 12 and 35 <= len(found.text.split()) <= 65
    assert made > 0.55 * possible


def test_the_writer_does_not_depend_on_what_else_was_read() -> None:
    seen = reading(*SAID)
    one = write(seen, passage(1, 4, 2, 3))
    two = write(replace(seen, passages=(passage(1, 4, 2, 3),)), passage(1, 4, 2, 3))
    assert one is not None and two is not None and (one.headline, one.text) == (two.headline, two.text)
