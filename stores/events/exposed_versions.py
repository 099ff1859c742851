"""Which released versions lists were made with, for the users that take part in a rollout: what a monitor compares."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, Column, Index, Integer, String, Table, Text, select

from ...core.learning.exposures import REQUEST_KEY, REWARDS, Exposure, VersionExposure
from ..database import METADATA, Database
from .history import EPOCH, EVENTS, MICROSECOND, micros

_KEY = BigInteger().with_variant(Integer, "sqlite")
VERSIONS = Table(
    "exposed_versions",
    METADATA,
    Column("id", _KEY, primary_key=True, autoincrement=True),
    Column("tenant", String(64), nullable=False),
    Column("request_id", String(64), nullable=False),
    Column("user_id", String(128)),
    Column("unit", String(64), nullable=False),
    Column("rollout", BigInteger, nullable=False),
    Column("name", String(64), nullable=False),
    Column("number", Integer, nullable=False),
    Column("arm", String(16), nullable=False),
    Column("measures", Text, nullable=False),
    Column("at_us", BigInteger, nullable=False),
    Index("exposed_versions_by_rollout", "tenant", "rollout", "at_us"),
    Index("exposed_versions_by_time", "tenant", "at_us"),
    Index("exposed_versions_by_request", "tenant", "request_id"),
)


def version_rows(e: Exposure) -> list[dict[str, Any]]:
    """Return a row for each rollout that the list's user takes part in."""
    shared = {
        "tenant": e.tenant,
        "request_id": e.request_id,
        "user_id": e.user_id,
        "unit": e.unit,
        "at_us": micros(e.at),
    }
    shared["measures"] = json.dumps(e.measures, separators=(",", ":"))
    return [
        {**shared, "rollout": v.rollout, "name": v.name, "number": v.number, "arm": v.arm}
        for v in e.versions
        if v.rollout is not None
    ]


async def of_rollout(
    database: Database, tenant: str, rollout: int, since: datetime | None = None
) -> list[VersionExposure]:
    """Return the lists that were made for a rollout's candidate and control since then, oldest first.

    Raises:
        StoreError: the database failed.
    """
    at = micros(since) if since else 0
    mine = (VERSIONS.c.tenant == tenant) & (VERSIONS.c.rollout == rollout) & (VERSIONS.c.at_us >= at)
    async with database.connect() as connection:
        rows = (await connection.execute(select(VERSIONS).where(mine).order_by(VERSIONS.c.id))).mappings().all()
    return [
        VersionExposure(
            **{name: row[name] for name in ("request_id", "unit", "user_id", "rollout", "name", "number", "arm")},
            at=EPOCH + row["at_us"] * MICROSECOND,
            measures=json.loads(row["measures"]),
        )
        for row in rows
    ]


async def reactions(database: Database, tenant: str, since: datetime) -> dict[str, set[str]]:
    """Return request id -> the kinds of events since then that name it: what was done with items of that list.

    Raises:
        StoreError: the database failed.
    """
    mine = (EVENTS.c.tenant == tenant) & (EVENTS.c.at_us >= micros(since)) & EVENTS.c.kind.in_(REWARDS)
    named = select(EVENTS.c.kind, EVENTS.c.context).where(mine, EVENTS.c.context.contains(REQUEST_KEY))
    async with database.connect() as connection:
        rows = (await connection.execute(named)).all()
    found: dict[str, set[str]] = {}
    for kind, context in rows:
        found.setdefault(str(json.loads(context).get(REQUEST_KEY, "")), set()).add(kind)
    return found
