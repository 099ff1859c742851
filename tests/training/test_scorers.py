"""Hold every scorer of the list to the same contract."""

from __future__ import annotations

import io
from functools import cache
from typing import Any

import numpy as np
import pytest

from tastemaker.core.errors import BackEndUnavailable
from tastemaker.core.learning.interactions import Interactions, ItemTable, UserState
from tastemaker.models.recommender.scorers.base import Scorer, top
from tastemaker.models.recommender.scorers.listing import SCORERS

GROUPS, PER_GROUP, USERS = 4, 8, 60


def small_world(seed: int = 0) -> tuple[ItemTable, Interactions]:
    """Return items in four groups and users who each like one group."""
    rng = np.random.default_rng(seed)
    n_items = GROUPS * PER_GROUP
    words = ("racing car", "football", "space war", "puzzle")
    vectors = np.eye(GROUPS, 16, dtype=np.float32)[np.arange(n_items) // PER_GROUP]
    vectors = vectors + 0.1 * rng.standard_normal(vectors.shape).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    items = ItemTable(
        ids=tuple(f"i{i}" for i in range(n_items)),
        titles=tuple(f"{words[i // PER_GROUP]} {i}" for i in range(n_items)),
        texts=tuple(f"A {words[i // PER_GROUP]} game." for i in range(n_items)),
        attributes=tuple({"genre": [words[i // PER_GROUP]], "maker": f"m{i % 3}"} for i in range(n_items)),
        text_vectors=vectors,
    )
    rows: list[tuple[int, int, float, float]] = []
    for user in range(USERS):
        group = user % GROUPS
        chosen = rng.permutation(PER_GROUP)[:5] + group * PER_GROUP
        rows += [(user, int(item), 1e6 + 1e5 * place, float(rng.integers(4, 6))) for place, item in enumerate(chosen)]
        rows.append((user, int(rng.integers(n_items)), 1e6 + 9e5, float(rng.integers(1, 6))))
    owner, item, at, stars = (np.array(column) for column in zip(*rows, strict=True))
    rating = stars.astype(np.float32)
    events = Interactions(
        user=owner.astype(np.int32),
        item=item.astype(np.int32),
        at=at.astype(np.float64),
        weight=np.where(rating >= 3, 1.0, -1.0).astype(np.float32),
        rating=rating,
        n_users=USERS,
        n_items=n_items,
        user_context=tuple({"segment": f"s{user % GROUPS}"} for user in range(USERS)),
    )
    return items, events


@cache
def learnt(name: str) -> Scorer:
    return SCORERS[name]().fit(*small_world())


@pytest.fixture(scope="module")
def world() -> tuple[ItemTable, Interactions]:
    return small_world()


@pytest.mark.parametrize("name", SCORERS)
class TestContract:
    def fitted(self, name: str, world: tuple[ItemTable, Interactions]) -> Scorer:
        try:
            return learnt(name)
        except BackEndUnavailable as missing:
            pytest.skip(str(missing))

    def test_scores_have_one_value_per_item(self, name: str, world: tuple[ItemTable, Interactions]) -> None:
        scorer = self.fitted(name, world)
        asked = np.array([3, 1, 30], dtype=np.int32)
        for user in (world[1].state_of(0), UserState.of(np.array([2], dtype=np.int32))):
            if scorer.applies(user):
                scores = scorer.score(user, asked)
                assert scores.shape == (3,)
                assert scores.dtype == np.float32
                assert not np.isinf(scores).any()

    def test_scores_do_not_depend_on_what_else_is_asked(self, name: str, world: Any) -> None:
        scorer, user = self.fitted(name, world), world[1].state_of(1)
        every = scorer.score(user, np.arange(len(world[0]), dtype=np.int32))
        np.testing.assert_allclose(scorer.score(user, np.array([7, 2], dtype=np.int32)), every[[7, 2]], rtol=1e-4)

    def test_unknown_user_never_fails(self, name: str, world: tuple[ItemTable, Interactions]) -> None:
        scorer, nobody = self.fitted(name, world), UserState.of(np.zeros(0, dtype=np.int32))
        if scorer.applies(nobody):
            assert scorer.score(nobody, np.array([0, 5], dtype=np.int32)).shape == (2,)

    def test_saved_and_restored_is_the_same(self, name: str, world: tuple[ItemTable, Interactions]) -> None:
        scorer, user = self.fitted(name, world), world[1].state_of(2)
        file = io.BytesIO()
        np.savez(file, allow_pickle=False, **scorer.save())
        file.seek(0)
        again = SCORERS[name]().restore(world[0], dict(np.load(file, allow_pickle=False)))
        asked = np.arange(len(world[0]), dtype=np.int32)
        np.testing.assert_allclose(again.score(user, asked), scorer.score(user, asked), rtol=1e-5)

    def test_catalogue_may_grow_after_training(self, name: str, world: tuple[ItemTable, Interactions]) -> None:
        items, events = world
        scorer = self.fitted(name, world)
        vectors = items.text_vectors
        assert vectors is not None
        grown = ItemTable(
            ids=(*items.ids, "new"),
            titles=(*items.titles, "football 99"),
            texts=(*items.texts, "A football game."),
            attributes=(*items.attributes, {"genre": ["football"], "maker": "m0"}),
            text_vectors=np.concatenate([vectors, vectors[9:10]]),
        )
        again = SCORERS[name]().restore(grown, scorer.save())
        scores = again.score(events.state_of(0), np.arange(len(grown), dtype=np.int32))
        assert scores.shape == (len(grown),)
        assert not np.isinf(scores).any()

    def test_top_leaves_out_what_is_excluded(self, name: str, world: tuple[ItemTable, Interactions]) -> None:
        scorer, user = self.fitted(name, world), world[1].state_of(3)
        rows, scores = top(scorer, user, len(world[0]), 5, exclude=user.items)
        assert not set(rows.tolist()) & set(user.items.tolist())
        assert list(scores) == sorted(scores, reverse=True)
