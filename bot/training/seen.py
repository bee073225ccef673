"""An episode as a reader sees it (published, stripped, heard), and where its words were published."""

from __future__ import annotations

import bisect
import difflib
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import accumulate

from bot.domain import Reading, Transcript
from bot.ports import Reader
from bot.training.episodes import Annotated


@dataclass(frozen=True, kw_only=True)
class Form:
    """One form of an episode's transcript: `segment_of[w]` is the published segment of its word w."""

    name: str
    episode: Annotated
    transcript: Transcript
    segment_of: tuple[int, ...]


@dataclass(frozen=True, kw_only=True)
class Seen:
    """The form of an episode's transcript that was read, and what the reader made of it."""

    form: Form
    reading: Reading

    @property
    def episode(self) -> Annotated:
        return self.form.episode

    @cached_property
    def text(self) -> str:
        """The words of the form in a row, a space between."""
        return " ".join(self._words)

    @cached_property
    def _words(self) -> list[str]:
        return self.form.transcript.text.split()

    @cached_property
    def _starts(self) -> list[int]:
        """The number of words before each sentence."""
        return [0, *accumulate(len(s.text.split()) for s in self.reading.sentences)]

    def segment(self, sentence: int) -> int:
        """The published segment in which a sentence has its middle."""
        return self._at((self._starts[sentence] + self._starts[sentence + 1] - 1) // 2)

    def sentence(self, segment: int) -> int:
        """The sentence that has the first word of a published segment, or the next one that was seen."""
        word = bisect.bisect_left(self.form.segment_of, segment)
        return min(bisect.bisect_right(self._starts, word) - 1, len(self._starts) - 2)

    def located(self, quote: str) -> int | None:
        """The published segment in which a quote has its middle, None where it isn't verbatim in the form."""
        begin = self.text.find(quote) if quote else -1
        if begin < 0:
            return None
        return self._at(self.text.count(" ", 0, begin) + (len(quote.split()) - 1) // 2)

    def words(self, segments: Iterable[int]) -> str:
        """What was seen of some published segments, in order, each once."""
        where, words = self.form.segment_of, self._words
        spans = ((bisect.bisect_left(where, s), bisect.bisect_right(where, s)) for s in sorted(set(segments)))
        return " ".join(w for begin, end in spans for w in words[begin:end])

    def span(self, first: int, last: int) -> tuple[int, int]:
        """The published segments of the sentences `first` to `last`, all inclusive."""
        return self._at(self._starts[first]), self._at(self._starts[last + 1] - 1)

    def _at(self, word: int) -> int:
        return self.form.segment_of[max(0, min(word, len(self.form.segment_of) - 1))]


def see(form: Form, reader: Reader) -> Seen:
    return Seen(form=form, reading=reader.read(form.transcript))


def published(episode: Annotated) -> Form:
    return _same("published", episode, episode.transcript)


def stripped(episode: Annotated) -> Form:
    """Without speakers, case and punctuation, as a poor recogniser would give it."""
    from bot.training.reader import bare

    segments = tuple(replace(s, speaker="", text=bare(s.text)) for s in episode.transcript.segments)
    return _same("stripped", episode, replace(episode.transcript, segments=segments))


def heard(episode: Annotated, transcript: Transcript) -> Form:
    """What a recogniser heard; its words are aligned with the published ones (Ratcliff & Obershelp).

    Between two runs of words that both have, the published position is interpolated.
    """
    theirs = [_key(w) for w in transcript.text.split()]
    ours = published(episode).segment_of
    known = [_key(w) for s in episode.transcript.segments for w in s.text.split()]
    blocks = difflib.SequenceMatcher(None, theirs, known).get_matching_blocks()
    places = _interpolated([(b.a, b.b, b.size) for b in blocks], len(theirs))
    return Form(
        name="heard",
        episode=episode,
        transcript=transcript,
        segment_of=tuple(ours[min(p, len(ours) - 1)] for p in places),
    )


def _same(name: str, episode: Annotated, transcript: Transcript) -> Form:
    """A form with the published one's segments."""
    words = (i for i, s in enumerate(transcript.segments) for _ in s.text.split())
    return Form(name=name, episode=episode, transcript=transcript, segment_of=tuple(words))


def _key(word: str) -> str:
    return re.sub(r"[^\w]", "", word.lower())


def _interpolated(blocks: Sequence[tuple[int, int, int]], n: int) -> list[int]:
    """For each of `n` heard words its published place, never falling, from (heard, published, size) runs."""
    places: list[int] = []
    from_place = 0
    for heard_at, place, size in blocks:
        gap, room = heard_at - len(places), place - from_place
        places += [from_place + room * (i + 1) // (gap + 1) for i in range(gap)]
        places += range(place, place + size)
        from_place = place + size
    return places[:n]
