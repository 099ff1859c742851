"""Keep the likes and dislikes that users stated and agreed to have remembered, next to the events."""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from typing import Any

from sqlalchemy import BigInteger, Column, Float, Integer, String, Table, bindparam, delete, select

from ...core.schemas import Preference
from ..database import METADATA, Database

MAX_KEPT = 32
TASTES = Table(
    "tastes",
    METADATA,
    Column("tenant", String(64), primary_key=True),
    Column("user_id", String(128), primary_key=True),
    Column("field", String(64), primary_key=True),
    Column("value", String(256), primary_key=True),
    Column("weight", Float, nullable=False),
    Column("reach", Float),
    Column("at_us", BigInteger, nullable=False),
)
NO_LIMIT = 2**31 - 1
_LATEST = select(TASTES).where(TASTES.c.tenant == bindparam("tenant"), TASTES.c.user_id == bindparam("user"))
_LATEST = _LATEST.order_by(TASTES.c.at_us.desc()).limit(bindparam("limit", type_=Integer))


class TasteStore:
    """The stated preferences of all tenants' users in one database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def remember(self, tenant: str, user_id: str, preferences: Sequence[Preference]) -> None:
        """Keep the preferences; a later one about the same value replaces the earlier.

        Raises:
            StoreError: the database failed.
        """
        rows = {(p.field, _text(p)): p for p in preferences}
        mine = (TASTES.c.tenant == tenant) & (TASTES.c.user_id == user_id)
        async with self._database.connect(write=True) as connection:
            for (field, value), p in rows.items():
                same = mine & (TASTES.c.field == field) & (TASTES.c.value == value)
                await connection.execute(delete(TASTES).where(same))
                about: dict[str, Any] = {"tenant": tenant, "user_id": user_id, "field": field, "value": value}
                about |= {"weight": p.weight, "reach": p.reach, "at_us": time.time_ns() // 1000}
                await connection.execute(TASTES.insert().values(about))

    async def recall(self, tenant: str, user_id: str, limit: int | None = MAX_KEPT) -> tuple[Preference, ...]:
        """Return the latest preferences, newest first; with None as ``limit`` all of them.

        Raises:
            StoreError: the database failed.
        """
        mine: dict[str, Any] = {"tenant": tenant, "user": user_id, "limit": NO_LIMIT if limit is None else limit}
        rows = await self._database.run(lambda connection: connection.execute(_LATEST, mine).all())
        return tuple(Preference(field=r.field, value=json.loads(r.value), weight=r.weight, reach=r.reach) for r in rows)

    async def forget(self, tenant: str, user_id: str, field: str | None = None) -> int:
        """Remove what is kept of a user, or only what is about a field, and return how many preferences that were.

        Raises:
            StoreError: the database failed.
        """
        mine = delete(TASTES).where(TASTES.c.tenant == tenant, TASTES.c.user_id == user_id)
        if field is not None:
            mine = mine.where(TASTES.c.field == field)
        async with self._database.connect(write=True) as connection:
            return int((await connection.execute(mine)).rowcount)

    async def close(self) -> None:
        """Close the database."""
        await self._database.close()


def _text(p: Preference) -> str:
    return json.dumps(p.value, ensure_ascii=False)
