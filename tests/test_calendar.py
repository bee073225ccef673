"""Post times across weekdays and daylight saving: one slot a local day, never none and never two."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.calendar import (
    is_missed,
    last_slot,
    local_date,
    longest_gap,
    next_post_at,
    parse_time,
    parse_timezone,
    parse_weekdays,
)
from bot.domain import Channel
from bot.errors import ConfigError


def slots(channel: Channel, start: datetime, count: int) -> list[datetime]:
    found = [next_post_at(channel, start)]
    while len(found) < count:
        found.append(next_post_at(channel, found[-1]))
    return found


def test_plain_day() -> None:
    channel = Channel(post_time="08:30", timezone="Europe/Berlin")
    assert next_post_at(channel, datetime(2026, 11, 24, 6, 0, tzinfo=UTC)) == datetime(
        2026, 11, 24, 7, 30, tzinfo=UTC
    )
    # Exactly at the slot, the next one is tomorrow's: a slot is never its own successor.
    assert next_post_at(channel, datetime(2026, 11, 24, 7, 30, tzinfo=UTC)).day == 25


def test_time_skipped_by_daylight_saving_moves_forward_once() -> None:
    channel = Channel(post_time="02:30", timezone="Europe/Berlin")
    found = slots(channel, datetime(2026, 3, 28, 12, tzinfo=UTC), 2)
    assert found[0] == datetime(2026, 3, 29, 1, 30, tzinfo=UTC)  # 03:30 summer time
    assert [local_date(channel, slot) for slot in found] == [date(2026, 3, 29), date(2026, 3, 30)]


def test_time_repeated_by_daylight_saving_counts_once() -> None:
    channel = Channel(post_time="02:30", timezone="Europe/Berlin")
    found = slots(channel, datetime(2026, 10, 24, 12, tzinfo=UTC), 2)
    assert found[0] == datetime(2026, 10, 25, 0, 30, tzinfo=UTC)  # the first 02:30
    assert found[1].astimezone(parse_timezone("Europe/Berlin")).date() == date(2026, 10, 26)


def test_date_that_a_zone_skips_has_no_slot() -> None:
    # Samoa went from 29 to 31 December 2011.
    channel = Channel(post_time="08:00", timezone="Pacific/Apia")
    found = slots(channel, datetime(2011, 12, 28, 0, tzinfo=UTC), 4)
    assert [local_date(channel, slot).day for slot in found] == [28, 29, 31, 1]


def test_weekdays() -> None:
    channel = Channel(weekdays=(0, 2))
    found = slots(channel, datetime(2026, 11, 24, tzinfo=UTC), 3)
    assert [slot.weekday() for slot in found] == [2, 0, 2]


@given(
    st.sampled_from(
        ["UTC", "America/New_York", "Africa/Casablanca", "Australia/Lord_Howe", "America/Santiago"]
    ),
    st.times(),
    st.integers(0, 10 * 366 * 24 * 60),
)
def test_every_local_day_has_exactly_one_slot(zone: str, at: time, minutes: int) -> None:
    channel = Channel(post_time=f"{at:%H:%M}", timezone=zone)
    days = Counter(
        local_date(channel, slot)
        for slot in slots(channel, datetime(2020, 1, 1, tzinfo=UTC) + timedelta(minutes=minutes), 9)
    )
    assert set(days.values()) == {1}
    assert max(days) - min(days) == timedelta(days=8)


def test_a_gap_at_the_end_of_a_day_leaves_that_day_its_slot() -> None:
    channel = Channel(post_time="23:30", timezone="America/Nuuk")
    found = slots(channel, datetime(2026, 3, 28, tzinfo=UTC), 3)
    assert [local_date(channel, slot).day for slot in found] == [27, 28, 29]
    assert found[1] == datetime(2026, 3, 29, 0, 30, tzinfo=UTC)  # 22:30 there; at 23:00 it is midnight


@pytest.mark.parametrize(
    ("weekdays", "days"), [(range(7), 1), ((0, 1, 2, 3, 4), 3), ((0,), 7), ((1, 3), 5), ((), 1)]
)
def test_longest_gap(weekdays: Sequence[int], days: int) -> None:
    assert longest_gap(Channel(weekdays=tuple(weekdays))) == timedelta(days=days)


def test_last_slot() -> None:
    channel = Channel(post_time="23:55")
    midnight = datetime(2026, 11, 25, 0, 10, tzinfo=UTC)
    assert last_slot(channel, midnight, 3600) == datetime(2026, 11, 24, 23, 55, tzinfo=UTC)
    assert last_slot(channel, midnight, 600) is None


def test_late_start() -> None:
    due = datetime(2026, 11, 24, 8, tzinfo=UTC)
    assert not is_missed(due, due + timedelta(hours=6))
    assert is_missed(due, due + timedelta(hours=6, seconds=1))


@pytest.mark.parametrize("text", ["25:00", "noon", "", "8.30", "08:75"])
def test_wrong_times_are_told(text: str) -> None:
    with pytest.raises(ConfigError, match="08:30"):
        parse_time(text)


@pytest.mark.parametrize("text", ["Europe/Atlantis", "", "../etc/passwd", "CETT"])
def test_wrong_zones_are_told(text: str) -> None:
    with pytest.raises(ConfigError, match="Europe/Berlin"):
        parse_timezone(text)


def test_weekday_names() -> None:
    assert parse_weekdays("Mon, wed,friday") == (0, 2, 4)
    assert parse_weekdays("weekdays") == (0, 1, 2, 3, 4)
    with pytest.raises(ConfigError):
        parse_weekdays("someday")
