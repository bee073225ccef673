"""Channels, what they follow, and their digests and posts, in dicts."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime

from bot.domain import (
    Channel,
    Claim,
    Digest,
    Had,
    NoticeState,
    Pick,
    Post,
    Subscription,
)
from bot.store.clean import clean
from bot.store.memory.part import Part, locked
from bot.store.memory.shelves import LONG_AGO, best_first, get


class MemoryChannels(Part):
    @locked
    def save_channel(self, channel: Channel) -> Channel:
        channel = clean(channel)
        known = self.find_channel(channel.platform, channel.workspace, channel.name)
        stored = replace(channel, id=known.id if known else self._on.new_id())
        self._on.channels[stored.id] = stored
        return stored

    @locked
    def find_channel(self, platform: str, workspace: str, name: str) -> Channel | None:
        wanted = platform, workspace, name
        found = (c for c in self._on.channels.values() if (c.platform, c.workspace, c.name) == wanted)
        return next(found, None)

    @locked
    def forget_workspace(self, platform: str, workspace: str) -> int:
        gone = [c for c in self.channels() if (c.platform, c.workspace) == (platform, workspace)]
        for channel in gone:
            self._on.forget_channel(channel.id)
        return len(gone)

    @locked
    def channel(self, channel_id: int) -> Channel:
        return get(self._on.channels, channel_id, "channel")

    @locked
    def channels(self) -> list[Channel]:
        return list(self._on.channels.values())

    @locked
    def subscribe(self, subscription: Subscription) -> bool:
        get(self._on.channels, subscription.channel_id, "channel")
        get(self._on.feeds, subscription.feed_id, "feed")
        key = subscription.channel_id, subscription.feed_id
        is_new = key not in self._on.subscriptions
        self._on.subscriptions[key] = clean(subscription)
        return is_new

    @locked
    def unsubscribe(self, channel_id: int, feed_id: int) -> bool:
        return self._on.subscriptions.pop((channel_id, feed_id), None) is not None

    @locked
    def subscriptions(self, channel_id: int | None = None) -> list[Subscription]:
        ordered = [self._on.subscriptions[key] for key in sorted(self._on.subscriptions)]
        return [s for s in ordered if channel_id is None or s.channel_id == channel_id]

    @locked
    def backlog(self, channel_id: int, since: datetime) -> list[Pick]:
        had, beside = self._on.posted(channel_id)
        fresh = [
            insight
            for insight in self._on.insights.values()
            if (insight.created_at or LONG_AGO) > since
            and insight.episode_id not in had
            and insight.id not in beside
            and self._on.is_news(channel_id, insight.episode_id)
            and not self._on.is_withdrawn_near(insight.id, channel_id)
        ]
        return [Pick(insight=i, episode=self._on.episode(i.episode_id)) for i in best_first(fresh)]

    @locked
    def had(self, channel_id: int, limit: int = 200) -> list[Had]:
        return self._on.had(channel_id)[:limit]

    @locked
    def scanned(self, channel_id: int, since: datetime) -> tuple[int, float]:
        read = [
            id_
            for id_, (_, at) in self._on.readings.items()
            if at > since and self._on.is_news(channel_id, id_)
        ]
        return len(read), sum(self._on.duration(id_) for id_ in read) / 3600

    @locked
    def save_digest(self, claim: Claim, digest: Digest | None, channel: Channel) -> None:
        digest, stored = clean(digest), self.channel(claim.subject)
        self._work.finish(claim)
        self._on.channels[stored.id] = replace(stored, next_post_at=channel.next_post_at)
        if digest is not None and _slot(digest) not in map(_slot, self._on.digests.values()):
            id_, created_at = self._on.new_id(), digest.created_at or datetime.now(UTC)
            self._on.digests[id_] = replace(digest, id=id_, created_at=created_at)

    @locked
    def digest(self, digest_id: int) -> Digest:
        return self._on.with_errata(get(self._on.digests, digest_id, "digest"))

    @locked
    def digests(self, channel_id: int, limit: int = 10) -> list[Digest]:
        return [self._on.with_errata(made) for made in self._on.of_channel(channel_id)[:limit]]

    @locked
    def told(self, channel_id: int, now: datetime) -> dict[int, NoticeState]:
        return self._on.told(channel_id, now)

    @locked
    def save_post(self, claim: Claim, post: Post) -> None:
        post = clean(post)
        self._work.finish(claim)
        self._on.posts.setdefault(post.digest_id, post)

    @locked
    def post(self, digest_id: int) -> Post | None:
        return self._on.posts.get(digest_id)


def _slot(digest: Digest) -> tuple[int, date, int]:
    return digest.channel_id, digest.local_date, digest.part
