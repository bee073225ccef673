"""Units of work, and who has them in hand."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

Stage = Literal["refresh", "transcribe", "read", "write", "compose", "publish", "revise"]


STAGES: tuple[Stage, ...] = ("refresh", "transcribe", "read", "write", "compose", "publish", "revise")
UPSTREAM = STAGES[:4]  # up to insights, which all channels share


@dataclass(frozen=True, kw_only=True)
class Claim:
    """A lease on one unit of work; whoever holds a higher `fence` for it has taken it over."""

    stage: Stage
    subject: int
    fence: int
    attempt: int


@dataclass(frozen=True, kw_only=True)
class WorkRow:
    """One unit of work as `earmark status` shows it; `touched_at`: when it was last claimed or renewed."""

    stage: Stage
    subject: int
    status: Literal["open", "done", "set aside"]
    attempt: int
    fence: int
    lease_until: datetime | None
    not_before: datetime | None
    error: str
    touched_at: datetime | None = field(default=None, compare=False)
