"""Keep what threads carry from turn to turn in SQLite, through LangGraph's checkpointer: one checkpoint per thread.

A store that is locked, full or gone never fails a request: the turn then runs without memory and says so.
"""

from __future__ import annotations

import asyncio
import logging
import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any
from weakref import WeakValueDictionary

import aiosqlite

from ...core.errors import BackEndOverloaded, StoreError
from ...core.schemas import ThreadMemory
from .saver import ThreadSaver

log = logging.getLogger("tastemaker.threads")
BUSY_S = 2.0
"""Seconds to wait for a store that another process writes to."""
_LATEST = "checkpoint_id <> (SELECT max(checkpoint_id) FROM checkpoints WHERE thread_id = ?)"


class Threads:
    """The open thread store; ``saver`` is what the graph is compiled with."""

    def __init__(self, saver: ThreadSaver) -> None:
        self.saver = saver
        self._locks: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()

    @classmethod
    async def open(cls, path: Path) -> Threads:
        """Open the store at ``path``, creating it if need be.

        Raises:
            StoreError: it cannot be opened.
        """
        connection = None
        try:
            await asyncio.to_thread(path.parent.mkdir, parents=True, exist_ok=True)
            connection = await aiosqlite.connect(path, timeout=BUSY_S)
            saver = ThreadSaver(connection)
            await saver.setup()
            await connection.execute("PRAGMA synchronous=NORMAL")
        except (sqlite3.Error, OSError) as error:
            if connection is not None:
                await connection.close()
            raise StoreError(f"the thread store cannot be opened: {error}") from error
        return cls(saver)

    async def close(self) -> None:
        """Close the store."""
        await self.saver.conn.close()

    async def memory(self, key: str) -> ThreadMemory:
        """Return what the thread carries; empty for one that is not known.

        Raises:
            StoreError: it cannot be read.
        """
        try:
            found = await self.saver.aget_tuple({"configurable": {"thread_id": key}})
        except sqlite3.Error as error:
            raise StoreError(f"the thread cannot be read: {error}") from error
        values: dict[str, Any] = found.checkpoint["channel_values"] if found else {}
        return ThreadMemory.model_validate(values.get("memory", {}))

    async def keep_latest(self, key: str) -> None:
        """Remove all but the thread's latest checkpoint; a failure is left for the next turn."""
        with suppress(sqlite3.Error):
            async with self.saver.lock:
                for table in ("writes", "checkpoints"):
                    await self.saver.conn.execute(
                        f"DELETE FROM {table} WHERE thread_id = ? AND {_LATEST}",  # noqa: S608  fixed names
                        (key, key),
                    )
                await self.saver.conn.commit()

    async def forget(self, key: str) -> None:
        """Remove a thread; a failure is left alone."""
        with suppress(sqlite3.Error):
            await self.saver.adelete_thread(key)

    @asynccontextmanager
    async def turn(self, key: str, wait_s: float) -> AsyncIterator[None]:
        """Let the turns of one thread follow each other within this process.

        Raises:
            BackEndOverloaded: the turn before is still going on after ``wait_s`` seconds.
        """
        lock = self._locks.setdefault(key, asyncio.Lock())
        try:
            await asyncio.wait_for(lock.acquire(), wait_s)
        except TimeoutError as error:
            raise BackEndOverloaded("the turn before in this thread is still going on; try again") from error
        try:
            yield
        finally:
            lock.release()
