"""When to ask again, whom to follow: tables of decisions."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from bot.domain import Enclosure, Episode, Feed
from bot.errors import EarmarkError, FetchError, Gone, NotAFeed
from bot.feeds.decide import (
    Hints,
    backoff,
    failed,
    interval,
    may_follow,
    retry_after,
    same_show,
    succeeded,
)

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
FEED = Feed(id=3, url="https://example.com/f", title="T", link="L", etag='"e"', last_modified="m", failures=2)


@pytest.mark.parametrize(
    ("hints", "minutes"),
    [
        (Hints(), 60),
        (Hints(ttl="15"), 60),
        (Hints(ttl="180"), 180),
        (Hints(ttl=" 90 "), 90),
        (Hints(ttl="1e9"), 24 * 60),
        (Hints(ttl="soon"), 60),
        (Hints(ttl="nan"), 60),
        (Hints(ttl="-5"), 60),
        (Hints(update_period="daily"), 24 * 60),
        (Hints(update_period="daily", update_frequency="4"), 6 * 60),
        (Hints(update_period="Hourly", update_frequency="0"), 60),
        (Hints(update_period="weekly"), 24 * 60),
        (Hints(update_period="fortnightly"), 60),
        (Hints(cache_control="public, max-age=7200"), 120),
        (Hints(cache_control="s-maxage=9000"), 60),
        (Hints(cache_control='MAX-AGE="7200"'), 120),
        (Hints(cache_control="no-cache"), 60),
        (Hints(ttl="120", update_period="daily", update_frequency="2", cache_control="max-age=10"), 720),
    ],
)
def test_hints_only_lower_polling(hints: Hints, minutes: float) -> None:
    assert interval(hints) == minutes * 60


@pytest.mark.parametrize(
    ("failures", "retry", "jitter", "low", "high"),
    [
        (1, None, 0.0, 10, 10),
        (1, None, 1.0, 20, 20),
        (3, None, 0.5, 40, 80),
        (50, None, 1.0, 24 * 60, 24 * 60),
        (1, 7200.0, 0.0, 120, 120),
        (1, 7200.0, 1.0, 120, 133),
        (1, 1.0, 0.0, 10, 10),
        (1, 1e9, 0.0, 24 * 60, 24 * 60),
    ],
)
def test_backoff(failures: int, retry: float | None, jitter: float, low: float, high: float) -> None:
    assert low * 60 <= backoff(failures, retry, jitter) <= high * 60


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("120", 120.0),
        (" 0 ", 0.0),
        ("Sun, 01 Mar 2026 12:05:00 GMT", 300.0),
        ("Sun, 01 Mar 2026 11:00:00 GMT", 0.0),
        ("", None),
        ("-3", None),
        ("next week", None),
    ],
)
def test_retry_after(value: str, expected: float | None) -> None:
    assert retry_after(value, NOW) == expected


def test_success_clears_the_failures() -> None:
    state = succeeded(FEED, NOW, Hints(), 0.5)
    assert (state.failures, state.error, state.status, state.checked_at) == (0, "", "active", NOW)
    assert state.next_check_at is not None
    assert NOW + timedelta(hours=1) <= state.next_check_at <= NOW + timedelta(hours=1, minutes=6)


@pytest.mark.parametrize(("unchanged", "failures", "hours"), [(True, 0, 5), (False, 0, 1), (True, 2, 1)])
def test_an_unchanged_feed_keeps_the_wait_that_its_hints_led_to(
    unchanged: bool, failures: int, hours: int
) -> None:
    last = NOW - timedelta(hours=6)
    feed = Feed(url="u", checked_at=last, next_check_at=last + timedelta(hours=5), failures=failures)
    state = succeeded(feed, NOW, Hints(), 0.0, unchanged=unchanged)
    assert state.next_check_at == NOW + timedelta(hours=hours)


@pytest.mark.parametrize(("before", "after"), [("paused", "paused"), ("gone", "active")])
def test_success_leaves_a_pause_and_revives_the_gone(before: str, after: str) -> None:
    feed = Feed(url="u", status=before)  # type: ignore[arg-type]
    assert succeeded(feed, NOW, Hints(), 0).status == after


@pytest.mark.parametrize("error", [FetchError("down", status=500), NotAFeed("a page")])
def test_failure_keeps_all_that_was_known(error: EarmarkError) -> None:
    state = failed(FEED, NOW, error, 0.0)
    assert (state.title, state.link, state.etag, state.last_modified) == ("T", "L", '"e"', "m")
    assert (state.failures, state.error, state.status) == (3, str(error), "active")
    assert state.next_check_at == NOW + timedelta(minutes=40)


def test_failure_waits_as_long_as_the_server_asks() -> None:
    state = failed(FEED, NOW, FetchError("busy", status=503, retry_after_s=9000), 0.0)
    assert state.next_check_at == NOW + timedelta(seconds=9000)


DOWN = FetchError("It is down (500).", status=500)
UNFOUND = FetchError("It can't be found.")
GONE = Gone(f"It {Gone.SAYS_GONE}.", status=410)


def _polled(feed: Feed, error: EarmarkError, days: float, **given: bool) -> tuple[Feed, datetime]:
    """The feed after polls that all fail so, each in time, for so long (or until it is given up)."""
    start = now = feed.next_check_at or NOW
    while now - start < timedelta(days=days):
        feed = failed(feed, now, error, 0.5, **given)
        if feed.next_check_at is None:
            break
        now = feed.next_check_at
    return feed, now


@pytest.mark.parametrize(
    ("error", "online", "ends"),
    [(DOWN, False, True), (NotAFeed("A page."), False, True), (UNFOUND, True, True), (UNFOUND, False, False)],
)
def test_a_feed_is_given_up_after_two_weeks_of_failures_that_are_its_own(
    error: EarmarkError, online: bool, ends: bool
) -> None:
    state, now = _polled(replace(FEED, failures=0), error, 13.9, online=online)
    assert (state.status, state.failing_since) == ("active", NOW if ends else None)
    state, now = _polled(state, error, 2, online=online)
    assert state.status == ("gone" if ends else "active")
    assert (state.next_check_at is None) is ends
    if ends:
        assert timedelta(days=14) <= now - NOW < timedelta(days=15.1)
        assert state.error.startswith(str(error)) and "/podcasts check" in state.error


def test_a_night_without_our_network_puts_the_end_off() -> None:
    state, now = _polled(replace(FEED, failures=0), DOWN, 5)
    before = state.give_up_at
    offline, later = _polled(state, UNFOUND, 9)
    assert before and offline.give_up_at == before + (later - now)
    assert offline.failing_since == NOW
    assert _polled(offline, DOWN, 7)[0].status == "active"


def test_a_machine_that_slept_puts_the_end_off() -> None:
    state, now = _polled(replace(FEED, failures=0), DOWN, 5)
    woken = failed(state, now + timedelta(days=20), DOWN, 0.0)
    assert (woken.status, state.give_up_at) == ("active", NOW + timedelta(days=14))
    assert woken.give_up_at == NOW + timedelta(days=34)
    assert failed(state, now + timedelta(minutes=5), DOWN, 0.0).give_up_at == state.give_up_at


def test_one_good_answer_clears_the_end() -> None:
    state = succeeded(_polled(FEED, DOWN, 5)[0], NOW, Hints(), 0.0)
    assert (state.failing_since, state.give_up_at) == (None, None)


def test_gone_is_believed_when_said_twice_and_then_a_week_long() -> None:
    once = failed(replace(FEED, failures=0), NOW, GONE, 0.0)
    assert (once.next_check_at, once.give_up_at) == (NOW + timedelta(days=1), NOW + timedelta(days=14))
    state, now = _polled(once, GONE, 30)
    assert (state.status, state.next_check_at, state.title) == ("gone", None, "T")
    assert now == NOW + timedelta(days=9)


def test_gone_puts_no_end_off_that_is_near() -> None:
    state, _ = _polled(FEED, DOWN, 13)
    near = state.give_up_at
    assert near and _polled(state, GONE, 0.5)[0].give_up_at == near


@pytest.mark.parametrize(
    ("current", "new", "says", "follow"),
    [
        ("https://a.example/f", "https://b.example/f", "", True),
        ("https://a.example/f", "https://b.example/f", "https://b.example/f", True),
        ("https://a.example/f", "https://b.example/f", "https://a.example/f", False),
        ("https://a.example/f", "https://b.example/f", "https://c.example/f", False),
        ("https://a.example/f", "http://b.example/f", "", False),
        ("http://a.example/f", "http://b.example/f", "", True),
        ("https://a.example/f", "https://a.example/f", "", False),
        ("https://a.example/f", "", "", False),
    ],
)
def test_new_feed_url(current: str, new: str, says: str, follow: bool) -> None:
    assert may_follow(current, new, says) is follow


def _show(guid: str, *episodes: tuple[str, str]) -> tuple[Feed, list[Episode]]:
    feed = Feed(url="u", podcast_guid=guid)
    return feed, [Episode(guid=g, enclosure=Enclosure(url=a) if a else None) for g, a in episodes]


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        (_show("p"), _show("p"), True),
        (_show("p", ("1", "a")), _show("q", ("1", "a")), False),
        (_show("p", ("1", "")), _show("", ("2", ""), ("1", "")), True),
        (_show("", ("1", "a")), _show("", ("2", "a")), True),
        (_show("", ("1", "a")), _show("", ("2", "b")), False),
        (_show("", ("", "")), _show("", ("", "")), False),
        (_show("", ("x", "")), _show("", ("", "x")), False),
    ],
)
def test_same_show(one: tuple[Feed, list[Episode]], other: tuple[Feed, list[Episode]], same: bool) -> None:
    assert same_show(*one, *other) is same
