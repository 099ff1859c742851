"""Keep what threads carry from turn to turn, through LangGraph's checkpointer: one checkpoint per thread, in SQLite by default.

A store that is locked, full or gone never fails a request: the turn then runs without memory and says so. The turns of one
thread follow each other, also those of other processes: a turn holds the thread's row in ``turns_at_work`` until it is saved.
"""

from __future__ import annotations

import asyncio
import logging
import sqlite3
import time
import uuid
from collections.abc import AsyncIterator, Awaitable, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar
from uuid import UUID
from weakref import WeakValueDictionary

from langchain_core.runnables import RunnableConfig
from langgraph.checkpoint.base import (
    BaseCheckpointSaver,
    CheckpointTuple,
)

from ...core.errors import BackEndOverloaded, StoreError
from ...core.redaction import redact
from ...core.schemas import ThreadMemory
from .saver import Statement, ThreadSaver, prepare, run

log = logging.getLogger("tastemaker.threads")
BUSY_S = 2.0
"""Seconds to wait for a store that another process writes to."""
GRACE_S = 15.0
"""Seconds beyond its budget after which a turn that did not end, since its process died, lets the next one begin."""
POLL_S = 0.02
EXPIRED_AT_ONCE = 500
GREGORIAN = datetime(1582, 10, 15, tzinfo=UTC)
"""When the clock of UUIDs begins."""
OWNER = "owner"
"""In a checkpoint's metadata: tenant and digest of the user whose thread it is."""
_LATEST = "checkpoint_id <> (SELECT max(checkpoint_id) FROM checkpoints WHERE thread_id = ?)"
_BEGIN = (
    "INSERT INTO turns_at_work VALUES (?, ?, ?) ON CONFLICT (thread_id) "
    "DO UPDATE SET turn = excluded.turn, until = excluded.until WHERE turns_at_work.until < ?"
)
_KEPT = ("writes", "checkpoints")
_OLD = (
    "SELECT thread_id FROM checkpoints WHERE thread_id NOT IN (SELECT thread_id FROM turns_at_work WHERE until > ?) "
    "GROUP BY thread_id HAVING max(checkpoint_id) < ? ORDER BY thread_id LIMIT ?"
)
_END = "DELETE FROM turns_at_work WHERE thread_id = ? AND turn = ?"

T = TypeVar("T")


@dataclass(frozen=True)
class ThreadTurn:
    """A turn's hold on its thread and the checkpoint that it goes on from, None for a new thread."""

    store: Threads
    key: str
    turn: str = ""
    checkpoint: CheckpointTuple | None = None

    @property
    def memory(self) -> ThreadMemory:
        """Return what the thread carries; empty for one that is not known."""
        values = self.checkpoint.checkpoint["channel_values"] if self.checkpoint else {}
        return ThreadMemory.model_validate(values.get("memory", {}))

    async def end(self) -> bool:
        """Keep only the latest checkpoint and let the next turn begin; return False if it began before, as this one took too long.

        A failure is left for the next turn.
        """
        return not self.turn or await self.store.end(self)

    async def forget(self) -> None:
        """Remove a thread that was new."""
        if not self.turn:
            await self.store.forget(self.key)


