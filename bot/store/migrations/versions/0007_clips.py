"""A channel may do without clips."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    # With a default for the rows that are there, which is then taken off: the models name none.
    with op.batch_alter_table("channel") as batch:
        batch.add_column(sa.Column("clips", sa.Boolean(), nullable=False, server_default=sa.true()))
    with op.batch_alter_table("channel") as batch:
        batch.alter_column("clips", server_default=None)
