"""What a feed says, read but not yet judged: plain values that can cross from one process to another."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, kw_only=True)
class RawOffer:
    """A file of an item, as written."""

    url: str = ""
    mime_type: str = ""
    medium: str = ""
    length_bytes: int = 0
    duration: str = ""


@dataclass(frozen=True, kw_only=True)
class RawEpisode:
    """One item; texts are plain, addresses as written. `transcripts`: their attributes."""

    guid: str = ""
    title: str = ""
    published_at: datetime | None = None
    link: str = ""
    summary: str = ""
    duration: str = ""
    episode_type: str = ""
    offers: tuple[RawOffer, ...] = ()
    transcripts: tuple[dict[str, str], ...] = ()


@dataclass(frozen=True, kw_only=True)
class RawFeed:
    """A whole feed; `values` are the plain texts of its own elements by name (ttl, podcast:guid, …)."""

    title: str = ""
    link: str = ""
    language: str = ""
    values: dict[str, str]
    episodes: tuple[RawEpisode, ...] = ()


# (body, address it came from, Content-Type, address to show) → the feed; raises NotAFeed, saying what it is.
ReadFeed = Callable[[bytes, str, str, str], RawFeed]
