"""The tables, as SQLModel classes; they stay inside bot.store (rows.py turns them into domain values)."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any, ClassVar

from sqlalchemy import BigInteger, DateTime, Dialect, Index, MetaData, UniqueConstraint
from sqlalchemy.types import TypeDecorator
from sqlmodel import Field, SQLModel


class UtcDateTime(TypeDecorator[datetime]):
    """Aware datetimes in, aware UTC out. Our own, since what sqlmodel makes of `datetime` changed over its
    versions, and a plain DateTime(timezone=True) comes back naive from SQLite."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is not None and value.tzinfo is None:
            raise ValueError("A time without a timezone can't be stored.")
        return value and value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class Table(SQLModel):
    """Our own MetaData: constraints have names, without which SQLite migrations can't touch them."""

    metadata: ClassVar[MetaData] = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s",
            "pk": "pk_%(table_name)s",
        }
    )


def _at(**options: Any) -> Any:
    return Field(default=None, sa_type=UtcDateTime, **options)


class Feed(Table, table=True):
    id: int | None = Field(default=None, primary_key=True)
    url: str = Field(unique=True)
    sealed: str
    title: str
    link: str
    language: str
    medium: str
    podcast_guid: str
    etag: str
    last_modified: str
    status: str
    checked_at: datetime | None = _at()
    next_check_at: datetime | None = _at(index=True)
    failures: int
    failing_since: datetime | None = _at()
    give_up_at: datetime | None = _at()
    error: str
    backfill: int


class Episode(Table, table=True):
    __table_args__ = (Index("ix_episode_status_feed_id", "status", "feed_id"),)

    id: int | None = Field(default=None, primary_key=True)
    feed_id: int = Field(foreign_key="feed.id", index=True)
    guid: str
    title: str
    published_at: datetime | None = _at()
    link: str
    summary: str
    enclosure_url: str | None = None
    enclosure_sealed: str
    enclosure_mime_type: str
    enclosure_length_bytes: int = Field(sa_type=BigInteger)
    duration_s: float | None = None
    transcripts: bytes
    kind: str
    language: str
    status: str
    status_reason: str
    first_seen_at: datetime | None = _at()


class Transcript(Table, table=True):
    # Covering, so that looking for unread ones never touches the pages that hold the texts.
    __table_args__ = (Index("ix_transcript_usable_episode_id", "usable", "episode_id"),)

    episode_id: int = Field(
        primary_key=True, foreign_key="episode.id", sa_column_kwargs={"autoincrement": False}
    )
    usable: bool
    duration_s: float | None = None
    content: bytes


class Reading(Table, table=True):
    episode_id: int = Field(
        primary_key=True, foreign_key="episode.id", sa_column_kwargs={"autoincrement": False}
    )
    read_at: datetime = _at(nullable=False, index=True)
    content: bytes


class Insight(Table, table=True):
    id: int | None = Field(default=None, primary_key=True)
    episode_id: int = Field(foreign_key="episode.id", index=True)
    headline: str
    text: str
    quote: str
    speaker: str
    start: float | None = None
    end: float | None = None
    score: float
    provenance: bytes
    created_at: datetime = _at(nullable=False, index=True)


class Channel(Table, table=True):
    """`prefer` and `mute` hold a topic a line."""

    __table_args__ = (UniqueConstraint("platform", "workspace", "name"),)

    id: int | None = Field(default=None, primary_key=True)
    platform: str
    workspace: str
    name: str
    title: str
    post_time: str
    timezone: str
    weekdays: str
    count: int
    quiet_line: bool
    paused: bool
    prefer: str
    mute: str
    thread_answers: str
    clips: bool
    admins_only: bool
    trouble: str
    taste_since: datetime | None = _at()
    next_post_at: datetime | None = _at(index=True)


class Subscription(Table, table=True):
    channel_id: int = Field(primary_key=True, foreign_key="channel.id")
    feed_id: int = Field(primary_key=True, foreign_key="feed.id", index=True)
    since: datetime | None = _at()


