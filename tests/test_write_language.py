"""The writer's small grammar: tags, whole clauses, loose references, and speech told of its speaker."""

from __future__ import annotations

import pytest

from bot.write.clauses import main_verb, spliced, stands_alone
from bot.write.headline import headlines
from bot.write.lexicon import bare
from bot.write.person import Name, named, told_of
from bot.write.refer import has_pronoun, loose
from bot.write.tags import tags
from bot.write.text import attributed
from bot.write.units import Said, units

ANN = Name(full="Ann Roy", short="Roy")


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("the change makes it harder to test", "D N V S J T I"),
        ("you need to train the model that works", "S V T I D N H V"),
        ("it was built by people who care", "S X E P N R V"),
    ],
)
def test_tags(text: str, found: str) -> None:
    assert " ".join(tags(text.split())) == found


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ("I started the company in 2016.", "Ann Roy started the company in 2016."),
        ("I think that I need my team.", "Ann Roy thinks that they need their team."),
        ("I've never liked roofs.", "Ann Roy has never liked roofs."),
        ("When I was a kid I built roofs.", "When Ann Roy was a kid they built roofs."),
        ("Nobody told me.", "Nobody told Ann Roy."),
        ("I sit down and write.", None),
        ("Bob and I built it.", None),
        ("If I paint the roof it cools.", None),
        ("I'm going to talk about roofs.", None),
        ("That roof is mine.", None),
    ],
)
def test_first_person_is_told_of_the_speaker_or_not_at_all(said: str, told: str | None) -> None:
    made = told_of(said.split(), ANN, known=False)
    assert (" ".join(made) if made else None) == told


def test_nobody_named_nothing_told() -> None:
    assert told_of(["I", "built", "it."], named(""), known=False) is None


def test_titles_and_initials_are_no_part_of_a_name() -> None:
    assert named("Mireille B. Reece, Psy.D") == Name(full="Mireille Reece", short="Reece")


@pytest.mark.parametrize(
    ("before", "sentence", "count"),
    [
        ("", "It cools the street.", 1),
        ("Paint is cheap.", "It cools the street.", 0),
        ("", "It turns out that paint cools streets.", 0),
        ("", "They think that paint works.", 1),
        ("People paint roofs.", "They think that paint works.", 0),
        ("", "This idea works.", 1),
        ("", "People know that these roofs work.", 1),
        ("", "If you paint a roof, that cools the street.", 0),
    ],
)
def test_references_without_a_noun(before: str, sentence: str, count: int) -> None:
    assert loose(sentence.split(), before.split()) == count


def test_a_headline_holds_no_pronoun_but_an_empty_it() -> None:
    assert has_pronoun(["You", "have", "to", "get", "your", "team", "behind", "it"])
    assert not has_pronoun(["Cutting", "costs", "makes", "it", "easier", "to", "hire"])


@pytest.mark.parametrize(
    "text",
    [
        "The screen reader is built in, so when you get an upgrade.",
        "The release candidate means, beta is supposed to mean that it's.",
        "Theoretically, people could sell it, but of course",
        "Projects that can do well or can fail",
    ],
)
def test_what_never_ends_is_no_sentence(text: str) -> None:
    assert not stands_alone(text.split())


def test_clauses_run_together() -> None:
    assert spliced(["It", "works,", "you", "call", "it,", "it's", "fine."]) == 2
    assert spliced(["If", "it", "works,", "you", "call", "it."]) == 0
    words = ["The", "data", "that", "you", "need", "is", "big."]
    assert bare(words[main_verb(words)]) == "is"


def test_a_long_sentence_may_be_printed_as_two() -> None:
    text = "White roofs help the whole street in summer, and trees need thirty years to be useful to anybody."
    assert (
        "White roofs help the whole street in summer.",
        "Trees need thirty years to be useful to anybody.",
    ) in [u.sentences for u in units(Said(at=0, text=text, weight=1))]


def test_played_out_speech_and_questions_give_nothing() -> None:
    for text in ("You're like, oh, wait, this is the wrong roof.", "What do white roofs cost in the city?"):
        assert units(Said(at=0, text=text, weight=1)) == []


def test_headlines_are_claims() -> None:
    said = Said(at=3, text="We found that white roofs reduce heat by 2.4 degrees.", weight=1)
    assert next(h.text for h in headlines(said, frozenset(), ANN)) == "White roofs reduce heat by 2.4 degrees"
    assert headlines(Said(at=3, text="It was the best thing for them.", weight=1), frozenset(), ANN) == []


def test_who_says_it() -> None:
    first = "You pass one function in."
    assert attributed(first, "Ann Roy", 0) == "You pass one function in, says Ann Roy."
    assert attributed(first, "Ann Roy", 4) == "Ann Roy says you pass one function in."
    assert attributed(first, "", 0) == first
