"""Take what is older than a shop's policy allows out of the history: events and remembered preferences, of all tenants."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import delete, select
from sqlalchemy.engine import Connection

from ..database import Database
from .history import ALL_TENANTS, EVENTS, count_erasure, micros
from .remembered_preferences import TASTES

AT_ONCE = 5_000


async def expire_events(database: Database, before: datetime) -> int:
    """Remove the events that happened before a time, ``AT_ONCE`` in a transaction, and return how many there were.

    Raises:
        StoreError: the database failed; to expire again goes on.
    """
    old = delete(EVENTS).where(
        EVENTS.c.id.in_(select(EVENTS.c.id).where(EVENTS.c.at_us < micros(before)).limit(AT_ONCE))
    )

    def take_away(connection: Connection) -> int:
        count = int(connection.execute(old).rowcount)
        if count:
            count_erasure(connection, ALL_TENANTS)
        return count

    total = count = await database.run(take_away, write=True)
    while count:
        count = await database.run(take_away, write=True)
        total += count
    return total


async def expire_preferences(database: Database, before: datetime) -> int:
    """Remove the preferences that were last stated before a time, and return how many there were. Raises as ``expire_events``."""
    old = delete(TASTES).where(TASTES.c.at_us < micros(before))
    return await database.run(lambda connection: int(connection.execute(old).rowcount), write=True)
