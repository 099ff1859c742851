"""Keep users' events in SQLite or PostgreSQL through SQLAlchemy, one row per event, separate by tenant."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import (
    BigInteger,
    Column,
    Float,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
    and_,
    event,
    func,
    select,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, NoSuchModuleError, SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from ...core.errors import ConfigurationError, StoreError
from ...core.learning.event_meaning import opinion
from ...core.redaction import redact
from ...core.schemas import Event, HistoryProfile

BUSY_TIMEOUT_MS = 10_000
PAGE_ROWS = 20_000
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)
_METADATA = MetaData()
EVENTS = Table(
    "events",
    _METADATA,
    Column("id", BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=True),
    Column("tenant", String(64), nullable=False),
    Column("user_id", String(128), nullable=False),
    Column("item_id", String(128), nullable=False),
    Column("kind", String(16), nullable=False),
    Column("at_us", BigInteger, nullable=False),
    Column("value", Float),
    Column("context", Text, nullable=False),
    UniqueConstraint("tenant", "user_id", "item_id", "kind", "at_us", name="events_natural_key"),
    Index("events_by_user", "tenant", "user_id", "at_us"),
)
_OPINIONS = ("like", "dislike", "purchase", "rating")


class SqlHistory:
    """Events of one tenant's users; several processes may read and write at once. Implements ``protocols.History``."""

    def __init__(self, engine: AsyncEngine, tenant: str) -> None:
        self._engine = engine
        self._tenant = tenant

    @classmethod
    async def open(cls, url: str, tenant: str = "default") -> SqlHistory:
        """Connect to ``url`` (``sqlite+aiosqlite:///FILE`` or ``postgresql+asyncpg://...``) and create missing tables.

        Raises:
            ConfigurationError: the URL is not understood or its driver is missing.
            StoreError: the database cannot be reached.
        """
        try:
            parsed = make_url(url)
            engine = await prepare_sqlite(create_async_engine(parsed))
        except (ArgumentError, NoSuchModuleError, ImportError) as error:
            wanted = "sqlite+aiosqlite:///FILE or postgresql+asyncpg://USER@HOST/NAME (extra: tastemaker[postgres])"
            raise ConfigurationError(f"history.url is not usable, expected {wanted}") from error
        except OSError as error:
            raise StoreError(f"cannot make the history's folder: {error.strerror}") from error
        history = cls(engine, tenant)
        async with history._connect(write=True) as connection:
            await connection.run_sync(_METADATA.create_all)
        return history

    async def add(self, events: Sequence[Event]) -> int:
        """Store ``events`` in one transaction and return how many were new; one with the same key is left as it is."""
        unique = {(e.user_id, e.item_id, e.kind, micros(e.at)): e for e in events}
        if not unique:
            return 0
        rows = [self._row(e) for e in unique.values()]
        dialect: Any = postgresql if self._engine.dialect.name == "postgresql" else sqlite
        insert = dialect.insert(EVENTS).on_conflict_do_nothing().returning(EVENTS.c.id)
        async with self._connect(write=True) as connection:
            return len((await connection.execute(insert, rows)).all())

    async def profile(self, user_id: str, limit: int = 200) -> HistoryProfile:
        """Return what is known of ``user_id``: the latest ``limit`` events and, over all events, what was consumed.

        ``liked`` (newest first) and ``disliked`` follow the user's latest opinion of each item: a like, a purchase or a
        rating of at least 4, against a dislike or a rating of at most 2.
        """
        mine = and_(EVENTS.c.tenant == self._tenant, EVENTS.c.user_id == user_id)
        newest = (EVENTS.c.at_us.desc(), EVENTS.c.id.desc())
        opinions = select(EVENTS.c.item_id, EVENTS.c.kind, EVENTS.c.value).where(mine, EVENTS.c.kind.in_(_OPINIONS))
        async with self._connect() as connection:
            latest = (await connection.execute(select(EVENTS).where(mine).order_by(*newest).limit(limit))).all()
            if len(latest) < limit:
                judged = [(r.item_id, r.kind, r.value) for r in latest if r.kind in _OPINIONS]
            else:
                judged = [tuple(r) for r in (await connection.execute(opinions.order_by(*newest))).all()]
        liked, disliked = _opinions(judged)
        return HistoryProfile(
            user_id=user_id,
            known=bool(latest),
            events=tuple(_event(r) for r in latest),
            consumed=frozenset(item_id for item_id, kind, _ in judged if kind in ("purchase", "rating")),
            liked=liked,
            disliked=disliked,
        )

    async def all_events(self, since_id: int = 0, limit: int = 1_000_000) -> list[Event]:
        """Return up to ``limit`` events stored after ``version()`` was ``since_id``, in the order they were stored."""
        query = select(EVENTS).where(EVENTS.c.tenant == self._tenant, EVENTS.c.id > since_id)
        async with self._connect() as connection:
            rows = (await connection.execute(query.order_by(EVENTS.c.id).limit(limit))).all()
        return await asyncio.to_thread(lambda: [_event(r) for r in rows])

    async def pages(self, since_id: int = 0, size: int = PAGE_ROWS) -> AsyncIterator[list[Any]]:
        """Yield the events stored after ``version()`` was ``since_id``, in the order they were stored, ``size`` at a time.

        Each is a row with the attributes id, user_id, item_id, kind, at_us (microseconds since 1970), value and context (JSON).
        """
        columns = [EVENTS.c[n] for n in ("id", "user_id", "item_id", "kind", "at_us", "value", "context")]
        last = since_id
        while True:
            query = select(*columns).where(EVENTS.c.tenant == self._tenant, EVENTS.c.id > last)
            async with self._connect() as connection:
                rows = list((await connection.execute(query.order_by(EVENTS.c.id).limit(size))).all())
            if rows:
                yield rows
                last = rows[-1].id
            if len(rows) < size:
                return

    async def version(self) -> int:
        """Return a number that grows whenever an event is added; 0 when there is none."""
        query = select(func.max(EVENTS.c.id)).where(EVENTS.c.tenant == self._tenant)
        async with self._connect() as connection:
            return int((await connection.execute(query)).scalar() or 0)

    async def close(self) -> None:
        """Close every connection."""
        await self._engine.dispose()

    def _row(self, item: Event) -> dict[str, Any]:
        return {
            "tenant": self._tenant,
            "user_id": item.user_id,
            "item_id": item.item_id,
            "kind": item.kind,
            "at_us": micros(item.at),
            "value": item.value,
            "context": json.dumps(item.context, ensure_ascii=False, sort_keys=True),
        }

    @asynccontextmanager
    async def _connect(self, *, write: bool = False) -> AsyncIterator[AsyncConnection]:
        try:
            async with self._engine.begin() if write else self._engine.connect() as connection:
                yield connection
        except (SQLAlchemyError, OSError) as error:
            reason = redact(str(getattr(error, "orig", None) or type(error).__name__))[:200]
            raise StoreError(f"the history database failed; check history.url: {reason}") from error


