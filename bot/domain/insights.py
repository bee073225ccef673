"""What is made of an episode: insights and answers, each with where it comes from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from pathlib import Path
from typing import Literal

from bot.domain.errata import Erratum
from bot.domain.publishing import Episode

# Of the ladder that writes and answers, from small to large: no model that words anything, one that runs here
# (of a hub or a folder), one behind an endpoint; "" where nobody noted it.
Rung = Literal["", "extractive", "local", "endpoint"]


@dataclass(frozen=True, kw_only=True)
class Spent:
    """What one rung took: `tokens` read and written, of which `tokens_out` written (an endpoint's only, they
    have a price of their own), and elapsed `seconds`."""

    rung: Rung
    tokens: int = 0
    tokens_out: int = 0
    seconds: float = 0.0


@dataclass(frozen=True, kw_only=True)
class Provenance:
    """Who made a sentence: transcript source, models, prompt (short hash or ""), tokens and seconds spent.

    These are the maker's own (as in Spent); `others` is what was spent on it on other rungs: by one that was
    asked first, and by one whose text the gate refused.
    """

    transcript: str = ""
    reader: str = ""
    writer: str = ""
    prompt: str = ""
    tokens: int = 0
    seconds: float = 0.0
    rung: Rung = ""
    tokens_out: int = 0
    others: tuple[Spent, ...] = ()


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
class Had:
    """An insight as a channel had it: in which of its digests, as a pick or as one that said the same."""

    insight: Insight
    digest_id: int
    local_date: date


@dataclass(frozen=True, kw_only=True)
class Follow:
    """What an insight follows up on: an earlier one of another episode, as the channel had it."""

    insight_id: int
    headline: str
    digest_id: int
    local_date: date


@dataclass(frozen=True, kw_only=True)
class Leaning:
    """One thing that a channel's ratings taught: `weight` below 0 pushes such insights back, above brings
    them forward. `useful` and `useless` count ratings, `people` those who gave them."""

    kind: Literal["show", "speaker", "word", "figures"]
    name: str
    weight: float
    useful: int
    useless: int
    people: int


@dataclass(frozen=True, kw_only=True)
class Why:
    """Why an insight was chosen, as it was weighed: its score was multiplied by `preferred`, `taste` and
    `variety` (1: no difference); `topics` are the preferred ones that it speaks of, `leanings` what made the
    taste. `outside`: it was taken for not being what the channel's ratings favour."""

    score: float
    preferred: float = 1.0
    topics: tuple[str, ...] = ()
    taste: float = 1.0
    leanings: tuple[Leaning, ...] = ()
    variety: float = 1.0
    outside: bool = False


@dataclass(frozen=True, kw_only=True)
class Pick:
    """An insight with the episode it is from; `erratum`: what the channel it is shown in decided about it.

    In a digest: `also` are those of other episodes that say the same, best first, which the channel has had
    with it; `follows` is what it follows up on; `why` says why it was chosen (None: not recorded).
    """

    insight: Insight
    episode: Episode
    also: tuple[Pick, ...] = ()
    follows: Follow | None = None
    why: Why | None = None
    erratum: Erratum | None = None

    def beside(self) -> tuple[int, ...]:
        """The insights that are named beside it."""
        return (
            *(other.insight.id for other in self.also),
            *((self.follows.insight_id,) if self.follows else ()),
        )

    def with_errata(self, errata: Mapping[int, Erratum]) -> Pick:
        """With what was decided, by insight; what is withdrawn backs nothing and has no follow-up."""
        gone = {id_ for id_, erratum in errata.items() if erratum.verdict == "withdrawn"}
        return replace(
            self,
            erratum=errata.get(self.insight.id),
            also=tuple(other for other in self.also if other.insight.id not in gone),
            follows=None if self.follows and self.follows.insight_id in gone else self.follows,
        )


@dataclass(frozen=True, kw_only=True)
class Citation:
    """Words that were said, and where; `episode_id` 0: the episode is not stored."""

    quote: str
    speaker: str = ""
    start: float | None = None
    end: float | None = None
    show: str = ""
    episode: str = ""
    episode_id: int = 0


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
