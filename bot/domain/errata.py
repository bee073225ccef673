"""What was wrong with an insight: who said so, what a look at the transcript gave, what was decided."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

FlagStatus = Literal["open", "withdrawn", "corrected", "dismissed"]
Verdict = Literal["withdrawn", "corrected", "dismissed"]


@dataclass(frozen=True, kw_only=True)
class Flag:
    """A person of a channel holds an insight for wrong; the latest word of each counts."""

    id: int = 0
    channel_id: int
    insight_id: int
    user: str
    reason: str
    flagged_at: datetime
    status: FlagStatus = "open"


@dataclass(frozen=True, kw_only=True)
class Erratum:
    """What was decided about an insight: in one channel, or (`channel_id` None) for all, which only the check
    against the transcript does. The latest one counts; one for all counts more than a channel's.

    `reason` is public. `headline` and `text` are a person's own words, "" unless `verdict` is "corrected".
    """

    id: int = 0
    insight_id: int
    channel_id: int | None
    verdict: Verdict
    reason: str = ""
    headline: str = ""
    text: str = ""
    decided_at: datetime


@dataclass(frozen=True, kw_only=True)
class Recheck:
    """An insight held against its transcript once more, without a model: what certainly isn't in it, and
    what a person should look at; both in words."""

    unsupported: tuple[str, ...] = ()
    doubts: tuple[str, ...] = ()
