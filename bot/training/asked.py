"""What a language model is asked in measuring: an insight's evidence, and the gate for its answer."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from bot.domain import Sentence
from bot.training.episodes import Annotated
from bot.training.writer_pairs import Pair, pairs
from bot.write.generate import MARGIN
from bot.write.ground import problems


@dataclass(frozen=True, kw_only=True)
class Asked:
    """One pair, and what the gate holds an answer to: `said`, evidence with MARGIN sentences around each."""

    pair: Pair
    quote: str
    said: tuple[Sentence, ...]
    metadata: str
    transcript: str

    @property
    def id(self) -> str:
        return self.pair.key

    def refused(self, headline: str, text: str) -> tuple[str, ...]:
        """Why the gate doesn't let this answer through; empty where it does."""
        return problems(
            headline=headline,
            text=text,
            quote=self.quote,
            passage=" ".join(s.text for s in self.said),
            metadata=self.metadata,
            transcript=self.transcript,
            said=self.said,
            strict=True,
        )


def asked_of(episodes: Sequence[Annotated], most: int | None = None) -> list[Asked]:
    """One for each annotated insight, in a fixed order; `most`: so many of them, evenly spaced over all."""
    every = [a for e in episodes for a in _of(e)]
    if most is None or len(every) <= most:
        return every
    return [every[i * len(every) // most] for i in range(most)]


def _of(episode: Annotated) -> Iterator[Asked]:
    said = [
        Sentence(start=s.start, end=s.end, speaker=s.speaker, text=s.text)
        for s in episode.transcript.segments
    ]
    transcript = " ".join(" ".join(s.text for s in said).split())
    speakers = sorted({s.speaker for s in said if s.speaker})
    for pair, insight in zip(pairs(episode), episode.reference["insights"], strict=True):
        near = sorted({n for e in insight["evidence"] for n in range(e - MARGIN, e + MARGIN + 1)})
        yield Asked(
            pair=pair,
            quote=" ".join(insight["quote"].split()),
            said=tuple(said[n] for n in near if 0 <= n < len(said)),
            metadata=" ".join([episode.id, pair.show, *speakers, *pair.about]),
            transcript=transcript,
        )
