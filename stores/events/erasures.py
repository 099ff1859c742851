"""Count how often events were taken away, so that every process that has read them learns that it holds what is no more."""

from __future__ import annotations

from typing import Any

from sqlalchemy import BigInteger, Column, String, Table, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import Connection

from ..database import METADATA

ALL_TENANTS = ""
ERASURES = Table(
    "erasures",
    METADATA,
    Column("tenant", String(64), primary_key=True),
    Column("count", BigInteger, nullable=False),
)


def count_erasure(connection: Connection, tenant: str) -> None:
    """Count that events of a tenant, or of all, are taken away in this transaction."""
    dialect: Any = postgresql if connection.dialect.name == "postgresql" else sqlite
    first = dialect.insert(ERASURES).values(tenant=tenant, count=1)
    connection.execute(first.on_conflict_do_update(index_elements=["tenant"], set_={"count": ERASURES.c.count + 1}))


def erasures_of(connection: Connection, tenant: str) -> int:
    """Return how often events that may be a tenant's were taken away."""
    counts = select(ERASURES.c.count).where(ERASURES.c.tenant.in_((tenant, ALL_TENANTS)))
    return sum(connection.execute(counts).scalars())
