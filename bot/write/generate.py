"""A writer that words insights anew with a language model, and a gate that holds it to the passage."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

from bot.domain import Episode, Insight, Passage, Provenance, Reading, Rung, Sentence, Spent
from bot.ports import Writer
from bot.prompts import Prompt
from bot.write.extractive import moment, verbatim
from bot.write.gen_copy import strangers, tokens
from bot.write.gen_input import parsed, shortened, shown, subjects
from bot.write.ground import problems

# Sentences on either side of the passage that names and numbers may be taken from.
MARGIN = 3


@dataclass(frozen=True, kw_only=True)
class Drawn:
    """One text that was generated, and the mean log-probability of its tokens (0 where it isn't known)."""

    text: str
    score: float = 0.0


class Drafter(Protocol):
    """A language model behind a prompt; `tokens` and `tokens_out` count all that it has used (see Spent)."""

    name: str
    tokens: int
    tokens_out: int

    @property
    def rung(self) -> Rung: ...

    def draw(self, asked: str, n: int, *, among: Collection[int] | None = None) -> list[Drawn]:
        """`n` answers; of the token ids in `among` only, if given and if the model can be held to it."""
        ...


class Copying(Drafter, Protocol):
    """A drafter whose tokens are known, so that it can be kept to words of the passage."""

    def pieces(self, text: str) -> list[int]:
        """The token ids of a text."""
        ...


Gate = Callable[..., tuple[str, ...]]


@dataclass(frozen=True, kw_only=True)
class Material:
    """What one insight may be made of: `evidence` is shown to the model, `said` what the gate holds it to."""

    evidence: tuple[Sentence, ...]
    said: tuple[Sentence, ...]
    metadata: str
    about: tuple[str, ...]
    show: str
    quotes: tuple[Sentence, ...]
    transcript: str


class GenerativeWriter:
    """Implements Writer: draws `candidates` texts a passage, keeps the best that passes the gate, else None.

    With `copying` the model may write only words of the passage, the metadata and a closed list.
    """

    def __init__(
        self,
        drafter: Drafter,
        prompt: Prompt,
        *,
        candidates: int = 4,
        copying: bool = False,
        gate: Gate = problems,
    ) -> None:
        self._drafter, self._prompt, self._gate = drafter, prompt, gate
        self._candidates, self._copying = candidates, copying
        self.in_vain = Spent(rung=drafter.rung)

    def write(self, passage: Passage, reading: Reading, episode: Episode) -> Insight | None:
        """None leaves what it took in `in_vain`."""
        begun, before = time.perf_counter(), (self._drafter.tokens, self._drafter.tokens_out)
        given = material(passage, reading, episode)
        found = next(self.passing(given), None)
        self.in_vain = spent = Spent(
            rung=self._drafter.rung,
            tokens=self._drafter.tokens - before[0],
            tokens_out=self._drafter.tokens_out - before[1],
            seconds=round(time.perf_counter() - begun, 4),
        )
        if found is None:
            return None
        headline, text, sentence, quote = found
        start, end = moment(sentence, quote)
        return Insight(
            episode_id=episode.id,
            headline=headline,
            text=text,
            quote=quote,
            speaker=sentence.speaker,
            start=start,
            end=end,
            score=passage.score,
            provenance=Provenance(
                reader=reading.model,
                writer=self._drafter.name + (", copying" if self._copying else ""),
                prompt=self._prompt.hash,
                rung=spent.rung,
                tokens=spent.tokens,
                tokens_out=spent.tokens_out,
                seconds=spent.seconds,
            ),
        )

    def passing(self, given: Material) -> Iterator[tuple[str, str, Sentence, str]]:
        """Headline, text, quoted sentence and quote of each candidate that the gate passes, best first."""
        quoted = next(((s, q) for s in given.quotes if (q := verbatim(s.text))), None)
        if quoted is None or not given.evidence:
            return
        for drawn in sorted(self.drawn(given), key=lambda d: -d.score):
            headline, text = parsed(drawn.text)
            if not self.refused(headline, text, quoted[1], given):
                yield headline, text, *quoted

    def drawn(self, given: Material) -> list[Drawn]:
        asked = self._prompt.filled(
            show=given.show, about=", ".join(given.about) or given.show, passage=shown(given.evidence)
        )
        among = _among(given, self._drafter) if self._copying else None
        return self._drafter.draw(asked, self._candidates, among=among)

    def refused(self, headline: str, text: str, quote: str, given: Material) -> tuple[str, ...]:
        """Why a candidate isn't taken, in words."""
        passage = " ".join(s.text for s in given.said)
        written, known = f"{headline}\n{text}", f"{passage} {given.metadata}"
        foreign = (
            [f"the word {w} is not in the passage" for w in strangers(written, known)]
            if self._copying
            else []
        )
        return (
            *foreign,
            *self._gate(
                headline=headline,
                text=text,
                quote=quote,
                passage=passage,
                metadata=given.metadata,
                transcript=given.transcript,
                said=given.said,
                strict=True,
            ),
        )


class InTurn:
    """Implements Writer: the first writer that makes an insight of the passage made it; its provenance says
    what those before it spent."""

    def __init__(self, *writers: Writer) -> None:
        self._writers = writers

    def write(self, passage: Passage, reading: Reading, episode: Episode) -> Insight | None:
        others: list[Spent] = []
        for writer in self._writers:
            insight = writer.write(passage, reading, episode)
            if insight:
                told = replace(insight.provenance, others=(*insight.provenance.others, *others))
                return replace(insight, provenance=told)
            if isinstance(writer, GenerativeWriter):
                others.append(writer.in_vain)
        return None


def _among(given: Material, drafter: Drafter) -> frozenset[int]:
    pieces = getattr(drafter, "pieces", None)
    if pieces is None:
        raise TypeError(f"{drafter.name} can't be kept to words of the passage")
    return tokens(f"{shown(given.evidence)} {given.metadata} {' '.join(given.about)}", pieces)


def material(passage: Passage, reading: Reading, episode: Episode) -> Material:
    """The passage's evidence, what stands around it, and what the episode is known to be about."""
    all_said = reading.sentences
    aside = {i for s in reading.set_aside for i in range(s.first, s.last + 1)}
    at = [i for i in sorted({*passage.evidence, passage.quote_at}) if i not in aside]
    near = range(max(0, passage.first - MARGIN), min(len(all_said), passage.last + MARGIN + 1))
    about = tuple(subjects(all_said))
    speakers = {s.speaker for s in all_said if s.speaker}
    return Material(
        evidence=tuple(shortened([all_said[i] for i in at])),
        said=tuple(all_said[i] for i in near if i not in aside),
        metadata=" ".join([episode.title, episode.show, *sorted(speakers), *about]),
        about=about,
        show=episode.show or episode.title or "a podcast",
        quotes=tuple(all_said[i] for i in _quotable(passage, at)),
        transcript=" ".join(s.text for s in all_said),
    )


def _quotable(passage: Passage, at: Sequence[int]) -> list[int]:
    return [i for i in dict.fromkeys([passage.quote_at, *passage.evidence]) if i in at]
