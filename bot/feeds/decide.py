"""What a poll's outcome means for the next one: pure decisions, no I/O."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

from bot.domain import Episode, Feed
from bot.errors import EarmarkError, FeedError, FetchError, Gone

MINUTE, HOUR, DAY = 60.0, 3600.0, 86400.0
DEFAULT_INTERVAL_S = HOUR
MIN_INTERVAL_S = 10 * MINUTE
MAX_INTERVAL_S = DAY
FIRST_BACKOFF_S = 10 * MINUTE
GIVE_UP_AFTER = timedelta(days=14)
GONE_AFTER = timedelta(days=8)  # after its second 410: a channel that posts once a week is told before
LATE = timedelta(hours=1)  # a check later than this was slept through

_PERIODS_S = {"hourly": HOUR, "daily": DAY, "weekly": 7 * DAY, "monthly": 30 * DAY, "yearly": 365 * DAY}


@dataclass(frozen=True, kw_only=True)
class Hints:
    """How often the publisher wants to be asked, as written: `<ttl>` (minutes), sy:…, Cache-Control."""

    ttl: str = ""
    update_period: str = ""
    update_frequency: str = ""
    cache_control: str = ""


def interval(hints: Hints) -> float:
    """Seconds until the next check: hints make it longer than the default, never shorter, at most a day."""
    wishes = (_ttl_s(hints.ttl), _update_s(hints.update_period, hints.update_frequency))
    longest = max(DEFAULT_INTERVAL_S, *wishes, _max_age_s(hints.cache_control))
    return _bounded(longest)


def backoff(failures: int, retry_after_s: float | None, jitter: float) -> float:
    """Seconds until the next try after `failures` failures in a row (≥ 1); `jitter` in 0..1.

    Doubles from ten minutes to a day, spread over its upper half; never before the server's Retry-After,
    which itself counts for at most a day.
    """
    longest = min(FIRST_BACKOFF_S * 2.0 ** min(failures, 20), MAX_INTERVAL_S)
    spread = longest * (0.5 + jitter / 2)
    return _bounded(max(spread, (retry_after_s or 0.0) * (1 + jitter / 10)))


def succeeded(feed: Feed, now: datetime, hints: Hints, jitter: float, *, unchanged: bool = False) -> Feed:
    """The feed's state after a good answer; a paused one stays paused.

    `unchanged` (304): the body with its hints didn't come, so the wait they led to last time still holds.
    """
    wait = _bounded(interval(hints) * (1 + jitter / 10))
    if unchanged and feed.failures == 0 and feed.checked_at and feed.next_check_at:
        wait = max(wait, _bounded((feed.next_check_at - feed.checked_at).total_seconds()))
    return replace(
        feed,
        status="paused" if feed.status == "paused" else "active",
        checked_at=now,
        next_check_at=now + timedelta(seconds=wait),
        failures=0,
        failing_since=None,
        give_up_at=None,
        error="",
    )


def failed(feed: Feed, now: datetime, error: EarmarkError, jitter: float, *, online: bool = False) -> Feed:
    """The feed's state after a failed poll: all that was known stays. It is "gone" when its time is over.

    Only a failure that is the publisher's counts: the server answered, or our network is known to work
    (`online`). `checked_at` stays None until the first good answer, since that one tells news from history.
    """
    failures = feed.failures + 1
    retry_after_s = error.retry_after_s if isinstance(error, FetchError) else None
    wait = DAY if isinstance(error, Gone) else backoff(failures, retry_after_s, jitter)
    next_check_at = now + timedelta(seconds=wait)
    state = replace(
        feed,
        checked_at=feed.checked_at and now,
        next_check_at=next_check_at,
        failures=failures,
        error=str(error),
    )
    late = now - feed.next_check_at if feed.next_check_at else timedelta()
    give_up_at = feed.give_up_at and feed.give_up_at + (late if late > LATE else timedelta())
    if not (online or _has_answered(error)):
        return replace(state, give_up_at=give_up_at and give_up_at + (next_check_at - now))
    give_up_at = give_up_at or now + GIVE_UP_AFTER
    if isinstance(error, Gone) and feed.error.startswith(str(error)):
        give_up_at = min(give_up_at, now + GONE_AFTER)
    state = replace(state, failing_since=feed.failing_since or now, give_up_at=give_up_at)
    return _given_up(state) if now >= give_up_at else state


def _has_answered(error: EarmarkError) -> bool:
    return isinstance(error, FeedError) or (isinstance(error, FetchError) and error.status > 0)


def _given_up(feed: Feed) -> Feed:
    ways = "If it is back, /podcasts check it; if it has moved, add its new address."
    error = f"{feed.error} It isn't asked any more. {ways}"
    return replace(feed, status="gone", next_check_at=None, error=error)


def retry_after(value: str, now: datetime) -> float | None:
    """Seconds of a Retry-After header (a number or a date); None where there is none that makes sense."""
    value = value.strip()
    if re.fullmatch(r"\d{1,9}", value):
        return float(value)
    when = _http_date(value)
    return max(0.0, (when - now).total_seconds()) if when else None


def same_show(feed: Feed, episodes: Iterable[Episode], other: Feed, others: Iterable[Episode]) -> bool:
    """Are two parsed feeds the same show: one podcast:guid, or an episode (guid or audio) in common?"""
    if feed.podcast_guid and other.podcast_guid:
        return feed.podcast_guid == other.podcast_guid
    return bool(_identities(episodes) & _identities(others))


def may_follow(current: str, new: str, target_says: str) -> bool:
    """May itunes:new-feed-url be followed? Not from https to http, nor to a target that points elsewhere."""
    downgrade = current.startswith("https:") and not new.startswith("https:")
    return new not in {"", current} and not downgrade and target_says in {"", new}


def _identities(episodes: Iterable[Episode]) -> set[tuple[str, str]]:
    pairs = [(("guid", e.guid), ("audio", e.enclosure.url if e.enclosure else "")) for e in episodes]
    return {identity for pair in pairs for identity in pair if identity[1]}


def _bounded(seconds: float) -> float:
    return min(max(seconds, MIN_INTERVAL_S), MAX_INTERVAL_S)


def _number(text: str) -> float:
    try:
        value = float(text.strip())
    except ValueError:
        return 0.0
    return value if math.isfinite(value) and value > 0 else 0.0


def _ttl_s(minutes: str) -> float:
    return _number(minutes) * MINUTE


def _update_s(period: str, frequency: str) -> float:
    """sy:updatePeriod divided by sy:updateFrequency (RSS 1.0 syndication module)."""
    return _PERIODS_S.get(period.strip().lower(), 0.0) / (_number(frequency) or 1.0)


def _max_age_s(cache_control: str) -> float:
    match = re.search(r"(?:^|[\s,])max-age\s*=\s*\"?(\d{1,9})", cache_control.lower())
    return float(match[1]) if match else 0.0


def _http_date(value: str) -> datetime | None:
    try:
        when = parsedate_to_datetime(value)
    except (ValueError, IndexError, TypeError):
        return None
    return when if when.tzinfo else when.replace(tzinfo=UTC)