class Digest(Table, table=True):
    __table_args__ = (UniqueConstraint("channel_id", "local_date", "part"),)

    id: int | None = Field(default=None, primary_key=True)
    channel_id: int = Field(foreign_key="channel.id")
    local_date: date
    part: int
    episodes_scanned: int
    hours_scanned: float
    created_at: datetime = _at(nullable=False, index=True)


class DigestItem(Table, table=True):
    """`reasons`: what it follows and why it was chosen (NULL: from before that was kept)."""

    __tablename__ = "digest_item"

    digest_id: int = Field(primary_key=True, foreign_key="digest.id")
    position: int = Field(primary_key=True)
    insight_id: int = Field(foreign_key="insight.id", index=True)
    reasons: bytes | None = None


class DigestAlso(Table, table=True):
    """What says the same as the item at that position, in its order (`place`)."""

    __tablename__ = "digest_also"

    digest_id: int = Field(primary_key=True, foreign_key="digest.id")
    position: int = Field(primary_key=True)
    place: int = Field(primary_key=True)
    insight_id: int = Field(foreign_key="insight.id", index=True)


class DigestNotice(Table, table=True):
    __tablename__ = "digest_notice"

    digest_id: int = Field(primary_key=True, foreign_key="digest.id")
    position: int = Field(primary_key=True)
    feed_id: int = Field(foreign_key="feed.id")
    state: str
    text: str


class Post(Table, table=True):
    digest_id: int = Field(
        primary_key=True, foreign_key="digest.id", sa_column_kwargs={"autoincrement": False}
    )
    platform: str
    channel: str
    message_id: str
    thread_id: str
    posted_at: datetime = _at(nullable=False)


class Turn(Table, table=True):
    id: int | None = Field(default=None, primary_key=True)
    digest_id: int = Field(foreign_key="digest.id", index=True)
    position: int
    user: str
    question: str
    answer: str
    asked_at: datetime = _at(nullable=False, index=True)
    found: bool
    provenance: bytes


class Rating(Table, table=True):
    channel_id: int = Field(primary_key=True, foreign_key="channel.id")
    insight_id: int = Field(primary_key=True, foreign_key="insight.id", index=True)
    user: str = Field(primary_key=True)
    useful: bool
    rated_at: datetime = _at(nullable=False)


class Flag(Table, table=True):
    __table_args__ = (UniqueConstraint("channel_id", "insight_id", "user"),)

    id: int | None = Field(default=None, primary_key=True)
    channel_id: int = Field(foreign_key="channel.id")
    insight_id: int = Field(foreign_key="insight.id", index=True)
    user: str
    reason: str
    flagged_at: datetime = _at(nullable=False)
    status: str


class Erratum(Table, table=True):
    """Rows are only ever added: the latest for an insight and channel counts."""

    id: int | None = Field(default=None, primary_key=True)
    insight_id: int = Field(foreign_key="insight.id", index=True)
    channel_id: int | None = Field(default=None, foreign_key="channel.id", index=True)
    verdict: str
    reason: str
    headline: str
    text: str
    decided_at: datetime = _at(nullable=False)


class Revision(Table, table=True):
    """The outbox of edits: a decision that the post of a digest doesn't show yet."""

    digest_id: int = Field(primary_key=True, foreign_key="digest.id")
    erratum_id: int = Field(primary_key=True, foreign_key="erratum.id", index=True)


class Note(Table, table=True):
    """What has been seen: a delivery's id, a state that works once."""

    key: str = Field(primary_key=True)
    noted_at: datetime = _at(nullable=False, index=True)


class Secret(Table, table=True):
    name: str = Field(primary_key=True)
    sealed: str


class Work(Table, table=True):
    """`touched_at` is the clock of the last claim or renewal: when what it makes was made."""

    stage: str = Field(primary_key=True)
    subject: int = Field(primary_key=True)
    status: str
    attempt: int
    fence: int
    lease_until: datetime | None = _at()
    not_before: datetime | None = _at()
    error: str
    touched_at: datetime = _at(nullable=False)
