"""Keep which items wait for a person's decision, and what was decided."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "h3"
down_revision = "h2"


def upgrade() -> None:
    """Make the table."""
    op.create_table(
        "reviews",
        sa.Column("tenant", sa.String(64), primary_key=True),
        sa.Column("item_id", sa.String(128), primary_key=True),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("findings", sa.Text, nullable=False),
        sa.Column("mark", sa.String(64), nullable=False),
        sa.Column("at_us", sa.BigInteger, nullable=False),
    )
