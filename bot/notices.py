"""What a channel is told about its feeds, purely: that one will be given up, was, or answers again."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from urllib.parse import urlsplit

from bot import calendar
from bot.domain import Channel, Feed, Notice, NoticeState
from bot.errors import Gone

# A feed that fails is told of this long before it is given up: a weekly channel posts in that time.
TOLD_BEFORE = timedelta(days=11)
# As many as one post has room for, those that are given up first; the others come with the next one.
MOST = 5
_LATE = timedelta(hours=1)
_LONGEST_NAME = 80

# A time that was told may be put off (an outage of ours, a sleep of the machine), which isn't told again:
# hence "at least". It never comes nearer but when the feed says that it leaves, which is told.
# What may be told after what: once for each change, and never that it fails when it was told that it leaves.
_NEWS: dict[NoticeState, tuple[NoticeState | None, ...]] = {
    "failing": (None, "answers", "given_up"),
    "leaving": (None, "answers", "given_up", "failing"),
    "given_up": (None, "answers", "failing", "leaving"),
    "answers": ("failing", "leaving", "given_up"),
}
_WORDS: dict[NoticeState, str] = {
    "failing": (
        "{name} hasn't answered properly since {since}; I'll keep trying until {until} at least. "
        "If it has moved: /podcasts add its new address."
    ),
    "leaving": (
        "{name} says that its feed is gone for good (410); I'll keep asking until {until} at least. "
        "If it has moved: /podcasts add its new address."
    ),
    "given_up": (
        "I've stopped asking for {name}, which hasn't answered properly since {since}. "
        "If it is back: /podcasts check it; if it has moved: /podcasts add its new address."
    ),
    "answers": "{name} answers again.",
}


def due(
    channel: Channel, feeds: Iterable[Feed], told: Mapping[int, NoticeState], now: datetime
) -> tuple[Notice, ...]:
    """What `channel` must still be told of its `feeds`; `told` is what it was told last, by feed."""
    soonest = sorted(feeds, key=lambda feed: (feed.give_up_at or now, feed.id))
    states = ((feed, _state(feed, now)) for feed in soonest)
    news = [(f, state) for f, state in states if state and told.get(f.id) in _NEWS[state]]
    return tuple(
        Notice(feed_id=feed.id, state=state, text=_text(channel, feed, state, now))
        for feed, state in news[:MOST]
    )


def _state(feed: Feed, now: datetime) -> NoticeState | None:
    """None: nothing to tell, or too early to say."""
    if feed.status == "gone":
        return "given_up"
    if feed.status != "active":
        return None
    if feed.give_up_at is None:
        return "answers" if feed.checked_at and not feed.failures else None
    # After a sleep of the machine the feed is asked first: its time may be put off.
    if feed.next_check_at is None or now - feed.next_check_at > _LATE:
        return None
    if not now < feed.give_up_at <= now + TOLD_BEFORE:
        return None
    return "leaving" if Gone.SAYS_GONE in feed.error else "failing"


def _text(channel: Channel, feed: Feed, state: NoticeState, now: datetime) -> str:
    name = feed.title or (urlsplit(feed.url).hostname if feed.sealed else feed.url) or "A private feed"
    short = name if len(name) <= _LONGEST_NAME else name[: _LONGEST_NAME - 1] + "…"
    since, until = feed.failing_since or feed.checked_at or now, feed.give_up_at or now
    return _WORDS[state].format(name=short, since=_day(channel, since, now), until=_day(channel, until, now))


def _day(channel: Channel, at: datetime, now: datetime) -> str:
    """ "Thursday" within the week before, else "8 December"."""
    day, today = calendar.local_date(channel, at), calendar.local_date(channel, now)
    return f"{day:%A}" if timedelta(0) < today - day < timedelta(days=7) else f"{day.day} {day:%B}"
