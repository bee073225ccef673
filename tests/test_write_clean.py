"""Spoken sentences are cleaned by leaving words out, and cut only where they may be."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.write.clauses import as_sentence, borders, shortened, stands_alone
from bot.write.clean import clean
from bot.write.lexicon import bare

GOLDEN = [
    ("And, you know, I think that trees cool streets.", "Trees cool streets."),
    ("So, um, the the price is, like, 3.50, right?", "The price is, 3.50."),
    ("It was- it was a mistake, I mean, a costly one [laughter].", "It was a mistake, a costly one."),
    ("Well, we we've kind of stopped...", "We've stopped."),
    ("This kind of bread is sort of cheap.", "This kind of bread is cheap."),
    ("No, it isn't cheap.", "It isn't cheap."),
    ("the tests run at night and i know why", "The tests run at night and I know why."),
    ("We did have -- we had a policy of merging everything.", "We had a policy of merging everything."),
    ("Do you know what that costs?", "Do you know what that costs?"),
    ("He said that that was had had.", "He said that that was had had."),
    ("It&#39;s cheap.", "It's cheap."),
    ("It is cheap but honestly you get less.", "It is cheap but you get less."),
    ("The, remove prefix is quote unquote new... It works.", "The remove prefix is new. It works."),
    ("[music]", ""),
]


@pytest.mark.parametrize(("spoken", "written"), GOLDEN)
def test_golden(spoken: str, written: str) -> None:
    assert clean(spoken) == written


WORDS = (
    "and so I think you know um the the cost is 3 like, right? it was - no well, but [laughs] because we we"
    ' had kind of stopped... "never" again.'
)


@given(st.lists(st.sampled_from(WORDS.split()), max_size=25))
def test_cleaning_adds_no_word_and_is_stable(words: list[str]) -> None:
    said = " ".join(words)
    once = clean(said)
    assert {bare(w) for w in once.split()} <= {bare(w) for w in said.replace("-", " ").split()} | {""}
    assert "[" not in once and not once.startswith((",", "-", " "))


@pytest.mark.parametrize(
    "text",
    [
        "Trees make streets cooler by two degrees",
        "If you paint roofs white, the street gets cooler",
        "Python lists are slower than tuples",
        "You don't often trial a membership.",
    ],
)
def test_clauses_that_stand(text: str) -> None:
    assert stands_alone(text.split())


@pytest.mark.parametrize(
    "text",
    [
        "because trees cool streets",
        "if you paint roofs white",
        "which is why we stopped",
        "the people that we had in the office and",
        "can assume that those scripts are fine",
        "we found that the data set",
        "to make it work well again",
        "the developer and the operator use case",
        "trees are cooler than",
    ],
)
def test_fragments_that_do_not(text: str) -> None:
    assert not stands_alone(text.split())


def test_a_sentence_is_shortened_at_a_clause_only() -> None:
    words = [
        "White",
        "roofs",
        "make",
        "the",
        "whole",
        "street",
        "much",
        "cooler,",
        "because",
        "they",
        "reflect",
        "the",
        "light",
        "of",
        "noon.",
    ]
    assert [" ".join(s) for s in shortened(words, 12)] == ["White roofs make the whole street much cooler,"]
    assert as_sentence(shortened(words, 12)[0]) == "White roofs make the whole street much cooler."
    assert borders(words)[0] == 0 and borders(words)[-1] == len(words)


@pytest.mark.parametrize(
    "text",
    [
        "You can go from the policy to the script, it might not be the same.",
        "People say that white roofs cool the street, but that is wrong.",
        "Everybody knows that they work with the U.S. government and with others.",
    ],
)
def test_what_takes_back_or_completes_a_claim_is_not_cut_off(text: str) -> None:
    assert shortened(text.split(), len(text.split()) - 1) == []
