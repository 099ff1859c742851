"""Log what was shown next to the events, behind the answer: a bounded queue, one writer, rows that expire.

A failure costs the log only: it is written to the process's own log and never reaches a request.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
from collections.abc import Collection, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import BigInteger, Column, Float, Index, Integer, String, Table, Text, case, delete, func, select
from sqlalchemy.engine import Connection

from ...core.background import stop
from ...core.errors import StoreError
from ...core.learning.exposures import Drawn, Exposure, Shown, VersionExposure
from ..database import METADATA, Database
from .exposed_versions import VERSIONS, of_rollout, reactions, version_rows
from .history import EPOCH, EVENTS, MICROSECOND, micros

QUEUE = 1_000
BATCH = 100
GATHER_S = 0.2
"""The writer waits so long after the first list of a batch, so that one transaction takes those of many requests."""
EXPIRE_S = 3_600.0
CLOSE_S = 5.0
FLUSH_S = 1.0
CLICKS = ("click", "like", "purchase")
_KEY = BigInteger().with_variant(Integer, "sqlite")
LISTS = Table(
    "exposures",
    METADATA,
    Column("id", _KEY, primary_key=True, autoincrement=True),
    Column("tenant", String(64), nullable=False),
    Column("request_id", String(64), nullable=False),
    Column("user_id", String(128)),
    Column("policy", String(128), nullable=False),
    Column("at_us", BigInteger, nullable=False),
    Column("drawn", Text, nullable=False),
    Index("exposures_by_time", "tenant", "at_us"),
)
ITEMS = Table(
    "exposed_items",
    METADATA,
    Column("id", _KEY, primary_key=True, autoincrement=True),
    Column("tenant", String(64), nullable=False),
    Column("request_id", String(64), nullable=False),
    Column("item_id", String(128), nullable=False),
    Column("place", Integer, nullable=False),
    Column("propensity", Float, nullable=False),
    Column("at_us", BigInteger, nullable=False),
    Index("exposed_items_by_item", "tenant", "item_id"),
    Index("exposed_items_by_time", "tenant", "at_us"),
)
SOURCES = Table(
    "exposed_sources",
    METADATA,
    Column("id", _KEY, primary_key=True, autoincrement=True),
    Column("tenant", String(64), nullable=False),
    Column("request_id", String(64), nullable=False),
    Column("ranks", Text, nullable=False),
    Column("at_us", BigInteger, nullable=False),
    Index("exposed_sources_by_time", "tenant", "at_us"),
)
"""One row for each list with items that sources proposed: item id -> source -> rank, as JSON."""
IDS_AT_ONCE = 500
_log = logging.getLogger("tastemaker.exposures")


class ExposureLog:
    """The exposures of all tenants in one database. ``retention_days`` is how long rows are kept."""

    def __init__(self, database: Database, retention_days: float) -> None:
        self._database = database
        self._retention = timedelta(days=retention_days)
        self._queue: asyncio.Queue[Exposure] = asyncio.Queue(QUEUE)
        self._hurry = asyncio.Event()
        self._writer: asyncio.Task[None] | None = None
        self._expired_at = -EXPIRE_S

    def record(self, exposure: Exposure) -> bool:
        """Queue a list for writing and return at once; False, and a line in the log, if the queue is full."""
        if self._writer is None or self._writer.done():
            self._writer = asyncio.create_task(self._write())
        try:
            self._queue.put_nowait(exposure)
        except asyncio.QueueFull:
            _log.warning("an exposure was not logged: the queue is full")
            return False
        return True

    async def flush(self) -> None:
        """Wait until everything queued is written, or has failed."""
        self._hurry.set()
        try:
            await self._queue.join()
        finally:
            self._hurry.clear()

    async def close(self) -> None:
        """Write what is queued, as far as ``CLOSE_S`` seconds go, and close the database."""
        if self._writer is not None and not self._writer.done():
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self.flush(), CLOSE_S)
            await stop(self._writer)
        await self._database.close()

    async def of_user(self, tenant: str, user_id: str) -> list[dict[str, Any]]:
        """Return the lists that a user was shown, oldest first.

        Raises:
            StoreError: the database failed.
        """
        lists = select(LISTS).where(LISTS.c.tenant == tenant, LISTS.c.user_id == user_id).order_by(LISTS.c.id)
        async with self._database.connect() as connection:
            found: dict[str, list[str]] = {r.request_id: [] for r in await connection.execute(lists)}
            about = (await connection.execute(lists)).all()
            names = list(found)
            for start in range(0, len(names), IDS_AT_ONCE):
                some = ITEMS.c.request_id.in_(names[start : start + IDS_AT_ONCE])
                wanted = select(ITEMS).where(ITEMS.c.tenant == tenant, some).order_by(ITEMS.c.place)
                for r in await connection.execute(wanted):
                    found[r.request_id].append(r.item_id)
        when = {r.request_id: (EPOCH + r.at_us * MICROSECOND).isoformat() for r in about}
        return [{"request_id": name, "at": when[name], "item_ids": found[name]} for name in names]

    async def erase(self, tenant: str, user_id: str) -> int:
        """Remove the lists that a user was shown, those in the queue too, and return how many there were.

        Raises:
            StoreError: the database failed.
        """
        await self.flush()
        mine = (LISTS.c.tenant == tenant) & (LISTS.c.user_id == user_id)
        names = select(LISTS.c.request_id).where(mine).scalar_subquery()
        async with self._database.connect(write=True) as connection:
            for table in (ITEMS, SOURCES, VERSIONS):
                of_them = table.c.request_id.in_(names)
                await connection.execute(delete(table).where(table.c.tenant == tenant, of_them))
            return int((await connection.execute(delete(LISTS).where(mine))).rowcount)

    async def seen(self, tenant: str) -> dict[str, tuple[int, int, int]]:
        """Return item id -> (times shown, clicks, events of any kind) of every item that was shown or met.

        Raises:
            StoreError: the database failed.
        """
        clicked = func.sum(case((EVENTS.c.kind.in_(CLICKS), 1), else_=0))
        views = select(ITEMS.c.item_id, func.count()).where(ITEMS.c.tenant == tenant)
        events = select(EVENTS.c.item_id, clicked, func.count()).where(EVENTS.c.tenant == tenant)
        async with self._database.connect() as connection:
            shown = {r[0]: int(r[1]) for r in await connection.execute(views.group_by(ITEMS.c.item_id))}
            done = {i: (int(c), n) for i, c, n in await connection.execute(events.group_by(EVENTS.c.item_id))}
        return {i: (shown.get(i, 0), *done.get(i, (0, 0))) for i in shown.keys() | done.keys()}

    async def shown(self, tenant: str, pairs: Collection[tuple[str, str]]) -> set[tuple[str, str]]:
        """Return which of these (request id, item id) were shown, those that are queued included.

        Raises:
            StoreError: the database failed.
        """
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self.flush(), FLUSH_S)
        requests, items = {r for r, _ in pairs}, {i for _, i in pairs}
        asked = select(ITEMS.c.request_id, ITEMS.c.item_id).where(ITEMS.c.tenant == tenant)
        asked = asked.where(ITEMS.c.item_id.in_(items), ITEMS.c.request_id.in_(requests))
        async with self._database.connect() as connection:
            return {(r[0], r[1]) for r in await connection.execute(asked)} & set(pairs)

    async def of_rollout(self, tenant: str, rollout: int, since: datetime | None = None) -> list[VersionExposure]:
        """Return the lists that were made for a rollout's candidate and control since then, those in the queue included.

        Raises:
            StoreError: the database failed.
        """
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self.flush(), FLUSH_S)
        return await of_rollout(self._database, tenant, rollout, since)

    async def reactions(self, tenant: str, since: datetime) -> dict[str, set[str]]:
        """Return request id -> the kinds of what was done since then with items of its list.

        Raises:
            StoreError: the database failed.
        """
        return await reactions(self._database, tenant, since)

    async def read(self, tenant: str, since: datetime | None = None, limit: int = 1_000_000) -> list[Exposure]:
        """Return the newest ``limit`` lists shown since then, oldest first.

        Raises:
            StoreError: the database failed.
        """
        at = micros(since) if since else 0
        lists = select(LISTS).where(LISTS.c.tenant == tenant, LISTS.c.at_us >= at)
        lists = lists.order_by(LISTS.c.id.desc()).limit(limit)
        items = select(ITEMS).where(ITEMS.c.tenant == tenant, ITEMS.c.at_us >= at).order_by(ITEMS.c.id)
        sources = select(SOURCES).where(SOURCES.c.tenant == tenant, SOURCES.c.at_us >= at)
        async with self._database.connect() as connection:
            rows = (await connection.execute(lists)).all()
            ranks = {r.request_id: json.loads(r.ranks) for r in await connection.execute(sources)}
            shown: dict[str, list[Shown]] = {}
            for r in await connection.execute(items):
                told = ranks.get(r.request_id, {}).get(r.item_id, {})
                one = Shown(item_id=r.item_id, place=r.place, propensity=r.propensity, ranks=told)
                shown.setdefault(r.request_id, []).append(one)
        return [_exposure(r, shown.get(r.request_id, [])) for r in reversed(rows)]

    async def _write(self) -> None:
        while True:
            batch = [await self._queue.get()]
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._hurry.wait(), GATHER_S)
            while len(batch) < BATCH and not self._queue.empty():
                batch.append(self._queue.get_nowait())
            try:
                await self._store(batch)
            except StoreError as error:
                _log.warning("%d exposures were not logged: %s", len(batch), error)
            finally:
                for _ in batch:
                    self._queue.task_done()

    async def expire(self) -> int:
        """Remove what is older than the retention, and return how many lists those were.

        Raises:
            StoreError: the database failed.
        """
        before = micros(datetime.now(UTC) - self._retention)
        return await self._database.run(lambda connection: _expire(connection, before), write=True)

    async def _store(self, batch: Sequence[Exposure]) -> None:
        now = asyncio.get_running_loop().time()
        expires = now - self._expired_at > EXPIRE_S
        before = micros(datetime.now(UTC) - self._retention)

        def write(connection: Connection) -> None:
            for table, rows_of in (
                (LISTS, _list_rows),
                (ITEMS, _item_rows),
                (SOURCES, _source_rows),
                (VERSIONS, version_rows),
            ):
                if rows := [row for e in batch for row in rows_of(e)]:
                    connection.execute(table.insert(), rows)
            if expires:
                _expire(connection, before)

        await self._database.run(write, write=True)
        if expires:
            self._expired_at = now


def _expire(connection: Connection, before: int) -> int:
    for table in (ITEMS, SOURCES, VERSIONS):
        connection.execute(delete(table).where(table.c.at_us < before))
    return int(connection.execute(delete(LISTS).where(LISTS.c.at_us < before)).rowcount)


def _list_rows(e: Exposure) -> list[dict[str, Any]]:
    drawn = json.dumps([d.model_dump(mode="json") for d in e.drawn], separators=(",", ":"))
    row = {"tenant": e.tenant, "request_id": e.request_id, "user_id": e.user_id, "policy": e.policy}
    return [{**row, "at_us": micros(e.at), "drawn": drawn}]


def _item_rows(e: Exposure) -> list[dict[str, Any]]:
    shared = {"tenant": e.tenant, "request_id": e.request_id, "at_us": micros(e.at)}
    return [{**shared, "item_id": s.item_id, "place": s.place, "propensity": s.propensity} for s in e.items]


def _source_rows(e: Exposure) -> list[dict[str, Any]]:
    ranks = {s.item_id: s.ranks for s in e.items if s.ranks}
    told = json.dumps(ranks, separators=(",", ":"))
    return [{"tenant": e.tenant, "request_id": e.request_id, "ranks": told, "at_us": micros(e.at)}] if ranks else []


def _exposure(row: Any, items: Sequence[Shown]) -> Exposure:
    return Exposure(
        tenant=row.tenant,
        request_id=row.request_id,
        at=EPOCH + row.at_us * MICROSECOND,
        policy=row.policy,
        user_id=row.user_id,
        items=tuple(items),
        drawn=tuple(Drawn.model_validate(d) for d in json.loads(row.drawn)),
    )
