"""Train on the print shop with ratings and with a print nobody met; serve what was learnt; break every file of a version in turn."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest

from tastemaker.core.learning.interactions import Interactions, ItemTable, UserState
from tastemaker.core.learning.recipe_choice import Way, best, chosen_by_others
from tastemaker.core.ranking.fusion import fuse, source_weights, with_learned
from tastemaker.core.ranking.query import CandidateQuery
from tastemaker.core.ranking.weights import LEARNED
from tastemaker.core.schemas import Candidate, Event, HistoryProfile, RecommendResponse, Understanding
from tastemaker.models.recommender.ensemble import Ensemble
from tastemaker.models.recommender.fit import fit_ensemble
from tastemaker.models.recommender.new_items import NewItemModel
from tastemaker.stores.catalogue.lance_catalogue import LanceCatalogue
from tastemaker.stores.events.history import SqlHistory
from tastemaker.tools.sources.new_items import promise
from tastemaker.tools.trained import recipes
from tastemaker.tools.trained.recipes import CATALOGUE, MAX_CATALOGUE, QUESTIONS, recipes_for
from tastemaker.tools.trained.train import MODEL, Options, Outcome
from tastemaker.tools.trained.validation import fused_places, split_by_time
from tastemaker.tools.trained.version_parts import NEW_ITEMS, RATINGS, file_of, fit_parts

from .test_train_and_serve import serving, settings_at, stock, store_at, train_once

RATERS = 24
OPTIONS = Options(scorers=("popularity", "user_knn"), force=True)
DAY = datetime(2026, 8, 1, tzinfo=UTC)


async def rate(home: Path) -> None:
    """Let people with one of two tastes rate the prints, but for the last three, which nobody meets."""
    settings = settings_at(home)
    catalogue = await LanceCatalogue.open(settings.catalogue_uri)
    history = await SqlHistory.open(settings.history_url)
    ids = sorted(await catalogue.scan(100))
    rng = np.random.default_rng(0)
    events = []
    for user in range(RATERS):
        for place in rng.permutation(len(ids) - 3)[:20].tolist():
            value = float(np.clip(3 + (1.5 if place % 2 == user % 2 else -0.5) + 0.2 * rng.standard_normal(), 1, 5))
            at = DAY + timedelta(minutes=user * 30 + place)
            events.append(Event(user_id=f"r{user}", item_id=ids[place], kind="rating", value=value, at=at))
    await history.add(events)
    await history.close()


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Outcome]:
    home = tmp_path_factory.mktemp("rated")
    asyncio.run(stock(home, interactions=False))
    asyncio.run(rate(home))
    return home, asyncio.run(train_once(home, OPTIONS))


@pytest.fixture
async def home(trained: tuple[Path, Outcome], tmp_path: Path) -> Path:
    """A copy that a test may break."""
    copy = tmp_path / "copy"
    await asyncio.to_thread(shutil.copytree, trained[0], copy)
    return copy


async def ask(home: Path, user: str) -> RecommendResponse:
    async with serving(home) as recommender:
        return await recommender.recommend(user_id=user, words=False, n=5)


def labels(response: RecommendResponse) -> str:
    return " ".join(d.why for d in response.degraded if d.what == "recommender")


def test_ratings_and_new_items_are_of_the_version(trained: tuple[Path, Outcome]) -> None:
    home, outcome = trained
    card = outcome.card
    assert card is not None
    assert card.parts == (RATINGS, NEW_ITEMS)
    assert card.rating_error is not None
    assert card.rating_error.rmse < card.rating_error.averages
    folder = store_at(home).folder(str(outcome.version))
    assert {file_of(RATINGS), file_of(NEW_ITEMS)} <= {path.name for path in folder.iterdir()}
    assert "RMSE" in card.markdown()


async def test_who_rates_is_told_what_to_expect_and_others_are_not(home: Path) -> None:
    told = await ask(home, "r0")
    assert not told.degraded
    assert any(item.predicted_rating is not None for item in told.items)
    assert all(1 <= item.predicted_rating <= 5 for item in told.items if item.predicted_rating is not None)
    stranger = await ask(home, "nobody")
    assert all(item.predicted_rating is None for item in stranger.items)


async def test_prints_nobody_met_are_proposed_and_promise_differs(home: Path) -> None:
    async with serving(home) as recommender:
        shop = await recommender.services.shop("default")
        q = CandidateQuery(Understanding(), await shop.history.profile("r0"))
        source = next(s for s in shop.sources if s.name == NEW_ITEMS)
        assert source.applies(q)
        proposed = [c.item_id for c in await source(q)]
        ids = sorted(await shop.catalogue.scan(100))
        assert set(proposed) == set(ids[-3:])
        found = await promise(shop.learned, q, ids)
        assert set(found) == set(ids[-3:])
        assert sorted(found.values()) == pytest.approx([0, 1 / 3, 2 / 3])
        assert not source.applies(CandidateQuery(Understanding(), HistoryProfile(user_id="", known=False)))


def gone(path: Path) -> None:
    path.unlink()


def other(path: Path) -> None:
    path.write_bytes(b"something else")


@pytest.mark.parametrize("damage", [gone, other])
@pytest.mark.parametrize("name", [RATINGS, NEW_ITEMS])
async def test_a_part_that_is_broken_or_missing_is_named_and_the_rest_answers(
    home: Path, name: str, damage: Callable[[Path], None]
) -> None:
    store = store_at(home)
    damage(store.root / str(store.current()) / file_of(name))
    async with serving(home) as recommender:
        response = await recommender.recommend(user_id="r0", words=False, n=5)
        health = await recommender.health()
    assert len(response.items) == 5
    assert any(s.source == LEARNED for s in response.items[0].sources)
    assert name in labels(response)
    assert any(i.predicted_rating is not None for i in response.items) is (name != RATINGS)
    assert health["recommender"]["state"] == "degraded"


@pytest.mark.parametrize("damage", [gone, other])
@pytest.mark.parametrize(
    "name", ["items.json", f"{MODEL}/fusion.npz", f"{MODEL}/features.npz", f"{MODEL}/scorer-user_knn.npz"]
)
async def test_a_ranking_that_is_broken_or_missing_is_passed_over(
    home: Path, name: str, damage: Callable[[Path], None]
) -> None:
    store = store_at(home)
    damage(store.root / str(store.current()) / name)
    response = await ask(home, "r0")
    assert len(response.items) == 5
    assert "ranked without training" in labels(response)
    assert not any(s.source == LEARNED for i in response.items for s in i.sources)


async def test_a_prediction_that_fails_is_a_label(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise ValueError("no")

    monkeypatch.setattr("tastemaker.models.recommender.ratings.Ratings.predict", broken)
    response = await ask(home, "r0")
    assert len(response.items) == 5
    assert "ratings" in labels(response)


def world() -> tuple[ItemTable, Interactions]:
    """Return items of two kinds, told by their vectors, and users who want one kind; the last four nobody met."""
    rng = np.random.default_rng(1)
    kind = np.arange(24) % 2
    vectors = np.eye(2, 6)[kind] + 0.1 * rng.standard_normal((24, 6))
    user, item = np.nonzero((np.arange(40)[:, None] % 2 == kind[None, :20]) & (rng.random((40, 20)) < 0.6))
    m = len(user)
    events = Interactions(
        user=user.astype(np.int32),
        item=item.astype(np.int32),
        at=np.arange(m, dtype=np.float64),
        weight=np.ones(m, np.float32),
        rating=np.full(m, np.nan, np.float32),
        n_users=40,
        n_items=24,
    )
    ids = tuple(map(str, range(24)))
    return ItemTable(
        ids, text_vectors=(vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)
    ), events


def test_new_items_survive_saving_and_later_ones_are_told_from_content() -> None:
    items, events = world()
    model = NewItemModel(factors=8).fit(items, events)
    user = UserState.of(np.array([0, 2, 4], np.int32))
    assert model.new.tolist() == [20, 21, 22, 23]
    scores = model.score(user, model.new)
    assert scores[[0, 2]].min() > scores[[1, 3]].max()
    assert np.isnan(model.score(user, np.array([0], np.int32))).all()
    assert items.text_vectors is not None
    grown = ItemTable(
        (*items.ids, "later"), text_vectors=np.concatenate([items.text_vectors, items.text_vectors[20:21]])
    )
    again = NewItemModel().restore(grown, model.save())
    np.testing.assert_allclose(again.score(user, model.new), scores, rtol=1e-4)
    assert again.score(user, np.array([24], np.int32))[0] == pytest.approx(scores[0], rel=0.1)


def test_few_ratings_and_ratings_that_teach_nothing_are_not_used() -> None:
    items, events = world()
    assert fit_parts(items, events, 0, print).ratings is None
    few = replace(events, rating=np.where(np.arange(len(events)) < 20, 4.0, np.nan).astype(np.float32))
    found = fit_parts(items, few, 0, print)
    assert found.ratings is None
    assert any("at least" in note for note in found.notes)
    assert fit_parts(ItemTable(items.ids), events, 0, print).names == ()


def test_whole_catalogues_are_ranked_where_that_is_affordable() -> None:
    assert CATALOGUE in recipes_for(MAX_CATALOGUE, 1_000_000)
    assert recipes_for(MAX_CATALOGUE + 1, 1_000_000) == (QUESTIONS,)
    assert CATALOGUE in recipes_for(10 * MAX_CATALOGUE, 20)


@pytest.mark.slow
@pytest.mark.parametrize("items", [24, 400_000])
def test_what_is_measured_has_not_seen_what_is_held_out(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, items: int
) -> None:
    table, events = world()
    events = replace(events, at=events.at[::-1].copy(), n_items=items)
    table = ItemTable(tuple(map(str, range(items))))
    split = split_by_time(events, 0)
    assert split is not None
    seen: dict[str, Interactions] = {}

    def spy(name: str) -> Callable[..., Ensemble]:
        def fit(_items: ItemTable, given: Interactions, **_: object) -> Ensemble:
            seen[name] = given
            return fit_ensemble(table, given, scorers=("popularity",))

        return fit

    monkeypatch.setattr(recipes, "FITS", {name: spy(name) for name in recipes.FITS})
    work = recipes.Fitting(table, events, ("popularity",), 0, tmp_path)
    choice = recipes.choose_recipe(work, split, print)
    assert set(seen) == set(recipes_for(items, events.n_users))
    for given in seen.values():
        known = set(zip(given.user.tolist(), given.item.tolist(), strict=True))
        assert not known & set(zip(split.users.tolist(), split.targets.tolist(), strict=True))
        assert given.at.max() < split.cut_at
    assert choice.validation is not None
    assert {*seen, "trained", "untrained fusion", "popularity"} == set(choice.validation.figures)


WHOLE, HALF, PLAIN = Way("a", 1.0), Way("a", 0.5), Way("a", 0.0)


def test_the_first_way_that_chance_cannot_tell_from_the_best_is_chosen() -> None:
    noise = np.tile([-1.0, 1.0], 50)
    assert best({WHOLE: 0.5 + noise, HALF: 0.5 + noise[::-1], PLAIN: np.zeros(100)}) == WHOLE
    assert best({WHOLE: np.full(9, 0.3), HALF: np.full(9, 0.4), PLAIN: np.full(9, 0.2)}) == HALF
    assert best({WHOLE: 0.1 + noise, HALF: 0.1 + noise, PLAIN: 0.2 - noise}) == PLAIN
    assert best({WHOLE: np.ones(3), HALF: np.ones(3)}) == WHOLE


def test_a_choice_is_measured_on_others() -> None:
    gains = {WHOLE: np.array([1.0, 0.0] * 10), HALF: np.full(20, 0.7), PLAIN: np.zeros(20)}
    assert best(gains) == HALF
    assert chosen_by_others(gains, 0) == [HALF] * 20
    assert chosen_by_others({WHOLE: np.ones(1), PLAIN: np.zeros(1)}, 0) == [WHOLE]


@pytest.mark.parametrize("share", [1.0, 0.5, 0.25])
def test_what_is_measured_is_what_a_request_does(share: float) -> None:
    q = CandidateQuery(Understanding(), HistoryProfile(user_id="u", known=True, liked=("x",)))
    rng = np.random.default_rng(3)
    lists = {name: rng.permutation(30)[:12].astype(np.int32) for name in ("co_occurrence", "popularity", LEARNED)}
    weights = with_learned(source_weights(q), q, share)
    measured = fused_places(lists, weights, 30)
    candidates = {
        name: [Candidate(f"{row:02}", name, rank, 1.0) for rank, row in enumerate(rows.tolist(), 1)]
        for name, rows in lists.items()
    }
    served = [int(f.item_id) for f in fuse(candidates, weights)]
    known = np.flatnonzero(np.isfinite(measured))
    assert [int(row) for row in known[np.lexsort((known, -measured[known]))]] == served