class Threads:
    """The open thread store; ``saver`` is what the graph is compiled with. This one is a SQLite file; others say what differs."""

    kind = "SQLite"
    failures: tuple[type[Exception], ...] = (sqlite3.Error,)
    tables: tuple[str, ...] = _KEPT

    def __init__(self, saver: BaseCheckpointSaver[Any]) -> None:
        self.saver = saver
        self._locks: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()
        self._ended: set[str] = set()

    @classmethod
    async def open(cls, path: Path) -> Threads:
        """Open the store at ``path``, creating it if need be.

        Raises:
            StoreError: it cannot be opened.
        """
        connection = None
        try:
            await asyncio.to_thread(path.parent.mkdir, parents=True, exist_ok=True)
            connection = sqlite3.connect(path, timeout=BUSY_S, check_same_thread=False)
            saver = ThreadSaver(connection)
            await saver.on_worker(prepare, saver)
        except (sqlite3.Error, OSError) as error:
            if connection is not None:
                connection.close()
            raise StoreError(f"the thread store cannot be opened: {error}") from error
        return cls(saver)

    async def close(self) -> None:
        """Close the store."""
        await self._file.close()

    async def run(self, statements: Sequence[Statement]) -> int:
        """Run the statements as one; return how many rows the last changed."""
        return await self._file.on_worker(run, self._file.conn, statements)

    @staticmethod
    def keep_latest(key: str) -> list[Statement]:
        """Return what removes all of a thread but its latest checkpoint."""
        return [(f"DELETE FROM {table} WHERE thread_id = ? AND {_LATEST}", (key, key)) for table in _KEPT]  # noqa: S608  fixed names

    @property
    def _file(self) -> ThreadSaver:
        assert isinstance(self.saver, ThreadSaver)
        return self.saver

    async def memory(self, key: str) -> ThreadMemory:
        """Return what the thread carries; empty for one that is not known.

        Raises:
            StoreError: it cannot be read.
        """
        return ThreadTurn(self, key, checkpoint=await self._read(key)).memory

    @asynccontextmanager
    async def turn(self, key: str, budget_s: float) -> AsyncIterator[ThreadTurn]:
        """Hold a known thread for one turn of at most about ``budget_s`` seconds, once the turn before is saved.

        Raises:
            BackEndOverloaded: the turn before is still going on after ``budget_s`` seconds.
            StoreError: the store cannot be read or written.
        """
        until = time.monotonic() + budget_s
        lock = self._locks.setdefault(key, asyncio.Lock())
        try:
            async with asyncio.timeout(budget_s):
                await lock.acquire()
        except TimeoutError as error:
            raise _still_going_on() from error
        held = ThreadTurn(self, key, uuid.uuid4().hex)
        try:
            await self._begin(held, until)
            yield replace(held, checkpoint=await self._read(key))
        finally:
            if held.turn in self._ended:
                self._ended.discard(held.turn)
            else:
                with suppress(StoreError):
                    await self._changed((_END, (key, held.turn)))
            lock.release()

    async def end(self, held: ThreadTurn) -> bool:
        """Keep only the thread's latest checkpoint and let the next turn begin; False if it began before. See ``ThreadTurn``."""
        try:
            mine = await self._changed(*self.keep_latest(held.key), (_END, (held.key, held.turn)))
        except StoreError:
            return True
        self._ended.add(held.turn)
        return mine

    async def copy(self, source: str, target: str) -> bool:
        """Copy what a thread carries to another key, in place of what is there; False if there is none, or it cannot be done."""
        at: RunnableConfig = {"configurable": {"thread_id": target, "checkpoint_ns": ""}}
        try:
            found = await self._read(source)
            if found is None:
                return False
            await self._in_time(self.saver.adelete_thread(target), "written")
            versions = found.checkpoint["channel_versions"]
            await self._in_time(self.saver.aput(at, found.checkpoint, found.metadata, versions), "written")
        except StoreError as error:
            log.warning("a thread could not be copied: %s", redact(str(error)))
            return False
        return True

    async def forget(self, key: str) -> None:
        """Remove a thread; a failure is left alone."""
        with suppress(*self.failures):
            await self.saver.adelete_thread(key)

    async def owned(self, tenant: str, owner: str) -> dict[str, ThreadMemory]:
        """Return key -> what it carries of each thread of a tenant with this owner, a digest of a user.

        Raises:
            StoreError: the store cannot be read.
        """
        found: dict[str, ThreadMemory] = {}
        try:
            async for one in self.saver.alist(None, filter={OWNER: f"{tenant}/{owner}"}):
                key = str(one.config["configurable"]["thread_id"])
                memory = ThreadTurn(self, key, checkpoint=one).memory
                if memory.owner == owner and (key not in found or found[key].turn < memory.turn):
                    found[key] = memory
        except self.failures as error:
            raise StoreError(f"the threads of a user cannot be read: {type(error).__name__}") from error
        return found

    async def expire(self, before: datetime) -> int:
        """Remove the threads whose last turn was saved before a time and whose next does not go on, and return how many there were.

        Raises:
            StoreError: the store cannot be written.
        """
        oldest = first_id_at(before)
        total = 0
        try:
            while count := await self._expire_some(oldest):
                total += count
            await self.purge()
        except self.failures as error:
            raise StoreError(f"old threads cannot be removed: {type(error).__name__}") from error
        return total

    async def _expire_some(self, oldest: str) -> int:
        """Remove ``EXPIRED_AT_ONCE`` threads whose newest checkpoint is older than ``oldest``; return how many checkpoints, one of each."""
        values = (time.time(), oldest, EXPIRED_AT_ONCE)
        return await self.run([(f"DELETE FROM {table} WHERE thread_id IN ({_OLD})", values) for table in self.tables])  # noqa: S608  fixed names

    async def erase(self, keys: Sequence[str]) -> None:
        """Remove threads, and what was deleted from the store's files.

        Raises:
            StoreError: the store cannot be written.
        """
        try:
            for key in keys:
                await self.saver.adelete_thread(key)
            await self.purge()
        except self.failures as error:
            raise StoreError(f"the threads of a user cannot be removed: {type(error).__name__}") from error

    async def purge(self) -> None:
        """Take what was deleted out of the file as well."""
        file = self._file
        # all rows are read there: a statement that is still open would keep the next transaction from being committed
        await file.on_worker(lambda: file.conn.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall())

    async def _begin(self, held: ThreadTurn, until: float) -> None:
        """Take the thread's row, waiting for the turn that holds it; ``until`` is in seconds of the monotonic clock."""
        while True:
            now, left = time.time(), max(0.0, until - time.monotonic())
            if await self._changed((_BEGIN, (held.key, held.turn, now + left + GRACE_S, now))):
                return
            if not left:
                raise _still_going_on()
            await asyncio.sleep(POLL_S)

    async def _changed(self, *statements: Statement) -> bool:
        """Run the statements as one; tell whether the last changed a row. A caller that is cancelled does not stop it half-way."""
        return await self._in_time(asyncio.shield(self.run(statements)), "held") == 1

    async def _read(self, key: str) -> CheckpointTuple | None:
        work = self.saver.aget_tuple({"configurable": {"thread_id": key}})
        return await self._in_time(work, "read")

    async def _in_time(self, work: Awaitable[T], what: str) -> T:
        failures: tuple[type[Exception], ...] = (*self.failures, TimeoutError)
        try:
            return await asyncio.wait_for(work, BUSY_S)
        except failures as error:
            raise StoreError(f"the thread cannot be {what}: {error or 'it took too long'}") from error


def first_id_at(at: datetime) -> str:
    """Return what no checkpoint saved from ``at`` on has a smaller id than: LangGraph's ids are UUIDs of version 6, which begin with the time."""
    ticks = (at - GREGORIAN) // timedelta(microseconds=1) * 10
    return str(UUID(int=(ticks >> 12) << 80 | 6 << 76 | (ticks & 0xFFF) << 64))


def _still_going_on() -> BackEndOverloaded:
    return BackEndOverloaded("the turn before in this thread is still going on; try again")
