"""Count how often events were taken away, and find the old ones fast."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "h5"
down_revision = "h4"


def upgrade() -> None:
    """Make the table and the index."""
    op.create_table(
        "erasures",
        sa.Column("tenant", sa.String(64), primary_key=True),
        sa.Column("count", sa.BigInteger, nullable=False),
    )
    op.create_index("events_by_time", "events", ["at_us"])
