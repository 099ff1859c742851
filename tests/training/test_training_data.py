"""Stores become the arrays that recommenders learn from, in pages, and a profile becomes a user's state."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest

from tastemaker.core.learning.interactions import ItemTable
from tastemaker.core.ranking.query import CandidateQuery
from tastemaker.core.ranking.recent_feedback import SKIPPED, feedback_of, shift, user_state
from tastemaker.core.schemas import Event, EventKind, HistoryProfile, Understanding
from tastemaker.stores.catalogue.item_table import read_items
from tastemaker.stores.events.event_columns import EventLog
from tastemaker.stores.events.history import SqlHistory

from ..catalogue_fixture import open_catalogue, rows

NOW = datetime(2026, 5, 1, tzinfo=UTC)
ITEMS = ItemTable(ids=("a", "b", "c", "d"))


def ev(user: str, item: str, kind: EventKind, hours: float, value: float | None = None, **context: str) -> Event:
    return Event(user_id=user, item_id=item, kind=kind, at=NOW - timedelta(hours=hours), value=value, context=context)


@pytest.fixture
async def history(tmp_path: Path) -> AsyncIterator[SqlHistory]:
    opened = await SqlHistory.open(f"sqlite+aiosqlite:///{tmp_path / 'h.db'}")
    yield opened
    await opened.close()


async def test_one_row_per_user_and_item_with_the_latest_opinion(history: SqlHistory) -> None:
    await history.add(
        [
            ev("u", "a", "view", 9),
            ev("u", "a", "purchase", 8),
            ev("u", "a", "view", 1),
            ev("u", "b", "like", 7),
            ev("u", "b", "dislike", 6),
            ev("u", "b", "view", 5),
            ev("u", "c", "rating", 4, 5.0),
            ev("u", "c", "skip", 1),
            ev("u", "gone", "like", 3),
            ev("v", "d", "skip", 2),
            ev("w", "a", "dislike", 4),
            ev("w", "a", "like", 3),
        ]
    )
    log = EventLog(1000)
    assert await log.read(history) == 12
    events = log.interactions(ITEMS)
    assert events.n_users == 2
    first = events.of(0)
    assert events.item[first].tolist() == [0, 1, 2]
    assert events.weight[first].tolist() == [1.0, -1.0, 1.0]
    assert events.at[first].tolist() == [(NOW - timedelta(hours=h)).timestamp() for h in (8, 6, 4)]
    np.testing.assert_array_equal(events.rating[first], np.array([np.nan, np.nan, 5.0], np.float32))
    assert events.weight[events.of(1)].tolist() == [1.0]


async def test_only_new_events_are_read_again_and_old_ones_forgotten(history: SqlHistory) -> None:
    log = EventLog(3)
    await history.add([ev("u", "a", "like", 9), ev("u", "b", "like", 8)])
    assert await log.read(history) == 2
    assert await log.read(history) == 0
    await history.add([ev("u", "c", "like", 7), ev("v", "d", "like", 6)])
    assert await log.read(history) == 2
    assert len(log) == 3
    assert set(log.interactions(ITEMS).item.tolist()) == {1, 2, 3}


async def test_context_names_groups_not_sessions(history: SqlHistory) -> None:
    await history.add([ev(f"u{n}", "a", "like", n, segment=f"s{n % 2}", session=f"x{n}") for n in range(6)])
    log = EventLog(100)
    await log.read(history)
    assert log.interactions(ITEMS).user_context == tuple({"segment": f"s{n % 2}"} for n in range(6))


async def test_pages_give_every_event_once(history: SqlHistory) -> None:
    await history.add([ev(f"u{n}", "a", "like", n) for n in range(7)])
    pages = [page async for page in history.pages(0, 3)]
    assert [len(p) for p in pages] == [3, 3, 1]
    assert [r.user_id for page in pages for r in page] == [f"u{n}" for n in range(7)]


async def test_items_come_with_vectors_and_within_the_limit(tmp_path: Path) -> None:
    catalogue = await open_catalogue(tmp_path)
    every = await read_items(catalogue, 100)
    assert len(every) == 60
    assert every.text_vectors is not None
    assert every.image_vectors is not None
    given = {row.item.item_id: row for row in rows()}
    row = every.index["i7"]
    np.testing.assert_allclose(every.text_vectors[row], given["i7"].text_vector, rtol=1e-5)
    assert not every.image_vectors[every.index["i10"]].any()
    assert every.titles[row] == given["i7"].item.title
    few = await read_items(catalogue, 5, wanted={"i50": 2.0, "i3": 1.0})
    assert {"i50", "i3"} < set(few.ids)
    assert len(few) == 5
    kept = await read_items(catalogue, 4, first=("i9", "gone"))
    assert kept.ids == ("i9", "gone", "i0", "i1")
    assert kept.text_vectors is not None
    assert kept.titles[1] == ""
    assert not kept.text_vectors[1].any()
    assert kept.text_vectors[0].any()


def profile(*events: Event, liked: tuple[str, ...] = (), disliked: frozenset[str] = frozenset()) -> HistoryProfile:
    newest = tuple(sorted(events, key=lambda e: e.at, reverse=True))
    return HistoryProfile(user_id="u", known=True, events=newest, liked=liked, disliked=disliked)


def test_a_state_holds_the_session_and_what_was_pointed_at() -> None:
    known = profile(
        ev("u", "a", "like", 5, segment="new"),
        ev("u", "b", "view", 4),
        ev("u", "b", "skip", 3),
        ev("u", "c", "dislike", 2, segment="old"),
        liked=("a", "d"),
        disliked=frozenset({"c"}),
    )
    state = user_state(CandidateQuery(Understanding(like_item_ids=("b",)), known), ITEMS, NOW.timestamp())
    assert state.items.tolist() == [3, 0, 1]
    assert state.weights.tolist() == [1.0, 1.0, 1.0]
    assert state.disliked.tolist() == [2]
    assert state.context == {"segment": "old"}
    refused = user_state(CandidateQuery(Understanding(exclude_item_ids=("a",)), known), ITEMS, NOW.timestamp())
    assert sorted(refused.disliked.tolist()) == [0, 2]
    told = CandidateQuery(Understanding(), known, stated_item_ids=("c",), who={"age_group": "30s"})
    stated = user_state(told, ITEMS, NOW.timestamp())
    assert stated.items.tolist()[-1] == 2
    assert stated.context == {"segment": "old", "age_group": "30s"}


def test_feedback_is_of_the_session_and_dislikes_last() -> None:
    known = profile(
        ev("u", "a", "like", 1),
        ev("u", "b", "like", 30),
        ev("u", "c", "skip", 1),
        ev("u", "d", "dislike", 30),
        liked=("a", "b"),
        disliked=frozenset({"d"}),
    )
    found = feedback_of(known, Understanding(), NOW.timestamp())
    assert set(found.up) == {"a"}
    assert set(found.down) == {"c", "d"}
    assert found.down["c"] == SKIPPED


def test_neighbours_of_a_like_rise_and_of_a_dislike_fall() -> None:
    known = profile(ev("u", "a", "like", 1), ev("u", "b", "dislike", 1), liked=("a",), disliked=frozenset({"b"}))
    axes = np.eye(3, dtype=np.float32)
    found = feedback_of(known, Understanding(), NOW.timestamp())
    vectors = {"a": axes[0], "b": axes[1], "near a": axes[0], "near b": axes[1], "far": axes[2]}
    moved = shift(["near a", "far", "near b", "unknown"], found, vectors)
    assert moved[0] > 0 == moved[1] == moved[3] > moved[2]
