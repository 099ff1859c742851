"""Co-occurrence and popularity follow what users want, and refresh without making a request wait."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tastemaker.core.errors import StoreError
from tastemaker.core.protocols import Collaborative
from tastemaker.core.schemas import Event, EventKind
from tastemaker.stores.events.co_occurrence import HALF_LIFE_DAYS, CoOccurrence, similarity
from tastemaker.stores.events.event_columns import EventLog
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


class Failing(SqlHistory):
    """A history that can be down."""

    down = False

    async def version(self) -> int:
        if self.down:
            raise StoreError("down")
        return await super().version()


async def test_a_failing_history_leaves_the_old_model(caplog: pytest.LogCaptureFixture, tmp_path: Path) -> None:
    failing = await Failing.open(f"sqlite+aiosqlite:///{tmp_path / 'h.db'}")
    assert isinstance(failing, Failing)
    await failing.add([ev("a", "x")])
    model = CoOccurrence(failing, check_s=0.0)
    assert len(await model.popular(5)) == 1
    failing.down = True
    async with asyncio.timeout(10):
        while "not refreshed" not in caplog.text:
            assert [i for i, _ in await model.popular(5)] == ["x"]
            await asyncio.sleep(0.01)
    await model.close()
    await failing.close()


async def test_what_is_learnt_step_by_step_is_what_is_learnt_at_once(history: SqlHistory) -> None:
    """Whatever order events come in, dislikes and taken back ones included, each step knows what a fresh start would."""
    rng = random.Random(4)
    kinds: tuple[EventKind, ...] = ("view", "click", "like", "like", "purchase", "dislike", "skip", "rating")
    step_by_step = CoOccurrence(history, check_s=1e9)
    for batch in range(12):
        events = []
        for _ in range(1 if batch % 3 else 60):
            kind = rng.choice(kinds)
            user, item = f"u{rng.randrange(25)}", f"i{rng.randrange(40)}"
            value = float(rng.randint(1, 5)) if kind == "rating" else None
            city = {"city": rng.choice(["Oslo", "Bonn"]), "request_id": str(rng.random())}
            events.append(ev(user, item, kind, rng.uniform(0, 90), value, **city))
        await history.add(events)
        await step_by_step.refresh()
        at_once = CoOccurrence(history)
        for segment in (None, "city=Oslo", "city=Bonn", f"request_id={city['request_id']}"):
            known, fresh = await step_by_step.popular(99, segment), await at_once.popular(99, segment)
            assert dict(known) == pytest.approx(dict(fresh))
            assert [score for _, score in known] == sorted(dict(known).values(), reverse=True)
        for anchors in (["i1"], ["i2", "i3", "i39"]):
            found, expected = await step_by_step.similar(anchors, 99), await at_once.similar(anchors, 99)
            assert dict(found).keys() == dict(expected).keys()
            assert dict(found) == pytest.approx(dict(expected))


async def test_similarity_is_that_of_the_whole_matrix(history: SqlHistory) -> None:
    rng = np.random.default_rng(3)
    pairs = {(int(u), int(i)) for u, i in zip(rng.integers(0, 30, 200), rng.integers(0, 20, 200), strict=True)}
    await history.add([ev(f"u{u}", f"i{i:02}") for u, i in sorted(pairs)])
    users, items = zip(*sorted(pairs), strict=True)
    whole = similarity(users, items, [1.0] * len(pairs), (30, 20))
    model = CoOccurrence(history)
    for anchors in ([3], [4, 17]):
        expected = np.asarray(whole[anchors].sum(axis=0)).reshape(-1)
        found = dict(await model.similar([f"i{i:02}" for i in anchors], 99))
        assert found == pytest.approx({f"i{i:02}": v for i, v in enumerate(expected) if v > 0 and i not in anchors})


async def test_only_new_events_are_read_and_the_newest_stay(
    history: SqlHistory, monkeypatch: pytest.MonkeyPatch
) -> None:
    taken: list[int] = []
    take = EventLog._take

    def counted(log: EventLog, page: list[Any]) -> None:
        taken.append(len(page))
        take(log, page)

    monkeypatch.setattr(EventLog, "_take", counted)
    model = CoOccurrence(history, max_events=10)
    await history.add([ev("u", f"old{n}") for n in range(30)])
    assert {i for i, _ in await model.popular(99)} == {f"old{n}" for n in range(20, 30)}
    for n in range(12):
        await history.add([ev("v", f"new{n}")])
        await model.refresh()
    assert {i for i, _ in await model.popular(99)} == {f"new{n}" for n in range(2, 12)}
    assert taken == [10, *[1] * 12]


async def test_request_ids_take_no_place_of_a_segment(history: SqlHistory) -> None:
    await history.add([ev("u", f"i{n}", request_id=f"r{n}") for n in range(600)])
    await history.add([ev("u", "last", city="Oslo")])
    assert [i for i, _ in await CoOccurrence(history).popular(9, "city=Oslo")] == ["last"]
