"""Remove what is kept longer than the settings say, of all tenants and in every store; in a server again and again."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from contextlib import aclosing
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Protocol, runtime_checkable

from ..core.background import stop
from ..core.errors import TastemakerError
from ..core.redaction import redact
from ..core.schemas import Expired
from ..core.settings import Settings
from ..stores.database import Database
from ..stores.evaluation.traces import TraceStore
from ..stores.events.expiry import expire_events, expire_preferences
from ..stores.events.exposure_log import ExposureLog
from ..tools.media.admission import remove_left

if TYPE_CHECKING:
    from .threads.store import Threads

EVERY_S = 3_600.0
log = logging.getLogger("tastemaker.retention")


async def expire(settings: Settings, threads: Threads | None) -> Expired:
    """Remove what is too old, in the stores and their files, and say how much that was.

    Raises:
        StoreError: a store cannot be written; to expire again goes on.
    """
    now, keep, talk = datetime.now(UTC), settings.history.retention_days, settings.threads.retention_days
    found = Expired(media=await asyncio.to_thread(remove_left))
    async with aclosing(TraceStore.at(settings)) as traces:
        found = found.model_copy(update={"traces": await traces.expire()})
    if threads is not None and talk:
        found = found.model_copy(update={"threads": await threads.expire(now - timedelta(days=talk))})
    database = Database(settings.history_url)
    try:
        if database.missing:
            return found
        shown = await ExposureLog(database, settings.exposures.retention_days).expire()
        old = now - timedelta(days=keep)
        events = await expire_events(database, old) if keep else 0
        preferences = await expire_preferences(database, old) if keep else 0
        await database.purge()
    finally:
        await database.close()
    return found.model_copy(update={"shown": shown, "events": events, "preferences": preferences})


@runtime_checkable
class Expires(Protocol):
    """Whoever keeps something and can remove what is too old."""

    async def expire(self) -> Expired:
        """Remove it, and say how much that was."""


class RetentionSweep:
    """Calls ``expire`` each ``every_s`` seconds. Several servers may: what one removed the next does not find."""

    def __init__(self, expire: Callable[[], Awaitable[Expired]], every_s: float) -> None:
        self._expire, self._every_s = expire, every_s
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin, in the background."""
        self._task = asyncio.create_task(self._run())

    async def close(self) -> None:
        """Stop."""
        await stop(self._task)

    async def _run(self) -> None:
        while True:
            await asyncio.sleep(self._every_s)
            try:
                found = (await self._expire()).model_dump(exclude_defaults=True)
                if found:
                    log.info("removed what was kept long enough: %s", found)
            except TastemakerError as error:
                log.warning("what is too old was not removed: %s", redact(str(error)))
