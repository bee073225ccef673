"""An insight with its evidence, as the gate is measured on it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from bot.domain import Sentence
from bot.training.episodes import Annotated

# How many sentences on either side of each evidence sentence a writer would have been given.
MARGIN = 3


@dataclass(frozen=True, kw_only=True)
class Pair:
    """An insight with all that it may draw on; `kind` says how it was made false ("true": it wasn't)."""

    id: str
    kind: str
    headline: str
    text: str
    quote: str
    passage: tuple[Sentence, ...]
    metadata: str
    evidence: tuple[int, ...]
    before: str = ""


def true_pairs(episode: Annotated) -> list[Pair]:
    """The annotator's insights with their evidence and its neighbours."""
    speakers = sorted({s.speaker for s in episode.transcript.segments if s.speaker})
    metadata = " ".join([episode.id.replace("-", " "), episode.show.replace("-", " "), *speakers])
    return [
        Pair(
            id=f"{episode.id}#{row['rank']}",
            kind="true",
            headline=row["headline"],
            text=row["text"],
            quote=row["quote"],
            passage=passage(episode, row["evidence"]),
            metadata=metadata,
            evidence=tuple(row["evidence"]),
        )
        for row in episode.reference["insights"]
    ]


def passage(episode: Annotated, evidence: Sequence[int]) -> tuple[Sentence, ...]:
    """The evidence with its neighbours, in order."""
    segments = episode.transcript.segments
    kept = sorted({i for e in evidence for i in range(e - MARGIN, e + MARGIN + 1) if 0 <= i < len(segments)})
    return tuple(
        Sentence(start=s.start, end=s.end, speaker=s.speaker, text=s.text)
        for s in (segments[i] for i in kept)
    )
