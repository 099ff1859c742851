"""Make the table of the released versions that lists were made with."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "h4"
down_revision = "h3"


def upgrade() -> None:
    """Make the table."""
    key = sa.BigInteger().with_variant(sa.Integer, "sqlite")
    op.create_table(
        "exposed_versions",
        sa.Column("id", key, primary_key=True, autoincrement=True),
        sa.Column("tenant", sa.String(64), nullable=False),
        sa.Column("request_id", sa.String(64), nullable=False),
        sa.Column("user_id", sa.String(128)),
        sa.Column("unit", sa.String(64), nullable=False),
        sa.Column("rollout", sa.BigInteger, nullable=False),
        sa.Column("name", sa.String(64), nullable=False),
        sa.Column("number", sa.Integer, nullable=False),
        sa.Column("arm", sa.String(16), nullable=False),
        sa.Column("measures", sa.Text, nullable=False),
        sa.Column("at_us", sa.BigInteger, nullable=False),
    )
    op.create_index("exposed_versions_by_rollout", "exposed_versions", ["tenant", "rollout", "at_us"])
    op.create_index("exposed_versions_by_time", "exposed_versions", ["tenant", "at_us"])
    op.create_index("exposed_versions_by_request", "exposed_versions", ["tenant", "request_id"])
