"""Check the sequential scorer: NumPy gives what torch gives, new items are known by their words, training goes on."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from tastemaker.core.learning.interactions import Interactions, ItemTable, UserState
from tastemaker.core.schemas import AttributeValue
from tastemaker.models.recommender.scorers.base import GoesOn
from tastemaker.models.recommender.scorers.item_words import ItemWords
from tastemaker.models.recommender.scorers.sequential import Sequential
from tastemaker.models.recommender.scorers.sequential_shape import LENGTH

N, USERS = 24, 200
KINDS = ("racing", "football", "chess")


def shop() -> tuple[ItemTable, Interactions]:
    """Return users who take one kind of item only."""
    rng = np.random.default_rng(0)
    taken = [rng.permutation(np.arange(u % 3, N, 3))[:5] for u in range(USERS)]
    m = 5 * USERS
    events = Interactions(
        user=np.repeat(np.arange(USERS), 5).astype(np.int32),
        item=np.concatenate(taken).astype(np.int32),
        at=np.tile(np.arange(5.0), USERS),
        weight=np.ones(m, np.float32),
        rating=np.full(m, np.nan, np.float32),
        n_users=USERS,
        n_items=N,
    )
    titles = tuple(f"{KINDS[i % 3]} number {i}" for i in range(N))
    vectors = np.eye(3, 8, dtype=np.float32)[np.arange(N) % 3]
    return ItemTable(ids=tuple(map(str, range(N))), titles=titles, text_vectors=vectors), events


def test_words_are_numbered_and_found_again() -> None:
    items, _ = shop()
    learnt = ItemWords.learn(items)
    assert {"racing", "number", "racing number"} <= set(learnt.vocabulary)
    grown = replace(items, ids=(*items.ids, "new"), titles=(*items.titles, "racing again"))
    again = ItemWords.again(grown, learnt.vocabulary)
    last = again.word[again.start[-2] :]
    assert [learnt.vocabulary[word] for word in last] == ["racing"]
    assert again.padded().shape[0] == N + 1


def test_attributes_are_words_too() -> None:
    told: dict[str, AttributeValue] = {"maker": "Ace", "tags": ["x", "y"], "price": 3.0}
    items = ItemTable(ids=("a", "b", "c"), attributes=(told,) * 3)
    assert set(ItemWords.learn(items).vocabulary) == {"maker=ace", "tags=x", "tags=y"}


@pytest.fixture(scope="module")
def scorer() -> Sequential:
    pytest.importorskip("torch", reason="training needs the extra train")
    return Sequential().fit(*shop())


@pytest.mark.train
@pytest.mark.slow
class TestTrained:
    def test_prefers_the_kind_that_was_taken(self, scorer: Sequential) -> None:
        scores = scorer.score(UserState.of(np.array([1, 4], np.int32)), np.arange(N, dtype=np.int32))
        assert set((np.argsort(-scores)[:6] % 3).tolist()) == {1}

    def test_numpy_gives_what_torch_gives(self, scorer: Sequential) -> None:
        import torch

        from tastemaker.models.recommender.scorers.sequential_training import Net

        items, _ = shop()
        net = Net(items, ItemWords.learn(items))
        net.take(scorer.save())
        net.eval()
        for history in ([3], [1, 4, 7, 2], list(range(N)) * 3):
            rows = np.array(history[-LENGTH:], dtype=np.int32)
            with torch.no_grad():
                state = net(torch.from_numpy(rows[None].astype(np.int64)))[0, -1].numpy()
            np.testing.assert_allclose(scorer.state(rows), state, rtol=1e-3, atol=1e-4)

    def test_a_new_item_is_known_by_its_words(self, scorer: Sequential) -> None:
        items, _ = shop()
        assert items.text_vectors is not None
        grown = ItemTable(
            ids=(*items.ids, "a", "b"),
            titles=(*items.titles, "chess again", "football again"),
            text_vectors=np.concatenate([items.text_vectors, items.text_vectors[[2, 1]]]),
        )
        again = Sequential().restore(grown, scorer.save())
        chess, football = again.score(UserState.of(np.array([2, 5, 8], np.int32)), np.array([N, N + 1], np.int32))
        assert chess > football

    def test_training_goes_on_from_what_was_learnt(self, scorer: Sequential) -> None:
        items, events = shop()
        more = Sequential().restore(items, scorer.save())
        assert isinstance(more, GoesOn)
        more.go_on(items, events)
        user, rows = UserState.of(np.array([1, 4], np.int32)), np.arange(N, dtype=np.int32)
        before, after = scorer.score(user, rows), more.score(user, rows)
        assert not np.allclose(before, after)
        assert np.corrcoef(before, after)[0, 1] > 0.9

    def test_a_killed_training_goes_on_where_it_was(self, scorer: Sequential, tmp_path: Path) -> None:
        class Killed(Exception):
            pass

        def until_half(_text: str, share: float) -> None:
            if share > 0.5:
                raise Killed

        first, second = Sequential(), Sequential()
        first.checkpoint = second.checkpoint = tmp_path / "part.npz"
        with pytest.raises(Killed):
            first.fit(*shop(), until_half)
        said: list[float] = []
        second.fit(*shop(), lambda _, share: said.append(share))
        assert said[0] >= 0.45
        np.testing.assert_allclose(second.save()["item"], scorer.save()["item"], atol=1e-5)

    def test_training_leaves_the_threads_of_others_alone(self, scorer: Sequential) -> None:
        import torch

        items, events = shop()
        before, during = torch.get_num_threads(), set[int]()
        torch.set_num_threads(2)
        try:
            Sequential().restore(items, scorer.save()).go_on(
                items, events, lambda *_: during.add(torch.get_num_threads())
            )
            assert (during, torch.get_num_threads()) == ({1}, 2)
        finally:
            torch.set_num_threads(before)
