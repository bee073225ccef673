"""What is made of an episode: insights and answers, each with where it comes from."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from bot.domain.publishing import Episode


@dataclass(frozen=True, kw_only=True)
class Provenance:
    """Who made a sentence: transcript source, models, prompt (short hash or ""), tokens and seconds spent."""

    transcript: str = ""
    reader: str = ""
    writer: str = ""
    prompt: str = ""
    tokens: int = 0
    seconds: float = 0.0


@dataclass(frozen=True, kw_only=True)
class Insight:
    """A claim with its reason. `quote` is verbatim from the transcript, said from `start` to `end`."""

    id: int = 0
    episode_id: int = 0
    headline: str
    text: str
    quote: str
    speaker: str = ""
    start: float | None = None
    end: float | None = None
    score: float = 0.0
    provenance: Provenance = Provenance()
    created_at: datetime | None = None


@dataclass(frozen=True, kw_only=True)
class Pick:
    """An insight with the episode it is from."""

    insight: Insight
    episode: Episode


@dataclass(frozen=True, kw_only=True)
class Citation:
    """Words that were said, and where."""

    quote: str
    speaker: str = ""
    start: float | None = None
    end: float | None = None
    show: str = ""
    episode: str = ""


@dataclass(frozen=True, kw_only=True)
class Answer:
    """An answer from the transcripts alone; `found`: they do say it. `confidence` in 0..1."""

    text: str
    citations: tuple[Citation, ...] = ()
    confidence: float = 0.0
    found: bool = False
    provenance: Provenance = Provenance()


@dataclass(frozen=True, kw_only=True)
class Clip:
    """The audio around a quote, as an MP3 file of 20 to 60 seconds (less of a shorter episode).

    `text` is what is said in it; `said_at` where the quote was found in the publisher's audio of now
    (seconds), `share` how much of it (0..1) was heard in the clip; `fetched_bytes` what it took.
    """

    path: Path
    title: str
    duration_s: float
    said_at: float
    text: str
    share: float
    fetched_bytes: int = 0
