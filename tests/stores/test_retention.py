"""What is kept longer than the settings say is removed from every store and its files; what is younger stays."""

from __future__ import annotations

import asyncio
import os
import sqlite3
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tastemaker.api.cli.expire import expire_command
from tastemaker.api.http.app import create_app
from tastemaker.core.errors import StoreError
from tastemaker.core.schemas import Event, Expired, Preference, Preferences
from tastemaker.core.settings import ExposureSettings, HistorySettings, Settings, ThreadSettings
from tastemaker.graphs.recommender import Recommender
from tastemaker.graphs.retention import RetentionSweep, expire
from tastemaker.graphs.shop.services import open_exposures
from tastemaker.graphs.threads.store import first_id_at
from tastemaker.stores.database import Database
from tastemaker.stores.events.co_occurrence import CoOccurrence
from tastemaker.stores.events.history import SqlHistory
from tastemaker.stores.events.remembered_preferences import TasteStore
from tastemaker.tools.media.admission import FOLDER_PREFIX, media_folder, remove_left

from ..catalogue_fixture import rows
from ..fake_service import FakeService
from ..live_server import serving
from ..shop_fixture import history_url, shop_services

NOW = datetime.now(UTC)
OLD, YOUNG = "long-ago-9317", "lately-9318"
DAY_US = 86_400_000_000


def policy(home: Path, **days: float) -> Settings:
    return Settings(
        home=home,
        history=HistorySettings(retention_days=days.get("history", 0)),
        threads=ThreadSettings(retention_days=days.get("threads", 0)),
        exposures=ExposureSettings(retention_days=days.get("exposures", 90)),
    )


async def opened(settings: Settings) -> Recommender:
    services = shop_services(settings, catalogues={"default": rows(), "other": rows()})
    database = Database(history_url(settings.home))
    services.exposures = open_exposures(settings, database)
    services.tastes = TasteStore(database)
    return await Recommender(services=services).start()


async def live(recommender: Recommender, user: str, tenant: str = "default") -> str:
    await recommender.feedback([Event(user_id=user, item_id="i1", kind="like", at=NOW)], tenant=tenant)
    wishes = Preferences(values=[Preference(field="colour", value="Red")], remember=True)
    done = await recommender.recommend(user_id=user, tenant=tenant, text="a dog", preferences=wishes, words=False)
    return done.thread_id


def found(home: Path, *marks: str) -> set[str]:
    return {p.name for p in home.rglob("*") if p.is_file() and any(m.encode() in p.read_bytes() for m in marks)}


def age(home: Path, user: str, thread: str, days: int) -> None:
    """Make everything of a user so many days older, as the clock would have."""
    with sqlite3.connect(home / "history.db") as history:
        for table in ("events", "tastes", "exposures"):
            history.execute(f"UPDATE {table} SET at_us = at_us - ? WHERE user_id = ?", (days * DAY_US, user))
        mine = "SELECT request_id FROM exposures WHERE user_id = ?"
        for table in ("exposed_items", "exposed_sources"):
            aged = f"UPDATE {table} SET at_us = at_us - ? WHERE request_id IN ({mine})"
            history.execute(aged, (days * DAY_US, user))
    with sqlite3.connect(home / "threads.db") as threads:
        aged_id = first_id_at(NOW - timedelta(days=days))
        threads.execute("UPDATE checkpoints SET checkpoint_id = ? WHERE thread_id LIKE ?", (aged_id, f"%{thread}"))


async def test_what_is_too_old_is_gone_from_every_file_and_nothing_else(tmp_path: Path) -> None:
    settings = policy(tmp_path, history=365, threads=90, exposures=30)
    recommender = await opened(settings)
    threads = [await live(recommender, OLD), await live(recommender, OLD, "other"), await live(recommender, YOUNG)]
    assert recommender.services.exposures is not None
    await recommender.services.exposures.flush()
    assert await recommender.expire() == Expired()
    for thread in threads[:2]:
        age(tmp_path, OLD, thread, 200)  # both calls age what history.db holds of the user
    assert await recommender.expire() == Expired(events=2, preferences=2, shown=2, threads=2)
    assert found(tmp_path, OLD, *threads[:2]) == set()
    assert await recommender.expire() == Expired()
    kept = await recommender.export_user(YOUNG)
    assert (len(kept.events), len(kept.preferences), len(kept.shown), len(kept.threads)) == (1, 1, 1, 1)
    again = await recommender.recommend(user_id=YOUNG, text="cheaper", thread_id=threads[2], words=False)
    assert again.thread_id == threads[2]
    await recommender.close()


