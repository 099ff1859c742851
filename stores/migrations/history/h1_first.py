"""Make the tables as they were before databases had versions; those that are there already stay as they are."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "h1"
down_revision = None
_TABLES = sa.MetaData()
_KEY = sa.BigInteger().with_variant(sa.Integer, "sqlite")
sa.Table(
    "events",
    _TABLES,
    sa.Column("id", _KEY, primary_key=True, autoincrement=True),
    sa.Column("tenant", sa.String(64), nullable=False),
    sa.Column("user_id", sa.String(128), nullable=False),
    sa.Column("item_id", sa.String(128), nullable=False),
    sa.Column("kind", sa.String(16), nullable=False),
    sa.Column("at_us", sa.BigInteger, nullable=False),
    sa.Column("value", sa.Float),
    sa.Column("context", sa.Text, nullable=False),
    sa.UniqueConstraint("tenant", "user_id", "item_id", "kind", "at_us", name="events_natural_key"),
    sa.Index("events_by_user", "tenant", "user_id", "at_us"),
)
sa.Table(
    "exposures",
    _TABLES,
    sa.Column("id", _KEY, primary_key=True, autoincrement=True),
    sa.Column("tenant", sa.String(64), nullable=False),
    sa.Column("request_id", sa.String(64), nullable=False),
    sa.Column("user_id", sa.String(128)),
    sa.Column("policy", sa.String(128), nullable=False),
    sa.Column("at_us", sa.BigInteger, nullable=False),
    sa.Column("drawn", sa.Text, nullable=False),
    sa.Index("exposures_by_time", "tenant", "at_us"),
)
sa.Table(
    "exposed_items",
    _TABLES,
    sa.Column("id", _KEY, primary_key=True, autoincrement=True),
    sa.Column("tenant", sa.String(64), nullable=False),
    sa.Column("request_id", sa.String(64), nullable=False),
    sa.Column("item_id", sa.String(128), nullable=False),
    sa.Column("place", sa.Integer, nullable=False),
    sa.Column("propensity", sa.Float, nullable=False),
    sa.Column("at_us", sa.BigInteger, nullable=False),
    sa.Index("exposed_items_by_item", "tenant", "item_id"),
    sa.Index("exposed_items_by_time", "tenant", "at_us"),
)
sa.Table(
    "exposed_sources",
    _TABLES,
    sa.Column("id", _KEY, primary_key=True, autoincrement=True),
    sa.Column("tenant", sa.String(64), nullable=False),
    sa.Column("request_id", sa.String(64), nullable=False),
    sa.Column("ranks", sa.Text, nullable=False),
    sa.Column("at_us", sa.BigInteger, nullable=False),
    sa.Index("exposed_sources_by_time", "tenant", "at_us"),
)
sa.Table(
    "tastes",
    _TABLES,
    sa.Column("tenant", sa.String(64), primary_key=True),
    sa.Column("user_id", sa.String(128), primary_key=True),
    sa.Column("field", sa.String(64), primary_key=True),
    sa.Column("value", sa.String(256), primary_key=True),
    sa.Column("weight", sa.Float, nullable=False),
    sa.Column("reach", sa.Float),
    sa.Column("at_us", sa.BigInteger, nullable=False),
)


def upgrade() -> None:
    """Make what is missing."""
    _TABLES.create_all(op.get_bind())
