"""Keep threads in PostgreSQL, through LangGraph's own saver, so that several machines share them."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Sequence
from typing import Any

import psycopg
from langchain_core.runnables import RunnableConfig
from langgraph.checkpoint.base import CheckpointTuple
from langgraph.checkpoint.postgres.aio import AsyncPostgresSaver
from psycopg.rows import dict_row
from psycopg_pool import AsyncConnectionPool, PoolTimeout

from ...core.errors import ConfigurationError, StoreError
from .saver import KNOWN, Statement
from .store import BUSY_S, POLL_S, Threads

MOST = 10
"""Connections at most."""
_LOCK = 7_300_002
"""The advisory lock under which the tables are made: the saver's own set-up is not made for several at once."""
_TABLE = (
    "CREATE TABLE IF NOT EXISTS turns_at_work "
    "(thread_id TEXT PRIMARY KEY, turn TEXT NOT NULL, until DOUBLE PRECISION NOT NULL)"
)
_NOT_LATEST = "thread_id = ? AND checkpoint_id <> (SELECT max(checkpoint_id) FROM checkpoints WHERE thread_id = ?)"
_KEPT = ("checkpoint_writes", "checkpoints")
_UNUSED = (
    "DELETE FROM checkpoint_blobs b WHERE thread_id = ? AND NOT EXISTS (SELECT 1 FROM checkpoints c "
    "WHERE c.thread_id = b.thread_id AND c.checkpoint_ns = b.checkpoint_ns "
    "AND c.checkpoint -> 'channel_versions' ->> b.channel = b.version)"
)


class PostgresSaver(AsyncPostgresSaver):  # type: ignore[misc]
    """LangGraph's saver, which does not read a second time what the turn was begun with."""

    async def aget_tuple(self, config: RunnableConfig) -> CheckpointTuple | None:
        """Return the thread's latest checkpoint; None for a new thread."""
        at = config["configurable"]
        found: CheckpointTuple | None = at[KNOWN] if KNOWN in at else await super().aget_tuple(config)
        return found


class PostgresThreads(Threads):
    """The thread store at a URL such as ``postgresql://USER@HOST/NAME``."""

    kind = "PostgreSQL"
    failures = (psycopg.Error, PoolTimeout, OSError)
    tables = ("checkpoint_writes", "checkpoint_blobs", "checkpoints")

    def __init__(self, saver: PostgresSaver, pool: AsyncConnectionPool[Any]) -> None:
        super().__init__(saver)
        self._pool = pool

    @classmethod
    async def connect(cls, url: str) -> PostgresThreads:
        """Connect, and make the tables if need be.

        Raises:
            ConfigurationError: the URL is not understood.
            StoreError: the server cannot be reached.
        """
        plain = re.sub(r"^postgresql\+\w+://", "postgresql://", url)
        if not plain.startswith("postgresql://"):
            raise ConfigurationError("threads.url is not usable, expected postgresql://USER@HOST/NAME")
        settings = {"autocommit": True, "prepare_threshold": 0, "row_factory": dict_row}
        pool: AsyncConnectionPool[Any] = AsyncConnectionPool(
            plain, min_size=0, max_size=MOST, open=False, kwargs=settings, timeout=BUSY_S, check=_alive
        )
        try:
            await pool.open()
            saver = PostgresSaver(pool)
            async with pool.connection() as connection:
                while not await _locked(connection):  # noqa: ASYNC110  the lock is the server's
                    await asyncio.sleep(POLL_S)
                try:
                    await saver.setup()
                    await connection.execute(_TABLE)
                finally:
                    await connection.execute("SELECT pg_advisory_unlock(%s)", (_LOCK,))
        except cls.failures as error:
            await pool.close()
            raise StoreError(f"the thread store cannot be opened: {type(error).__name__}") from error
        return cls(saver, pool)

    async def close(self) -> None:
        """Close every connection."""
        await self._pool.close()

    async def purge(self) -> None:
        """Leave it to the server to take what was deleted out of its files."""

    async def run(self, statements: Sequence[Statement]) -> int:
        """Run the statements as one; return how many rows the last changed."""
        changed = 0
        async with self._pool.connection() as connection, connection.transaction():
            for statement, values in statements:
                changed = (await connection.execute(statement.replace("?", "%s"), values)).rowcount
        return changed

    @staticmethod
    def keep_latest(key: str) -> list[Statement]:
        """Return what removes all of a thread but its latest checkpoint."""
        older = [(f"DELETE FROM {table} WHERE {_NOT_LATEST}", (key, key)) for table in _KEPT]  # noqa: S608  fixed names
        return [*older, (_UNUSED, (key,))]


_alive = AsyncConnectionPool.check_connection


async def _locked(connection: Any) -> bool:
    found = await (await connection.execute("SELECT pg_try_advisory_lock(%s) AS got", (_LOCK,))).fetchone()
    return bool(found["got"])
