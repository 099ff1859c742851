"""Check the ensemble: fitted without leaks, saved and loaded, and never failed by one broken part."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tastemaker.core.errors import BackEndUnavailable, ConfigurationError, InvalidRequestError
from tastemaker.core.learning.interactions import Interactions, ItemTable, UserState
from tastemaker.models.recommender import ensemble_files, fusion
from tastemaker.models.recommender import fit as ensemble_fit
from tastemaker.models.recommender import fusion as fusion_trees
from tastemaker.models.recommender import resumable_fit as fit_work
from tastemaker.models.recommender import training_lists as questions
from tastemaker.models.recommender.ensemble_files import load_ensemble, save_ensemble
from tastemaker.models.recommender.features import Features, best_of_each, place
from tastemaker.models.recommender.fit import fit_ensemble
from tastemaker.models.recommender.fusion import LinearFusion, Lists, RankFusion, TreeFusion
from tastemaker.models.recommender.fusion_check import ndcg_of_first
from tastemaker.models.recommender.held_out_queries import Query, among_all, draw, held_out, last_items, unseen
from tastemaker.models.recommender.scorers import listing
from tastemaker.models.recommender.scorers.popularity import Popularity

GROUPS, PER_GROUP, USERS = 4, 12, 240


class Group:
    """Prefers the group of the last item."""

    name = "group"

    def fit(self, items: ItemTable, events: Interactions, progress: Any = None) -> Group:
        return self

    def applies(self, user: UserState) -> bool:
        return len(user.items) > 0

    def score(self, user: UserState, items: Any) -> Any:
        return (items // PER_GROUP == user.items[-1] // PER_GROUP).astype(np.float32)

    def save(self) -> dict[str, Any]:
        return {"nothing": np.zeros(1)}

    def restore(self, items: ItemTable, arrays: Any) -> Group:
        return self


class Broken(Group):
    name = "broken"

    def fit(self, items: ItemTable, events: Interactions, progress: Any = None) -> Group:
        raise BackEndUnavailable("needs the extra train")


class Failing(Popularity):
    def score(self, user: UserState, items: Any) -> Any:
        raise ArithmeticError


def world(seed: int = 0) -> tuple[ItemTable, Interactions]:
    """Return users who stay within one of four groups of items."""
    rng = np.random.default_rng(seed)
    item = np.concatenate([rng.permutation(PER_GROUP)[:5] + PER_GROUP * (u % GROUPS) for u in range(USERS)])
    m = len(item)
    events = Interactions(
        user=np.repeat(np.arange(USERS), 5).astype(np.int32),
        item=item.astype(np.int32),
        at=np.tile(np.arange(5.0), USERS),
        weight=np.ones(m, np.float32),
        rating=np.full(m, np.nan, np.float32),
        n_users=USERS,
        n_items=GROUPS * PER_GROUP,
    )
    return ItemTable(ids=tuple(f"i{i}" for i in range(events.n_items))), events


@pytest.fixture
def scorers(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    found: dict[str, Any] = {"popularity": Popularity, "group": Group}
    for module in (listing, ensemble_fit, ensemble_files, fit_work):
        monkeypatch.setattr(module, "SCORERS", found)
    return found


@pytest.fixture
def easy(monkeypatch: pytest.MonkeyPatch, scorers: dict[str, Any]) -> None:
    monkeypatch.setattr(fusion, "MIN_LINEAR", 20)


class TestFit:
    def test_learns_which_scorer_to_trust(self, easy: None) -> None:
        ensemble = fit_ensemble(*world())
        assert ensemble.report["fusion"] == "linear"
        figures = ensemble.report["validation"]
        assert figures["groups"]["cool_3_5"]["mean"] > figures["scorers"]["popularity"]["alone"]["mean"] + 10
        assert figures["scorers"]["group"]["adds"] > 5
        best = ensemble.propose(UserState.of(np.array([3, 5], np.int32)), 5)
        assert set((best // PER_GROUP).tolist()) == {0}

    def test_few_events_fuse_ranks(self, scorers: dict[str, Any]) -> None:
        ensemble = fit_ensemble(*world())
        assert ensemble.fusion.kind == "ranks"
        assert ensemble.rank(UserState.of(np.array([3], np.int32)), np.array([40, 4], np.int32)).scores.argmax() == 1

    def test_a_scorer_that_cannot_be_fitted_is_left_out_and_named(self, scorers: dict[str, Any]) -> None:
        scorers["broken"] = Broken
        ensemble = fit_ensemble(*world())
        assert ensemble.missing == {"broken": "needs the extra train"}
        assert set(ensemble.scorers) == {"popularity", "group"}

    def test_budget_leaves_scorers_out(self, scorers: dict[str, Any]) -> None:
        ensemble = fit_ensemble(*world(), budget_s=0.0)
        assert set(ensemble.missing) == {"popularity", "group"}
        user = UserState.of(np.array([3], np.int32))
        assert len(ensemble.rank(user, np.array([1, 2], np.int32)).scores) == 2

    def test_finished_parts_are_kept(self, scorers: dict[str, Any], tmp_path: Path) -> None:
        fit_ensemble(*world(), folder=tmp_path)
        kept = {path.name for path in tmp_path.rglob("*.npz")}
        assert {"before-popularity.npz", "all-popularity.npz"} <= kept
        scorers["popularity"] = type("Never", (Popularity,), {"fit": Broken.fit})
        again = fit_ensemble(*world(), folder=tmp_path)
        assert not again.missing
        assert {"before:popularity", "questions", "fusion", "all:group"} <= set(again.report["cpu_seconds"])

    def test_unknown_scorer_is_refused(self, scorers: dict[str, Any]) -> None:
        with pytest.raises(InvalidRequestError, match="no scorer nothing"):
            fit_ensemble(*world(), scorers=["nothing"])

    def test_events_without_a_wish_are_refused(self, scorers: dict[str, Any]) -> None:
        items, events = world()
        with pytest.raises(InvalidRequestError, match="no wanted event"):
            fit_ensemble(items, events.keep(np.zeros(len(events), bool)))


class TestFiles:
    def test_loaded_ranks_the_same(self, easy: None, tmp_path: Path) -> None:
        items, events = world()
        ensemble = fit_ensemble(items, events)
        save_ensemble(ensemble, tmp_path / "a")
        again = load_ensemble(tmp_path / "a", items)
        user, rows = events.state_of(0), np.arange(48, dtype=np.int32)
        np.testing.assert_allclose(again.rank(user, rows).scores, ensemble.rank(user, rows).scores, rtol=1e-5)
        assert again.report["validation"] == ensemble.report["validation"]

    def test_a_broken_scorer_file_is_named(self, easy: None, tmp_path: Path) -> None:
        items, events = world()
        save_ensemble(fit_ensemble(items, events), tmp_path / "a")
        (tmp_path / "a" / "scorer-popularity.npz").write_bytes(b"broken")
        again = load_ensemble(tmp_path / "a", items)
        assert "popularity" in again.missing
        assert np.isfinite(again.rank(events.state_of(0), np.arange(9, dtype=np.int32)).scores).all()

    def test_a_broken_fusion_falls_back_to_ranks(self, easy: None, tmp_path: Path) -> None:
        items, events = world()
        save_ensemble(fit_ensemble(items, events), tmp_path / "a")
        (tmp_path / "a" / "fusion.npz").unlink()
        again = load_ensemble(tmp_path / "a", items)
        assert again.fusion.kind == "ranks"
        assert "fusion" in again.missing
        assert len(again.propose(events.state_of(0), 3)) == 3

    def test_an_empty_folder_is_refused(self, tmp_path: Path) -> None:
        with pytest.raises(ConfigurationError, match="no ensemble"):
            load_ensemble(tmp_path, world()[0])


class TestRank:
    def test_a_scorer_that_fails_is_named_and_the_others_rank(self, easy: None) -> None:
        ensemble = fit_ensemble(*world())
        ensemble.scorers["popularity"] = Failing()
        ranking = ensemble.rank(UserState.of(np.array([3], np.int32)), np.array([40, 4], np.int32))
        assert set(ranking.failed) == {"popularity"}
        assert np.isnan(ranking.sources["popularity"]).all()
        assert ranking.scores.argmax() == 1

    def test_nothing_asked_gives_nothing(self, scorers: dict[str, Any]) -> None:
        ensemble = fit_ensemble(*world())
        assert ensemble.rank(world()[1].state_of(0), np.zeros(0, np.int32)).scores.shape == (0,)

    def test_without_history_the_one_scorer_that_applies_decides(self, easy: None) -> None:
        ensemble = fit_ensemble(*world())
        ranking = ensemble.rank(UserState.of(np.zeros(0, np.int32)), np.arange(48, dtype=np.int32))
        np.testing.assert_array_equal(ranking.scores, ranking.sources["popularity"])

    def test_excluded_rows_are_not_proposed(self, easy: None) -> None:
        ensemble = fit_ensemble(*world())
        seen = np.array([3, 5], np.int32)
        best = ensemble.propose(UserState.of(seen), 8, exclude=seen)
        assert len(best) == 8
        assert not set(best.tolist()) & {3, 5}


class TestFusions:
    def lists(self, questions: int = 300) -> Lists:
        rng = np.random.default_rng(0)
        features = rng.standard_normal((questions * 6, 6)).astype(np.float32)
        features[::6, 3] += 3.0
        features[rng.random(features.shape) < 0.05] = np.nan
        return Lists(features, np.full(questions, 6))

    @pytest.mark.parametrize("made", [LinearFusion, lambda: TreeFusion(rounds=20)])
    def test_finds_the_feature_that_tells(self, made: Any) -> None:
        lists = self.lists()
        fitted = made().fit(lists, tuple("abcdef"), 0)
        again = type(fitted)().restore(*fitted.save())
        scores = again.score(lists.features)
        assert ndcg_of_first(scores, np.repeat(np.arange(300), 6)).mean() > 85
        np.testing.assert_allclose(scores, fitted.score(lists.features), rtol=1e-5)

    def test_trees_learn_from_lists_of_retrieved_candidates(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(fusion_trees, "MIN_RETRIEVED", 300)
        lists, other = self.lists(), self.lists()
        other.features[:, 4] = other.features[:, 3]
        other.features[:, 3] = 0
        alone = TreeFusion(rounds=20).fit(lists, tuple("abcdef"), 0)
        both = TreeFusion(rounds=20).fit(lists, tuple("abcdef"), 0, retrieved=other)
        again = TreeFusion().restore(*both.save())
        question = np.repeat(np.arange(300, dtype=np.int32), 6)
        assert (
            ndcg_of_first(both.score(other.features), question).mean()
            > ndcg_of_first(alone.score(other.features), question).mean() + 10
        )
        assert ndcg_of_first(both.score(lists.features), question).mean() > 85
        np.testing.assert_allclose(again.score(other.features), both.score(other.features), rtol=1e-5)
        few = Lists(other.features[:6], np.array([6]))
        same = TreeFusion(rounds=20).fit(lists, tuple("abcdef"), 0, retrieved=few)
        np.testing.assert_array_equal(same.score(other.features), alone.score(other.features))

    def test_ranks_count_scorers_not_scales(self) -> None:
        features = np.full((3, 6), np.nan, np.float32)
        features[:, 0], features[:, 3] = (3, 2, 1), (100, 300, 200)
        assert RankFusion().score(features).argmax() == 1


class TestParts:
    def test_held_out_events_and_what_follows_are_gone(self) -> None:
        _, events = world()
        before, users, targets = held_out(events, np.array([2, 7], np.int32))
        assert users.tolist() == [2, 7]
        assert targets.tolist() == [int(events.item[14]), int(events.item[39])]
        assert len(before) == len(events) - 2
        assert targets[0] not in before.state_of(2).items

    def test_questions_ask_for_the_held_out_item_among_unseen_ones(self) -> None:
        _, events = world()
        before, users, targets = held_out(events, np.arange(30, dtype=np.int32))
        for query, user, target in zip(draw(before, users, targets, 0), users, targets, strict=True):
            assert query.rows[0] == target
            assert len(set(query.rows.tolist())) == 20
            assert not set(query.rows.tolist()) & set(before.state_of(int(user)).items.tolist())

    def test_only_found_items_are_asked_for_among_retrieved_ones(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(questions, "POOL", 12)
        _, events = world()
        features = Features.of(("group",), events, 0)
        users, targets = np.array([0, 1], np.int32), np.array([PER_GROUP - 1, 0], np.int32)
        asked = among_all(events, users, targets)  # user 0 stays in group 0, user 1 in group 1
        answers = questions.retrieve(asked, {"group": Group()}, features, 0)
        assert set(answers.question.tolist()) == {0}
        assert answers.hard.tolist() == [False, *[True] * 11]
        assert answers.history.tolist() == [5, 5]
        assert answers.of(np.array([True, False])).lists().sizes.tolist() == [12]
        assert not len(answers.of(np.array([False, True])).lists().sizes)

    def test_random_questions_may_hold_retrieved_ones(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(questions, "SHARE_HARD", 1.0)
        _, events = world()
        features = Features.of(("group",), events, 0)
        asked = [
            Query(query.user, query.rows[:4]) for query in draw(*held_out(events, np.arange(20, dtype=np.int32)), 0)
        ]
        answers = questions.answer(asked, {"group": Group()}, features, 0)
        assert (np.bincount(answers.question, ~answers.hard) == 4).all()
        assert answers.hard.sum() > 20

    def test_last_items_are_the_last(self) -> None:
        user = UserState.of(np.array([4, 5, 6], np.int32))
        assert last_items(user, 2).items.tolist() == [5, 6]
        assert last_items(user, 0).items.tolist() == []

    def test_unseen_gives_what_there_is(self) -> None:
        rng = np.random.default_rng(0)
        assert sorted(unseen(rng, 6, np.array([1, 2], np.int32), 9).tolist()) == [0, 3, 4, 5]
        assert not set(unseen(rng, 500, np.arange(100, dtype=np.int32), 30).tolist()) & set(range(100))

    def test_place_is_relative_to_the_reference(self) -> None:
        z, share = place(np.array([[2.0, np.nan]], np.float32), np.array([[0.0, 1.0, 2.0, 3.0]], np.float32))
        assert share[0, 0] == pytest.approx(0.625)
        assert z[0, 0] == pytest.approx(0.447, abs=1e-3)
        assert np.isnan(share[0, 1])

    def test_features_do_not_depend_on_the_list(self) -> None:
        _, events = world()
        features = Features.of(("group",), events, 0)
        user, reference = events.state_of(0), features.reference
        raw = np.random.default_rng(0).standard_normal((1, 4 + len(reference))).astype(np.float32)
        every = features.matrix(raw, user, np.array([1, 2, 3, 4], np.int32))
        alone = features.matrix(raw[:, 2:], user, np.array([3, 4], np.int32))
        np.testing.assert_array_equal(every[2:], alone)
        assert every.shape[1] == len(features.names)

    def test_best_of_each_is_a_union(self) -> None:
        raw = np.array([[1.0, 5.0, np.nan, 0.0], [np.nan, np.nan, np.nan, 2.0]], np.float32)
        assert best_of_each(raw, 1).tolist() == [1, 3]

    def test_ties_take_the_middle_place(self) -> None:
        scores, question = np.zeros(5, np.float32), np.array([0, 0, 0, 1, 1], np.int32)
        np.testing.assert_allclose(ndcg_of_first(scores, question), [100 / np.log2(3), 100 / np.log2(2.5)])