async def test_each_store_has_a_limit_of_its_own_and_none_means_for_ever(tmp_path: Path) -> None:
    recommender = await opened(policy(tmp_path, threads=90))
    thread = await live(recommender, OLD)
    assert recommender.services.exposures is not None
    await recommender.services.exposures.flush()
    age(tmp_path, OLD, thread, 4_000)
    assert await recommender.expire() == Expired(shown=1, threads=1)
    kept = await recommender.export_user(OLD)
    assert (len(kept.events), len(kept.preferences), kept.shown, kept.threads) == (1, 1, (), ())
    await recommender.close()


async def test_a_thread_whose_next_turn_goes_on_is_not_removed(tmp_path: Path) -> None:
    recommender = await opened(policy(tmp_path, threads=90))
    thread = await live(recommender, OLD)
    age(tmp_path, OLD, thread, 100)
    assert recommender._threads is not None
    async with recommender._threads.turn(f"default/{thread}", 5.0) as held:
        assert (await recommender.expire()).threads == 0
        assert held.memory.turn == 1
    assert (await recommender.expire()).threads == 1
    await recommender.close()


def test_ids_of_checkpoints_follow_the_clock() -> None:
    from langgraph.checkpoint.base.id import uuid6

    before, after = first_id_at(datetime.now(UTC) - timedelta(seconds=2)), first_id_at(datetime.now(UTC) + timedelta(1))
    assert before < str(uuid6()) < after


async def test_another_process_forgets_what_was_taken_away(tmp_path: Path) -> None:
    here = await SqlHistory.open(history_url(tmp_path))
    there = CoOccurrence(await SqlHistory.open(history_url(tmp_path)), check_s=0.0)
    at = NOW - timedelta(days=10)
    await here.add([Event(user_id=OLD, item_id=i, kind="like", at=at) for i in ("i1", "i2")])
    assert await there.similar(["i1"], 5)
    assert await here.erase(OLD) == 2
    await here.add([Event(user_id=YOUNG, item_id=i, kind="like") for i in ("i3", "i4")])  # SQLite gives the ids again
    await there.refresh()
    assert (await there.similar(["i1"], 5), len(await there.similar(["i3"], 5))) == ([], 1)
    assert OLD not in there._events._users
    for opened_here in (here, there._history):
        assert isinstance(opened_here, SqlHistory)
        await opened_here.close()


async def test_left_media_are_removed_and_those_in_use_are_not(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    left, mine = tmp_path / f"{FOLDER_PREFIX}left", tmp_path / "tastemaker-home"
    for folder in (left, mine):
        folder.mkdir()
        (folder / "photo.jpg").write_bytes(b"x")
        os.utime(folder, (0, time.time() - 2 * 86_400))
    async with media_folder() as used:
        (used / "photo.jpg").write_bytes(b"x")
        assert remove_left() == 1
        assert used.exists()
    assert (left.exists(), used.exists(), mine.exists()) == (False, False, True)


async def test_a_store_that_fails_is_an_error_and_the_sweep_goes_on(tmp_path: Path) -> None:
    (tmp_path / "history.db").write_text("not a database, and long enough to be none of its pages " * 40)
    with pytest.raises(StoreError):
        await expire(policy(tmp_path, history=1), None)
    thrice = Keeping(error=StoreError("gone"))
    sweep = RetentionSweep(thrice.expire, every_s=0.01)
    sweep.start()
    await asyncio.wait_for(thrice.done.wait(), 5)
    await sweep.close()


class Keeping(FakeService):
    """Is told to remove what is old; ``done`` after three times."""

    def __init__(self, error: Exception | None = None) -> None:
        super().__init__()
        self.times, self.fails, self.done = 0, error, asyncio.Event()

    async def expire(self) -> Expired:
        """Count."""
        self.times += 1
        if self.times == 3:
            self.done.set()
        if self.fails:
            raise self.fails
        return Expired(threads=1)


async def test_a_server_does_so_by_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tastemaker.api.http.app.EVERY_S", 0.02)
    service = Keeping()

    async def made() -> Keeping:
        return service

    async with serving(create_app(made, Settings())):
        await asyncio.wait_for(service.done.wait(), 5)


@pytest.fixture
async def aged(tmp_path: Path) -> Path:
    history = await SqlHistory.open(history_url(tmp_path))
    await history.add([Event(user_id=OLD, item_id="i1", kind="like", at=NOW - timedelta(days=3))])
    await history.close()
    return tmp_path


def test_the_command_says_what_it_removed(
    aged: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("TASTEMAKER_HOME", str(aged))
    monkeypatch.setenv("TASTEMAKER_HISTORY__RETENTION_DAYS", "2")
    expire_command(as_json=False)
    assert capsys.readouterr().out == "removed: 1 events\n"
    expire_command(as_json=False)
    assert capsys.readouterr().out == "nothing is kept longer than the settings say\n"
    expire_command(as_json=True)
    assert Expired.model_validate_json(capsys.readouterr().out) == Expired()
