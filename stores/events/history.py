"""Keep users' events in SQLite or PostgreSQL through SQLAlchemy, one row per event, separate by tenant."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

from sqlalchemy import (
    BigInteger,
    Column,
    Float,
    Index,
    Integer,
    String,
    Table,
    Text,
    UniqueConstraint,
    and_,
    bindparam,
    delete,
    func,
    select,
    text,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import Connection
from sqlalchemy.ext.asyncio import AsyncConnection

from ...core.errors import StoreError
from ...core.learning.event_meaning import opinion
from ...core.schemas import Event, HistoryProfile
from ..database import METADATA, Database

PAGE_ROWS = 20_000
REPEAT_S = 60.0
"""An event sent without its time and id is a repeat if the user's latest event with the item is the same and so many seconds old."""
USERS_AT_ONCE = 500
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)
EVENTS = Table(
    "events",
    METADATA,
    Column("id", BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=True),
    Column("tenant", String(64), nullable=False),
    Column("user_id", String(128), nullable=False),
    Column("item_id", String(128), nullable=False),
    Column("kind", String(16), nullable=False),
    Column("at_us", BigInteger, nullable=False),
    Column("value", Float),
    Column("context", Text, nullable=False),
    Column("event_id", String(64)),
    UniqueConstraint("tenant", "user_id", "item_id", "kind", "at_us", name="events_natural_key"),
    Index("events_by_user", "tenant", "user_id", "at_us"),
    Index("events_by_tenant", "tenant", "id"),
    Index("events_by_event_id", "tenant", "event_id", unique=True),
    Index("events_by_time", "at_us"),
)
ALL_TENANTS = ""
ERASURES = Table(
    "erasures",
    METADATA,
    Column("tenant", String(64), primary_key=True),
    Column("count", BigInteger, nullable=False),
)
"""How often events were taken away, of one tenant or of all, so that every process that has read them learns of it."""
_OPINIONS = ("like", "dislike", "purchase", "rating")
_OF_USER = and_(EVENTS.c.tenant == bindparam("tenant"), EVENTS.c.user_id == bindparam("user"))
_NEWEST = (EVENTS.c.at_us.desc(), EVENTS.c.id.desc())
_LATEST = select(EVENTS).where(_OF_USER).order_by(*_NEWEST).limit(bindparam("limit", type_=Integer))
_JUDGED = select(EVENTS.c.item_id, EVENTS.c.kind, EVENTS.c.value).where(_OF_USER, EVENTS.c.kind.in_(_OPINIONS))
_JUDGED = _JUDGED.order_by(*_NEWEST)


