"""Unpunctuated sentences as one would write them, for whoever words a text from them; quotes stay as said."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from bot.domain import Episode, Insight, Passage, Reading, Sentence
from bot.ports import Writer
from bot.read.borders import COMMA, QUESTION, STOP, Borders, Marks, bare, shipped

# Sentences on either side of a passage that a writer may draw on, and those read for context alone.
REACH, CONTEXT = 8, 24
# Writers pass over questions, so one is better missed than invented.
ASKED, COMMA_SURE, CAPITAL_SURE = 0.6, 0.5, 0.5
# A word that is written with a capital where every word is, or opens a sentence, needs some chance of one;
# within a sentence of the summary it is a name.
TITLED_SURE, TITLED, LONG = 0.15, 0.6, 4
_AROUND = ".,;:!?\"'()[]“”‘’#"
_MARK = re.compile(r"[.,;:?!…]")
_I = re.compile(r"i(?:'(?:m|ve|d|ll))?$")


# Words by their bare form: how each is written, and the chance of a capital that it needs.
Spellings = Mapping[str, tuple[str, float]]


@dataclass(frozen=True, kw_only=True)
class WrittenOut:
    """Implements Writer: `writer` is given full stops, commas and capitals where the transcript has none.

    What is written alters no word and is for the text alone: the quote is given back as it stands in the
    transcript, and an insight whose quote stands nowhere in it is dropped.
    """

    writer: Writer
    borders: Borders | None = None

    def write(self, passage: Passage, reading: Reading, episode: Episode) -> Insight | None:
        """What the writer makes of the passage."""
        first, last = max(0, passage.first - REACH), passage.last + REACH + 1
        said = reading.sentences[first:last]
        if is_marked(said):
            return self.writer.write(passage, reading, episode)
        before = reading.sentences[max(0, first - CONTEXT) : first]
        shown = written(
            (*before, *said, *reading.sentences[last : last + CONTEXT]),
            spellings(episode.title, episode.show, episode.summary),
            self.borders or shipped(),
        )[len(before) : len(before) + len(said)]
        better = tuple(replace(s, text=t) for s, t in zip(said, shown, strict=True))
        sentences = (*reading.sentences[:first], *better, *reading.sentences[last:])
        insight = self.writer.write(passage, replace(reading, sentences=sentences), episode)
        quote = insight and as_said(insight.quote, said)
        return replace(insight, quote=quote) if insight and quote else None


def is_marked(said: Sequence[Sentence]) -> bool:
    """Whether there is punctuation to go by: a mark in thirty words, or nothing said."""
    words = [w for s in said for w in s.text.split()]
    return sum(bool(_MARK.search(w[-2:])) for w in words) * 30 >= len(words)


def written(said: Sequence[Sentence], named: Spellings, borders: Borders) -> tuple[str, ...]:
    """The sentences' texts with marks and capitals; the words and their number are unchanged."""
    words = [w for s in said for w in s.text.split()]
    if not words:
        return tuple(s.text for s in said)
    marks = borders.marks(words)
    known = {**{k: (v, TITLED_SURE) for k, v in borders.spellings.items()}, **named}
    texts, at = [], 0
    for sentence in said:
        n = len(sentence.text.split())
        texts.append(" ".join(_spelled(words[at : at + n], marks.part(at, at + n), known)))
        at += n
    return tuple(texts)


def spellings(*texts: str) -> dict[str, tuple[str, float]]:
    """The words that some texts write with a capital; those that no capital gives away come first."""
    found: dict[str, tuple[str, float]] = {}
    for sentence in (s for text in texts for s in re.split(r"(?<=[.?!:])\s+|\n", text)):
        words = [w.strip(_AROUND) for w in re.split(r"[\s/–—-]+", sentence)]
        titled = _is_titled(words)
        for at, word in enumerate(words):
            form = word.removesuffix("'s").removesuffix("’s")
            needed = TITLED_SURE if titled or at == 0 else 0.0
            if word != word.lower() and needed <= found.get(bare(form), ("", 1.0))[1]:
                found[bare(form)] = (form, needed)
    return found


def _is_titled(words: Sequence[str]) -> bool:
    """Written Like a Headline."""
    long = [w for w in words if len(w) >= LONG]
    return sum(w[0].isupper() for w in long) >= TITLED * len(long)


def as_said(quote: str, said: Sequence[Sentence]) -> str:
    """The words of the sentences that a quote from their written form stands for; "" if there are none."""
    words = [w for s in said for w in s.text.split()]
    plain, wanted = [bare(w) for w in words], [bare(w) for w in quote.split()]
    n = len(wanted)
    found = (i for i in range(len(words) - n + 1) if plain[i : i + n] == wanted) if n else iter(())
    at = next(found, None)
    return "" if at is None else " ".join(words[at : at + n])


def _spelled(words: Sequence[str], marks: Marks, known: Spellings) -> Iterator[str]:
    for at, word in enumerate(words):
        shown = _cased(word, float(marks.capital[at]), known)
        opened = shown[:1].upper() + shown[1:] if at == 0 and shown == shown.lower() else shown
        yield opened + _after(word, marks, at, last=at == len(words) - 1)


def _cased(word: str, chance: float, known: Spellings) -> str:
    """The word within a sentence."""
    stem, own = (word[:-2], word[-2:]) if bare(word).endswith("'s") else (word, "")
    form, needed = known.get(stem, ("", 1.0))
    if form.lower() == stem and chance >= needed:
        return form + own
    return word[:1].upper() + word[1:] if _I.match(word) or chance > CAPITAL_SURE else word


def _after(word: str, marks: Marks, at: int, *, last: bool) -> str:
    if _MARK.search(word[-1:]):
        return ""
    chance = marks.after[at]
    if last:
        return "?" if chance[QUESTION] > ASKED * (chance[QUESTION] + chance[STOP]) else "."
    return "," if chance[COMMA] > COMMA_SURE else ""
