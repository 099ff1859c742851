"""Save LangGraph's checkpoints in SQLite on a thread of its own."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any, TypeVar

from langchain_core.runnables import RunnableConfig
from langgraph.checkpoint.base import ChannelVersions, Checkpoint, CheckpointMetadata, CheckpointTuple
from langgraph.checkpoint.sqlite import SqliteSaver

KNOWN = "__known"
"""Set in a run's ``configurable``: the thread's checkpoint as it was read, or None, so that it is not read again."""
_TABLE = (
    "CREATE TABLE IF NOT EXISTS turns_at_work (thread_id TEXT PRIMARY KEY, turn TEXT NOT NULL, until REAL NOT NULL)"
)

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


def prepare(saver: ThreadSaver) -> None:
    """Make the tables if need be; what is deleted is overwritten."""
    saver.setup()
    saver.conn.execute("PRAGMA synchronous=NORMAL")
    saver.conn.execute("PRAGMA secure_delete=ON")
    saver.conn.execute(_TABLE)
    saver.conn.commit()


def run(connection: sqlite3.Connection, statements: Sequence[Statement]) -> int:
    """Run the statements as one transaction; return how many rows the last changed."""
    with connection:
        for statement, values in statements:
            cursor = connection.execute(statement, values)
    return cursor.rowcount