async def prepare_sqlite(engine: AsyncEngine) -> AsyncEngine:
    """Make the file's folder and let several processes read and write at once; leave any other database alone."""
    if engine.dialect.name == "sqlite":
        if engine.url.database not in (None, "", ":memory:"):
            await asyncio.to_thread(_make_folder, str(engine.url.database))
        event.listen(engine.sync_engine, "connect", _tune_sqlite)
    return engine


def _make_folder(file: str) -> None:
    Path(file).parent.mkdir(parents=True, exist_ok=True)


def _opinions(judged: Sequence[tuple[str, str, float | None]]) -> tuple[tuple[str, ...], frozenset[str]]:
    latest: dict[str, bool | None] = {}
    for item_id, kind, value in judged:
        latest.setdefault(item_id, opinion(kind, value))
    liked = tuple(i for i, good in latest.items() if good)
    return liked, frozenset(i for i, good in latest.items() if good is False)


def micros(at: datetime) -> int:
    """Return microseconds since 1970 in UTC; a time without a zone is taken as UTC."""
    aware = at if at.tzinfo else at.replace(tzinfo=UTC)
    return (aware - EPOCH) // MICROSECOND


def _event(row: Any) -> Event:
    return Event.model_construct(
        user_id=row.user_id,
        item_id=row.item_id,
        kind=row.kind,
        at=EPOCH + row.at_us * MICROSECOND,
        value=row.value,
        context={} if row.context == "{}" else json.loads(row.context),
    )


def _tune_sqlite(connection: Any, _record: Any) -> None:
    cursor = connection.cursor()
    for pragma in (f"busy_timeout={BUSY_TIMEOUT_MS}", "journal_mode=WAL", "synchronous=NORMAL"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()
