"""When what failed is tried again, and when no more: pure decisions."""

from __future__ import annotations

from datetime import datetime, timedelta

from bot.domain import Stage
from bot.errors import EarmarkError, of_system

MAX_ATTEMPTS = 5
ONCE: tuple[Stage, ...] = ("transcribe", "read", "write")  # done once an episode; the others come again
MOST_REVISIONS = 48
PASSING = timedelta(minutes=10)  # between tries while something passing is in the way …
PATIENT = timedelta(days=7)  # … of an episode that was first seen no longer ago than this


def next_try(stage: Stage, attempt: int, now: datetime) -> datetime | None:
    """1, 4, 16, 64 minutes after the first failures; None (set aside) after an episode's fifth, and when a
    post has not been corrected for two days: the next decision about it begins anew.

    Feeds and channels are never set aside: a platform may be down for a day, and must not fall silent after.
    """
    if attempt >= MAX_ATTEMPTS and (stage in ONCE or (stage == "revise" and attempt >= MOST_REVISIONS)):
        return None
    return now + timedelta(minutes=4 ** (min(attempt, MAX_ATTEMPTS - 1) - 1))


def counts(stage: Stage, error: EarmarkError, first_seen_at: datetime | None, now: datetime) -> bool:
    """Whether a failure is one of the attempts that an episode has. No network or no room for a night must
    not cost it those; but what can't be had for a week can't be had."""
    is_news = first_seen_at is not None and now - first_seen_at < PATIENT
    return not (stage in ONCE and error.passing and is_news)


def worded(error: OSError) -> EarmarkError:
    """A full disk, say: it will have room again."""
    said = EarmarkError(of_system(error))
    said.passing = True
    return said
