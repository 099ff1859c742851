"""Test how lists are spread: every strategy keeps to the list, trades relevance for spread, and is quick."""

from __future__ import annotations

import time
from itertools import combinations
from pathlib import Path
from typing import get_args

import numpy as np
import pytest

from tastemaker.core.protocols import Vectors
from tastemaker.core.ranking.diversity import (
    MILD,
    STRATEGIES,
    VOLUME_WEIGHT,
    Pool,
    Spread,
    group_field,
    group_shares,
    less_popular,
    spread,
)
from tastemaker.core.ranking.fusion import scaled
from tastemaker.core.ranking.query import CandidateQuery
from tastemaker.core.schemas import (
    Candidate,
    CatalogueField,
    CatalogueSchema,
    Constraint,
    HistoryProfile,
    Item,
    SpreadName,
    Understanding,
)
from tastemaker.core.settings import DiversitySettings
from tastemaker.tools.ranking.ranker import Ranker

from ..catalogue_fixture import ScriptedCollaborative, axis, open_catalogue

NAMES: tuple[SpreadName, ...] = get_args(SpreadName)


def pool(m: int = 40, dim: int = 8, groups: int = 5, seed: int = 0) -> Pool:
    rng = np.random.default_rng(seed)
    vectors = rng.normal(size=(m, dim)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    shares = np.eye(groups, dtype=np.float32)[rng.integers(0, groups, m)]
    target = np.arange(1, groups + 1, dtype=np.float32)
    return Pool(scaled(rng.random(m).astype(np.float32)), vectors, shares, target)


def similarity(vectors: Vectors, picked: list[int]) -> float:
    return float(np.mean([vectors[a] @ vectors[b] for a, b in combinations(picked, 2)]))


def test_every_name_has_a_strategy() -> None:
    assert (MILD.strategy, MILD.strength) == (DiversitySettings().strategy, DiversitySettings().strength)
    assert set(STRATEGIES) == set(NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_a_list_is_full_without_repeats_and_grows_by_its_end(name: SpreadName) -> None:
    for seed in range(5):
        for strength in (0.0, 0.3, 1.0):
            chosen = spread(name, pool(seed=seed), 12, strength)
            assert len(set(chosen)) == 12
            assert spread(name, pool(seed=seed), 30, strength)[:12] == chosen
    assert sorted(spread(name, pool(7), 50, 0.5)) == list(range(7))
    assert spread(name, Pool(np.zeros(0, np.float32), np.zeros((0, 4), np.float32)), 5, 0.5) == []


@pytest.mark.parametrize("name", NAMES)
def test_without_strength_the_order_is_that_of_relevance(name: SpreadName) -> None:
    given = pool()
    assert spread(name, given, 40, 0.0) == [int(i) for i in np.argsort(-given.relevance)]


@pytest.mark.parametrize("name", ["mmr", "dpp"])
def test_strength_buys_spread_with_relevance(name: SpreadName) -> None:
    given = pool(120)
    lists = [spread(name, given, 10, s) for s in (0.0, 0.3, 0.9)]
    spreads = [similarity(given.vectors, chosen) for chosen in lists]
    wanted = [float(given.relevance[chosen].sum()) for chosen in lists]
    assert spreads[0] > spreads[1] > spreads[2]
    assert wanted[0] > wanted[1] > wanted[2]


def test_mmr_takes_the_unlike_item_first() -> None:
    given = Pool(scaled([1.0, 0.99, 0.9]), np.stack([axis(1), axis(1), axis(0, 1)]))
    assert spread("mmr", given, 3, 0.5) == [0, 2, 1]
    assert spread("mmr", given, 3, 0.0) == [0, 1, 2]


def test_dpp_picks_what_the_determinant_says() -> None:
    given = pool(7, 4, seed=3)
    kernel = (1 + given.vectors @ given.vectors.T) / 2
    np.fill_diagonal(kernel, 1.0)
    picked: list[int] = []
    for _ in range(4):
        gains = {
            i: 0.4 * float(given.relevance[[*picked, i]].sum())
            + 0.6 * VOLUME_WEIGHT * float(np.linalg.slogdet(kernel[np.ix_([*picked, i], [*picked, i])])[1])
            for i in range(7)
            if i not in picked
        }
        picked.append(max(gains, key=lambda i: gains[i]))
    assert spread("dpp", given, 4, 0.6) == picked


def test_dpp_goes_on_when_nothing_adds_volume() -> None:
    given = Pool(scaled([0.1, 0.5, 0.9, 0.2]), np.stack([axis(1)] * 4))
    assert spread("dpp", given, 4, 0.5) == [2, 1, 3, 0]


def test_a_calibrated_list_divides_as_the_target() -> None:
    shares = np.repeat(np.eye(2, dtype=np.float32), 20, axis=0)
    relevance = np.concatenate([np.linspace(1, 0.5, 20), np.linspace(0.4, 0, 20)]).astype(np.float32)
    given = Pool(relevance, np.zeros((40, 1), np.float32), shares, np.array([3, 1], np.float32))
    assert sum(i >= 20 for i in spread("calibrated", given, 8, 0.0)) == 0
    assert sum(i >= 20 for i in spread("calibrated", given, 8, 0.9)) == 2


def test_without_a_target_calibration_is_mmr() -> None:
    given = pool()
    bare = Pool(given.relevance, given.vectors)
    assert spread("calibrated", bare, 10, 0.3) == spread("mmr", given, 10, 0.3)


def test_popularity_counts_against_by_its_logarithm() -> None:
    relevance = np.array([0.9, 0.8, 0.7], np.float32)
    kept = less_popular(relevance, np.array([1000.0, 10.0, 0.0], np.float32), 0.3)
    assert kept.argmax() == 2
    assert list(less_popular(relevance, np.zeros(3, np.float32), 0.5)) == list(relevance)
    assert list(less_popular(relevance, np.array([5.0, 1.0, 0.0], np.float32), 0.0)) == list(relevance)


def test_groups_come_from_a_field_of_the_catalogue() -> None:
    fields = (
        CatalogueField(name="price", type="number"),
        CatalogueField(name="colour", type="text", values=("red", "blue")),
        CatalogueField(name="genres", type="list", values=("War", "Drama")),
    )
    schema = CatalogueSchema(fields=fields)
    assert group_field(schema, "") == "genres"
    assert group_field(schema, "colour") == "colour"
    assert group_field(schema, "gone") is None
    assert group_field(CatalogueSchema(fields=fields[:1]), "") is None
    items = [
        Item(item_id=str(i), title="t", attributes=a) for i, a in enumerate(({"genres": ["War", "war", "Drama"]}, {}))
    ]
    shares, target = group_shares(items, items[:1], "genres")
    assert shares.tolist() == [[0.5, 0.5], [0.0, 0.0]]
    assert target.tolist() == [0.5, 0.5]


@pytest.mark.parametrize("name", NAMES)
def test_two_hundred_candidates_take_a_few_milliseconds(name: SpreadName) -> None:
    given = pool(200, 384, 30)
    seconds = []
    for _ in range(5):
        started = time.perf_counter()
        spread(name, given, 20, 0.3)
        seconds.append(time.perf_counter() - started)
    assert min(seconds) < 0.05  # a few milliseconds on a quiet machine


@pytest.mark.parametrize("name", NAMES)
async def test_no_strategy_breaks_a_limit_shows_what_is_refused_doubles_or_shortens(
    name: SpreadName, tmp_path: Path
) -> None:
    catalogue = await open_catalogue(tmp_path)
    ranker = Ranker(catalogue, ScriptedCollaborative(popular=[f"i{i}" for i in range(60)]))
    for n in (1, 7, 40):
        q = CandidateQuery(
            understanding=Understanding(constraints=(Constraint(field="price", op="<=", value=45),)),
            profile=HistoryProfile(
                user_id="u",
                known=True,
                consumed=frozenset({"i1", "i3"}),
                liked=("i1", "i3"),
                disliked=frozenset({"i2"}),
            ),
            spread=Spread(strategy=name, strength=0.7, popularity_penalty=0.5),
        )
        found = await catalogue.scan(100, q.where, q.excluded)
        listed = [Candidate(item_id=i, source="popularity", rank=r, score=1 / r) for r, i in enumerate(found, 1)]
        ids = [r.item.item_id for r in await ranker(q, {"popularity": listed}, n)]
        assert len(ids) == len(set(ids)) == min(n, len(found))
        assert set(ids) <= set(found)


async def test_the_ranker_calibrates_to_what_the_user_liked(tmp_path: Path) -> None:
    catalogue = await open_catalogue(tmp_path)
    boats = [f"i{i}" for i in range(0, 60, 2)]
    dogs = [f"i{i}" for i in range(1, 60, 2)]
    listed = [Candidate(item_id=i, source="popularity", rank=r, score=1 / r) for r, i in enumerate([*boats, *dogs], 1)]
    profile = HistoryProfile(user_id="u", known=True, liked=("i1", "i3", "i5"), consumed=frozenset({"i1", "i3", "i5"}))

    async def shown(spread_: Spread) -> list[str]:
        q = CandidateQuery(understanding=Understanding(), profile=profile, spread=spread_)
        return [r.item.item_id for r in await Ranker(catalogue)(q, {"popularity": listed}, 8)]

    assert all(i in boats for i in await shown(Spread(strategy="none")))
    calibrated = await shown(Spread(strategy="calibrated", strength=0.95, field="objects"))
    assert sum(i in dogs for i in calibrated) >= 6


async def test_the_ranker_holds_back_what_is_popular(tmp_path: Path) -> None:
    catalogue = await open_catalogue(tmp_path)
    listed = [Candidate(item_id=f"i{i}", source="popularity", rank=i + 1, score=1.0) for i in range(20)]
    q = CandidateQuery(
        understanding=Understanding(),
        profile=HistoryProfile(user_id="u", known=False),
        spread=Spread(strategy="none", popularity_penalty=1.0),
    )
    ranked = await Ranker(catalogue, ScriptedCollaborative(popular=["i0", "i1"]))(q, {"popularity": listed}, 20)
    order = [r.item.item_id for r in ranked]
    assert order.index("i0") >= 17
    assert order.index("i1") > order.index("i8")
    unchanged = await Ranker(catalogue)(q, {"popularity": listed}, 20)
    assert unchanged[0].item.item_id == "i0"
