"""Open a SQL database on first use and bring it to this version's schema; SQLite or PostgreSQL, through SQLAlchemy.

Several processes may open, migrate, read and write one database at once. A SQLite file that is deleted or replaced while it is
open is noticed at the next use and opened anew, so that nothing is written to a file that no longer has a name.
"""

from __future__ import annotations

import asyncio
import logging
import os
import sqlite3
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any, Literal, TypeVar

from sqlalchemy import MetaData, create_engine, event, inspect, text
from sqlalchemy.engine import URL, Connection, Engine, make_url
from sqlalchemy.exc import ArgumentError, NoSuchModuleError, OperationalError, SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from ..core.errors import ConfigurationError, StoreError
from ..core.redaction import redact

Schema = Literal["history", "descriptions", "access", "releases"]
NEWEST: dict[Schema, str] = {"history": "h6", "descriptions": "d2", "access": "a1", "releases": "v2"}
"""The last migration of each schema; a database that is at it is opened without importing Alembic."""
MIGRATIONS = Path(__file__).parent / "migrations"
BUSY_TIMEOUT_MS = 10_000
METADATA = MetaData()
"""The tables of the schema ``history``, each defined where it is used; ``migrations/history`` makes and changes them."""
VERSION_TABLES: dict[Schema, str] = {"access": "access_version", "releases": "releases_version"}
"""The table that holds a schema's migration, where it may share a database with another; else ``alembic_version``."""
_LOCK = 7_300_001
"""The advisory lock of PostgreSQL under which the schema is changed."""
RETRY_S = 5.0
"""Seconds for which a failed opening is remembered, so that requests do not all wait for a server that is down."""
STEP_MS = 20
"""Milliseconds between two tries at a file that is being begun."""
HANDS = 4
"""Threads that do whole pieces of work on a SQLite file, each with a connection of its own."""
_ONE_AT_A_TIME = threading.Lock()
T = TypeVar("T")
_log = logging.getLogger("tastemaker.database")


class Database:
    """The database at ``url``: ``sqlite+aiosqlite:///FILE`` or ``postgresql+asyncpg://...``.

    Args:
        url: where it is; the name of the setting that holds it is for messages.
        schema: which migrations it follows.
        setting: see ``url``.

    Raises:
        ConfigurationError: the URL is not understood or its driver is missing.
    """

    def __init__(self, url: str, schema: Schema = "history", setting: str = "history.url") -> None:
        self._schema: Schema = schema
        self._setting = setting
        try:
            parsed = make_url(url)
            again = parsed.get_backend_name() != "sqlite"  # a server may have closed a connection meanwhile
            self._engine: AsyncEngine = create_async_engine(parsed, pool_pre_ping=again)
        except (ArgumentError, NoSuchModuleError, ImportError) as error:
            wanted = "sqlite+aiosqlite:///FILE or postgresql+asyncpg://USER@HOST/NAME (extra: tastemaker[postgres])"
            raise ConfigurationError(f"{setting} is not usable, expected {wanted}") from error
        name = self._engine.url.database
        if self._engine.dialect.name == "sqlite" and name in (None, "", ":memory:"):
            raise ConfigurationError(f"{setting} must name a file: what is in memory is kept by nobody")
        self._path = Path(str(name)) if self._engine.dialect.name == "sqlite" else None
        self._file: Engine | None = None
        self._hands: ThreadPoolExecutor | None = None
        self._opened: tuple[int, int] | None = None
        self._opening = asyncio.Lock()
        self._failed: tuple[float, StoreError] | None = None
        if self._engine.dialect.name == "sqlite":
            event.listen(self._engine.sync_engine, "connect", _tune_sqlite)

    @property
    def dialect(self) -> str:
        """Return ``sqlite`` or ``postgresql``."""
        return str(self._engine.dialect.name)

    @property
    def missing(self) -> bool:
        """Tell whether this is a file that does not exist yet."""
        return self._path is not None and not self._path.exists()

    @asynccontextmanager
    async def connect(self, *, write: bool = False) -> AsyncIterator[AsyncConnection]:
        """Lend a connection; with ``write`` it is one transaction, which SQLite begins by waiting for the other writers.

        Raises:
            StoreError: the database failed, or was written by a newer Tastemaker.
        """
        if self._opened is None or self._opened != self._identity():
            await self._open()
        with self._failures():
            async with self._engine.begin() if write else self._engine.connect() as connection:
                if write and self.dialect == "sqlite":
                    await connection.exec_driver_sql("BEGIN IMMEDIATE")
                yield connection

    async def run(self, work: Callable[[Connection], T], *, write: bool = False) -> T:
        """Do ``work`` on a connection; with ``write`` it is one transaction. Raises as ``connect``.

        On SQLite it is done whole in a thread: to go there for each statement, as ``connect`` does, costs more than reading a few rows.
        A caller that is cancelled does not stop it half-way.
        """
        if self._path is None:
            async with self.connect(write=write) as connection:
                return await connection.run_sync(work)
        if self._opened is None or self._opened != self._identity():
            await self._open()
        if self._file is None or self._hands is None:
            self._file, self._hands = _engine_of_file(self._engine.url), ThreadPoolExecutor(HANDS, "database")
        with self._failures():
            done = asyncio.get_running_loop().run_in_executor(self._hands, _on_file, self._file, work, write)
            return await done

    @contextmanager
    def _failures(self) -> Iterator[None]:
        try:
            yield
        except (SQLAlchemyError, OSError, ImportError) as error:
            reason = redact(str(getattr(error, "orig", None) or type(error).__name__))[:200]
            raise StoreError(f"the {self._schema} database failed; check {self._setting}: {reason}") from error

    async def purge(self) -> None:
        """Take what was deleted out of SQLite's files as well; a server does so by itself.

        Raises:
            StoreError: the database failed.
        """
        if self.dialect == "sqlite":
            async with self.connect() as connection:
                await connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")

    async def close(self) -> None:
        """Close every connection; the next use opens the database again."""
        self._opened = None
        hands, self._hands, file, self._file = self._hands, None, self._file, None
        if hands is not None:
            await asyncio.to_thread(hands.shutdown)
        if file is not None:
            file.dispose()
        await self._engine.dispose()

    async def _open(self) -> None:
        async with self._opening:
            if self._opened is not None:
                if self._opened == self._identity():
                    return
                _log.warning("the file of %s was deleted or replaced; it is opened anew", self._setting)
                await self.close()
            if self._failed and time.monotonic() - self._failed[0] < RETRY_S:
                raise self._failed[1]
            try:
                with self._failures():
                    await self._prepare()
            except StoreError as error:
                self._failed = (time.monotonic(), error)
                raise
            self._opened = self._identity()

    async def _prepare(self) -> None:
        if self._path is not None:
            await asyncio.to_thread(self._path.parent.mkdir, parents=True, exist_ok=True)
        async with self._engine.connect() as connection:
            current = await connection.run_sync(_revision, version_table(self._schema))
        if current != NEWEST[self._schema]:
            await asyncio.to_thread(_migrate, self._engine.url, self._schema)

    def _identity(self) -> tuple[int, int]:
        """Return what tells one file from another at the same path; the same for every other database."""
        if self._path is None:
            return (0, 0)
        try:
            status = os.stat(self._path)
        except FileNotFoundError:
            return (-1, -1)
        return (status.st_dev, status.st_ino)


