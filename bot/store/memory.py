"""The store in dicts: the same contract as SqlStore, for tests and for runs that should leave no trace."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime
from functools import update_wrapper
from itertools import islice
from typing import Concatenate, ParamSpec, TypeVar

from bot.domain import (
    UPSTREAM,
    Changes,
    Channel,
    Claim,
    Digest,
    Episode,
    Erratum,
    Feed,
    Flag,
    Had,
    Insight,
    NoticeState,
    Pick,
    Post,
    Rated,
    Rating,
    Reading,
    Source,
    Stage,
    Subscription,
    Transcript,
    Turn,
    WorkRow,
)
from bot.errors import LeaseLost, StoreError
from bot.ports.notes import Resealed, SealedKind
from bot.store.clean import clean, plausible
from bot.store.ledger import Ledger
from bot.store.shelves import LONG_AGO, Shelves

P = ParamSpec("P")
R = TypeVar("R")
V = TypeVar("V")


def _locked(
    method: Callable[Concatenate[MemoryStore, P], R],
) -> Callable[Concatenate[MemoryStore, P], R]:
    def inside(self: MemoryStore, /, *args: P.args, **kwargs: P.kwargs) -> R:
        with self._lock:
            return method(self, *args, **kwargs)

    update_wrapper(inside, method)
    return inside


class MemoryStore:
    """Implements ports.Store. Safe in several threads; everything is gone with the object."""

    def __init__(self) -> None:
        self._lock = threading.RLock()
        self._work = Ledger()
        self._on = Shelves()

    def close(self) -> None:
        pass

    def version(self) -> str:
        return ""  # it has none

    # feeds

    @_locked
    def add_feed(self, feed: Feed) -> Feed:
        feed = clean(feed)
        known = next((f for f in self._on.feeds.values() if f.url == feed.url), None)
        stored = replace(known, sealed=feed.sealed) if known else replace(feed, id=self._on.new_id())
        self._on.feeds[stored.id] = stored
        return stored

    @_locked
    def save_feed(self, feed: Feed) -> None:
        feed, stored = clean(feed), self.feed(feed.id)
        if any(f.url == feed.url for f in self._on.feeds.values() if f.id != feed.id):
            feed = replace(feed, url=stored.url, sealed=stored.sealed)
        self._on.feeds[feed.id] = feed

    @_locked
    def feed(self, feed_id: int) -> Feed:
        return _get(self._on.feeds, feed_id, "feed")

    @_locked
    def feeds(self, ids: Sequence[int] | None = None) -> list[Feed]:
        return [feed for id_, feed in self._on.feeds.items() if ids is None or id_ in ids]

    @_locked
    def due_feeds(self, now: datetime, limit: int = 100) -> list[int]:
        return self._on.candidates["refresh"](now)[:limit]

    @_locked
    def episode(self, episode_id: int) -> Episode:
        episode = _get(self._on.episodes, episode_id, "episode")
        return replace(episode, show=self._on.feeds[episode.feed_id].title)

    @_locked
    def episodes(self, feed_id: int) -> list[Episode]:
        return [
            self.episode(id_) for id_ in self._on.newest_first() if self._on.episodes[id_].feed_id == feed_id
        ]

    @_locked
    def save_episode(self, episode: Episode) -> Episode:
        if episode.id:
            self.episode(episode.id)
        stored = replace(clean(plausible(episode)), id=episode.id or self._on.new_id())
        self._on.episodes[stored.id] = stored
        return self.episode(stored.id)

    @_locked
    def save_poll(self, claim: Claim, feed: Feed, changes: Changes) -> None:
        feed, stored = clean(feed), self.feed(claim.subject)
        episodes = [clean(plausible(episode)) for episode in (*changes.new, *changes.updated)]
        self._work.finish(claim)
        status = feed.status if stored.status == "active" else stored.status
        self.save_feed(replace(feed, id=stored.id, status=status))
        for episode in episodes:
            self.save_episode(replace(episode, feed_id=stored.id))

    @_locked
    def save_unchanged(self, polls: Sequence[tuple[Claim, Feed]]) -> int:
        saved = 0
        for claim, feed in polls:
            stored = self.feed(claim.subject)
            with contextlib.suppress(LeaseLost):
                self._work.finish(claim)
                self.save_feed(replace(feed, url=stored.url, sealed=stored.sealed, status=stored.status))
                saved += 1
        return saved

    # work

    @_locked
    def pending(self, stage: Stage, now: datetime, limit: int = 100) -> list[int]:
        due = (id_ for id_ in self._on.candidates[stage](now) if self._work.free(stage, id_, now))
        return list(islice(due, limit))

    @_locked
    def claim(self, stage: Stage, subject: int, now: datetime, lease_s: float) -> Claim | None:
        may = subject in self._on.candidates[stage](now) and self._work.free(stage, subject, now)
        return self._work.claim(stage, subject, now, lease_s) if may else None

    @_locked
    def claim_all(self, stage: Stage, subjects: Sequence[int], now: datetime, lease_s: float) -> list[Claim]:
        claims = (self.claim(stage, subject, now, lease_s) for subject in subjects)
        return [claim for claim in claims if claim]

    @_locked
    def is_coming(self, channel_id: int, now: datetime) -> bool:
        feeds = {feed_id for channel, feed_id in self._on.subscriptions if channel == channel_id}
        due = ((stage, id_) for stage in UPSTREAM for id_ in self._on.candidates[stage](now))
        return any(
            (id_ if stage == "refresh" else self._on.episodes[id_].feed_id) in feeds
            and (self._work.free(stage, id_, now) or self._work.is_held(stage, id_, now))
            for stage, id_ in due
        )

    @_locked
    def renew(self, claim: Claim, now: datetime, lease_s: float) -> bool:
        return self._work.renew(claim, now, lease_s)

    @_locked
    def done(self, claim: Claim) -> None:
        self._work.finish(claim)

    @_locked
    def fail(self, claim: Claim, error: str, not_before: datetime | None, *, counts: bool = True) -> None:
        self._work.fail(claim, clean(error), not_before, counts)

    @_locked
    def retry(self, stage: Stage, subject: int) -> bool:
        return self._work.retry(stage, subject)

    @_locked
    def work(self, *, unfinished: bool = True) -> list[WorkRow]:
        return [row for row in self._work.rows() if row.status != "done" or not unfinished]

    # library

    @_locked
    def save_transcript(self, claim: Claim, episode_id: int, transcript: Transcript) -> None:
        transcript = clean(transcript)
        self._work.finish(claim)
        self._on.transcripts[episode_id] = transcript

    @_locked
    def transcript(self, episode_id: int) -> Transcript | None:
        return self._on.transcripts.get(episode_id)

    @_locked
    def save_reading(self, claim: Claim, episode_id: int, reading: Reading) -> None:
        reading = clean(reading)
        self._on.readings[episode_id] = reading, self._work.finish(claim)

    @_locked
    def reading(self, episode_id: int) -> Reading | None:
        return self._on.readings.get(episode_id, (None, None))[0]

    @_locked
    def save_insights(
        self, claim: Claim, episode_id: int, insights: Sequence[Insight], now: datetime
    ) -> None:
        insights = clean(tuple(insights))
        self._work.finish(claim)
        kept = self._on.in_digests() | {erratum.insight_id for erratum in self._on.errata}
        for insight in self.insights(episode_id):
            if insight.id not in kept:
                del self._on.insights[insight.id]
        for insight in insights:
            id_, created_at = self._on.new_id(), insight.created_at or now
            self._on.insights[id_] = replace(insight, id=id_, episode_id=episode_id, created_at=created_at)

    @_locked
    def insights(self, episode_id: int) -> list[Insight]:
        return _best_first(i for i in self._on.insights.values() if i.episode_id == episode_id)

    @_locked
    def insight(self, insight_id: int) -> Insight:
        return _get(self._on.insights, insight_id, "insight")

    @_locked
    def heard(self, feed_ids: Sequence[int]) -> list[int]:
        found = (id_ for id_ in self._on.newest_first() if self._on.usable(id_))
        return [id_ for id_ in found if self.episode(id_).feed_id in feed_ids]

    @_locked
    def marks(self, feed_ids: Sequence[int]) -> dict[int, str]:
        return {id_: str(hash(self._on.transcripts[id_])) for id_ in self.heard(feed_ids)}

    @_locked
    def source(self, episode_id: int) -> Source:
        if not self._on.usable(episode_id):
            raise StoreError(f"There is no transcript of episode {episode_id}.")
        return Source(episode=self.episode(episode_id), transcript=self._on.transcripts[episode_id])

    @_locked
    def sources(self, feed_ids: Sequence[int], limit: int = 50) -> Iterator[Source]:
        found = (self.episode(id_) for id_ in self._on.newest_first() if self._on.usable(id_))
        of_feeds = (episode for episode in found if episode.feed_id in feed_ids)
        return iter(
            [Source(episode=e, transcript=self._on.transcripts[e.id]) for e in islice(of_feeds, limit)]
        )

    # channels

    @_locked
    def save_channel(self, channel: Channel) -> Channel:
        channel = clean(channel)
        known = self.find_channel(channel.platform, channel.workspace, channel.name)
        stored = replace(channel, id=known.id if known else self._on.new_id())
        self._on.channels[stored.id] = stored
        return stored

    @_locked
    def find_channel(self, platform: str, workspace: str, name: str) -> Channel | None:
        wanted = platform, workspace, name
        found = (c for c in self._on.channels.values() if (c.platform, c.workspace, c.name) == wanted)
        return next(found, None)

    @_locked
    def forget_workspace(self, platform: str, workspace: str) -> int:
        gone = [c for c in self.channels() if (c.platform, c.workspace) == (platform, workspace)]
        for channel in gone:
            self._on.forget_channel(channel.id)
        return len(gone)

    @_locked
    def channel(self, channel_id: int) -> Channel:
        return _get(self._on.channels, channel_id, "channel")

    @_locked
    def channels(self) -> list[Channel]:
        return list(self._on.channels.values())

    @_locked
    def subscribe(self, subscription: Subscription) -> bool:
        self.channel(subscription.channel_id), self.feed(subscription.feed_id)
        key = subscription.channel_id, subscription.feed_id
        is_new = key not in self._on.subscriptions
        self._on.subscriptions[key] = clean(subscription)
        return is_new

    @_locked
    def unsubscribe(self, channel_id: int, feed_id: int) -> bool:
        return self._on.subscriptions.pop((channel_id, feed_id), None) is not None

    @_locked
    def subscriptions(self, channel_id: int | None = None) -> list[Subscription]:
        ordered = [self._on.subscriptions[key] for key in sorted(self._on.subscriptions)]
        return [s for s in ordered if channel_id is None or s.channel_id == channel_id]

    @_locked
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
        return [Pick(insight=i, episode=self.episode(i.episode_id)) for i in _best_first(fresh)]

    @_locked
    def had(self, channel_id: int, limit: int = 200) -> list[Had]:
        return self._on.had(channel_id)[:limit]

    @_locked
    def scanned(self, channel_id: int, since: datetime) -> tuple[int, float]:
        read = [
            id_
            for id_, (_, at) in self._on.readings.items()
            if at > since and self._on.is_news(channel_id, id_)
        ]
        return len(read), sum(self._on.duration(id_) for id_ in read) / 3600

    @_locked
    def save_digest(self, claim: Claim, digest: Digest | None, channel: Channel) -> None:
        digest, stored = clean(digest), self.channel(claim.subject)
        self._work.finish(claim)
        self._on.channels[stored.id] = replace(stored, next_post_at=channel.next_post_at)
        if digest is not None and _slot(digest) not in map(_slot, self._on.digests.values()):
            id_, created_at = self._on.new_id(), digest.created_at or datetime.now(UTC)
            self._on.digests[id_] = replace(digest, id=id_, created_at=created_at)

    @_locked
    def digest(self, digest_id: int) -> Digest:
        return self._on.with_errata(_get(self._on.digests, digest_id, "digest"))

    @_locked
    def digests(self, channel_id: int, limit: int = 10) -> list[Digest]:
        return [self._on.with_errata(made) for made in self._on.of_channel(channel_id)[:limit]]

    @_locked
    def told(self, channel_id: int, now: datetime) -> dict[int, NoticeState]:
        return self._on.told(channel_id, now)

    @_locked
    def save_post(self, claim: Claim, post: Post) -> None:
        post = clean(post)
        self._work.finish(claim)
        self._on.posts.setdefault(post.digest_id, post)

    @_locked
    def post(self, digest_id: int) -> Post | None:
        return self._on.posts.get(digest_id)

    # talk

    @_locked
    def digest_at(self, channel_id: int, message_id: str) -> int | None:
        posts = (self._on.posts.get(digest.id) for digest in self._on.of_channel(channel_id))
        here = (p.digest_id for p in posts if p and message_id in (p.message_id, p.thread_id))
        return next(here, None)

    @_locked
    def save_turn(self, turn: Turn) -> None:
        self.digest(turn.digest_id)
        self._on.turns.append(clean(turn))

    @_locked
    def turns(self, digest_id: int, limit: int = 10) -> list[Turn]:
        return [turn for turn in self._on.turns if turn.digest_id == digest_id][-limit:]

    @_locked
    def turns_since(self, since: datetime) -> list[Turn]:
        return sorted((t for t in self._on.turns if t.asked_at >= since), key=lambda t: t.asked_at)

    @_locked
    def rate(self, rating: Rating) -> None:
        self._on.ratings[rating.channel_id, rating.insight_id, rating.user] = clean(rating)

    @_locked
    def ratings(self, channel_id: int) -> list[Rating]:
        found = [r for r in self._on.ratings.values() if r.channel_id == channel_id]
        return sorted(found, key=lambda r: (r.rated_at, r.insight_id, r.user))

    @_locked
    def rated(self, channel_id: int, since: datetime | None, limit: int = 500) -> list[Rated]:
        latest = [r for r in self.ratings(channel_id)[::-1] if since is None or r.rated_at > since]
        insights = ((r, self._on.insights[r.insight_id]) for r in latest[:limit])
        return [
            Rated(rating=r, pick=Pick(insight=i, episode=self.episode(i.episode_id))) for r, i in insights
        ]

    # errata

    @_locked
    def flag(self, flag: Flag) -> Flag:
        flag, key = clean(flag), (flag.channel_id, flag.insight_id, flag.user)
        known = (f for f in self._on.flags.values() if (f.channel_id, f.insight_id, f.user) == key)
        first = next(known, None)
        stored = replace(flag, id=first.id if first else self._on.new_id())
        self._on.flags[stored.id] = stored
        return stored

    @_locked
    def flags(self, channel_id: int | None = None) -> list[Flag]:
        found = (flag for _, flag in sorted(self._on.flags.items()))
        return [flag for flag in found if channel_id in (None, flag.channel_id)]

    @_locked
    def decide(self, erratum: Erratum) -> Erratum:
        return self._on.decide(clean(erratum))

    @_locked
    def errata(self, insight_ids: Sequence[int], channel_id: int | None = None) -> dict[int, Erratum]:
        found = {id_: self._on.shown_erratum(id_, channel_id) for id_ in insight_ids}
        return {id_: erratum for id_, erratum in found.items() if erratum}

    @_locked
    def decided(self) -> list[Erratum]:
        return list(self._on.errata)

    @_locked
    def revisions(self, digest_id: int) -> list[int]:
        return sorted(erratum for digest, erratum in self._on.revisions if digest == digest_id)

    @_locked
    def save_revision(self, claim: Claim, erratum_ids: Sequence[int]) -> None:
        self._work.finish(claim)
        self._on.revisions -= {(claim.subject, id_) for id_ in erratum_ids}

    # notes

    @_locked
    def first_time(self, key: str, now: datetime) -> bool:
        key, known = clean(key), len(self._on.notes)
        self._on.notes.setdefault(key, now)
        return len(self._on.notes) > known

    @_locked
    def take(self, key: str, since: datetime) -> bool:
        noted_at = self._on.notes.pop(key, None)
        return noted_at is not None and noted_at >= since

    @_locked
    def forget_notes(self, before: datetime) -> None:
        self._on.notes = {key: at for key, at in self._on.notes.items() if at >= before}

    @_locked
    def save_secret(self, name: str, sealed: str) -> None:
        self._on.secrets[name] = sealed

    @_locked
    def secret(self, name: str) -> str | None:
        return self._on.secrets.get(name)

    @_locked
    def secrets(self, prefix: str) -> list[str]:
        return sorted(name for name in self._on.secrets if name.startswith(prefix))

    @_locked
    def delete_secret(self, name: str) -> None:
        self._on.secrets.pop(name, None)

    @_locked
    def reseal(self, kind: SealedKind, after: str, limit: int, renewed: Callable[[str], str]) -> Resealed:
        """All at once: there is nothing to be killed in between."""
        return Resealed("", self._on.reseal(kind, renewed))


def _get(rows: dict[int, V], id_: int, kind: str) -> V:
    if id_ not in rows:
        raise StoreError(f"There is no {kind} {id_}.")
    return rows[id_]


def _best_first(insights: Iterable[Insight]) -> list[Insight]:
    return sorted(insights, key=lambda insight: (-insight.score, insight.id))


def _slot(digest: Digest) -> tuple[int, date, int]:
    return digest.channel_id, digest.local_date, digest.part
