"""Errata: flags, what was decided about them, and the posts that are still to be edited."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    op.create_table(
        "flag",
        *_numbers("id", "channel_id", "insight_id"),
        *_texts("user", "reason"),
        _at("flagged_at"),
        *_texts("status"),
        sa.PrimaryKeyConstraint("id", name="pk_flag"),
        _foreign("flag", "channel"),
        _foreign("flag", "insight"),
        sa.UniqueConstraint("channel_id", "insight_id", "user", name="uq_flag_channel_id_insight_id_user"),
    )
    op.create_index("ix_flag_insight_id", "flag", ["insight_id"])
    op.create_table(
        "erratum",
        *_numbers("id", "insight_id"),
        sa.Column("channel_id", sa.Integer(), nullable=True),
        *_texts("verdict", "reason", "headline", "text"),
        _at("decided_at"),
        sa.PrimaryKeyConstraint("id", name="pk_erratum"),
        _foreign("erratum", "insight"),
        _foreign("erratum", "channel"),
    )
    op.create_index("ix_erratum_insight_id", "erratum", ["insight_id"])
    op.create_index("ix_erratum_channel_id", "erratum", ["channel_id"])
    op.create_table(
        "revision",
        *_numbers("digest_id", "erratum_id"),
        sa.PrimaryKeyConstraint("digest_id", "erratum_id", name="pk_revision"),
        _foreign("revision", "digest"),
        _foreign("revision", "erratum"),
    )
    op.create_index("ix_revision_erratum_id", "revision", ["erratum_id"])


def _numbers(*names: str) -> list[sa.Column[Any]]:
    return [sa.Column(name, sa.Integer(), nullable=False) for name in names]


def _texts(*names: str) -> list[sa.Column[Any]]:
    return [sa.Column(name, sa.String(), nullable=False) for name in names]


def _at(name: str) -> sa.Column[Any]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=False)


def _foreign(table: str, to: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint([f"{to}_id"], [f"{to}.id"], name=f"fk_{table}_{to}_id")
