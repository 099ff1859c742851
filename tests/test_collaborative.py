"""Co-occurrence and popularity follow what users want, and refresh without making a request wait."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tastemaker.core.errors import StoreError
from tastemaker.core.protocols import Collaborative
from tastemaker.core.schemas import Event, EventKind
from tastemaker.stores.events.co_occurrence import HALF_LIFE_DAYS, CoOccurrence
from tastemaker.stores.events.history import SqlHistory

NOW = datetime(2026, 5, 1, tzinfo=UTC)


def ev(
    user: str, item: str, kind: EventKind = "like", days: float = 0, value: float | None = None, **context: str
) -> Event:
    return Event(user_id=user, item_id=item, kind=kind, at=NOW - timedelta(days=days), value=value, context=context)


@pytest.fixture
async def history(tmp_path: Path) -> AsyncIterator[SqlHistory]:
    opened = await SqlHistory.open(f"sqlite+aiosqlite:///{tmp_path / 'h.db'}")
    yield opened
    await opened.close()


async def test_an_empty_history_gives_empty_lists(history: SqlHistory) -> None:
    model = CoOccurrence(history)
    assert isinstance(model, Collaborative)
    assert await model.similar(["a"], 5) == []
    assert await model.popular(5) == []


async def test_items_taken_together_are_similar(history: SqlHistory) -> None:
    await history.add([ev(f"u{n}", item) for n in range(8) for item in ("tent", "stove")])
    await history.add([ev(f"v{n}", item) for n in range(8) for item in ("piano", "stool")])
    await history.add([ev("u0", "piano"), ev("u1", "tent", "view")])
    model = CoOccurrence(history)
    found = await model.similar(["tent", "nope"], 5)
    assert found[0][0] == "stove"
    assert "tent" not in dict(found)
    assert dict(found)["stove"] > dict(found).get("piano", 0)
    assert [i for i, _ in await model.similar(["piano", "stool"], 1)] != ["piano"]
    assert await model.similar(["tent"], 0) == []


async def test_dislikes_do_not_count(history: SqlHistory) -> None:
    await history.add([ev(f"u{n}", "bad", "rating", value=1) for n in range(9)])
    await history.add([ev(f"u{n}", "good", "rating", value=5) for n in range(3)])
    await history.add([ev("u0", "soured", "like", days=2), ev("u0", "soured", "dislike", days=1)])
    model = CoOccurrence(history)
    assert [i for i, _ in await model.popular(9)] == ["good"]
    assert await model.similar(["good"], 9) == []


async def test_popularity_halves_and_knows_segments(history: SqlHistory) -> None:
    await history.add([ev("a", "old", days=HALF_LIFE_DAYS, city="Oslo"), ev("b", "new", segment="student")])
    model = CoOccurrence(history)
    popular = dict(await model.popular(5))
    assert popular == pytest.approx({"new": 1.0, "old": 0.5})
    assert [i for i, _ in await model.popular(5, "city=Oslo")] == ["old"]
    assert [i for i, _ in await model.popular(5, "student")] == ["new"]
    assert await model.popular(5, "city=Bonn") == []


async def test_growth_is_learnt_in_the_background(history: SqlHistory) -> None:
    await history.add([ev("a", "x")])
    model = CoOccurrence(history, check_s=0.0)
    assert [i for i, _ in await model.popular(5)] == ["x"]
    await history.add([ev("b", "y"), ev("c", "y")])
    assert [i for i, _ in await model.popular(5)] == ["x"]
    async with asyncio.timeout(10):
        while [i for i, _ in await model.popular(5)] != ["y", "x"]:  # noqa: ASYNC110
            await asyncio.sleep(0.01)
    await model.close()


class Failing:
    """A history that works once."""

    def __init__(self) -> None:
        self.calls = 0

    async def add(self, events: Sequence[Event]) -> int:
        raise NotImplementedError

    async def profile(self, user_id: str, limit: int = 200) -> None:
        raise NotImplementedError

    async def all_events(self, since_id: int = 0, limit: int = 1_000_000) -> list[Event]:
        return [ev("a", "x")]

    async def version(self) -> int:
        self.calls += 1
        if self.calls > 1:
            raise StoreError("down")
        return 1


async def test_a_failing_history_leaves_the_old_model(caplog: pytest.LogCaptureFixture) -> None:
    failing = Failing()
    model = CoOccurrence(failing, check_s=0.0)  # type: ignore[arg-type]
    assert len(await model.popular(5)) == 1
    await model.popular(5)
    await asyncio.sleep(0.05)
    assert failing.calls == 2
    assert [i for i, _ in await model.popular(5)] == ["x"]
    assert "not refreshed" in caplog.text
    await model.close()
