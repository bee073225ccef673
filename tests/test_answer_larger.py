"""A larger model is asked only when the small ones are unsure, and is held to what was found."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import pytest

from bot.answer.answer import NOT_HERE, SearchAnswerer
from bot.answer.larger import LargerModel, backed, shown
from bot.answer.library import FileLibrary
from bot.domain import Answer, Rung, Sentence
from bot.errors import ModelError
from bot.write.ground import contradictions, unsupported
from tests.test_answer import BREAD, STREETS, WordEncoder, source

QUESTION = "How much cooler did white roofs make the streets?"
TRUE = "White roofs made the streets two degrees cooler."


@dataclass
class FakeDrafter:
    """Says what it is told to; keeps what it was asked."""

    says: str | Exception
    name: str = "large-1"
    tokens: int = 0
    tokens_out: int = 0
    rung: Rung = "endpoint"
    asked: list[str] = field(default_factory=list)

    def draw(self, asked: str, n: int) -> Sequence[Said]:
        self.asked.append(asked)
        self.tokens, self.tokens_out = self.tokens + 100, self.tokens_out + 30
        if isinstance(self.says, Exception):
            raise self.says
        return [Said(self.says)]


@dataclass
class Said:
    text: str


def gate(text: str, said: Sequence[Sentence]) -> list[str]:
    spoken = " ".join(f"{s.speaker} {s.text}" for s in said)
    return [*unsupported(text, spoken), *contradictions("", text, said, "")]


def asked(says: str | Exception, threshold: float = 1.1) -> tuple[Answer, FakeDrafter]:
    drafter = FakeDrafter(says)
    larger = LargerModel(drafter, fill=lambda q, p: f"{q}\n{p}", gate=gate, prompt="ab12")
    answerer = SearchAnswerer(WordEncoder(), larger=larger, threshold=threshold)
    return answerer.answer(QUESTION, [source("Roofs", STREETS, "Ann")]), drafter


def test_unsure_the_larger_model_words_it_and_provenance_says_so() -> None:
    answer, drafter = asked(TRUE)
    assert answer.found and answer.text == TRUE
    assert [c.quote for c in answer.citations] == [STREETS[2]]
    assert answer.provenance.writer == "large-1" and answer.provenance.prompt == "ab12"
    made = answer.provenance
    assert (made.rung, made.tokens, made.tokens_out) == ("endpoint", 100, 30)
    assert [(s.rung, s.tokens > 0, s.tokens_out) for s in made.others] == [("extractive", True, 0)]
    assert QUESTION in drafter.asked[0] and f"Ann: {STREETS[0]}" in drafter.asked[0]


def test_sure_it_is_not_asked() -> None:
    answer, drafter = asked(TRUE, threshold=0.0)
    assert answer.found and not drafter.asked and answer.provenance.writer != "large-1"


@pytest.mark.parametrize(
    "says",
    [
        "",
        "Not in these passages.",
        "White roofs made the streets nine degrees cooler.",
        "White roofs made the streets of Marseille two degrees cooler.",
        "Elephants sleep standing because their legs lock.",
        "White roofs are white. " * 30,
        ModelError("it can't be reached"),
    ],
)
def test_what_the_passages_do_not_hold_is_no_answer(says: str | Exception) -> None:
    answer, _ = asked(says)
    assert not answer.found and answer.text == NOT_HERE and answer.citations
    assert answer.provenance.writer != "large-1" and answer.provenance.rung == "extractive"
    assert [(s.rung, s.tokens) for s in answer.provenance.others] == [("endpoint", 100)]


def test_each_sentence_is_backed_by_the_one_that_says_it() -> None:
    said = [Sentence(start=None, end=None, speaker="", text=t) for t in STREETS]
    assert backed(f"{TRUE} They reflect the sunlight.", said) == [2, 3]
    assert backed(f"{TRUE} Elephants sleep standing.", said) == []
    assert backed(TRUE, []) == []


def test_turns_are_shown_with_their_speakers() -> None:
    said = [Sentence(start=None, end=None, speaker=s, text=t) for s, t in (("A", "x"), ("A", "y"), ("", "z"))]
    assert shown(said) == "A: x y\nz"


def test_the_library_names_the_episodes_worth_asking(tmp_path_factory: pytest.TempPathFactory) -> None:
    encoder = WordEncoder()
    library = FileLibrary(tmp_path_factory.mktemp("library"), encoder, width=64)
    for n in range(1, 20):
        library.add(n, [Sentence(start=None, end=None, speaker="", text=f"Trams are quiet, number {n}.")])
    library.add(20, [Sentence(start=None, end=None, speaker="", text=t) for t in BREAD])
    answerer = SearchAnswerer(encoder, library=library)
    likely = answerer.likely("What share of the price of bread is flour?", [*range(1, 21), 99])
    assert likely[0] == 20 and 99 in likely and len(likely) < 10
    assert list(answerer.likely("bread?", [3, 2])) == [3, 2]
    assert list(SearchAnswerer(encoder).likely("bread?", [3, 2])) == [3, 2]