class SqlHistory:
    """Events of one tenant's users in ``database``. Implements ``protocols.History``.

    Within a tenant, ids grow in the order in which events can be read, so that who has read up to an id misses none.
    """

    def __init__(self, database: Database, tenant: str, *, own: bool = False) -> None:
        self._database = database
        self._tenant = tenant
        self._own = own

    @classmethod
    async def open(cls, url: str, tenant: str = "default") -> SqlHistory:
        """Open a database of its own at ``url``, which ``close`` closes.

        Raises:
            ConfigurationError: the URL is not understood or its driver is missing.
            StoreError: the database cannot be reached.
        """
        history = cls(Database(url), tenant, own=True)
        try:
            async with history._database.connect():
                return history
        except StoreError:
            await history.close()
            raise

    async def add(self, events: Sequence[Event]) -> int:
        """Store ``events`` in one transaction and return how many were new.

        An event whose ``event_id``, or whose user, item, kind and time, are stored already is left out. So is one that was sent
        without its time (``at``) and ``event_id`` if it repeats the user's latest event with the item within ``REPEAT_S`` seconds:
        a client that got no answer can send it again.
        """
        if not events:
            return 0
        dialect: Any = postgresql if self._database.dialect == "postgresql" else sqlite
        insert = dialect.insert(EVENTS).on_conflict_do_nothing().returning(EVENTS.c.id)
        async with self._database.connect(write=True) as connection:
            if self._database.dialect == "postgresql":
                lock = text("SELECT pg_advisory_xact_lock(hashtextextended(:tenant, 0))")
                await connection.execute(lock, {"tenant": self._tenant})
            rows = [self._row(e) for e in await self._without_repeats(events, connection)]
            return len((await connection.execute(insert, rows)).all()) if rows else 0

    async def _without_repeats(self, events: Sequence[Event], connection: AsyncConnection) -> list[Event]:
        timeless = [e for e in events if "at" not in e.model_fields_set and e.event_id is None]
        if not timeless:
            return list(events)
        latest: dict[tuple[str, str], tuple[Any, ...]] = {}
        since = micros(min(e.at for e in timeless)) - int(REPEAT_S * 1e6)
        known = select(EVENTS).where(EVENTS.c.tenant == self._tenant, EVENTS.c.at_us >= since)
        known = known.order_by(EVENTS.c.at_us, EVENTS.c.id)
        users = sorted({e.user_id for e in timeless})
        for start in range(0, len(users), USERS_AT_ONCE):
            some = known.where(EVENTS.c.user_id.in_(users[start : start + USERS_AT_ONCE]))
            for r in await connection.execute(some):
                latest[r.user_id, r.item_id] = (r.kind, r.value, r.context)
        kept = []
        for e in events:
            about, said = (e.user_id, e.item_id), (e.kind, e.value, _context(e))
            if "at" in e.model_fields_set or e.event_id is not None or latest.get(about) != said:
                kept.append(e)
                latest[about] = said
        return kept

    async def profile(self, user_id: str, limit: int = 200) -> HistoryProfile:
        """Return what is known of ``user_id``: the latest ``limit`` events and, over all events, what was consumed.

        ``liked`` (newest first) and ``disliked`` follow the user's latest opinion of each item: a like, a purchase or a
        rating of at least 4, against a dislike or a rating of at most 2.
        """
        mine = {"tenant": self._tenant, "user": user_id}

        def read(connection: Connection) -> HistoryProfile:
            latest = connection.execute(_LATEST, {**mine, "limit": limit}).all()
            if len(latest) < limit:
                judged = [(r.item_id, r.kind, r.value) for r in latest if r.kind in _OPINIONS]
            else:
                judged = [(i, kind, value) for i, kind, value in connection.execute(_JUDGED, mine)]
            liked, disliked = _opinions(judged)
            return HistoryProfile(
                user_id=user_id,
                known=bool(latest),
                events=tuple(_event(r) for r in latest),
                consumed=frozenset(item_id for item_id, kind, _ in judged if kind in ("purchase", "rating")),
                liked=liked,
                disliked=disliked,
            )

        return await self._database.run(read)

    async def of_user(self, user_id: str) -> list[dict[str, Any]]:
        """Return all that is kept of a user's events, oldest first, for the user to see."""
        mine = select(EVENTS).where(EVENTS.c.tenant == self._tenant, EVENTS.c.user_id == user_id)
        async with self._database.connect() as connection:
            rows = (await connection.execute(mine.order_by(EVENTS.c.at_us, EVENTS.c.id))).all()
        return [{**_event(r).model_dump(mode="json", exclude={"user_id"}), "event_id": r.event_id} for r in rows]

    async def erase(self, user_id: str) -> int:
        """Remove a user's events and return how many there were."""
        mine = delete(EVENTS).where(EVENTS.c.tenant == self._tenant, EVENTS.c.user_id == user_id)

        def take_away(connection: Connection) -> int:
            count = int(connection.execute(mine).rowcount)
            if count:
                count_erasure(connection, self._tenant)
            return count

        count = await self._database.run(take_away, write=True)
        await self._database.purge()
        return count

    async def erasures(self) -> int:
        """Return a number that grows whenever events are taken away: who has read them then holds what is no more."""
        return await self._database.run(partial(erasures_of, tenant=self._tenant))

    async def all_events(self, since_id: int = 0, limit: int = 1_000_000) -> list[Event]:
        """Return the newest ``limit`` events stored after ``version()`` was ``since_id``, in the order they were stored."""
        rows = [row async for page in self.pages(since_id, newest=limit) for row in page]
        return await asyncio.to_thread(lambda: [_event(r) for r in rows])

    async def pages(
        self, since_id: int = 0, size: int = PAGE_ROWS, *, newest: int | None = None
    ) -> AsyncIterator[list[Any]]:
        """Yield the events stored after ``version()`` was ``since_id``, in the order they were stored, ``size`` at a time.

        With ``newest`` only the last so many. Each is a row with the attributes id, user_id, item_id, kind, at_us (microseconds
        since 1970), value and context (JSON).
        """
        columns = [EVENTS.c[n] for n in ("id", "user_id", "item_id", "kind", "at_us", "value", "context")]
        mine, last = EVENTS.c.tenant == self._tenant, since_id
        if newest is not None:
            before = select(EVENTS.c.id).where(mine, EVENTS.c.id > last).order_by(EVENTS.c.id.desc())
            async with self._database.connect() as connection:
                last = (await connection.execute(before.offset(newest).limit(1))).scalar() or last
        while True:
            query = select(*columns).where(mine, EVENTS.c.id > last)
            async with self._database.connect() as connection:
                rows = list((await connection.execute(query.order_by(EVENTS.c.id).limit(size))).all())
            if rows:
                yield rows
                last = rows[-1].id
            if len(rows) < size:
                return

    async def version(self) -> int:
        """Return a number that grows whenever an event is added; 0 when there is none."""
        query = select(func.max(EVENTS.c.id)).where(EVENTS.c.tenant == self._tenant)
        return await self._database.run(lambda connection: int(connection.execute(query).scalar() or 0))

    async def close(self) -> None:
        """Close the database if it is this history's own."""
        if self._own:
            await self._database.close()

    def _row(self, item: Event) -> dict[str, Any]:
        return {
            "tenant": self._tenant,
            "user_id": item.user_id,
            "item_id": item.item_id,
            "kind": item.kind,
            "at_us": micros(item.at),
            "value": item.value,
            "context": _context(item),
            "event_id": item.event_id,
        }


def count_erasure(connection: Connection, tenant: str) -> None:
    """Count that events of a tenant, or of all, are taken away in this transaction."""
    dialect: Any = postgresql if connection.dialect.name == "postgresql" else sqlite
    first = dialect.insert(ERASURES).values(tenant=tenant, count=1)
    connection.execute(first.on_conflict_do_update(index_elements=["tenant"], set_={"count": ERASURES.c.count + 1}))


def erasures_of(connection: Connection, tenant: str) -> int:
    """Return how often events that may be a tenant's were taken away."""
    counts = select(ERASURES.c.count).where(ERASURES.c.tenant.in_((tenant, ALL_TENANTS)))
    return sum(connection.execute(counts).scalars())


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


def _context(item: Event) -> str:
    return json.dumps(item.context, ensure_ascii=False, sort_keys=True)


def _event(row: Any) -> Event:
    return Event.model_construct(
        user_id=row.user_id,
        item_id=row.item_id,
        kind=row.kind,
        at=EPOCH + row.at_us * MICROSECOND,
        value=row.value,
        context={} if row.context == "{}" else json.loads(row.context),
    )
