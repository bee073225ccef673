"""What chat platforms need: workspaces, taste and trouble of channels, threads, ratings, notes, secrets."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    _channels()
    _threads()
    op.create_table(
        "note",
        sa.Column("key", sa.String(), nullable=False),
        _at("noted_at"),
        sa.PrimaryKeyConstraint("key", name="pk_note"),
    )
    op.create_index("ix_note_noted_at", "note", ["noted_at"])
    op.create_table(
        "secret",
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("sealed", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_secret"),
    )


def _channels() -> None:
    # With a default for the rows that are there, which is then taken off: the models name none.
    given = {"workspace": "", "title": "", "prefer": "", "mute": "", "thread_answers": "auto", "trouble": ""}
    with op.batch_alter_table("channel") as batch:
        for name, value in given.items():
            batch.add_column(sa.Column(name, sa.String(), nullable=False, server_default=value))
        batch.add_column(sa.Column("admins_only", sa.Boolean(), nullable=False, server_default=sa.false()))
        batch.drop_constraint("uq_channel_platform_name", type_="unique")
        batch.create_unique_constraint(
            "uq_channel_platform_workspace_name", ["platform", "workspace", "name"]
        )
    with op.batch_alter_table("channel") as batch:
        for name in (*given, "admins_only"):
            batch.alter_column(name, server_default=None)


def _threads() -> None:
    op.create_table(
        "turn",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("digest_id", sa.Integer(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        *(sa.Column(name, sa.String(), nullable=False) for name in ("user", "question", "answer")),
        _at("asked_at"),
        sa.PrimaryKeyConstraint("id", name="pk_turn"),
        sa.ForeignKeyConstraint(["digest_id"], ["digest.id"], name="fk_turn_digest_id"),
    )
    op.create_index("ix_turn_digest_id", "turn", ["digest_id"])
    op.create_table(
        "rating",
        sa.Column("channel_id", sa.Integer(), nullable=False),
        sa.Column("insight_id", sa.Integer(), nullable=False),
        sa.Column("user", sa.String(), nullable=False),
        sa.Column("useful", sa.Boolean(), nullable=False),
        _at("rated_at"),
        sa.PrimaryKeyConstraint("channel_id", "insight_id", "user", name="pk_rating"),
        sa.ForeignKeyConstraint(["channel_id"], ["channel.id"], name="fk_rating_channel_id"),
        sa.ForeignKeyConstraint(["insight_id"], ["insight.id"], name="fk_rating_insight_id"),
    )
    op.create_index("ix_rating_insight_id", "rating", ["insight_id"])


def _at(name: str) -> Any:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=False)
