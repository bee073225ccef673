"""The generative writer, with a model that says what a test wants: what the gate stops is no insight."""

from __future__ import annotations

from collections.abc import Collection, Sequence

import pytest

from bot.domain import Episode, Insight, Passage, Reading, Rung, Sentence, SetAside
from bot.errors import ConfigError
from bot.prompts import Prompt, prompt
from bot.write.gen_copy import strangers, tokens
from bot.write.gen_input import VARIABLES, bare, parsed, shortened, shown, subjects
from bot.write.generate import Drawn, GenerativeWriter, InTurn, material

EPISODE = Episode(id=7, title="Cooler streets", show="City Hours")
SAID = (
    "So we measured every street in Lyon for three summers.",
    "And, you know, I think that streets with white roofs were 2.4 degrees cooler than the others, because"
    " the roofs reflect most of the light before it can heat the walls.",
    "Trees helped more in Lyon, but a tree takes thirty years to grow, and paint takes an afternoon.",
    "The city paid nine euros for every square metre in Lyon.",
)
TEXT = (
    "Streets in Lyon with white roofs were 2.4 degrees cooler than the others over three summers, because the"
    " roofs reflect most of the light before it can heat the walls, says Ann Roy. Trees helped more, but"
    " a tree takes thirty years to grow."
)
GOOD = f"White roofs made streets in Lyon 2.4 degrees cooler\n{TEXT}"
FALSE = GOOD.replace("2.4", "7.9")


class FakeDrafter:
    """Gives the texts it was made with, likeliest first; its tokens are characters."""

    rung: Rung = "endpoint"

    def __init__(self, *texts: str) -> None:
        self.name, self.tokens, self.tokens_out, self._texts = "fake", 0, 0, texts
        self.asked: list[str] = []
        self.among: Collection[int] | None = None

    def draw(self, asked: str, n: int, *, among: Collection[int] | None = None) -> list[Drawn]:
        self.tokens, self.tokens_out = self.tokens + 100, self.tokens_out + 30
        self.asked.append(asked)
        self.among = among
        return [Drawn(text=t, score=-float(i)) for i, t in enumerate(self._texts[:n])]

    def pieces(self, text: str) -> list[int]:
        return [ord(c) for c in text]


def reading(*texts: str, speaker: str = "Ann Roy", aside: tuple[SetAside, ...] = ()) -> Reading:
    sentences = tuple(
        Sentence(start=10.0 * i, end=10.0 * i + 10, speaker=speaker, text=t) for i, t in enumerate(texts)
    )
    return Reading(sentences=sentences, passages=(), set_aside=aside, model="a reader")


PASSAGE = Passage(first=0, last=3, score=0.8, evidence=(1, 2), quote_at=1)


def the_prompt() -> Prompt:
    return prompt("write", "smollm2", VARIABLES)


def write(*texts: str, copying: bool = False, candidates: int = 4) -> Insight | None:
    writer = GenerativeWriter(FakeDrafter(*texts), the_prompt(), candidates=candidates, copying=copying)
    return writer.write(PASSAGE, reading(*SAID), EPISODE)


def test_an_insight_says_who_wrote_it_and_with_which_prompt() -> None:
    made = write(GOOD)
    assert made is not None
    assert made.headline == "White roofs made streets in Lyon 2.4 degrees cooler" and made.text == TEXT
    assert made.quote in SAID[1] and made.speaker == "Ann Roy" and made.episode_id == 7
    assert made.start is not None and made.end is not None and 10 < made.start < made.end <= 20
    assert made.provenance.writer == "fake" and made.provenance.prompt == the_prompt().hash
    assert made.provenance.tokens == 100 and made.provenance.reader == "a reader"


@pytest.mark.parametrize(
    "text",
    [FALSE, "", "Roofs", "White roofs cool\nToo short a text.", GOOD.replace("Ann Roy", "Bob Dylan")],
)
def test_what_the_gate_refuses_is_no_insight(text: str) -> None:
    assert write(text) is None


def test_the_likeliest_that_passes_is_taken() -> None:
    other = GOOD.replace("made streets", "left streets")
    made = write(FALSE, other, GOOD)
    assert made is not None and made.headline.startswith("White roofs left")
    assert write(FALSE, GOOD, candidates=1) is None


def test_a_copying_writer_uses_no_word_of_its_own() -> None:
    writer = FakeDrafter(GOOD.replace("reflect most", "bounce most"), GOOD)
    made = GenerativeWriter(writer, the_prompt(), copying=True).write(PASSAGE, reading(*SAID), EPISODE)
    assert made is not None and "reflect" in made.text and made.provenance.writer == "fake, copying"
    assert writer.among is not None and ord("L") in writer.among and ord("@") not in writer.among


