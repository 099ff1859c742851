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
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any, TypeVar
from weakref import WeakValueDictionary

from langchain_core.runnables import RunnableConfig
from langgraph.checkpoint.base import (
    BaseCheckpointSaver,
    ChannelVersions,
    Checkpoint,
    CheckpointMetadata,
    CheckpointTuple,
)
from langgraph.checkpoint.sqlite import SqliteSaver

from ...core.errors import BackEndOverloaded, StoreError
from ...core.redaction import redact
from ...core.schemas import ThreadMemory

log = logging.getLogger("tastemaker.threads")
BUSY_S = 2.0
"""Seconds to wait for a store that another process writes to."""
GRACE_S = 15.0
"""Seconds beyond its budget after which a turn that did not end, since its process died, lets the next one begin."""
POLL_S = 0.02
KNOWN = "__known"
"""Set in a run's ``configurable``: the thread's checkpoint as it was read, or None, so that it is not read again."""
OWNER = "owner"
"""In a checkpoint's metadata: tenant and digest of the user whose thread it is."""
_LATEST = "checkpoint_id <> (SELECT max(checkpoint_id) FROM checkpoints WHERE thread_id = ?)"
_TABLE = (
    "CREATE TABLE IF NOT EXISTS turns_at_work (thread_id TEXT PRIMARY KEY, turn TEXT NOT NULL, until REAL NOT NULL)"
)
_BEGIN = (
    "INSERT INTO turns_at_work VALUES (?, ?, ?) ON CONFLICT (thread_id) "
    "DO UPDATE SET turn = excluded.turn, until = excluded.until WHERE turns_at_work.until < ?"
)
_KEPT = ("writes", "checkpoints")
_END = "DELETE FROM turns_at_work WHERE thread_id = ? AND turn = ?"

Statement = tuple[str, tuple[object, ...]]
T = TypeVar("T")


class ThreadSaver(SqliteSaver):
    """LangGraph's saver on a thread of its own, which takes each step whole; what a turn was begun with is not read a second time."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        super().__init__(connection)
        self._worker = ThreadPoolExecutor(1, "threads")

    async def on_worker(self, work: Callable[..., T], *given: Any, **named: Any) -> T:
        """Do ``work`` on the saver's thread, after what was asked of it before; it is not stopped half-way."""
        return await asyncio.get_running_loop().run_in_executor(self._worker, partial(work, *given, **named))

    async def aget_tuple(self, config: RunnableConfig) -> CheckpointTuple | None:
        """Return the thread's latest checkpoint; None for a new thread."""
        at = config["configurable"]
        return at[KNOWN] if KNOWN in at else await self.on_worker(self.get_tuple, config)

    async def aput(
        self,
        config: RunnableConfig,
        checkpoint: Checkpoint,
        metadata: CheckpointMetadata,
        new_versions: ChannelVersions,
    ) -> RunnableConfig:
        """Save a checkpoint."""
        return await self.on_worker(self.put, config, checkpoint, metadata, new_versions)

    async def aput_writes(
        self, config: RunnableConfig, writes: Sequence[tuple[str, Any]], task_id: str, task_path: str = ""
    ) -> None:
        """Save what steps wrote beyond a checkpoint."""
        await self.on_worker(self.put_writes, config, writes, task_id, task_path)

    async def adelete_thread(self, thread_id: str) -> None:
        """Delete all of a thread."""
        await self.on_worker(self.delete_thread, thread_id)

    async def alist(
        self,
        config: RunnableConfig | None,
        *,
        filter: dict[str, Any] | None = None,  # noqa: A002  the name is LangGraph's
        before: RunnableConfig | None = None,
        limit: int | None = None,
    ) -> AsyncIterator[CheckpointTuple]:
        """Yield the checkpoints that match, the newest first."""
        work = partial(self.list, config, filter=filter, before=before, limit=limit)
        for found in await self.on_worker(lambda: list(work())):
            yield found

    async def close(self) -> None:
        """Close the file, once what was begun is done."""
        await self.on_worker(self.conn.close)
        self._worker.shutdown(wait=False)


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
            await saver.on_worker(_prepare, saver)
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
        return await self._file.on_worker(_run, self._file.conn, statements)

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


def _prepare(saver: ThreadSaver) -> None:
    saver.setup()
    saver.conn.execute("PRAGMA synchronous=NORMAL")
    saver.conn.execute("PRAGMA secure_delete=ON")
    saver.conn.execute(_TABLE)
    saver.conn.commit()


def _run(connection: sqlite3.Connection, statements: Sequence[Statement]) -> int:
    with connection:
        for statement, values in statements:
            cursor = connection.execute(statement, values)
    return cursor.rowcount


def _still_going_on() -> BackEndOverloaded:
    return BackEndOverloaded("the turn before in this thread is still going on; try again")
