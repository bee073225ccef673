"""What MemoryStore keeps, and what follows from it. Not locked: its owner is."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TypeVar

from bot.domain import (
    Channel,
    Digest,
    Episode,
    Erratum,
    Feed,
    Flag,
    Had,
    Insight,
    NoticeState,
    Post,
    Rating,
    Reading,
    Stage,
    Subscription,
    Transcript,
    Turn,
)
from bot.errors import StoreError

V = TypeVar("V")
LONG_AGO = datetime.min.replace(tzinfo=UTC)
_POSTABLE = timedelta(days=2)  # as in due.py


class Shelves:
    """Everything by its id; `candidates` lack a stage's form, in the order to do them (see due.py)."""

    def __init__(self) -> None:
        self.feeds: dict[int, Feed] = {}
        self.episodes: dict[int, Episode] = {}
        self.transcripts: dict[int, Transcript] = {}
        self.readings: dict[int, tuple[Reading, datetime]] = {}
        self.insights: dict[int, Insight] = {}
        self.channels: dict[int, Channel] = {}
        self.subscriptions: dict[tuple[int, int], Subscription] = {}
        self.digests: dict[int, Digest] = {}
        self.posts: dict[int, Post] = {}
        self.turns: list[Turn] = []
        self.ratings: dict[tuple[int, int, str], Rating] = {}
        self.flags: dict[int, Flag] = {}
        self.errata: list[Erratum] = []
        self.revisions: set[tuple[int, int]] = set()  # digest, erratum
        self.notes: dict[str, datetime] = {}
        self.secrets: dict[str, str] = {}
        self._last_id = 0
        self.candidates: dict[Stage, Callable[[datetime], list[int]]] = {
            "refresh": self._due_feeds,
            "transcribe": lambda now: self._wanted(lambda id_: id_ not in self.transcripts),
            "read": lambda now: self._wanted(lambda id_: self.usable(id_) and id_ not in self.readings),
            "write": lambda now: self._wanted(lambda id_: id_ in self.readings),
            "compose": self._due_channels,
            "publish": self._unposted,
            "revise": self._unrevised,
        }

    def new_id(self) -> int:
        self._last_id += 1
        return self._last_id

    def episode(self, episode_id: int) -> Episode:
        episode = get(self.episodes, episode_id, "episode")
        return replace(episode, show=self.feeds[episode.feed_id].title)

    def newest_first(self) -> list[int]:
        dated = [(_dated(e) or LONG_AGO, e.id) for e in self.episodes.values()]
        return [id_ for _, id_ in sorted(dated, reverse=True)]

    def _followed(self, feed_id: int) -> bool:
        return any(s.feed_id == feed_id for s in self.subscriptions.values())

    def _due_feeds(self, now: datetime) -> list[int]:
        active = [f for f in self.feeds.values() if f.status == "active" and self._followed(f.id)]
        due = [(f.next_check_at or LONG_AGO, f.id) for f in active]
        return [id_ for at, id_ in sorted(due) if at <= now]

    def _wanted(self, lacks: Callable[[int], bool]) -> list[int]:
        episodes = [self.episodes[id_] for id_ in self.newest_first() if lacks(id_)]
        return [e.id for e in episodes if e.status == "wanted" and self._followed(e.feed_id)]

    def usable(self, episode_id: int) -> bool:
        transcript = self.transcripts.get(episode_id)
        return transcript is not None and transcript.usable

    def _due_channels(self, now: datetime) -> list[int]:
        fine = [c for c in self.channels.values() if not c.paused and not c.trouble]
        due = [(c.next_post_at, c.id) for c in fine if c.next_post_at]
        return [id_ for at, id_ in sorted(due) if at <= now]

    def _unposted(self, now: datetime) -> list[int]:
        fine = [d for d in self.digests.values() if not self.channels[d.channel_id].trouble]
        unposted = [(d.created_at or LONG_AGO, d.id) for d in fine if d.id not in self.posts]
        return [id_ for at, id_ in sorted(unposted) if at > now - _POSTABLE]

    def _unrevised(self, now: datetime) -> list[int]:
        waiting = sorted({id_ for id_, _ in self.revisions if id_ in self.posts})
        return [id_ for id_ in waiting if not self.channels[self.digests[id_].channel_id].trouble]

    def shown_erratum(self, insight_id: int, channel_id: int | None) -> Erratum | None:
        """See ports.channels.ErrataStore.errata."""
        of_insight = [e for e in self.errata if e.insight_id == insight_id]
        for_all = [e for e in of_insight if e.channel_id is None]
        here = [e for e in of_insight if e.channel_id == channel_id]
        counts = next(iter((for_all or here)[-1:]), None)
        return counts if counts and counts.verdict != "dismissed" else None

    def is_withdrawn_near(self, insight_id: int, channel_id: int) -> bool:
        """In the channel, or in another one of its workspace, or for all."""
        mine = self.channels[channel_id]
        near = {
            c.id
            for c in self.channels.values()
            if c.id == channel_id
            or (mine.workspace and (c.platform, c.workspace) == (mine.platform, mine.workspace))
        }
        return any(self.shown_erratum(insight_id, id_) for id_ in near)

    def with_errata(self, digest: Digest) -> Digest:
        beside = {id_ for p in digest.picks for id_ in p.beside()}
        about = beside | {p.insight.id for p in digest.picks}
        found = {id_: self.shown_erratum(id_, digest.channel_id) for id_ in about}
        errata = {id_: erratum for id_, erratum in found.items() if erratum}
        return replace(digest, picks=tuple(p.with_errata(errata) for p in digest.picks))

    def decide(self, erratum: Erratum) -> Erratum:
        before = self.shown_erratum(erratum.insight_id, erratum.channel_id)
        stored = replace(erratum, id=self.new_id())
        self.errata.append(stored)
        for flag in self.flags.values():
            about = flag.insight_id == erratum.insight_id and flag.status == "open"
            if about and erratum.channel_id in (None, flag.channel_id):
                self.flags[flag.id] = replace(flag, status=erratum.verdict)
        if erratum.verdict != "dismissed" or before:
            self.revisions |= {
                (d.id, stored.id)
                for d in self.digests.values()
                if erratum.channel_id in (None, d.channel_id)
                and any(erratum.insight_id in (p.insight.id, *p.beside()) for p in d.picks)
            }
        return stored

    def of_channel(self, channel_id: int) -> list[Digest]:
        """Latest first."""
        found = [d for d in self.digests.values() if d.channel_id == channel_id]
        return sorted(found, key=lambda d: (d.created_at or LONG_AGO, d.id), reverse=True)

    def told(self, channel_id: int, now: datetime) -> dict[int, NoticeState]:
        oldest_first = reversed(self.of_channel(channel_id))
        valid = (
            d for d in oldest_first if d.id in self.posts or (d.created_at or LONG_AGO) > now - _POSTABLE
        )
        return {notice.feed_id: notice.state for digest in valid for notice in digest.notices}

    def forget_channel(self, channel_id: int) -> None:
        digests = {digest.id for digest in self.of_channel(channel_id)}
        del self.channels[channel_id]
        self.subscriptions = {k: s for k, s in self.subscriptions.items() if k[0] != channel_id}
        self.ratings = {k: r for k, r in self.ratings.items() if k[0] != channel_id}
        self.digests = {id_: d for id_, d in self.digests.items() if id_ not in digests}
        self.posts = {id_: p for id_, p in self.posts.items() if id_ not in digests}
        self.turns = [turn for turn in self.turns if turn.digest_id not in digests]
        self.flags = {id_: f for id_, f in self.flags.items() if f.channel_id != channel_id}
        self.errata = [e for e in self.errata if e.channel_id != channel_id]
        self.revisions = {(d, e) for d, e in self.revisions if d not in digests}

    def reseal(self, kind: str, renewed: Callable[[str], str]) -> int:
        """How many texts `renewed` made others of."""
        texts = list[bool]()

        def once(sealed: str) -> str:
            new = renewed(sealed) if sealed else sealed
            texts.append(new != sealed)
            return new

        if kind == "feed":
            self.feeds = {id_: replace(f, sealed=once(f.sealed)) for id_, f in self.feeds.items()}
        elif kind == "secret":
            self.secrets = {name: once(sealed) for name, sealed in self.secrets.items()}
        else:
            self.episodes = {id_: _resealed(e, once) for id_, e in self.episodes.items()}
        return sum(texts)

    def had(self, channel_id: int) -> list[Had]:
        return [
            Had(insight=one.insight, digest_id=digest.id, local_date=digest.local_date)
            for digest in self.of_channel(channel_id)
            for pick in digest.picks
            for one in (pick, *pick.also)
        ]

    def posted(self, channel_id: int) -> tuple[set[int], set[int]]:
        """Episodes of which the channel has had a pick, and insights that stood beside one."""
        picks = [pick for digest in self.of_channel(channel_id) for pick in digest.picks]
        beside = {other.insight.id for pick in picks for other in pick.also}
        return {pick.insight.episode_id for pick in picks}, beside

    def in_digests(self) -> set[int]:
        """The insights that must be kept."""
        picks = [pick for digest in self.digests.values() for pick in digest.picks]
        return {one.insight.id for pick in picks for one in (pick, *pick.also)}

    def is_news(self, channel_id: int, episode_id: int) -> bool:
        episode = self.episodes[episode_id]
        subscription = self.subscriptions.get((channel_id, episode.feed_id))
        if subscription is None:
            return False
        dated = _dated(episode)
        return not (subscription.since and dated and dated < subscription.since)

    def duration(self, episode_id: int) -> float:
        transcript = self.transcripts.get(episode_id)
        return (transcript and transcript.duration_s) or self.episodes[episode_id].duration_s or 0.0


def _dated(episode: Episode) -> datetime | None:
    return episode.published_at or episode.first_seen_at


def _resealed(episode: Episode, once: Callable[[str], str]) -> Episode:
    enclosure = episode.enclosure and replace(episode.enclosure, sealed=once(episode.enclosure.sealed))
    links = tuple(replace(link, sealed=once(link.sealed)) for link in episode.transcripts)
    return replace(episode, enclosure=enclosure, transcripts=links)


def get(rows: dict[int, V], id_: int, kind: str) -> V:
    if id_ not in rows:
        raise StoreError(f"There is no {kind} {id_}.")
    return rows[id_]


def best_first(insights: Iterable[Insight]) -> list[Insight]:
    return sorted(insights, key=lambda insight: (-insight.score, insight.id))
