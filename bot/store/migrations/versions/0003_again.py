"""What says the same beside an insight, why each was chosen, and from when on a channel's taste counts."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    op.create_table(
        "digest_also",
        *(sa.Column(name, sa.Integer(), nullable=False) for name in ("digest_id", "position", "place")),
        sa.Column("insight_id", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("digest_id", "position", "place", name="pk_digest_also"),
        sa.ForeignKeyConstraint(["digest_id"], ["digest.id"], name="fk_digest_also_digest_id"),
        sa.ForeignKeyConstraint(["insight_id"], ["insight.id"], name="fk_digest_also_insight_id"),
    )
    op.create_index("ix_digest_also_insight_id", "digest_also", ["insight_id"])
    with op.batch_alter_table("digest_item") as batch:
        batch.add_column(sa.Column("reasons", sa.LargeBinary(), nullable=True))
    with op.batch_alter_table("channel") as batch:
        batch.add_column(sa.Column("taste_since", sa.DateTime(timezone=True), nullable=True))
