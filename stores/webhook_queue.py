"""Keep messages to webhooks until they are delivered: a bounded queue in a SQLite file, shared by the processes of one machine."""

from __future__ import annotations

import asyncio
import json
import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import aiosqlite

from ..core.errors import StoreError

BUSY_S = 2.0
_TABLE = """CREATE TABLE IF NOT EXISTS messages (
    id TEXT NOT NULL, target TEXT NOT NULL, body TEXT NOT NULL, attempts INTEGER NOT NULL DEFAULT 0, due REAL NOT NULL,
    PRIMARY KEY (id, target))"""
_CLAIM = """UPDATE messages SET due = ?, attempts = attempts + 1 WHERE (id, target) IN (
    SELECT id, target FROM messages WHERE due <= ? ORDER BY due LIMIT ?) RETURNING id, target, body, attempts"""

_ABOUT = "SELECT id, target, body FROM messages WHERE instr(body, ?)"
_DROP = "DELETE FROM messages WHERE id = ? AND target = ?"
_CUT = "UPDATE messages SET body = ? WHERE id = ? AND target = ?"


@dataclass(frozen=True)
class Message:
    """A message to one target; ``attempts`` counts this one, ``body`` is JSON."""

    message_id: str
    target: str
    body: str
    attempts: int = 0


class WebhookQueue:
    """The open queue of at most ``max_queued`` messages. Times are seconds since 1970."""

    def __init__(self, connection: aiosqlite.Connection, max_queued: int) -> None:
        self._connection = connection
        self._max = max_queued
        self._lock = asyncio.Lock()

    @classmethod
    async def open(cls, path: Path, max_queued: int) -> WebhookQueue:
        """Open the queue at ``path``, creating it if need be.

        Raises:
            StoreError: it cannot be opened.
        """
        connection = None
        try:
            await asyncio.to_thread(path.parent.mkdir, parents=True, exist_ok=True)
            connection = await aiosqlite.connect(path, timeout=BUSY_S)
            await connection.execute("PRAGMA journal_mode=WAL")
            await connection.execute("PRAGMA secure_delete=ON")
            await connection.execute(_TABLE)
            await connection.commit()
        except (sqlite3.Error, OSError) as error:
            if connection is not None:
                await connection.close()
            raise StoreError(f"the queue of webhooks cannot be opened: {error}") from error
        return cls(connection, max_queued)

    async def add(self, messages: Sequence[Message], now: float) -> int:
        """Queue messages, and return how many had no room.

        Raises:
            StoreError: they cannot be written.
        """
        async with self._lock:
            try:
                room = max(0, self._max - await self._count())
                rows = [(m.message_id, m.target, m.body, now) for m in messages[:room]]
                await self._connection.executemany(
                    "INSERT OR IGNORE INTO messages (id, target, body, due) VALUES (?, ?, ?, ?)", rows
                )
                await self._connection.commit()
            except sqlite3.Error as error:
                await self._connection.rollback()
                raise StoreError(f"the queue of webhooks cannot be written: {error}") from error
            return max(0, len(messages) - room)

    async def claim(self, now: float, lease_s: float, limit: int) -> list[Message]:
        """Return messages that are due, the longest due first; nobody else gets them for ``lease_s`` seconds.

        Raises:
            StoreError: the queue cannot be used.
        """
        async with self._lock:
            try:
                rows = await self._connection.execute_fetchall(_CLAIM, (now + lease_s, now, limit))
                await self._connection.commit()
            except sqlite3.Error as error:
                await self._connection.rollback()
                raise StoreError(f"the queue of webhooks cannot be read: {error}") from error
        return [Message(str(r[0]), str(r[1]), str(r[2]), int(r[3])) for r in rows]

    async def remove(self, message: Message) -> None:
        """Take a message out: it is delivered, or given up.

        Raises:
            StoreError: the queue cannot be written.
        """
        await self._run("DELETE FROM messages WHERE id = ? AND target = ?", (message.message_id, message.target))

    async def postpone(self, message: Message, due: float) -> None:
        """Try a message again at ``due``.

        Raises:
            StoreError: the queue cannot be written.
        """
        values = (due, message.message_id, message.target)
        await self._run("UPDATE messages SET due = ? WHERE id = ? AND target = ?", values)

    async def erase(self, tenant: str, user_id: str) -> int:
        """Take a user of a tenant out of the messages that wait, also out of the file, and return how many those were.

        Raises:
            StoreError: the queue cannot be written.
        """
        about = json.dumps(user_id, ensure_ascii=False)
        async with self._lock:
            try:
                rows = await self._connection.execute_fetchall(_ABOUT, (about,))
                found = [
                    (i, target, left) for i, target, body in rows if (left := _without(tenant, user_id, body)) != body
                ]
                await self._connection.executemany(_DROP, [(i, target) for i, target, left in found if not left])
                await self._connection.executemany(_CUT, [(left, i, target) for i, target, left in found if left])
                await self._connection.commit()
                await self._connection.execute_fetchall("PRAGMA wal_checkpoint(TRUNCATE)")
            except sqlite3.Error as error:
                await self._connection.rollback()
                raise StoreError(f"a user cannot be erased from the queue of webhooks: {error}") from error
        return len(found)

    async def waiting(self) -> int:
        """Return how many messages wait.

        Raises:
            StoreError: the queue cannot be read.
        """
        async with self._lock:
            try:
                return await self._count()
            except sqlite3.Error as error:
                raise StoreError(f"the queue of webhooks cannot be read: {error}") from error

    async def close(self) -> None:
        """Close the file; what waits stays in it."""
        await self._connection.close()

    async def _count(self) -> int:
        rows = list(await self._connection.execute_fetchall("SELECT count(*) FROM messages"))
        return int(rows[0][0])

    async def _run(self, statement: str, values: Sequence[object]) -> None:
        async with self._lock:
            try:
                await self._connection.execute(statement, values)
                await self._connection.commit()
            except sqlite3.Error as error:
                await self._connection.rollback()
                raise StoreError(f"the queue of webhooks cannot be written: {error}") from error


def _without(tenant: str, user_id: str, body: str) -> str:
    """Return a message without what it says of a user: the same if it says nothing, empty if nothing else is left."""
    told = json.loads(body)
    data = told["data"]
    if told["tenant"] != tenant:
        return body
    if data.get("user_id") == user_id:
        return ""
    others = [event for event in data.get("events", ()) if event["user_id"] != user_id]
    if len(others) == len(data.get("events", ())):
        return body
    cut = {**told, "data": {**data, "stored": min(data["stored"], len(others)), "events": others}}
    return json.dumps(cut, ensure_ascii=False, separators=(",", ":")) if others else ""
