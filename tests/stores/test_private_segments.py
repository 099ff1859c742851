"""What is released of segments: noise as it is stated, nothing of one person, one release a period for all processes, epsilon counted."""

from __future__ import annotations

import math
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest

from tastemaker.core.schemas import Event
from tastemaker.core.settings import PrivacySettings, Settings
from tastemaker.graphs.shop.services import open_stores
from tastemaker.stores.database import Database
from tastemaker.stores.events.co_occurrence import CoOccurrence
from tastemaker.stores.events.history import SqlHistory
from tastemaker.stores.events.private_segments import (
    DELTA,
    PER_USER,
    SegmentReleases,
    discrete_laplace,
    name_of,
    noisy_counts,
)

from ..shop_fixture import history_url

NOW = datetime.now(UTC)


def test_the_noise_is_discrete_laplace_of_the_stated_scale() -> None:
    scale, n = 3.0, 40_000
    drawn = Counter(discrete_laplace(scale) for _ in range(n))
    ratio = math.exp(-1 / scale)
    for k in range(-6, 7):
        wanted = n * (1 - ratio) / (1 + ratio) * ratio ** abs(k)
        assert abs(drawn[k] - wanted) < 5 * math.sqrt(wanted)


def test_a_neighbour_changes_no_probability_by_more_than_epsilon_says() -> None:
    """Without one user the most that changes are ``PER_USER`` counts by one; each count's odds change by exp(epsilon / PER_USER)."""
    epsilon, n, base = 2.0, 60_000, 60
    scale = PER_USER / epsilon
    with_user = Counter(base + 1 + discrete_laplace(scale) for _ in range(n))
    without = Counter(base + discrete_laplace(scale) for _ in range(n))
    common = [k for k in with_user if min(with_user[k], without[k]) > 400]
    worst = max(abs(math.log(with_user[k] / without[k])) for k in common)
    assert worst < epsilon / PER_USER + 5 / math.sqrt(400)
    assert len(common) > 5


def test_an_item_that_one_person_wants_is_not_told() -> None:
    told = sum(bool(noisy_counts({"secret": 1}, 1.0)) for _ in range(20_000))
    assert told == 0, f"at most {DELTA * 20_000} are to be expected"
    assert noisy_counts({"loved": 10_000}, 1.0)["loved"] == pytest.approx(10_000, abs=200)


def likes(user: str, items: list[str], group: str, days: float = 0) -> list[Event]:
    at = NOW - timedelta(days=1 + days)
    return [
        Event(user_id=user, item_id=item, kind="like", at=at + timedelta(seconds=place), context={"segment": group})
        for place, item in enumerate(items)
    ]


async def learnt(home: Path, epsilon: float, clock: float = 0.0) -> CoOccurrence:
    database = Database(history_url(home))
    releases = SegmentReleases(database, "default", epsilon, 30, clock=lambda: clock)
    return CoOccurrence(SqlHistory(database, "default"), check_s=0.0, releases=releases)


async def test_a_segment_is_released_once_a_period_and_the_same_to_every_process(tmp_path: Path) -> None:
    history = await SqlHistory.open(history_url(tmp_path))
    rng = np.random.default_rng(0)
    for n in range(300):
        liked = ["star"] * bool(rng.random() < 0.9) + ["moon"] * bool(rng.random() < 0.6)
        await history.add(likes(f"u{n}", liked, "students"))
    await history.add(likes("odd", ["secret"], "students"))
    one, other = await learnt(tmp_path, 2.0), await learnt(tmp_path, 2.0)
    first = await one.popular(10, "students")
    assert [item for item, _ in first] == ["star", "moon"]
    assert dict(first)["star"] == pytest.approx(270, abs=60)
    assert await other.popular(10, "students") == first
    await history.add([e for n in range(300) for e in likes(f"v{n}", ["sun"], "students")])
    await one.refresh()
    assert await one.popular(10, "students") == first, "news are told in the next period"
    assert await one.popular(1, "students") == first[:1]
    assert one._releases is not None
    assert await one._releases.spent() == 2.0
    later = await learnt(tmp_path, 2.0, clock=31 * 86_400)
    assert {item for item, _ in await later.popular(10, "students")} == {"star", "moon", "sun"}
    assert later._releases is not None
    assert await later._releases.spent() == 4.0
    assert await later.popular(10, "nobody-was-in-it") == []
    assert await later._releases.spent() == 4.0
    for opened in (one, other, later):
        await opened._history._database.close()  # type: ignore[attr-defined]
    await history.close()


async def test_a_user_counts_for_few_items_and_in_the_segment_they_were_last_in(tmp_path: Path) -> None:
    history = await SqlHistory.open(history_url(tmp_path))
    await history.add(likes("greedy", [f"i{n}" for n in range(40)], "b"))
    await history.add(likes("mover", ["i1"], "a", days=3))
    await history.add(likes("mover", ["i2"], "b"))
    opened = CoOccurrence(history, check_s=0.0)
    await opened.refresh()
    assert opened._model is not None
    assert len(opened._events.users_of_segment("a")) == 0
    users = opened._events.users_of_segment("b")
    assert len(users) == 2
    assert sum(opened._model.wanted_by(users, PER_USER).values()) == PER_USER + 2
    assert [name_of(s) for s in ("students", "country=DE")] == ["", "country"]
    await history.close()


async def test_the_setting_turns_it_on(tmp_path: Path) -> None:
    for epsilon in (0.0, 1.0):
        made = open_stores(Settings(home=tmp_path, privacy=PrivacySettings(segment_epsilon=epsilon)))
        _, history, collaborative = await made("default")
        assert isinstance(collaborative, CoOccurrence)
        assert (collaborative._releases is not None) is bool(epsilon)
        await history.close()  # type: ignore[attr-defined]
