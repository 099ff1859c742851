"""Events are stored once, separated by tenant, and summed up by the latest opinion."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest

from tastemaker.core.errors import ConfigurationError, StoreError
from tastemaker.core.protocols import History
from tastemaker.core.schemas import Event, EventKind
from tastemaker.stores.events.history import SqlHistory

START = datetime(2026, 1, 1, 12, 0, 0, 123456, tzinfo=UTC)


def ev(item: str, kind: EventKind, minutes: int = 0, value: float | None = None, user: str = "ada") -> Event:
    return Event(user_id=user, item_id=item, kind=kind, at=START + timedelta(minutes=minutes), value=value)


@pytest.fixture
async def url(tmp_path: Path) -> str:
    return f"sqlite+aiosqlite:///{tmp_path / 'new' / 'history.db'}"


@pytest.fixture
async def history(url: str) -> AsyncIterator[SqlHistory]:
    opened = await SqlHistory.open(url)
    yield opened
    await opened.close()


async def test_a_stranger_is_unknown(history: SqlHistory) -> None:
    assert isinstance(history, History)
    profile = await history.profile("nobody'; DROP TABLE events; --")
    assert not profile.known
    assert profile.events == ()
    assert await history.version() == 0
    assert await history.all_events() == []
    assert await history.add([]) == 0


async def test_adding_again_changes_nothing(history: SqlHistory) -> None:
    events = [ev("a", "like"), ev("a", "like", 1), ev("a", "rating", value=5), ev("b", "view", user="bob")]
    assert await history.add([*events, events[0]]) == 4
    version = await history.version()
    assert await history.add(events) == 0
    assert await history.version() == version
    assert await history.all_events() == events
    assert await history.add([ev("c", "view")]) == 1
    assert [e.item_id for e in await history.all_events(since_id=version)] == ["c"]


async def test_the_latest_opinion_counts(history: SqlHistory) -> None:
    await history.add(
        [
            ev("turned", "dislike", 1),
            ev("turned", "like", 2),
            ev("soured", "rating", 1, 5),
            ev("soured", "rating", 3, 2),
            ev("middling", "rating", 4, 3),
            ev("bought", "purchase", 5),
            ev("seen", "view", 6),
            ev("hated", "dislike", 7),
        ]
    )
    profile = await history.profile("ada", limit=2)
    assert [e.item_id for e in profile.events] == ["hated", "seen"]
    assert profile.liked == ("bought", "turned")
    assert profile.disliked == {"soured", "hated"}
    assert profile.consumed == {"soured", "middling", "bought"}


async def test_tenants_do_not_see_each_other(history: SqlHistory, url: str) -> None:
    await history.add([ev("a", "like")])
    other = await SqlHistory.open(url, tenant="shop-2")
    assert not (await other.profile("ada")).known
    assert await other.version() == 0
    assert await other.add([ev("a", "like")]) == 1
    await other.close()


async def test_time_zone_context_and_value_survive(history: SqlHistory) -> None:
    local = datetime(2026, 1, 1, 20, 0, tzinfo=timezone(timedelta(hours=8)))
    event = Event(user_id="ünïcode", item_id="世", kind="rating", at=local, value=3.5, context={"页": "首'页"})
    await history.add([event])
    (stored,) = await history.all_events()
    assert stored == event
    assert stored.at.utcoffset() == timedelta(0)


async def test_processes_write_at_once(history: SqlHistory, url: str) -> None:
    second = await SqlHistory.open(url)
    batches = [[ev(f"{who}-{n}-{k}", "view", k) for k in range(20)] for n in range(10) for who in "ab"]
    added = await asyncio.gather(*[(history, second)[n % 2].add(batch) for n, batch in enumerate(batches)])
    assert sum(added) == 400
    assert len(await second.all_events()) == 400
    await second.close()


async def test_many_events_are_added_quickly(history: SqlHistory) -> None:
    events = [ev(f"i{n}", "view", n, user=f"u{n % 50}") for n in range(5000)]
    assert await history.add(events) == 5000
    assert len((await history.profile("u7")).events) == 100


@pytest.mark.parametrize("url", ["nonsense", "nosuch://x", "sqlite+nosuch:///x"])
async def test_a_wrong_url_says_what_to_write(url: str) -> None:
    with pytest.raises(ConfigurationError, match="sqlite\\+aiosqlite"):
        await SqlHistory.open(url)


async def test_a_file_that_is_no_database_is_a_store_error(tmp_path: Path) -> None:
    (tmp_path / "x.db").write_text("hello " * 1000)
    with pytest.raises(StoreError, match="history database"):
        await SqlHistory.open(f"sqlite+aiosqlite:///{tmp_path / 'x.db'}")


async def test_old_opinions_count_beyond_the_latest_events(history: SqlHistory) -> None:
    await history.add([ev("old", "like"), ev("bought", "purchase", 1), ev("bad", "dislike", 2)])
    await history.add([ev("old", "view", 10), *(ev(f"v{n}", "click", 20 + n) for n in range(4))])
    for limit in (2, 8, 9, 200):
        profile = await history.profile("ada", limit=limit)
        assert len(profile.events) == min(limit, 8)
        assert profile.liked == ("bought", "old")
        assert profile.consumed == {"bought"}
        assert profile.disliked == {"bad"}
