"""When a channel's next post is due: pure functions over local time, weekdays and daylight saving."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from bot.domain import Channel
from bot.errors import ConfigError

LATE_S = 6 * 3600.0
WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


def parse_time(text: str) -> time:
    """ "8", "8:30" and "08:30" → time; ConfigError on anything else."""
    try:
        hour, _, minute = text.strip().partition(":")
        return time(int(hour), int(minute or 0))
    except ValueError:
        raise ConfigError(f"“{text}” is not a time of day; write it as 08:30.") from None


def parse_timezone(name: str) -> ZoneInfo:
    """An IANA name ("Europe/Berlin") → its zone; ConfigError where there is none of that name."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ConfigError(f"“{name}” is not a time zone; write it like Europe/Berlin or UTC.") from None


def parse_weekdays(text: str) -> tuple[int, ...]:
    """ "daily", "weekdays", "mon,wed,fri" → weekday numbers, Monday is 0."""
    text = text.strip().lower()
    if text in ("daily", "all", "every day"):
        return tuple(range(7))
    if text in ("weekdays", "mon-fri"):
        return tuple(range(5))
    names = [part.strip()[:3] for part in text.split(",") if part.strip()]
    if not names or any(name not in WEEKDAYS for name in names):
        raise ConfigError(f"“{text}” is no list of weekdays; write daily, weekdays or mon,wed,fri.")
    return tuple(sorted({WEEKDAYS.index(name) for name in names}))


def next_post_at(channel: Channel, after: datetime) -> datetime:
    """The first slot of `channel` strictly after `after`, in UTC.

    A local time that daylight saving skips moves forward by the gap (back, where that would be tomorrow);
    one that it repeats counts once, the first time; a date that a zone skips as a whole has no slot.
    """
    zone, at = parse_timezone(channel.timezone), parse_time(channel.post_time)
    days = channel.weekdays or tuple(range(7))
    for day in _dates(after.astimezone(zone).date()):
        slot = _slot(day, at, zone)
        if slot and slot > after and day.weekday() in days:
            return slot
    raise ConfigError(f"{channel.name} has no day to post on.")


def _slot(day: date, at: time, zone: ZoneInfo) -> datetime | None:
    for fold in (0, 1):  # inside a gap, 0 is the moment after it and 1 the one before it (PEP 495)
        slot = datetime.combine(day, at.replace(fold=fold), zone).astimezone(UTC)
        if slot.astimezone(zone).date() == day:
            return slot
    return None


def last_slot(channel: Channel, now: datetime, within_s: float) -> datetime | None:
    """The slot that came in the last `within_s` seconds; None when there was none."""
    slot = next_post_at(channel, now - timedelta(seconds=within_s))
    return slot if slot <= now else None


def longest_gap(channel: Channel) -> timedelta:
    """The most that lies between two slots, by the channel's weekdays: a day, a weekend, a week."""
    days = sorted(channel.weekdays) or range(7)
    after = [*days[1:], days[0] + 7]
    return timedelta(days=max(later - day for day, later in zip(days, after, strict=True)))


def local_date(channel: Channel, at: datetime) -> date:
    return at.astimezone(parse_timezone(channel.timezone)).date()


def is_missed(due_at: datetime, now: datetime) -> bool:
    """Too late to post for that slot: better nothing than yesterday's news at tea time."""
    return (now - due_at).total_seconds() > LATE_S


def _dates(first: date) -> Iterator[date]:
    # Two weeks hold every weekday twice, more than a skipped date or an hour at midnight can take away.
    return (first + timedelta(days=n) for n in range(-1, 15))
