"""Check what each scorer promises beyond the contract."""

from __future__ import annotations

from datetime import UTC, datetime

import numpy as np
import pytest

from tastemaker.core.learning.interactions import Interactions, ItemTable, UserState
from tastemaker.models.recommender.scorers.als import Als
from tastemaker.models.recommender.scorers.attributes import attribute_matrix
from tastemaker.models.recommender.scorers.base import Explains, Step, top
from tastemaker.models.recommender.scorers.bpr import Bpr
from tastemaker.models.recommender.scorers.context import Context, moment
from tastemaker.models.recommender.scorers.graph import PEOPLE, Graph
from tastemaker.models.recommender.scorers.segments import SegmentPopularity
from tastemaker.models.recommender.scorers.trend import Trend
from tastemaker.models.recommender.scorers.user_knn import UserNeighbours

DAY = 86_400.0
ALL = np.arange(4, dtype=np.int32)


def films(directors: tuple[str, ...]) -> ItemTable:
    return ItemTable(
        ids=tuple(f"f{i}" for i in range(len(directors))),
        attributes=tuple({"director": d} if d else {} for d in directors),
    )


def events(
    pairs: list[tuple[int, int, float]],
    n_items: int,
    contexts: tuple[dict[str, str], ...] = (),
    where: tuple[dict[str, str], ...] = (),
) -> Interactions:
    user, item, at = (np.array(column) for column in zip(*pairs, strict=True))
    return Interactions(
        user=user.astype(np.int32),
        item=item.astype(np.int32),
        at=at.astype(np.float64),
        weight=np.ones(len(pairs), np.float32),
        rating=np.full(len(pairs), np.nan, np.float32),
        n_users=int(user.max()) + 1,
        n_items=n_items,
        user_context=contexts,
        event_context=where,
    )


def liked(*items: int, **context: str) -> UserState:
    return UserState.of(np.array(items, dtype=np.int32), context=context)


class TestGraph:
    table = films(("Lynch", "Lynch", "", "", "Lynch", "", ""))
    walk = Graph().fit(table, events([(0, 0, 1), (0, 2, 2), (1, 2, 1), (1, 3, 2)], 7))

    def test_tells_the_shared_attribute(self) -> None:
        assert isinstance(self.walk, Explains)
        assert self.walk.explain(liked(0), 1) == (Step(0, "director: Lynch", 1),)

    def test_tells_that_the_same_people_liked_both(self) -> None:
        assert self.walk.explain(liked(0), 2) == (Step(0, PEOPLE, 2),)

    def test_finds_a_path_over_an_item_between(self) -> None:
        assert self.walk.explain(liked(1), 2) == (Step(1, "director: Lynch", 0), Step(0, PEOPLE, 2))

    def test_has_no_path_where_there_is_none(self) -> None:
        apart = Graph().fit(films(("", "", "")), events([(0, 0, 1), (1, 1, 1), (1, 2, 2)], 3))
        assert apart.explain(liked(0), 2) == ()
        assert apart.explain(liked(), 2) == ()

    def test_reaches_items_nobody_has_met(self) -> None:
        assert self.walk.score(liked(0), np.array([4], dtype=np.int32))[0] > 0

    def test_a_film_that_came_after_training_is_reached_over_its_director(self) -> None:
        again = Graph().restore(films(("Lynch", "Lynch", "", "", "Lynch", "", "", "Lynch")), self.walk.save())
        assert again.explain(liked(0), 7) == (Step(0, "director: Lynch", 7),)


def test_attributes_leave_out_rare_and_common_values() -> None:
    table = ItemTable(
        ids=("a", "b", "c", "d"),
        attributes=(
            {"genre": ["drama", "war"], "year": 1986.0, "new": True, "price": 3.0},
            {"genre": ["drama", "noir"], "year": 1981.0, "new": True},
            {"genre": ["drama"], "colour": "red"},
            {},
        ),
    )
    matrix, labels = attribute_matrix(table)
    assert labels == ("decade: 1980", "new")
    assert matrix.toarray().tolist() == [[1, 1], [1, 1], [0, 0], [0, 0]]


class TestTrend:
    trend = Trend(half_life_days=1.0).fit(
        films(("",) * 4), events([(0, 0, 10 * DAY), (1, 0, 10 * DAY), (2, 1, 20 * DAY)], 4)
    )

    def test_counts_nothing_that_comes_after_the_request(self) -> None:
        early = UserState.of(np.zeros(0, np.int32), now=12 * DAY)
        assert self.trend.score(early, ALL)[1] == 0
        assert self.trend.score(early, ALL)[0] > 0

    def test_prefers_the_latest_without_a_time(self) -> None:
        assert self.trend.score(liked(), ALL).argmax() == 1


class TestSegments:
    people = ({"age": "young"}, {"age": "young"}, {"age": "old"}, {"age": "old"})
    scorer = SegmentPopularity(strength=0.2).fit(
        films(("",) * 4), events([(0, 0, 1), (1, 0, 1), (2, 1, 1), (3, 1, 1)], 4, people)
    )

    def test_prefers_what_people_alike_wanted(self) -> None:
        assert self.scorer.score(liked(age="young"), ALL).argmax() == 0
        assert self.scorer.score(liked(age="old"), ALL).argmax() == 1

    def test_needs_a_label_met_in_training(self) -> None:
        assert not self.scorer.applies(liked(age="unheard of"))


class TestContext:
    def test_labels_of_a_time(self) -> None:
        sunday = datetime(2024, 1, 7, 20, tzinfo=UTC).timestamp()
        assert moment(sunday) == ["part=evening", "day=weekend", "season=winter"]
        assert moment(17.0) == []

    def test_prefers_what_fits_the_device(self) -> None:
        seen = events(
            [(0, 0, 1), (1, 0, 2), (2, 1, 3), (3, 1, 4)], 4, where=({"device": "tv"},) * 2 + ({"device": "phone"},) * 2
        )
        scorer = Context(strength=0.2).fit(films(("",) * 4), seen)
        assert scorer.score(liked(device="phone"), ALL).argmax() == 1
        assert not scorer.applies(liked())


@pytest.mark.parametrize("scorer", [Als(factors=2, regularization=0.1), Bpr(factors=4), UserNeighbours(), Graph()])
def test_a_stranger_gets_what_goes_with_what_they_liked(scorer: Als | Bpr | UserNeighbours | Graph) -> None:
    rng = np.random.default_rng(0)
    pairs = [(u, 5 * (u % 2) + int(i), float(p)) for u in range(40) for p, i in enumerate(rng.permutation(5)[:4])]
    scorer.fit(films(("",) * 10), events(pairs, 10))
    rows, _ = top(scorer, liked(6, 8), 10, 3, exclude=np.array([6, 8], dtype=np.int32))
    assert set(rows.tolist()) == {5, 7, 9}


def test_events_keep_their_context() -> None:
    seen = events([(0, 0, 1), (0, 1, 2)], 4, where=({"device": "tv"}, {"device": "phone"}))
    assert seen.keep(np.array([False, True])).event_context == ({"device": "phone"},)
