"""Databases of earlier versions are upgraded, newer ones refused, deleted ones noticed; on SQLite and on a real PostgreSQL."""

from __future__ import annotations

import asyncio
import sqlite3
import time
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from pydantic import SecretStr
from sqlalchemy import MetaData, text
from sqlalchemy.exc import SQLAlchemyError

from tastemaker.core.errors import StoreError
from tastemaker.core.learning.exposures import Exposure, Shown
from tastemaker.core.schemas import Event, Preference
from tastemaker.core.schemas.releases import Gate
from tastemaker.core.settings import HistorySettings, PromptSettings, Settings
from tastemaker.graphs.releases.desk import ReleaseDesk
from tastemaker.stores import database as module
from tastemaker.stores.database import METADATA, NEWEST, Database, Schema, migration_config
from tastemaker.stores.descriptions import Descriptions
from tastemaker.stores.events.co_occurrence import CoOccurrence
from tastemaker.stores.events.event_columns import EventLog
from tastemaker.stores.events.exposure_log import LISTS, ExposureLog
from tastemaker.stores.events.history import EVENTS, SqlHistory
from tastemaker.stores.events.remembered_preferences import TASTES, TasteStore
from tastemaker.stores.reviews import REVIEWS

from ..postgres_server import postgres

NOW = datetime.now(UTC).replace(microsecond=0)
LATER = "9999"


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    with postgres() as url:
        yield url


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.slow)])
async def url(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[str]:
    """Give the address of an empty database."""
    if request.param == "sqlite":
        yield f"sqlite+aiosqlite:///{tmp_path / 'history.db'}"
        return
    found: str = request.getfixturevalue("server")
    async with asyncio.timeout(30):
        while True:
            try:
                await script(found, "DROP SCHEMA public CASCADE", "CREATE SCHEMA public")
                break
            except (OSError, SQLAlchemyError):
                await asyncio.sleep(0.1)
    yield found


async def script(url: str, *statements: str) -> list[Any]:
    """Run statements as they are, without migrations, and return the rows of the last."""
    from sqlalchemy.ext.asyncio import create_async_engine

    engine = create_async_engine(url)
    try:
        async with engine.begin() as connection:
            for statement in statements:
                result = await connection.execute(text(statement))
            return list(result.all()) if result.returns_rows else []
    finally:
        await engine.dispose()


def event(item: str, user: str = "ada", at: datetime = NOW, **fields: Any) -> Event:
    return Event(user_id=user, item_id=item, kind="like", at=at, **fields)


# --- migrations ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("schema", ["history", "descriptions", "access", "releases"])
def test_the_newest_migration_is_the_one_that_is_opened_without_alembic(schema: Schema) -> None:
    assert ScriptDirectory.from_config(migration_config(schema)).get_current_head() == NEWEST[schema]


async def test_migrations_make_the_tables_that_are_used(url: str) -> None:
    database = Database(url)
    tables: MetaData = METADATA
    assert {EVENTS.name, LISTS.name, TASTES.name, REVIEWS.name} <= tables.tables.keys()
    async with database.connect() as connection:
        found = await connection.run_sync(lambda c: compare_metadata(MigrationContext.configure(c), tables))
    assert found == []
    await database.close()


TODAY = """CREATE TABLE events (id {key}, tenant VARCHAR(64) NOT NULL, user_id VARCHAR(128) NOT NULL,
 item_id VARCHAR(128) NOT NULL, kind VARCHAR(16) NOT NULL, at_us BIGINT NOT NULL, value FLOAT, context TEXT NOT NULL,
 CONSTRAINT events_natural_key UNIQUE (tenant, user_id, item_id, kind, at_us))"""


@pytest.mark.parametrize("tables", ["all", "events alone"])
async def test_an_older_database_is_upgraded_with_what_it_holds(url: str, tables: str) -> None:
    key = "INTEGER PRIMARY KEY" if "sqlite" in url else "BIGSERIAL PRIMARY KEY"
    past = int(NOW.timestamp() * 1e6) - 10_000_000
    rows = ", ".join(
        f"('default', 'ada', '{item}', 'like', {at}, '{{}}')"
        for item, at in (("old", past), ("far", 32_500_000_000_000_000), ("farther", 32_500_000_000_000_001))
    )
    made = [TODAY.format(key=key), "CREATE INDEX events_by_user ON events (tenant, user_id, at_us)"]
    if tables == "all":
        made.append(
            "CREATE TABLE tastes (tenant VARCHAR(64), user_id VARCHAR(128), field VARCHAR(64), value VARCHAR(256),"
            " weight FLOAT NOT NULL, reach FLOAT, at_us BIGINT NOT NULL, PRIMARY KEY (tenant, user_id, field, value))"
        )
    made.append(f"INSERT INTO events (tenant, user_id, item_id, kind, at_us, context) VALUES {rows}")
    await script(url, *made)
    history = await SqlHistory.open(url)
    events = await history.all_events()
    assert [e.item_id for e in events] == ["old", "far", "farther"]
    assert max(e.at for e in events) < datetime.now(UTC) + timedelta(minutes=1)
    assert await history.add([event("new", event_id="e1"), event("again", event_id="e1")]) == 1
    await history.close()
    assert await script(url, "SELECT version_num FROM alembic_version") == [(NEWEST["history"],)]


async def test_a_newer_database_is_refused(url: str) -> None:
    await (await SqlHistory.open(url)).close()
    await script(url, f"UPDATE alembic_version SET version_num = '{LATER}'")
    with pytest.raises(
        StoreError, match=f"written by a newer Tastemaker .schema {LATER}, this version knows up to {NEWEST['history']}"
    ):
        await SqlHistory.open(url)


async def test_many_open_an_empty_database_at_once(url: str) -> None:
    histories = await asyncio.gather(*(SqlHistory.open(url, f"t{n}") for n in range(6)))
    assert sum(await asyncio.gather(*(h.add([event("a")]) for h in histories))) == 6
    await asyncio.gather(*(h.close() for h in histories))


async def test_descriptions_of_the_first_kind_become_searchable(tmp_path: Path) -> None:
    path = tmp_path / "descriptions.db"
    with sqlite3.connect(path) as old:
        old.execute(
            "CREATE TABLE descriptions (tenant TEXT, kind TEXT, key TEXT, digest TEXT NOT NULL, words TEXT NOT NULL,"
            " PRIMARY KEY (tenant, kind, key))"
        )
        old.execute("""INSERT INTO descriptions VALUES ('default', 'item', 'i1', 'd', '["sailing boats"]')""")
    old.close()
    words = Descriptions(path, "default")
    assert [i for i, _ in await words.find(["boat"], 5)] == ["i1"]
    await words.delete(["i1"])
    assert await words.find(["boat"], 5) == []
    assert await words.get("item", {"i1": "d"}) == {}
    await words.close()


# --- what is stored is stored --------------------------------------------------------------------------


async def test_a_deleted_file_is_made_anew_before_anything_is_stored(tmp_path: Path) -> None:
    url = f"sqlite+aiosqlite:///{tmp_path / 'history.db'}"
    history = await SqlHistory.open(url)
    log = EventLog(100)
    await history.add([event("a"), event("b")])
    assert await log.read(history) == 2
    for file in list(tmp_path.glob("history.db*")):  # noqa: ASYNC240
        file.unlink()
    assert await history.add([event("c")]) == 1
    again = await SqlHistory.open(url)
    assert [e.item_id for e in await again.all_events()] == ["c"]
    await log.read(history)
    assert log.item_ids == ["c"]
    assert len(log) == 1
    await again.close()
    await history.close()


async def test_a_server_that_is_down_is_not_asked_again_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    database = Database("sqlite+aiosqlite:////proc/nowhere/history.db")
    with pytest.raises(StoreError, match=r"check history\.url"):
        async with database.connect():
            pass
    monkeypatch.setattr(module.Database, "_prepare", None)
    with pytest.raises(StoreError, match=r"check history\.url"):
        async with database.connect():
            pass


async def test_an_event_is_known_by_its_id_its_time_or_for_a_minute(url: str) -> None:
    history = await SqlHistory.open(url)
    named = event("a", event_id="order-9:3")
    assert await history.add([named, named]) == 1
    assert await history.add([named.model_copy(update={"at": NOW - timedelta(days=1)})]) == 0
    assert await history.add([event("b")]) == 1
    assert await history.add([event("b")]) == 0

    def timeless(kind: str, item: str = "c", user: str = "bob", **fields: Any) -> Event:
        return Event.model_validate({"user_id": user, "item_id": item, "kind": kind, **fields})

    assert await history.add([timeless("like"), timeless("like")]) == 1
    assert await history.add([timeless("like")]) == 0
    assert await history.add([timeless("like", user="eve"), timeless("like", "d"), timeless("click")]) == 3
    assert await history.add([timeless("like", context={"page": "1"})]) == 1
    assert await history.add([timeless("dislike")]) == 1
    assert await history.add([timeless("like")]) == 1
    assert (await history.profile("bob")).liked == ("c", "d")
    assert await history.add([timeless("rating", value=4.0), timeless("rating", value=5.0)]) == 2
    monkey = pytest.MonkeyPatch()
    monkey.setattr("tastemaker.stores.events.history.REPEAT_S", 0.0)
    await asyncio.sleep(0.001)
    assert await history.add([timeless("rating", value=5.0)]) == 1
    monkey.undo()
    await history.close()


async def test_repeats_sent_at_once_are_stored_once(url: str) -> None:
    histories = [await SqlHistory.open(url) for _ in range(3)]
    sent = [Event(user_id="u", item_id="i", kind="purchase") for _ in range(9)]
    assert sum(await asyncio.gather(*(histories[n % 3].add([e]) for n, e in enumerate(sent)))) == 1
    for history in histories:
        await history.close()


@pytest.mark.parametrize("ahead", [timedelta(minutes=6), timedelta(days=365 * 900)])
@pytest.mark.parametrize("aware", [True, False])
def test_the_future_is_refused_and_a_clock_that_is_a_little_ahead_is_not(ahead: timedelta, aware: bool) -> None:
    now = datetime.now(UTC)
    with pytest.raises(ValueError, match=r"(?s)at\n.*future"):
        event("a", at=now + ahead if aware else (now + ahead).replace(tzinfo=None))
    event("a", at=now + timedelta(minutes=4))


async def test_what_is_shown_and_what_is_liked_is_kept_in_either_database(url: str) -> None:
    database = Database(url)
    log, tastes = ExposureLog(database, retention_days=1.0), TasteStore(database)
    history = SqlHistory(database, "default")
    await history.add([event("x"), Event(user_id="bob", item_id="x", kind="click", at=NOW)])
    for n, request_id in enumerate(("old", "r1", "r2")):
        at = datetime.now(UTC) - timedelta(days=2 if request_id == "old" else 0)
        shown = (
            Shown(item_id="x", place=1, propensity=0.5, ranks={"text": n}),
            Shown(item_id="y", place=2, propensity=1),
        )
        log.record(Exposure(tenant="default", request_id=request_id, at=at, policy="v1", user_id="ada", items=shown))
    await log.flush()
    assert [e.request_id for e in await log.read("default")] == ["r1", "r2"]
    assert [e.items[0].ranks for e in await log.read("default", limit=1)] == [{"text": 2}]
    assert await log.seen("default") == {"x": (2, 2, 2), "y": (2, 0, 0)}
    await tastes.remember("default", "ada", [Preference(field="colour", value="Red")])
    await tastes.remember("default", "ada", [Preference(field="colour", value="Red", weight=-1)])
    assert [p.weight for p in await tastes.recall("default", "ada")] == [-1]
    assert await tastes.forget("default", "ada") == 1
    model = CoOccurrence(history)
    assert [i for i, _ in await model.popular(5)] == ["x"]
    await log.close()


# --- readers -------------------------------------------------------------------------------------------


async def test_a_cap_counts_the_tenants_own_events_and_keeps_the_newest(url: str) -> None:
    mine, other = await SqlHistory.open(url, "mine"), await SqlHistory.open(url, "other")
    for start in range(0, 100, 10):
        await mine.add([event(f"m{n}") for n in range(start, start + 10)])
        await other.add([event(f"o{n}") for n in range(start * 5, start * 5 + 50)])
    log = EventLog(100)
    assert await log.read(mine) == 100
    assert [e.item_id for e in await mine.all_events(limit=3)] == ["m97", "m98", "m99"]
    small = EventLog(30)
    assert await small.read(mine) == 30
    assert small.item_ids == [f"m{n}" for n in range(70, 100)]
    version = await mine.version()
    await other.add([event(f"p{n}") for n in range(500)])
    await mine.add([event("last")])
    assert await small.read(mine) == 1
    assert small.since(version) == 1
    assert len(small) <= 31
    await mine.close()
    await other.close()


async def test_who_has_read_up_to_an_id_misses_no_event(url: str) -> None:
    """Writers of several connections at once; a reader that only asks for what is newer than what it has seen."""
    writers = [await SqlHistory.open(url) for _ in range(4)]
    reader, last, done = await SqlHistory.open(url), 0, False
    seen: list[str] = []

    async def read() -> None:
        nonlocal last
        while not done:
            async for page in reader.pages(last):
                seen.extend(r.item_id for r in page)
                last = page[-1].id
            await asyncio.sleep(0)

    async def write(n: int) -> None:
        for batch in range(15):
            await writers[n].add([event(f"{n}-{batch}-{k}") for k in range(1 + (n + batch) % 5 * 20)])

    reading = asyncio.create_task(read())
    await asyncio.gather(*(write(n) for n in range(4)))
    await asyncio.sleep(0.05)
    done = True
    await reading
    assert sorted(seen) == sorted(e.item_id for e in await reader.all_events())
    for history in (*writers, reader):
        await history.close()


@pytest.mark.slow
async def test_a_slow_transaction_of_another_connection_is_not_skipped(server: str) -> None:
    """The fault as it happened: an id drawn early and committed late, behind a reader that had passed it."""
    history = await SqlHistory.open(server, "late")
    slow = Database(server)
    async with slow.connect(write=True) as connection:
        await connection.execute(text("SELECT pg_advisory_xact_lock(hashtextextended('late', 0))"))
        row = {"tenant": "late", "user_id": "u", "item_id": "early", "kind": "view", "at_us": 1, "context": "{}"}
        await connection.execute(EVENTS.insert(), [row])
        adding = asyncio.create_task(history.add([event("late")]))
        started = time.monotonic()
        while time.monotonic() - started < 0.3:
            assert not [page async for page in history.pages()]
            await asyncio.sleep(0.02)
    assert await adding == 1
    assert [r.item_id async for page in history.pages() for r in page] == ["early", "late"]
    await slow.close()
    await history.close()


async def test_releases_are_kept_beside_the_events_by_people_who_act_at_once(url: str) -> None:
    await (await SqlHistory.open(url)).close()
    settings = Settings(history=HistorySettings(url=url), prompts=PromptSettings(url=SecretStr(url)))
    desks = [ReleaseDesk.at(settings) for _ in range(2)]
    bodies = [desks[0].shipped("rules").body + f"# {n}\n" for n in range(8)]
    made = await asyncio.gather(
        *(desks[n % 2].commit("shop", "rules", body, f"p{n}", message="") for n, body in enumerate(bodies))
    )
    assert sorted(v.number for v in made) == list(range(1, 9))
    await desks[0].set_gate("shop", "rules", Gate(approvals=0), "root")
    await desks[0].label("shop", "rules", 3, "candidate", "p1")
    begun = await asyncio.gather(
        *(desk.rollout("shop", "rules", 3, 10 * n, "p2") for n, desk in enumerate(desks, 1)), return_exceptions=True
    )
    assert len({getattr(rollout, "id", None) for rollout in begun}) == 1
    assert await desks[1].verify_audit("shop") == []
    assert await desks[0].store.revision() == len(await desks[0].whole_audit("shop"))
    assert (await desks[1].rollback("shop", "rules", "p3")).rollout == begun[0].id  # type: ignore[union-attr]
    for desk in desks:
        await desk.close()
