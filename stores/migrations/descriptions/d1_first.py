"""Make the table of words as it was first; it stays as it is where it is there already."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "d1"
down_revision = None
_TABLES = sa.MetaData()
sa.Table(
    "descriptions",
    _TABLES,
    sa.Column("tenant", sa.String(64), primary_key=True),
    sa.Column("kind", sa.String(8), primary_key=True),
    sa.Column("key", sa.String(128), primary_key=True),
    sa.Column("digest", sa.String(32), nullable=False),
    sa.Column("words", sa.Text, nullable=False),
)


def upgrade() -> None:
    """Make what is missing."""
    _TABLES.create_all(op.get_bind())
