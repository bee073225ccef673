"""Answers come from the transcripts, cited, or say that they don't have it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

from bot.answer.answer import NOT_HERE, NOT_IN_ANY, SearchAnswerer
from bot.answer.search import Index, confidence
from bot.answer.words import Floats, stems
from bot.domain import Episode, Segment, Sentence, Source, Transcript
from bot.write.clean import clean

STREETS = (
    "Welcome to the show, everybody.",
    "We measured the streets of Lyon for three summers.",
    "White roofs made the streets two degrees cooler.",
    "That is because they reflect the sunlight.",
    "Lunch was good there.",
    "A bucket of paint costs nine euros.",
)
BREAD = (
    "Bakers begin to work at three in the night.",
    "The price of bread is mostly wages and rent.",
    "Flour is only a tenth of the price.",
    "My grandmother never bought bread.",
)


class WordEncoder:
    """A bag of stems, hashed: texts are alike by the words that they share. Counts what it encodes."""

    name = "words"

    def __init__(self, width: int = 64) -> None:
        self.tokens, self.width = 0, width

    def encode(self, texts: Sequence[str]) -> Floats:
        rows = np.zeros((len(texts), self.width), np.float32)
        for row, text in zip(rows, texts, strict=True):
            self.tokens += len(text.split())
            for word in stems(text):
                row[sum(map(ord, word)) % self.width] += 1
        lengths = np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-9)
        unit: Floats = rows / lengths
        return unit

    def pieces(self, texts: Sequence[str]) -> list[list[str]]:
        return [text.lower().split() for text in texts]

    def read(self, texts: Sequence[str]) -> tuple[Floats, list[Floats]]:
        states = [WordEncoder(self.width).encode(words or [""]) for words in self.pieces(texts)]
        return self.encode(texts), states


def source(title: str, texts: Sequence[str], speaker: str = "") -> Source:
    segments = tuple(
        Segment(start=10.0 * i, end=10.0 * i + 10, speaker=speaker, text=t) for i, t in enumerate(texts)
    )
    return Source(episode=Episode(title=title, show="City Hours"), transcript=Transcript(segments=segments))


def test_the_sentence_that_says_it_is_cited_with_its_place() -> None:
    answer = SearchAnswerer(WordEncoder(), threshold=0.0).answer(
        "How much cooler did white roofs make the streets?", [source("Roofs", STREETS, "Ann")]
    )
    assert answer.found and answer.text.startswith("Ann: ") and "two degrees cooler" in answer.text
    cited = next(c for c in answer.citations if "two degrees" in c.quote)
    assert cited.quote == STREETS[2]
    assert (cited.speaker, cited.start, cited.end) == ("Ann", 20.0, 30.0)
    assert (cited.show, cited.episode) == ("City Hours", "Roofs")
    assert 1 <= len(answer.citations) <= 3 and 0 <= answer.confidence <= 1
    assert answer.provenance.tokens > 0 and answer.provenance.reader == "words"


def test_of_several_episodes_the_right_one_answers() -> None:
    sources = [source("Roofs", STREETS), source("Bread", BREAD)]
    answer = SearchAnswerer(WordEncoder(), threshold=0.0).answer(
        "What share of the bread price is flour?", sources
    )
    assert answer.citations[0].episode == "Bread" and "tenth" in answer.text


@pytest.mark.parametrize(("count", "text"), [(1, NOT_HERE), (2, NOT_IN_ANY)])
def test_below_the_threshold_it_says_so_and_shows_the_nearest(count: int, text: str) -> None:
    sources = [source("Roofs", STREETS), source("Bread", BREAD)][:count]
    answer = SearchAnswerer(WordEncoder(), threshold=1.1).answer("Who won the election?", sources)
    assert not answer.found and answer.text == text and 2 <= len(answer.citations) <= 3


@pytest.mark.parametrize("sources", [[], [source("Empty", ())]])
def test_with_nothing_to_search_nothing_is_found(sources: list[Source]) -> None:
    answer = SearchAnswerer(WordEncoder()).answer("Why?", sources)
    assert not answer.found and answer.citations == ()


def test_a_transcript_is_encoded_once_for_many_questions() -> None:
    encoder = WordEncoder()
    answerer = SearchAnswerer(encoder)
    answerer.answer("What does paint cost?", [source("Roofs", STREETS)])
    after_first = encoder.tokens
    answerer.answer("Why?", [source("Roofs", STREETS)])
    assert encoder.tokens - after_first == 1


def test_the_reply_to_a_question_is_the_answer_not_the_question() -> None:
    texts = (
        "Lunch was good.",
        "How much does a bucket of paint cost?",
        "Nine euros in most shops.",
        "Right.",
    )
    answer = SearchAnswerer(WordEncoder(), threshold=0.0).answer(
        "How much does a bucket of paint cost?", [source("Roofs", texts)]
    )
    assert "Nine euros" in answer.text and "?" not in answer.text


def test_what_is_said_twice_is_cited_once() -> None:
    texts = (
        "Lunch was good.",
        "Level five is more proactive.",
        "So, level five is more proactive.",
        "Right.",
    )
    answerer = SearchAnswerer(WordEncoder(), threshold=0.0)
    answer = answerer.answer("What is level five?", [source("Five", texts)])
    assert answer.text.count("proactive") == 1


def test_sentences_and_wording_can_be_put_in() -> None:
    answerer = SearchAnswerer(
        WordEncoder(),
        cut=lambda t: [Sentence(start=None, end=None, speaker="", text=s.text) for s in t.segments],
        clean=str.upper,
        threshold=0.0,
    )
    answer = answerer.answer("What is only a tenth of the price?", [source("Bread", BREAD)])
    assert "FLOUR IS ONLY A TENTH" in answer.text and answer.citations[0].start is None


@pytest.mark.parametrize(
    ("said", "worded"),
    [
        ('The mayor said, "White roofs are cool.', 'The mayor said, "White roofs are cool."'),
        ('I asked "Why white roofs?", not "Why red.', 'I asked "Why white roofs?", not "Why red."'),
        ('The mayor calls white roofs "the coolest...', 'The mayor calls white roofs "the coolest".'),
        ('White roofs are cool," said the mayor.', "White roofs are cool, said the mayor."),
        ('The mayor calls white roofs "cool".', 'The mayor calls white roofs "cool".'),
    ],
)
def test_what_somebody_is_quoted_with_stays_a_quotation(said: str, worded: str) -> None:
    answerer = SearchAnswerer(WordEncoder(), clean=clean, threshold=0.0)
    answer = answerer.answer("What is said of white roofs?", [source("Roofs", [said])])
    assert answer.text == worded and answer.citations[0].quote == said


def test_hits_are_apart_and_best_first() -> None:
    index = Index([Sentence(start=None, end=None, speaker="", text=t) for t in STREETS * 4], WordEncoder())
    hits = index.search("white roofs and cooler streets", 4)
    assert len(hits) == 4 and [h.score for h in hits] == sorted((h.score for h in hits), reverse=True)
    assert all(abs(a.at - b.at) > 2 for a in hits for b in hits if a is not b)


def test_what_is_asked_in_its_own_words_is_surer_than_what_is_not_there() -> None:
    index = Index(
        [Sentence(start=None, end=None, speaker="", text=t) for t in STREETS + BREAD], WordEncoder()
    )
    there = confidence(index.signals("How many degrees cooler did white roofs make the streets?"))
    absent = confidence(index.signals("Which football club did the mayor play for?"))
    assert there > absent


def test_stems_join_forms_and_drop_small_words() -> None:
    assert stems("The streets were cooling") == stems("a street cools")
    assert stems("It's the of and to") == []
