"""Check the MovieLens benchmarks on a small made-up folder of the same form."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tastemaker.core.errors import InvalidRequestError
from tastemaker.core.learning.interactions import UserState
from tastemaker.core.learning.metrics import ndcg
from tastemaker.core.settings import Settings
from tastemaker.evals.movielens import cold_items as ml100k_cold_item
from tastemaker.evals.movielens import cold_users as ml100k_cold_user
from tastemaker.evals.movielens.baselines import BASELINES
from tastemaker.evals.movielens.data import Movies, read, watched_before
from tastemaker.evals.movielens.run import by_ensemble, fit_as_trained, places
from tastemaker.evals.reporting.intervals import auc, gain_of, hits, mean_of, place, recall
from tastemaker.models.recommender.fit_whole_catalogue import MIN_HISTORY, fit_catalogue, hold_out
from tastemaker.models.recommender.new_items import NewItemModel
from tastemaker.models.recommender.scorers.listing import SCORERS
from tastemaker.tools.trained import recipes

USERS, FILMS = 60, 40


@pytest.fixture(scope="module")
def movies(tmp_path_factory: pytest.TempPathFactory) -> Movies:
    """Return films of two kinds and users who like one kind, read from files as MovieLens has them."""
    home = tmp_path_factory.mktemp("movies")
    folder = home / "ml100k"
    folder.mkdir()
    rng = np.random.default_rng(0)
    flags = [["0"] * 19 for _ in range(FILMS)]
    for film in range(FILMS):
        flags[film][1 + film % 2] = "1"
    lines = [f"{i + 1}|Film {i} (199{i % 5})|01-Jan-199{i % 5}||url|{'|'.join(flags[i])}" for i in range(FILMS)]
    (folder / "u.item").write_text("\n".join(lines) + "\n", encoding="latin-1")
    people = [f"{u + 1}|{20 + u % 3 * 10}|{'MF'[u % 2]}|artist|12345" for u in range(USERS)]
    (folder / "u.user").write_text("\n".join(people) + "\n", encoding="latin-1")
    ratings = []
    for user in range(USERS):
        for step, film in enumerate(rng.permutation(FILMS)[:14]):
            rating = rng.integers(4, 6) if film % 2 == user % 2 else rng.integers(1, 4)
            ratings.append(f"{user + 1}\t{film + 1}\t{rating}\t{880_000_000 + 1000 * user + step}")
    (folder / "u.data").write_text("\n".join(rng.permutation(ratings)) + "\n", encoding="ascii")
    return read(Settings(home=home / "home", cache=home / "cache"), home)


def test_the_target_is_the_last_liked_and_nothing_later_is_known(movies: Movies) -> None:
    events = movies.events
    for row in movies.last_liked().tolist():
        part = events.of(int(events.user[row]))
        assert events.rating[row] >= 4
        assert (events.rating[row + 1 : part.stop] < 4).all()
        state = movies.state(row)
        assert state.items.tolist() == watched_before(movies, row).tolist()
        assert (state.at < events.at[row]).all()
        assert events.item[row] not in state.items


def test_an_earlier_target_can_be_had_for_tuning(movies: Movies) -> None:
    last = movies.last_liked()
    before = movies.last_liked(last)
    assert (before < last).all()
    assert ((before == -1) | (before >= movies.events.starts[:-1])).all()


def test_training_ends_before_the_target(movies: Movies) -> None:
    targets = movies.last_liked()
    known = movies.until(targets)
    assert len(known) == int((targets - movies.events.starts[:-1]).sum())
    pairs = set(zip(known.user.tolist(), known.item.tolist(), strict=True))
    assert not pairs & {(int(movies.events.user[t]), int(movies.events.item[t])) for t in targets}


def test_questions_are_held_out_from_the_scorers(movies: Movies) -> None:
    before, asked = hold_out(movies.events, 0)
    known = set(zip(before.user.tolist(), before.item.tolist(), strict=True))
    assert asked
    assert all((question.user, question.target) not in known for question in asked)
    assert all(len(question.state.items) >= MIN_HISTORY for question in asked)
    assert all(question.target not in question.state.items for question in asked)


def test_the_hybrid_beats_popularity_where_taste_decides(movies: Movies) -> None:
    targets = movies.last_liked()
    training = movies.until(targets)
    ours = fit_catalogue(movies.items, training, scorers=("popularity", "user_knn", "graph", "ease"))
    assert ours.missing == {}
    hybrid = places(movies, targets, by_ensemble(ours, FILMS))
    plain = places(movies, targets, BASELINES["popularity"](movies.items, training, 0))
    assert ndcg(hybrid).mean() > 1.1 * ndcg(plain).mean()


def test_the_bench_fits_as_training_does(movies: Movies, monkeypatch: pytest.MonkeyPatch) -> None:
    few = {name: SCORERS[name] for name in ("popularity", "user_knn", "ease")}
    monkeypatch.setattr("tastemaker.evals.movielens.run.SCORERS", few)
    targets = movies.last_liked()
    ours, choice = fit_as_trained(movies.items, movies.until(targets), 0)
    assert set(ours.scorers) == set(few)
    assert choice.way.recipe in recipes.FITS
    assert choice.validation is not None
    assert set(recipes.FITS) < set(choice.validation.figures)


def test_a_scorer_that_cannot_be_fitted_is_named(movies: Movies, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: Any) -> None:
        raise ImportError("no such library")

    monkeypatch.setattr("tastemaker.models.recommender.scorers.als.Als.fit", broken)
    ours = fit_catalogue(movies.items, movies.events, scorers=("popularity", "als"))
    assert ours.missing == {"als": "no such library"}


@pytest.mark.parametrize("name", ["item-knn", "ease", "als", "bpr"])
def test_baselines_score_every_film(movies: Movies, name: str) -> None:
    scores = BASELINES[name](movies.items, movies.events, 0)(3, movies.events.state_of(3))
    assert scores.shape == (FILMS,)
    assert np.isfinite(scores).all()


@pytest.mark.slow
def test_strangers_are_measured_at_every_point(movies: Movies) -> None:
    figures = ml100k_cold_user.figures_of(movies, 1)
    assert list(figures["methods"]) == list(figures["above"]) == [f"{m} revealed" for m in (0, 1, 3, 5)]
    for point in figures["methods"].values():
        assert set(point) == {"hybrid", "popularity", "demographic-popularity", "item-knn"}
    last = figures["methods"]["5 revealed"]
    assert last["hybrid"]["ndcg@10"]["value"] > last["popularity"]["ndcg@10"]["value"]


def test_a_stranger_is_known_by_the_first_ratings_only(movies: Movies) -> None:
    one = ml100k_cold_user.stranger(movies.events, 4)
    part = movies.events.of(4)
    assert one.knows(3).items.tolist() == movies.events.item[part][:3].tolist()
    assert one.knows(0).items.tolist() == []
    assert not set(one.wanted.tolist()) & set(movies.events.item[part][:5].tolist())


def with_made_up_vectors(movies: Movies) -> Movies:
    rng = np.random.default_rng(2)
    kind = np.eye(2, 8)[np.arange(FILMS) % 2]
    rows = [kind + noise * rng.standard_normal(kind.shape) for noise in (0.3, 0.6)]
    text, image = (r / np.linalg.norm(r, axis=1, keepdims=True) for r in rows)
    return replace(
        movies,
        items=replace(movies.items, text_vectors=text.astype(np.float32), image_vectors=image.astype(np.float32)),
    )


def test_new_films_are_ranked_by_content(movies: Movies) -> None:
    figures = ml100k_cold_item.figures_of(with_made_up_vectors(movies), 0)
    methods = figures["methods"]
    assert methods["both"]["auc"]["value"] > 0.6
    assert methods["image"]["auc"]["value"] > 0.6
    assert set(methods) == {"both", "text", "image", "text-nearest", "chance"}


def test_content_must_be_of_a_known_channel() -> None:
    with pytest.raises(InvalidRequestError, match="smell"):
        NewItemModel(("smell",))


def test_a_missing_folder_is_named(tmp_path: Path) -> None:
    with pytest.raises(InvalidRequestError, match="ml100k"):
        read(Settings(home=tmp_path, cache=tmp_path), tmp_path)


def test_figures() -> None:
    scores = np.array([0.1, 0.5, 0.5, np.nan, 0.9])
    assert place(scores, 1, np.array([4])) == 0.5
    assert place(scores, 3, np.array([], dtype=np.int32)) == 4.0
    assert ndcg(np.array([0.0, 1.0, 10.0])).tolist() == [1.0, pytest.approx(0.63093, abs=1e-4), 0.0]
    assert hits(np.array([9.0, 10.0])).tolist() == [1.0, 0.0]
    wanted = np.array([True, False, True])
    assert auc(np.array([3.0, 2.0, 1.0]), wanted) == 0.5
    assert recall(np.array([3.0, 2.0, 1.0]), wanted, at=2) == 0.5
    values = np.arange(100.0)
    assert mean_of(values)["low"] < 49.5 < mean_of(values)["high"]
    assert gain_of(1.1 * values, values) == {"value": 10.0, "low": 10.0, "high": 10.0}


def test_the_cold_state_holds_no_later_time() -> None:
    state = UserState.of(np.array([1, 2, 3], dtype=np.int32), at=np.array([10.0, 20.0, 30.0]))
    assert ml100k_cold_user.first_items(state, 2).now == 20.0
    assert ml100k_cold_user.first_items(state, 0).now == 10.0
