"""What a channel would get at one of its times, and whether to wait for more."""

from __future__ import annotations

from collections import Counter
from datetime import datetime, timedelta

from bot import calendar, choice, notices, taste
from bot.domain import Channel, Digest, Notice
from bot.ports import Store

PATIENCE_S = 15 * 60.0  # how late a post may be for the sake of a fuller one
WINDOW = timedelta(days=4)  # a weekend and a bank holiday: what is older is no longer news


def digest_for(
    store: Store, channel: Channel, due_at: datetime, now: datetime, part: int = 0
) -> Digest | None:
    """What `channel` would get for the slot `due_at`; None when there is nothing to say."""
    # A channel that posts once a week wants the whole week.
    since = now - max(WINDOW, calendar.longest_gap(channel) + timedelta(days=1))
    backlog, had = store.backlog(channel.id, since), store.had(channel.id)
    liked = taste.learn(store.rated(channel.id, channel.taste_since))
    picks = choice.choose(backlog, had, channel.count, prefer=channel.prefer, mute=channel.mute, taste=liked)
    told = _notices(store, channel, now)
    if not picks and not told and not channel.quiet_line:
        return None
    episodes, hours = store.scanned(channel.id, _last_digest_at(store, channel, since))
    return Digest(
        channel_id=channel.id,
        local_date=calendar.local_date(channel, due_at),
        part=part,
        picks=picks,
        notices=told,
        episodes_scanned=episodes,
        hours_scanned=hours,
        created_at=now,
    )


def _notices(store: Store, channel: Channel, now: datetime) -> tuple[Notice, ...]:
    feeds = store.feeds([one.feed_id for one in store.subscriptions(channel.id)])
    return notices.due(channel, feeds, store.told(channel.id, now), now)


def _last_digest_at(store: Store, channel: Channel, since: datetime) -> datetime:
    earlier = store.digests(channel.id, 1)
    return max(since, earlier[0].created_at) if earlier and earlier[0].created_at else since


def worth_waiting(store: Store, channel: Channel, made: Digest | None, now: datetime) -> bool:
    """Whether the post is not full and more is on its way: after a night's sleep of the machine, the time to
    post comes before the morning's episodes have been read."""
    per_episode = Counter(pick.episode.id for pick in made.picks) if made else Counter[int]()
    picks = sum(min(n, choice.PER_EPISODE) for n in per_episode.values())
    patience_s = 0.0 if picks >= channel.count else PATIENCE_S if picks else calendar.LATE_S
    may_wait = calendar.last_slot(channel, now, patience_s) is not None
    return may_wait and store.is_coming(channel.id, now)
