"""What podcasts publish: feeds, episodes, and what a poll of a feed changes."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

FeedStatus = Literal["active", "paused", "gone"]


EpisodeStatus = Literal["wanted", "seen", "skipped"]


@dataclass(frozen=True, kw_only=True)
class Feed:
    """A podcast feed and the state of polling it.

    `url` is always safe to show: a secret in it (user:password@, token) is replaced by a short keyed
    fingerprint, and the whole real URL is kept encrypted in `sealed` (empty for public feeds).
    `failing_since` is the first failure in a row that is not our own network's, `give_up_at` when it is no
    longer asked, if that goes on.
    """

    id: int = 0
    url: str
    sealed: str = field(default="", repr=False)
    title: str = ""
    link: str = ""
    language: str = ""
    medium: str = "podcast"
    podcast_guid: str = ""
    etag: str = ""
    last_modified: str = ""
    status: FeedStatus = "active"
    checked_at: datetime | None = None
    next_check_at: datetime | None = None
    failures: int = 0
    failing_since: datetime | None = None
    give_up_at: datetime | None = None
    error: str = ""
    backfill: int = 1


@dataclass(frozen=True, kw_only=True)
class Enclosure:
    """An episode's media file; `url`/`sealed` as in Feed, `length_bytes` as the feed claims (0: unknown)."""

    url: str
    sealed: str = field(default="", repr=False)
    mime_type: str = ""
    length_bytes: int = 0


@dataclass(frozen=True, kw_only=True)
class TranscriptLink:
    """One `<podcast:transcript>` of an episode, as the feed declares it."""

    url: str
    sealed: str = field(default="", repr=False)
    mime_type: str = ""
    language: str = ""


@dataclass(frozen=True, kw_only=True)
class Episode:
    """One episode. `show` is its feed's title; `status_reason` says in words why it is skipped."""

    id: int = 0
    feed_id: int = 0
    guid: str = ""
    title: str = ""
    show: str = ""
    published_at: datetime | None = None
    link: str = ""
    summary: str = ""
    enclosure: Enclosure | None = None
    duration_s: float | None = None
    transcripts: tuple[TranscriptLink, ...] = ()
    kind: Literal["full", "trailer", "bonus"] = "full"
    language: str = ""
    status: EpisodeStatus = "wanted"
    status_reason: str = ""
    first_seen_at: datetime | None = None


@dataclass(frozen=True, kw_only=True)
class Poll:
    """What one poll of a feed gave: its new state, and its episodes (None: nothing new was sent)."""

    feed: Feed
    episodes: tuple[Episode, ...] | None = None


@dataclass(frozen=True, kw_only=True)
class Changes:
    """What a poll changes in the store: episodes to add, and known ones (with their id) to overwrite."""

    new: tuple[Episode, ...] = ()
    updated: tuple[Episode, ...] = ()
