"""Check predicted ratings on a small world where taste has two directions."""

from __future__ import annotations

import io

import numpy as np
import pytest

from tastemaker.core.learning.interactions import Interactions, ItemTable, UserState
from tastemaker.models.recommender.ratings import Ratings, Side, latest_ratings

USERS, ITEMS = 80, 40


def world(seed: int = 0) -> tuple[ItemTable, Interactions, np.ndarray]:
    """Return films of two kinds, ratings by users who like one kind, and every true rating."""
    rng = np.random.default_rng(seed)
    kind, taste = np.arange(ITEMS) % 2 * 2 - 1, rng.choice([-1, 1], USERS)
    truth = 3 + 1.2 * taste[:, None] * kind + 0.4 * rng.standard_normal(ITEMS) + 0.3 * rng.standard_normal((USERS, 1))
    truth = np.clip(truth, 1, 5)
    user, item = np.nonzero(rng.random((USERS, ITEMS)) < 0.5)
    events = Interactions(
        user=user.astype(np.int32),
        item=item.astype(np.int32),
        at=np.arange(len(user), dtype=np.float64),
        weight=np.ones(len(user), np.float32),
        rating=truth[user, item].astype(np.float32),
        n_users=USERS,
        n_items=ITEMS,
        user_context=tuple({"taste": str(t)} for t in taste),
    )
    table = ItemTable(ids=tuple(map(str, range(ITEMS))), attributes=tuple({"kind": str(k)} for k in kind))
    return table, events, truth


ALL = np.arange(ITEMS, dtype=np.int32)
table, events, truth = world()


@pytest.fixture(scope="module")
def model() -> Ratings:
    return Ratings(factors=3, samples=6, burn_in=20, thin=2).fit(table, events)


def test_predicts_what_was_not_rated_better_than_the_mean(model: Ratings) -> None:
    error, plain = [], []
    for user in range(USERS):
        hidden = np.setdiff1d(ALL, events.item[events.of(user)])
        error.append(model.predict(events.state_of(user), hidden) - truth[user, hidden])
        plain.append(events.rating.mean() - truth[user, hidden])
    assert np.sqrt(np.mean(np.concatenate(error) ** 2)) < 0.5 * np.sqrt(np.mean(np.concatenate(plain) ** 2))


def test_a_stranger_is_predicted_from_what_is_known(model: Ratings) -> None:
    nothing = np.zeros(0, dtype=np.int32)
    alike = model.predict(UserState.of(nothing, context={"taste": "1"}), ALL)
    assert alike[1::2].mean() > alike[::2].mean() + 0.5
    assert np.isfinite(model.predict(UserState.of(nothing), ALL)).all()


def test_a_dislike_counts_as_a_low_rating(model: Ratings) -> None:
    state = UserState.of(ALL[:6:2], weight=-np.ones(3, np.float32))
    told = model.predict(state, ALL)
    assert told[1::2].mean() > told[::2].mean()


def test_stays_within_the_ratings_seen(model: Ratings) -> None:
    told = model.predict(events.state_of(0), ALL)
    assert told.dtype == np.float32
    assert told.min() >= events.rating.min()
    assert told.max() <= events.rating.max()


def test_saved_and_restored_is_the_same_and_the_catalogue_may_grow(model: Ratings) -> None:
    file = io.BytesIO()
    np.savez(file, allow_pickle=False, **model.save())
    file.seek(0)
    grown = ItemTable(ids=(*table.ids, "new"), attributes=(*table.attributes, {}))
    again = Ratings().restore(grown, dict(np.load(file, allow_pickle=False)))
    asked = np.append(ALL, np.int32(ITEMS))
    told = again.predict(events.state_of(3), asked)
    np.testing.assert_allclose(told[:-1], model.predict(events.state_of(3), ALL), atol=1e-3)
    assert np.isfinite(told[-1])


def test_a_seed_gives_one_result() -> None:
    first, second = (Ratings(factors=2, samples=2, burn_in=2, thin=1, seed=5).fit(table, events) for _ in range(2))
    np.testing.assert_array_equal(first.predict(events.state_of(1), ALL), second.predict(events.state_of(1), ALL))


def test_without_ratings_nothing_is_told() -> None:
    silent = Interactions(
        user=events.user,
        item=events.item,
        at=events.at,
        weight=events.weight,
        rating=np.full(len(events), np.nan, np.float32),
        n_users=USERS,
        n_items=ITEMS,
    )
    model = Ratings().fit(table, silent)
    assert not model.known
    assert np.isnan(model.predict(events.state_of(0), ALL)).all()
    assert not Ratings().restore(table, model.save()).known


def test_the_last_rating_of_an_item_counts() -> None:
    twice = Interactions(
        user=np.zeros(3, np.int32),
        item=np.array([4, 4, 5], np.int32),
        at=np.arange(3.0),
        weight=np.ones(3, np.float32),
        rating=np.array([1, 5, np.nan], np.float32),
        n_users=1,
        n_items=ITEMS,
    )
    assert latest_ratings(twice).tolist() == [False, True, False]


def test_the_map_from_features_finds_what_made_the_factors() -> None:
    rng = np.random.default_rng(0)
    features = rng.standard_normal((400, 3))
    made = np.array([[1.0, 0.0], [0.0, -1.0], [0.5, 0.5]])
    side = Side(features, 2, rng)
    side.factors = features @ made + 0.1 * rng.standard_normal((400, 2))
    kept = []
    for _ in range(30):
        side.draw_prior()
        kept.append(side.map)
    np.testing.assert_allclose(np.mean(kept[10:], axis=0), made, atol=0.1)