def test_what_is_set_aside_is_neither_shown_nor_drawn_on() -> None:
    aside = (SetAside(kind="sponsor", first=2, last=3),)
    given = material(PASSAGE, reading(*SAID, aside=aside), EPISODE)
    assert [s.text for s in given.evidence] == [SAID[1]]
    said = " ".join(s.text for s in given.said)
    assert "nine euros" not in said and "three summers" in said


def test_a_passage_that_cannot_be_quoted_asks_nothing() -> None:
    drafter = FakeDrafter(GOOD)
    short = Passage(first=0, last=0, score=0.5, evidence=(0,), quote_at=0)
    assert GenerativeWriter(drafter, the_prompt()).write(short, reading("Too short."), EPISODE) is None
    assert not drafter.asked


def test_writers_in_turn() -> None:
    first = GenerativeWriter(FakeDrafter(FALSE), the_prompt())
    second = GenerativeWriter(FakeDrafter(GOOD), the_prompt())
    made = InTurn(first, second).write(PASSAGE, reading(*SAID), EPISODE)
    assert made is not None and "2.4" in made.text
    (vain,) = made.provenance.others
    assert (vain.rung, vain.tokens, vain.tokens_out) == ("endpoint", 100, 30)
    assert (made.provenance.tokens, made.provenance.tokens_out) == (100, 30)
    again = InTurn(first, second).write(PASSAGE, reading(*SAID), EPISODE)
    assert again is not None and again.provenance.others[0].tokens == 100, "of this passage alone"
    assert InTurn(first).write(PASSAGE, reading(*SAID), EPISODE) is None


def test_the_prompt_shows_show_subject_and_cleaned_speech() -> None:
    drafter = FakeDrafter(GOOD)
    GenerativeWriter(drafter, the_prompt()).write(PASSAGE, reading(*SAID), EPISODE)
    assert "City Hours" in drafter.asked[0] and "Lyon" in drafter.asked[0]
    assert "Ann Roy: Streets with white roofs" in drafter.asked[0] and "you know" not in drafter.asked[0]


def test_a_prompt_for_something_else_is_refused() -> None:
    wrong = Prompt(task="write", family="x", text="$passage", variables=frozenset({"passage"}))
    with pytest.raises(ConfigError):
        GenerativeWriter(FakeDrafter(GOOD), wrong).write(PASSAGE, reading(*SAID), EPISODE)


def test_turns_are_shown_by_speaker() -> None:
    said = [
        _said("Ann", "It works."),
        _said("Ann", "It is cheap."),
        _said("", "Really?"),
        _said("Bob", "Yes it is."),
    ]
    assert shown(said) == "Ann: It works. It is cheap.\nReally?\nBob: Yes it is."
    assert shortened(said, 5) == said[:2] and shortened(said, 1) == said[:1]


def test_subjects_are_the_names_that_come_again_but_not_the_speakers() -> None:
    said = [
        _said("Ann Roy", f"We went to {place} with Ann Roy and I liked it.")
        for place in ("Lyon", "Lyon", "Nice")
    ]
    assert subjects(said) == ["Lyon"]


def test_bare_and_parsed() -> None:
    assert bare('He said: "Go 1.5 is 3-4 times faster." OK?') == "he said go 1.5 is 3-4 times faster ok"
    assert parsed(" A claim.\nIts text.\nMore. ") == ("A claim", "Its text. More.")


@pytest.mark.parametrize(
    ("written", "foreign"),
    [
        ("The roofs reflected the light", ("reflected",)),
        ("Roofs don't reflect light", ("don't",)),
        ("Ann Roy says roofs reflect a light", ()),
        ("Roofs never reflect", ("never",)),
    ],
)
def test_strangers_are_words_neither_said_nor_joining(written: str, foreign: Sequence[str]) -> None:
    assert strangers(written, "The roof reflects the light. Ann Roy") == tuple(foreign)


def test_tokens_spell_words_inside_a_line_and_at_its_start() -> None:
    asked: list[str] = []
    tokens("iPhone sales", lambda text: asked.append(text) or [])  # type: ignore[func-returns-value]
    assert {" iPhone", "iPhone", "IPhone", " sales", " Sales", " says", "\n"} <= set(asked)


def _said(speaker: str, text: str) -> Sentence:
    return Sentence(start=None, end=None, speaker=speaker, text=text)
