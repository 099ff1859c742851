"""Keep traces for some days, so that what was answered can be looked at and made again; they go with their user."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import delete, insert, select

from ...core.errors import InvalidRequestError
from ...core.schemas.traces import Trace
from ...core.settings import Settings
from ..database import Database
from ..releases.rows import micros
from .tables import TRACES


class TraceStore:
    """The traces of all tenants in one database; those older than ``retention_days`` are deleted as new ones come.

    Raises of every method:
        StoreError: the database failed.
    """

    def __init__(self, database: Database, retention_days: float) -> None:
        self._database, self._retention = database, timedelta(days=retention_days)

    @classmethod
    def at(cls, settings: Settings) -> TraceStore:
        """Return the traces that the settings name; nothing is opened yet.

        Raises:
            ConfigurationError: the database's URL is not understood.
        """
        return cls(Database(settings.releases_url, "releases", "prompts.url"), settings.traces.retention_days)

    async def aclose(self) -> None:
        """Close the database."""
        await self._database.close()

    async def expire(self) -> int:
        """Delete the traces that are too old; return how many there were."""
        if self._database.missing:
            return 0
        old = delete(TRACES).where(TRACES.c.at_us < micros(datetime.now(UTC) - self._retention))
        async with self._database.connect(write=True) as connection:
            return int((await connection.execute(old)).rowcount)

    async def keep(self, tenant: str, trace: Trace) -> None:
        """Store a trace, and delete those that are too old."""
        row = {"tenant": tenant, "request_id": trace.request_id, "user_id": trace.user_id, "at_us": micros(trace.at)}
        old = micros(datetime.now(UTC) - self._retention)
        body = trace.model_dump_json(exclude={"user_id"}, exclude_defaults=True)
        async with self._database.connect(write=True) as connection:
            await connection.execute(delete(TRACES).where(TRACES.c.at_us < old))
            await connection.execute(insert(TRACES).values(**row, trace=body))

    async def traces(self, tenant: str, limit: int = 50, user_id: str | None = None) -> list[Trace]:
        """Return the newest traces; of one user, if one is named."""
        query = select(TRACES).where(TRACES.c.tenant == tenant).order_by(TRACES.c.at_us.desc()).limit(limit)
        return await self._read(query if user_id is None else query.where(TRACES.c.user_id == user_id))

    async def trace(self, tenant: str, request_id: str) -> Trace:
        """Return one trace.

        Raises:
            InvalidRequestError: there is none of that answer.
        """
        found = await self._read(select(TRACES).where(TRACES.c.tenant == tenant, TRACES.c.request_id == request_id))
        if not found:
            why = (
                f"no trace is kept of {request_id[:64]!r}; the setting traces.enabled keeps those of a server's answers"
            )
            raise InvalidRequestError("request_id", why)
        return found[0]

    async def erase(self, tenant: str, user_id: str) -> int:
        """Delete the traces of a user; return how many there were."""
        if self._database.missing:
            return 0
        mine = (TRACES.c.tenant == tenant, TRACES.c.user_id == user_id)
        async with self._database.connect(write=True) as connection:
            gone = int((await connection.execute(delete(TRACES).where(*mine))).rowcount)
        if gone:
            await self._database.purge()
        return gone

    async def _read(self, query: Any) -> list[Trace]:
        if self._database.missing:
            return []
        async with self._database.connect() as connection:
            rows = list((await connection.execute(query)).mappings())
        return [Trace.model_validate_json(r["trace"]).model_copy(update={"user_id": r["user_id"]}) for r in rows]
