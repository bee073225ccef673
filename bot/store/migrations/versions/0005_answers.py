"""Answers in threads keep whether they were found and who made them at what cost."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    # With a default for the rows that are there, which is then taken off: the models name none. What made
    # those was not noted, so that they count for no rung.
    with op.batch_alter_table("turn") as batch:
        batch.add_column(sa.Column("found", sa.Boolean(), nullable=False, server_default=sa.false()))
        nothing = sa.text(_NOTHING[op.get_bind().dialect.name])
        batch.add_column(sa.Column("provenance", sa.LargeBinary(), nullable=False, server_default=nothing))
    with op.batch_alter_table("turn") as batch:
        for name in ("found", "provenance"):
            batch.alter_column(name, server_default=None)
    op.create_index("ix_turn_asked_at", "turn", ["asked_at"])


# "{}" as bytes.
_NOTHING = {"sqlite": "x'7b7d'", "postgresql": "'\\x7b7d'::bytea"}
