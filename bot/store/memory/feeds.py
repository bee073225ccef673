"""Feeds and episodes in dicts."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from bot.domain import (
    Changes,
    Claim,
    Episode,
    Feed,
)
from bot.errors import LeaseLost
from bot.store.clean import clean, plausible
from bot.store.memory.part import Part, locked
from bot.store.memory.shelves import get


class MemoryFeeds(Part):
    @locked
    def add_feed(self, feed: Feed) -> Feed:
        feed = clean(feed)
        known = next((f for f in self._on.feeds.values() if f.url == feed.url), None)
        stored = replace(known, sealed=feed.sealed) if known else replace(feed, id=self._on.new_id())
        self._on.feeds[stored.id] = stored
        return stored

    @locked
    def save_feed(self, feed: Feed) -> None:
        feed, stored = clean(feed), self.feed(feed.id)
        if any(f.url == feed.url for f in self._on.feeds.values() if f.id != feed.id):
            feed = replace(feed, url=stored.url, sealed=stored.sealed)
        self._on.feeds[feed.id] = feed

    @locked
    def feed(self, feed_id: int) -> Feed:
        return get(self._on.feeds, feed_id, "feed")

    @locked
    def feeds(self, ids: Sequence[int] | None = None) -> list[Feed]:
        return [feed for id_, feed in self._on.feeds.items() if ids is None or id_ in ids]

    @locked
    def due_feeds(self, now: datetime, limit: int = 100) -> list[int]:
        return self._on.candidates["refresh"](now)[:limit]

    @locked
    def episode(self, episode_id: int) -> Episode:
        return self._on.episode(episode_id)

    @locked
    def episodes(self, feed_id: int) -> list[Episode]:
        return [
            self._on.episode(id_)
            for id_ in self._on.newest_first()
            if self._on.episodes[id_].feed_id == feed_id
        ]

    @locked
    def save_episode(self, episode: Episode) -> Episode:
        if episode.id:
            self._on.episode(episode.id)
        stored = replace(clean(plausible(episode)), id=episode.id or self._on.new_id())
        self._on.episodes[stored.id] = stored
        return self._on.episode(stored.id)

    @locked
    def save_poll(self, claim: Claim, feed: Feed, changes: Changes) -> None:
        feed, stored = clean(feed), self.feed(claim.subject)
        episodes = [clean(plausible(episode)) for episode in (*changes.new, *changes.updated)]
        self._work.finish(claim)
        status = feed.status if stored.status == "active" else stored.status
        self.save_feed(replace(feed, id=stored.id, status=status))
        for episode in episodes:
            self.save_episode(replace(episode, feed_id=stored.id))

    @locked
    def save_unchanged(self, polls: Sequence[tuple[Claim, Feed]]) -> int:
        saved = 0
        for claim, feed in polls:
            stored = self.feed(claim.subject)
            with contextlib.suppress(LeaseLost):
                self._work.finish(claim)
                self.save_feed(replace(feed, url=stored.url, sealed=stored.sealed, status=stored.status))
                saved += 1
        return saved
