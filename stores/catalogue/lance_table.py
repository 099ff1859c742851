"""Open one tenant's table, see what other processes write to it, and write when nobody else does."""

from __future__ import annotations

import asyncio
import fcntl
import os
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import ExitStack, asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import IO, Any, Self, TypeVar

from ...core.errors import StoreError
from ...core.schemas import CatalogueSchema
from .field_statistics import describe
from .language_cache import LanguageCache
from .own_words_file import OwnWordsFile
from .search_helpers import stored as _stored
from .table_version import Key, View, read_key, read_view

REMOTE_CONSISTENCY = timedelta(seconds=1)
"""Another process's writes to an object store are seen after so long; those to a folder within ``LOOK_S``."""
WRITE_ATTEMPTS = 8
_CONTENTION = ("conflict", "already exists", "preempted")
LOOK_S = 0.05
"""Seconds between two looks for another process's writes; a request asks many times."""
WAIT_S = 120.0
"""Seconds a writer waits for another one of the same folder."""
SETTLED_S = 0.05
"""A folder that did not change for so long when its table was read has the same table for as long as it does not change."""
REFRESH_SHARE = 20
"""Another process's writes refresh the cached schema at most once in so many times the seconds a refresh takes."""
T = TypeVar("T")


def _taken(lock: IO[str]) -> bool:
    """Take the lock of a file if nobody else holds it, and tell whether that went well."""
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True


class LanceTable:
    """One tenant's table of items, opened when it is first needed."""

    def __init__(self, connection: Any, tenant: str, exact_below: int, folder: Path | None = None) -> None:
        self._connection = connection
        self._name = f"items__{tenant}"
        self._versions = folder / f"{self._name}.lance" / "_versions" if folder else None
        self._writing = folder / f".{self._name}.writing" if folder else None
        self._unchanged: tuple[int, int] | None = None
        self._exact_below = exact_below
        self._opened: Any = None
        self._looked: tuple[Key, float] | None = None
        self._view: View | None = None
        self._schema: tuple[Key, CatalogueSchema, float] | None = None
        self._language = LanguageCache()
        self.own_words = OwnWordsFile(folder / f"{self._name}.words.json" if folder else None)
        self._write = asyncio.Lock()

    @classmethod
    async def open(cls, uri: str, tenant: str = "default", exact_below: int = 20_000) -> Self:
        """Open the catalogue at ``uri`` (a folder, made if missing, or an object-store URL).

        Raises:
            StoreError: the place cannot be opened.
        """
        os.environ.setdefault("LANCE_LOG", "error")
        import lancedb

        interval = REMOTE_CONSISTENCY if "://" in uri else timedelta(0)
        opening = lancedb.connect_async(uri, read_consistency_interval=interval)
        connection = await _stored(opening, f"cannot open the catalogue at {uri}")
        return cls(connection, tenant, exact_below, None if "://" in uri else Path(uri))

    async def schema(self) -> CatalogueSchema:
        """Return the filterable fields and the count; cached until the table changes."""
        table = await self._table()
        if table is None:
            return CatalogueSchema()
        key, known = await self._key(table), self._schema
        if known and (known[0] == key or (known[0].table_id == key.table_id and time.monotonic() < known[2])):
            return known[1]
        start = time.perf_counter()
        described = await _stored(describe(table), "cannot describe the catalogue")
        again = time.monotonic() + REFRESH_SHARE * (time.perf_counter() - start)
        self._schema = (key, described, again)
        return described

    async def _table(self) -> Any:
        if self._opened is None:
            try:
                self._opened = await self._connection.open_table(self._name)
            except (ValueError, RuntimeError, OSError) as error:
                if not isinstance(error, ValueError) or "not found" not in str(error):
                    raise StoreError(f"cannot open the catalogue: {str(error)[:300]}") from error
        return self._opened

    async def _key(self, table: Any) -> Key:
        """Return the table's state, looked for every ``LOOK_S`` seconds and after each write of this process.

        Every version of a table in a folder leaves a file in it, so what did not change since it was settled is not read again.
        """
        if self._looked is None or time.monotonic() > self._looked[1]:
            seen, settled = self._folder_seen()
            if self._looked is not None and seen is not None and seen == self._unchanged:
                key = self._looked[0]
            else:
                key = await _stored(read_key(table), "cannot read the catalogue's version")
            self._looked = (key, time.monotonic() + LOOK_S)
            self._unchanged = seen if settled else None
        return self._looked[0]

    def _folder_seen(self) -> tuple[tuple[int, int] | None, bool]:
        """Return what tells one state of the folder of versions from others, and whether it has settled; None if there is none."""
        if self._versions is None:
            return None, False
        try:
            found = self._versions.stat()
        except OSError:
            return None, False
        return (found.st_ino, found.st_mtime_ns), time.time() - found.st_mtime > SETTLED_S

    async def _current(self, table: Any) -> View:
        key = await self._key(table)
        if self._view is None or self._view.key != key:
            view = read_view(table, key, self._exact_below)
            self._view = await _stored(view, "cannot read the catalogue's columns")
        return self._view

    @asynccontextmanager
    async def _alone(self) -> AsyncIterator[None]:
        """Keep other writers of this machine waiting, at most ``WAIT_S``; a writer that dies lets them go on. Only in a folder.

        Two tables made at the same time would otherwise lose each other's first items now and then.
        """
        with ExitStack() as held:
            try:
                lock = held.enter_context(await asyncio.to_thread(self._writing.open, "w")) if self._writing else None
            except OSError:  # the work itself says what is wrong with the folder
                lock = None
            until = time.monotonic() + WAIT_S
            while lock and not _taken(lock) and time.monotonic() < until:  # noqa: ASYNC110  other processes hold it
                await asyncio.sleep(0.01)
            yield

    async def _contended(self, work: Callable[[], Awaitable[T]]) -> T:
        """Do ``work``, one writer of a folder at a time, and again when another machine's write came between."""
        async with self._write, self._alone():
            try:
                for attempt in range(1, WRITE_ATTEMPTS):
                    try:
                        return await work()
                    except StoreError as error:
                        if not any(sign in str(error).lower() for sign in _CONTENTION):
                            raise
                    await asyncio.sleep(0.05 * attempt)
                    await _stored(self._opened.checkout_latest(), "cannot see the latest catalogue")
                return await work()
            finally:
                self._looked = self._schema = None
