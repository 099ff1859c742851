"""Keep the likes and dislikes that users stated and agreed to have remembered, next to the events."""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from typing import Any

from sqlalchemy import BigInteger, Column, Float, MetaData, String, Table, delete, select
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from ...core.errors import StoreError
from ...core.redaction import redact
from ...core.schemas import Preference
from .history import prepare_sqlite

MAX_KEPT = 32
_METADATA = MetaData()
TASTES = Table(
    "tastes",
    _METADATA,
    Column("tenant", String(64), primary_key=True),
    Column("user_id", String(128), primary_key=True),
    Column("field", String(64), primary_key=True),
    Column("value", String(256), primary_key=True),
    Column("weight", Float, nullable=False),
    Column("reach", Float),
    Column("at_us", BigInteger, nullable=False),
)


class TasteStore:
    """The stated preferences of all tenants' users in one database, which opens on first use."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._engine: AsyncEngine | None = None

    async def remember(self, tenant: str, user_id: str, preferences: Sequence[Preference]) -> None:
        """Keep the preferences; a later one about the same value replaces the earlier.

        Raises:
            StoreError: the database failed.
        """
        rows = {(p.field, _text(p)): p for p in preferences}
        mine = (TASTES.c.tenant == tenant) & (TASTES.c.user_id == user_id)
        try:
            async with (await self._opened()).begin() as connection:
                for (field, value), p in rows.items():
                    same = mine & (TASTES.c.field == field) & (TASTES.c.value == value)
                    await connection.execute(delete(TASTES).where(same))
                    about: dict[str, Any] = {"tenant": tenant, "user_id": user_id, "field": field, "value": value}
                    about |= {"weight": p.weight, "reach": p.reach, "at_us": time.time_ns() // 1000}
                    await connection.execute(TASTES.insert().values(about))
        except (SQLAlchemyError, OSError, ImportError) as error:
            raise _failure(error) from error

    async def recall(self, tenant: str, user_id: str) -> tuple[Preference, ...]:
        """Return the ``MAX_KEPT`` latest preferences, newest first.

        Raises:
            StoreError: the database failed.
        """
        mine = select(TASTES).where(TASTES.c.tenant == tenant, TASTES.c.user_id == user_id)
        try:
            async with (await self._opened()).connect() as connection:
                rows = (await connection.execute(mine.order_by(TASTES.c.at_us.desc()).limit(MAX_KEPT))).all()
        except (SQLAlchemyError, OSError, ImportError) as error:
            raise _failure(error) from error
        return tuple(Preference(field=r.field, value=json.loads(r.value), weight=r.weight, reach=r.reach) for r in rows)

    async def forget(self, tenant: str, user_id: str) -> None:
        """Remove everything kept of a user.

        Raises:
            StoreError: the database failed.
        """
        try:
            async with (await self._opened()).begin() as connection:
                mine = delete(TASTES).where(TASTES.c.tenant == tenant, TASTES.c.user_id == user_id)
                await connection.execute(mine)
        except (SQLAlchemyError, OSError, ImportError) as error:
            raise _failure(error) from error

    async def close(self) -> None:
        """Close the connections."""
        if self._engine is not None:
            await self._engine.dispose()
            self._engine = None

    async def _opened(self) -> AsyncEngine:
        if self._engine is None:
            engine = await prepare_sqlite(create_async_engine(self._url))
            async with engine.begin() as connection:
                await connection.run_sync(_METADATA.create_all)
            self._engine = engine
        return self._engine


def _text(p: Preference) -> str:
    return json.dumps(p.value, ensure_ascii=False)


def _failure(error: Exception) -> StoreError:
    reason = redact(str(getattr(error, "orig", None) or type(error).__name__))[:200]
    return StoreError(f"the remembered preferences failed; check history.url: {reason}")
