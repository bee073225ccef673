"""Since when a feed fails and when it is given up, and what its channels were told of it."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    with op.batch_alter_table("feed") as batch:
        for name in ("failing_since", "give_up_at"):
            batch.add_column(sa.Column(name, sa.DateTime(timezone=True), nullable=True))
    op.create_table(
        "digest_notice",
        sa.Column("digest_id", sa.Integer(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("feed_id", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("text", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("digest_id", "position", name="pk_digest_notice"),
        sa.ForeignKeyConstraint(["digest_id"], ["digest.id"], name="fk_digest_notice_digest_id"),
        sa.ForeignKeyConstraint(["feed_id"], ["feed.id"], name="fk_digest_notice_feed_id"),
    )
