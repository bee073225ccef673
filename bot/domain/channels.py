"""Where people read: channels, what they get there, and what they say of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Literal

from bot.domain.insights import Pick, Provenance

ThreadAnswers = Literal["auto", "all", "mentions"]


@dataclass(frozen=True, kw_only=True)
class Channel:
    """Where a team reads: one conversation of one platform, with its schedule.

    `name` is the platform's own id of it within `workspace` (a Slack team or Discord server; "" where there
    is none), `title` what people call it; `post_time` is local "HH:MM"; `weekdays` 0 is Monday; `quiet_line`
    posts one line on days with nothing worth it. Topics in `prefer` come first, those in `mute` not at all.
    `thread_answers` says which messages in a digest's thread are answered, `clips` whether the audio of
    quotes may be heard there; with `admins_only` only the platform's admins change settings. `trouble` says
    why nothing can be posted there ("": all is well). Ratings before `taste_since` are no part of the
    channel's taste (None: all are).
    """

    id: int = 0
    platform: str = "console"
    workspace: str = ""
    name: str = "console"
    title: str = ""
    post_time: str = "08:00"
    timezone: str = "UTC"
    weekdays: tuple[int, ...] = (0, 1, 2, 3, 4, 5, 6)
    count: int = 5
    quiet_line: bool = False
    paused: bool = False
    prefer: tuple[str, ...] = ()
    mute: tuple[str, ...] = ()
    thread_answers: ThreadAnswers = "auto"
    clips: bool = True
    admins_only: bool = False
    trouble: str = ""
    taste_since: datetime | None = None
    next_post_at: datetime | None = None


@dataclass(frozen=True, kw_only=True)
class Subscription:
    """A channel follows a feed; episodes published before `since` are not its news (None: all wanted)."""

    channel_id: int
    feed_id: int
    since: datetime | None = None


# failing: for days now; leaving: says that it is gone for good; given_up: is no longer asked; answers: again.
NoticeState = Literal["failing", "leaving", "given_up", "answers"]


@dataclass(frozen=True, kw_only=True)
class Notice:
    """What a channel is told about one of its feeds, as worded then."""

    feed_id: int
    state: NoticeState
    text: str


@dataclass(frozen=True, kw_only=True)
class Digest:
    """What one channel gets at once, best first; unique per channel, local date and part."""

    id: int = 0
    channel_id: int
    local_date: date
    part: int = 0
    picks: tuple[Pick, ...] = ()
    notices: tuple[Notice, ...] = ()
    episodes_scanned: int = 0
    hours_scanned: float = 0.0
    created_at: datetime | None = None


@dataclass(frozen=True, kw_only=True)
class Post:
    """A digest as it stands in a channel."""

    digest_id: int
    platform: str
    channel: str
    message_id: str
    thread_id: str = ""
    posted_at: datetime


@dataclass(frozen=True, kw_only=True)
class Rating:
    """Whether a person of a channel found an insight useful; the latest word of each counts."""

    channel_id: int
    insight_id: int
    user: str
    useful: bool
    rated_at: datetime


@dataclass(frozen=True, kw_only=True)
class Rated:
    """A rating with what was rated."""

    rating: Rating
    pick: Pick


@dataclass(frozen=True, kw_only=True)
class Turn:
    """A question and its answer in the thread of a digest; `position` is the insight's number there, from
    1 (0: none in particular), `found` whether the answer says more than that it isn't said."""

    digest_id: int
    position: int
    user: str
    question: str
    answer: str
    asked_at: datetime
    found: bool = False
    provenance: Provenance = field(default_factory=Provenance)