def _engine_of_file(url: URL) -> Engine:
    engine = create_engine(url.set(drivername="sqlite"))
    event.listen(engine, "connect", _tune_sqlite)
    return engine


def _on_file(engine: Engine, work: Callable[[Connection], T], write: bool) -> T:
    with engine.connect() as connection:
        if not write:
            return work(connection)
        with connection.begin():
            connection.exec_driver_sql("BEGIN IMMEDIATE")
            return work(connection)


def version_table(schema: Schema) -> str:
    """Return the name of the table that holds a schema's migration."""
    return VERSION_TABLES.get(schema, "alembic_version")


def _revision(connection: Connection, table: str) -> str | None:
    if not inspect(connection).has_table(table):
        return None
    found = connection.execute(text(f"SELECT version_num FROM {table}")).scalar()  # noqa: S608  a fixed name
    return None if found is None else str(found)


def _migrate(url: URL, schema: Schema) -> None:
    """Run the migrations that a database lacks in an event loop of its own: Alembic knows one migration at a time.

    Raises:
        StoreError: it is at a migration that this version does not know.
    """

    async def run() -> None:
        engine = create_async_engine(url)
        lock = f"SELECT pg_advisory_xact_lock({_LOCK})"
        if engine.dialect.name == "sqlite":
            event.listen(engine.sync_engine, "connect", _tune_sqlite)
            lock = "BEGIN IMMEDIATE"
        try:
            async with engine.begin() as connection:
                await connection.exec_driver_sql(lock)
                await connection.run_sync(_upgrade, schema)
        finally:
            await engine.dispose()

    with _ONE_AT_A_TIME:
        asyncio.run(run())


def _upgrade(connection: Connection, schema: Schema) -> None:
    from alembic import command
    from alembic.script import ScriptDirectory

    config = migration_config(schema)
    current = _revision(connection, version_table(schema))
    known = [script.revision for script in ScriptDirectory.from_config(config).walk_revisions()]
    if current is not None and current not in known:
        raise StoreError(
            f"the {schema} database was written by a newer Tastemaker (schema {current}, this version knows up to "
            f"{known[0]}); upgrade Tastemaker or name another database"
        )
    config.attributes["connection"] = connection
    config.attributes["version_table"] = version_table(schema)
    command.upgrade(config, "head")


def migration_config(schema: Schema) -> Any:
    """Return Alembic's configuration for a schema."""
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    config.set_main_option("version_locations", str(MIGRATIONS / schema).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    return config


def _tune_sqlite(connection: Any, _record: Any) -> None:
    cursor = connection.cursor()
    for pragma in (f"busy_timeout={BUSY_TIMEOUT_MS}", "journal_mode=WAL", "synchronous=NORMAL", "secure_delete=ON"):
        _insist(cursor, f"PRAGMA {pragma}")
    cursor.close()


def _insist(cursor: Any, statement: str) -> None:
    """Execute a statement for which SQLite does not wait by itself: where two begin a new file at once, the second finds it locked."""
    for left in range(BUSY_TIMEOUT_MS // STEP_MS, -1, -1):
        try:
            cursor.execute(statement)
            return
        except (sqlite3.OperationalError, OperationalError) as error:
            if not left or "locked" not in str(error):
                raise
            time.sleep(STEP_MS / 1000)
