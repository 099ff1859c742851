"""Make the words about items searchable: SQLite's FTS5 with Porter stems."""

from __future__ import annotations

from alembic import op

revision = "d2"
down_revision = "d1"


def upgrade() -> None:
    """Make the search table and fill it, where it is not there already."""
    op.execute(
        "CREATE VIRTUAL TABLE IF NOT EXISTS described USING fts5(tenant UNINDEXED, item_id UNINDEXED, words,"
        " tokenize = 'porter unicode61')"
    )
    op.execute(
        "INSERT INTO described SELECT tenant, key, words FROM descriptions WHERE kind = 'item'"
        " AND NOT EXISTS (SELECT 1 FROM described)"
    )
