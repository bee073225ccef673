"""Following and leaving podcasts: what `add` and `remove` do, for the command line and for every chat."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Protocol

from bot.domain import Channel, Episode, Feed, Subscription
from bot.errors import EarmarkError, NotFound
from bot.ports import Store


class Discoverer(Protocol):
    def find(self, source: str, *, private: bool = False, files: bool = True) -> list[Feed]:
        """The feeds that an address, page, name or file leads to; NotFound or FetchError in words."""
        ...


@dataclass(frozen=True, kw_only=True)
class Followed:
    """`is_new` is false where the channel followed the feed already."""

    feed: Feed
    is_new: bool


def follow(
    store: Store,
    discoverer: Discoverer,
    channel: Channel,
    source: str,
    *,
    now: datetime,
    backfill: int = 1,
    private: bool = False,
    files: bool = True,
    most: int | None = None,
) -> list[Followed]:
    """Follow all that `source` leads to. No history is posted: only the newest `backfill` episodes count.

    `private` hides the whole path of the address; `files`: `source` may be a file of this machine.
    EarmarkError where the channel would follow more than `most` then: none is followed.
    """
    found = discoverer.find(source, private=private, files=files)
    if most is not None and len(found) + len(store.subscriptions(channel.id)) > most:
        what = f"{len(found):,} podcasts" if len(found) > 1 else "This one"
        raise EarmarkError(f"{what} would be too many: a channel may follow {most:,}. /podcasts remove some.")
    followers = defaultdict[int, list[Subscription]](list)  # by feed; read once, since lists are long
    for subscription in store.subscriptions():
        followers[subscription.feed_id].append(subscription)
    return [_follow(store, channel, replace(feed, backfill=backfill), followers, now) for feed in found]


def _follow(
    store: Store, channel: Channel, found: Feed, followers: Mapping[int, list[Subscription]], now: datetime
) -> Followed:
    feed = store.add_feed(replace(found, next_check_at=now))
    known = store.episodes(feed.id)
    others = followers[feed.id]
    since = _want_newest(store, known, found.backfill, others)
    mine = next((s for s in others if s.channel_id == channel.id), None)
    if mine:
        since = since and mine.since and min(since, mine.since)
    is_new = store.subscribe(Subscription(channel_id=channel.id, feed_id=feed.id, since=since))
    if feed.status != "active" or not (known and others):
        feed = replace(_anew(feed, now), backfill=found.backfill)
        store.save_feed(feed)
    return Followed(feed=feed, is_new=is_new)


def _anew(feed: Feed, now: datetime) -> Feed:
    """Unchecked: what came out while it wasn't polled is history, as it is at the very first poll."""
    fresh = replace(feed, status="active", failures=0, error="", checked_at=None, next_check_at=now)
    return replace(fresh, failing_since=None, give_up_at=None)


def ask_again(store: Store, feed: Feed, now: datetime, *, after: timedelta = timedelta()) -> bool:
    """Have a feed asked in the next round, one that was given up too; a paused one stays so. False where it
    was asked less than `after` ago: then its own time is waited for."""
    if feed.status == "gone":
        feed = _anew(feed, now)
    elif feed.status == "paused" or (feed.checked_at and now - feed.checked_at < after):
        return False
    store.save_feed(replace(feed, next_check_at=now))
    store.retry("refresh", feed.id)
    return True


def _want_newest(
    store: Store, known: list[Episode], count: int, others: list[Subscription]
) -> datetime | None:
    """Make the newest `count` episodes of a feed that is known already wanted; when they begin.

    To the others that follow it, what is older than they had so far stays history.
    """
    newest = [episode for episode in known if episode.status != "skipped"][:count]
    history = [episode for episode in newest if episode.status == "seen"]
    if history:
        taken = [at for e in known if e.status == "wanted" and (at := e.published_at or e.first_seen_at)]
        for other in others:
            store.subscribe(replace(other, since=other.since or min(taken, default=None)))
    for episode in history:
        store.save_episode(replace(episode, status="wanted", status_reason=""))
    return newest[-1].published_at if newest else None


def unfollow(store: Store, channel: Channel, what: str) -> Feed:
    """Leave one podcast, named by number, address or (part of its) title; NotFound says what there is."""
    feed = the_one(followed(store, channel), what)
    store.unsubscribe(channel.id, feed.id)
    return feed


def followed(store: Store, channel: Channel) -> list[Feed]:
    return [store.feed(s.feed_id) for s in store.subscriptions(channel.id)]


def the_one(feeds: list[Feed], what: str) -> Feed:
    """The feed that `what` names: its id, its address, its title or a part that only one has."""
    wanted = what.strip().casefold()
    exact = [f for f in feeds if wanted in (str(f.id), f.url.casefold(), f.title.casefold())]
    near = exact or [f for f in feeds if wanted and wanted in f.title.casefold()]
    if len(near) == 1:
        return near[0]
    if near:
        raise EarmarkError(f"“{what}” could be " + " or ".join(f"{f.id} ({f.title})" for f in near[:5]) + ".")
    raise NotFound(f"No podcast here is called “{what}”; `earmark feeds` or /podcasts lists them.")
