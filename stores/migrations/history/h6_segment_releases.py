"""Make the table of what was released of segments."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "h6"
down_revision = "h5"


def upgrade() -> None:
    """Make the table."""
    op.create_table(
        "segment_releases",
        sa.Column("tenant", sa.String(64), primary_key=True),
        sa.Column("segment", sa.String(512), primary_key=True),
        sa.Column("period", sa.BigInteger, primary_key=True),
        sa.Column("epsilon", sa.Float, nullable=False),
        sa.Column("counts", sa.Text, nullable=False),
    )
