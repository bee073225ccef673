"""What was said in an episode, and what the reader saw in it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from bot.domain.publishing import Episode

NonContent = Literal["intro", "outro", "sponsor", "promo", "banter", "housekeeping"]


@dataclass(frozen=True, kw_only=True)
class Word:
    """One word and when it was said (seconds)."""

    start: float
    end: float
    text: str


@dataclass(frozen=True, kw_only=True)
class Segment:
    """A run of speech. `start`/`end` are None where the source claims no times (HTML, plain text)."""

    start: float | None
    end: float | None
    speaker: str = ""
    text: str
    words: tuple[Word, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Transcript:
    """An episode in words.

    `source` is "publisher" or "asr"; `model` names the format or the engine and weights
    ("vtt", "faster-whisper tiny.en int8"). `warnings` says in words what the gate found; where
    `usable` is false nothing may be posted from it.
    """

    segments: tuple[Segment, ...]
    language: str = ""
    source: Literal["publisher", "asr"] = "publisher"
    model: str = ""
    duration_s: float | None = None
    seconds_spent: float = 0.0
    warnings: tuple[str, ...] = ()
    usable: bool = True

    @property
    def text(self) -> str:
        return " ".join(segment.text for segment in self.segments)


@dataclass(frozen=True, kw_only=True)
class Sentence:
    """One sentence of a transcript: `start`/`end` in seconds, None where the transcript has no times."""

    start: float | None
    end: float | None
    speaker: str
    text: str


@dataclass(frozen=True, kw_only=True)
class Passage:
    """A run of sentences about one thing: indices `first` to `last` inclusive, `score` in 0..1.

    `evidence` are the sentence indices that carry the claim, `quote_at` the most quotable of them.
    """

    first: int
    last: int
    score: float
    evidence: tuple[int, ...]
    quote_at: int


@dataclass(frozen=True, kw_only=True)
class SetAside:
    """A stretch that is not substance: sentence indices `first` to `last` inclusive."""

    kind: NonContent
    first: int
    last: int


@dataclass(frozen=True, kw_only=True)
class Reading:
    """What the reader saw: passages best first, and what it set aside. `model` names the reader."""

    sentences: tuple[Sentence, ...]
    passages: tuple[Passage, ...]
    set_aside: tuple[SetAside, ...] = ()
    model: str = ""
    seconds_spent: float = 0.0


@dataclass(frozen=True, kw_only=True)
class Source:
    """An episode with its transcript: what questions are asked of."""

    episode: Episode
    transcript: Transcript


def hhmmss(seconds: float | None) -> str:
    """`3725.4` → "1:02:05"; "" for None."""
    if seconds is None:
        return ""
    minutes, rest = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"
