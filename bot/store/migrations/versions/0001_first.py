"""The first schema."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    _feeds()
    _library()
    _channels()
    _digests()
    _work()


def _feeds() -> None:
    op.create_table(
        "feed",
        sa.Column("id", sa.Integer(), nullable=False),
        *_texts("url", "sealed", "title", "link", "language", "medium", "podcast_guid", "etag"),
        *_texts("last_modified", "status"),
        _at("checked_at"),
        _at("next_check_at"),
        sa.Column("failures", sa.Integer(), nullable=False),
        *_texts("error"),
        sa.Column("backfill", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_feed"),
        sa.UniqueConstraint("url", name="uq_feed_url"),
    )
    op.create_index("ix_feed_next_check_at", "feed", ["next_check_at"])
    op.create_table(
        "episode",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("feed_id", sa.Integer(), nullable=False),
        *_texts("guid", "title"),
        _at("published_at"),
        *_texts("link", "summary"),
        sa.Column("enclosure_url", sa.String(), nullable=True),
        *_texts("enclosure_sealed", "enclosure_mime_type"),
        sa.Column("enclosure_length_bytes", sa.BigInteger(), nullable=False),
        sa.Column("duration_s", sa.Float(), nullable=True),
        sa.Column("transcripts", sa.LargeBinary(), nullable=False),
        *_texts("kind", "language", "status", "status_reason"),
        _at("first_seen_at"),
        sa.PrimaryKeyConstraint("id", name="pk_episode"),
        _foreign("episode", "feed"),
    )
    op.create_index("ix_episode_feed_id", "episode", ["feed_id"])
    op.create_index("ix_episode_status_feed_id", "episode", ["status", "feed_id"])


def _library() -> None:
    op.create_table(
        "transcript",
        sa.Column("episode_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("usable", sa.Boolean(), nullable=False),
        sa.Column("duration_s", sa.Float(), nullable=True),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("episode_id", name="pk_transcript"),
        _foreign("transcript", "episode"),
    )
    op.create_index("ix_transcript_usable_episode_id", "transcript", ["usable", "episode_id"])
    op.create_table(
        "reading",
        sa.Column("episode_id", sa.Integer(), autoincrement=False, nullable=False),
        _at("read_at", nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("episode_id", name="pk_reading"),
        _foreign("reading", "episode"),
    )
    op.create_index("ix_reading_read_at", "reading", ["read_at"])
    op.create_table(
        "insight",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("episode_id", sa.Integer(), nullable=False),
        *_texts("headline", "text", "quote", "speaker"),
        sa.Column("start", sa.Float(), nullable=True),
        sa.Column("end", sa.Float(), nullable=True),
        sa.Column("score", sa.Float(), nullable=False),
        sa.Column("provenance", sa.LargeBinary(), nullable=False),
        _at("created_at", nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_insight"),
        _foreign("insight", "episode"),
    )
    op.create_index("ix_insight_episode_id", "insight", ["episode_id"])
    op.create_index("ix_insight_created_at", "insight", ["created_at"])


def _channels() -> None:
    op.create_table(
        "channel",
        sa.Column("id", sa.Integer(), nullable=False),
        *_texts("platform", "name", "post_time", "timezone", "weekdays"),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.Column("quiet_line", sa.Boolean(), nullable=False),
        sa.Column("paused", sa.Boolean(), nullable=False),
        _at("next_post_at"),
        sa.PrimaryKeyConstraint("id", name="pk_channel"),
        sa.UniqueConstraint("platform", "name", name="uq_channel_platform_name"),
    )
    op.create_index("ix_channel_next_post_at", "channel", ["next_post_at"])
    op.create_table(
        "subscription",
        sa.Column("channel_id", sa.Integer(), nullable=False),
        sa.Column("feed_id", sa.Integer(), nullable=False),
        _at("since"),
        sa.PrimaryKeyConstraint("channel_id", "feed_id", name="pk_subscription"),
        _foreign("subscription", "channel"),
        _foreign("subscription", "feed"),
    )
    op.create_index("ix_subscription_feed_id", "subscription", ["feed_id"])


def _digests() -> None:
    op.create_table(
        "digest",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("channel_id", sa.Integer(), nullable=False),
        sa.Column("local_date", sa.Date(), nullable=False),
        sa.Column("part", sa.Integer(), nullable=False),
        sa.Column("episodes_scanned", sa.Integer(), nullable=False),
        sa.Column("hours_scanned", sa.Float(), nullable=False),
        _at("created_at", nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_digest"),
        sa.UniqueConstraint("channel_id", "local_date", "part", name="uq_digest_channel_id_local_date_part"),
        _foreign("digest", "channel"),
    )
    op.create_index("ix_digest_created_at", "digest", ["created_at"])
    op.create_table(
        "digest_item",
        sa.Column("digest_id", sa.Integer(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("insight_id", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("digest_id", "position", name="pk_digest_item"),
        _foreign("digest_item", "digest"),
        _foreign("digest_item", "insight"),
    )
    op.create_index("ix_digest_item_insight_id", "digest_item", ["insight_id"])
    op.create_table(
        "post",
        sa.Column("digest_id", sa.Integer(), autoincrement=False, nullable=False),
        *_texts("platform", "channel", "message_id", "thread_id"),
        _at("posted_at", nullable=False),
        sa.PrimaryKeyConstraint("digest_id", name="pk_post"),
        _foreign("post", "digest"),
    )


def _work() -> None:
    op.create_table(
        "work",
        sa.Column("stage", sa.String(), nullable=False),
        sa.Column("subject", sa.Integer(), autoincrement=False, nullable=False),
        *_texts("status"),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("fence", sa.Integer(), nullable=False),
        _at("lease_until"),
        _at("not_before"),
        *_texts("error"),
        _at("touched_at", nullable=False),
        sa.PrimaryKeyConstraint("stage", "subject", name="pk_work"),
    )


def _texts(*names: str) -> list[sa.Column[Any]]:
    return [sa.Column(name, sa.String(), nullable=False) for name in names]


def _at(name: str, *, nullable: bool = True) -> sa.Column[Any]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable)


def _foreign(table: str, to: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint([f"{to}_id"], [f"{to}.id"], name=f"fk_{table}_{to}_id")
