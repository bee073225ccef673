"""Unpunctuated speech is written out for the writer, and quoted as it stands in the transcript."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from hypothesis import given
from hypothesis import strategies as st

from bot.domain import Episode, Insight, Passage, Reading, Sentence
from bot.read.borders import shipped
from bot.read.written import WrittenOut, as_said, is_marked, spellings, written
from bot.write.extractive import ExtractiveWriter

SAID = (
    "what did you learn from the outage",
    "the first thing i'd say is that maria had warned us about the database for two years",
    "we lost forty percent of our traffic because nobody had ever tested the backups",
    "after that every team had to restore a backup once a month and it takes them about an hour",
    "most companies find out that their backups are broken on the day that they need them",
    "yeah that makes sense",
)
EPISODE = Episode(title="On Backups", show="Ship Show", summary="We ask Maria Lopez about backups.")
PASSAGE = Passage(first=1, last=4, score=0.8, evidence=(2, 4), quote_at=4)


def sentences(*texts: str) -> tuple[Sentence, ...]:
    return tuple(Sentence(start=i * 5.0, end=i * 5.0 + 5, speaker="", text=t) for i, t in enumerate(texts))


def reading(*texts: str) -> Reading:
    return Reading(sentences=sentences(*texts), passages=(PASSAGE,), model="test")


@dataclass
class Recorder:
    """A writer that quotes its best sentence and keeps what it was given."""

    given: list[Reading] = field(default_factory=list)
    quote: str = ""

    def write(self, passage: Passage, reading: Reading, episode: Episode) -> Insight | None:
        self.given.append(reading)
        quote = self.quote or reading.sentences[passage.quote_at].text
        return Insight(headline="Backups break", text=quote, quote=quote)


def test_marks_and_capitals_are_written_and_no_word_is_changed() -> None:
    texts = written(sentences(*SAID), spellings(EPISODE.summary), shipped())
    assert texts[0] == "What did you learn from the outage?"
    assert "thing I'd say is that Maria had" in texts[1] and texts[4].endswith("need them.")
    assert all(t[0].isupper() and t[-1] in ".?" for t in texts)
    assert [t.lower().translate({ord(c): None for c in ".,?"}) for t in texts] == list(SAID)


def test_the_writer_sees_it_written_and_the_quote_stays_as_said() -> None:
    inner = Recorder()
    insight = WrittenOut(writer=inner).write(PASSAGE, reading(*SAID), EPISODE)
    assert insight is not None
    assert insight.quote == SAID[4] and insight.text[0] == "M" and insight.text.endswith(".")
    assert len(inner.given[0].sentences) == len(SAID)
    assert inner.given[0].sentences[4].start == 20.0


def test_a_punctuated_transcript_is_given_as_it_is() -> None:
    inner, whole = Recorder(), reading(*(f"{t.capitalize()}." for t in SAID))
    insight = WrittenOut(writer=inner).write(PASSAGE, whole, EPISODE)
    assert inner.given == [whole] and insight is not None and insight.quote == whole.sentences[4].text


def test_a_quote_that_was_never_said_makes_no_insight() -> None:
    inner = Recorder(quote="Most companies never find out.")
    assert WrittenOut(writer=inner).write(PASSAGE, reading(*SAID), EPISODE) is None


def test_a_writer_that_gives_up_gives_up() -> None:
    class Silent:
        def write(self, passage: Passage, reading: Reading, episode: Episode) -> Insight | None:
            return None

    assert WrittenOut(writer=Silent()).write(PASSAGE, reading(*SAID), EPISODE) is None


def test_the_rule_writer_words_a_clean_text_with_a_verbatim_quote() -> None:
    insight = WrittenOut(writer=ExtractiveWriter()).write(PASSAGE, reading(*SAID), EPISODE)
    assert insight is not None
    assert insight.quote in " ".join(SAID)
    assert insight.text.count(". ") >= 1 and insight.text.endswith(".")


def test_parts_of_a_written_sentence_are_found_again() -> None:
    said = sentences("we use kubernetes", "i'm not sure it helps")
    assert as_said("I'm not sure,", said) == "i'm not sure"
    assert as_said("Kubernetes I'm not", said) == "kubernetes i'm not"
    assert as_said("", said) == as_said("we use docker", said) == ""


def test_names_are_spelled_as_the_episode_spells_them() -> None:
    named = spellings(
        "The Future of JavaScript",
        "Ship Show",
        "We ask Mia O'Neill’s team. It still runs under McKay-Lee's name.",
    )
    assert {word: form for word, (form, needed) in named.items() if needed == 0} == {
        "mia": "Mia",
        "o'neill": "O'Neill",
        "mckay": "McKay",
        "lee": "Lee",
    }
    assert named["javascript"][0] == "JavaScript" and named["future"][1] > 0 and named["it"][1] > 0


def test_a_headline_gives_no_capital_to_a_common_word() -> None:
    named = spellings("The Future of Backups")
    (text,) = written(sentences("i think that the future of javascript is in mia's hands"), named, shipped())
    assert text.startswith("I think that the future of JavaScript is in")


def test_a_comma_now_and_then_is_punctuation() -> None:
    assert is_marked(sentences("Well, it is marked here and there, isn't it?"))
    assert not is_marked(sentences(*SAID))
    assert is_marked(())


@given(st.lists(st.text(alphabet="ab'1 .,Ié’", max_size=30), max_size=6))
def test_the_words_stay_in_number_and_order(texts: list[str]) -> None:
    said = tuple(replace(s, text=" ".join(s.text.split())) for s in sentences(*texts))
    shown = written(said, {}, shipped())
    assert [len(t.split()) for t in shown] == [len(s.text.split()) for s in said]
    assert [w.rstrip(".,?").lower() for t in shown for w in t.split()] == [
        w.rstrip(".,?").lower() for s in said for w in s.text.split()
    ]
