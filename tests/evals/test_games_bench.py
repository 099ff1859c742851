"""Check the games benchmarks on a small shop made here."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tastemaker.core.errors import InvalidRequestError
from tastemaker.core.learning.interactions import UserState
from tastemaker.core.settings import Settings
from tastemaker.evals.games import run as games
from tastemaker.evals.games.baselines import Baselines
from tastemaker.evals.games.data import Question, read_histories, read_items, read_questions

ITEMS, USERS, ASKED = 60, 120, 20
GENRES = ("racing", "football", "chess")


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Write users who stay within one of three genres, and questions about the first of them."""
    rng = np.random.default_rng(0)
    folder = tmp_path_factory.mktemp("data") / "games"
    folder.mkdir()
    genre = np.arange(ITEMS) % len(GENRES)
    titles = "".join(f"{i}\t{GENRES[i % 3]} {i} &amp; more\n" for i in range(ITEMS))
    (folder / "items.tsv").write_text("item_id:token\ttitle:token_seq\n" + titles)
    taken = [rng.permutation(np.flatnonzero(genre == u % 3))[:7] for u in range(USERS)]
    lines = "".join(f"{u}\t{' '.join(map(str, items[:6]))}\n" for u, items in enumerate(taken))
    (folder / "histories.tsv").write_text("user_id\titems_oldest_first\n" + lines)
    asked = []
    for u in range(ASKED):
        others = rng.permutation(np.setdiff1d(np.arange(ITEMS), taken[u]))[:19]
        asked.append(f"{u}\t{taken[u][6]}\t{' '.join(map(str, [*others, taken[u][6]]))}\n")
    for name in (games.RANDOM, games.RETRIEVED):
        (folder / name).write_text("user_id\ttarget\tcandidates\n" + "".join(asked))
    return folder.parent


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    cache = tmp_path / "bench" / "games"
    cache.mkdir(parents=True)
    np.save(cache / "title-vectors.npy", np.eye(ITEMS, 8, dtype=np.float16))
    return Settings(cache=tmp_path, home=tmp_path / "home")


async def test_rows_share_one_training(shop: Path, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(games, "SCORERS", ("popularity", "cooccurrence", "titles"))
    said: list[str] = []
    figures = await games.games_run(settings, "games", shop, 0, lambda text, _: said.append(text))
    assert said
    assert figures["n"] == ASKED
    assert set(figures["methods"]) >= {"hybrid", "popularity", "cooccurrence_last10", "blend", "alone:titles"}
    assert figures["ndcg10"]["value"] > figures["methods"]["popularity"]["ndcg10"]["value"] + 10
    assert figures["rank_200"]["n"] == ASKED

    again: list[str] = []
    cold = await games.games_run(settings, "games-cold", shop, 0, lambda text, _: again.append(text))
    assert not again
    assert list(cold["last_items_visible"]) == ["0", "1", "2", "3", "5", "10"]
    warm = cold["last_items_visible"]["10"]["methods"]["hybrid"]
    assert warm == figures["methods"]["hybrid"]


def test_missing_data_is_named(tmp_path: Path) -> None:
    with pytest.raises(InvalidRequestError, match="--data"):
        read_items(tmp_path)


def test_asked_users_take_no_part(shop: Path) -> None:
    items = read_items(shop)
    assert items.titles[1] == "football 1 & more"
    every = read_histories(shop, len(items))
    asked = read_questions(shop, games.RANDOM)
    assert len(asked) == ASKED
    assert asked[3].target not in every.state_of(3).items


def test_a_target_that_is_no_candidate_gains_nothing() -> None:
    question = Question(0, 7, np.array([1, 7, 3], np.int32))
    scores = np.array([0.5, np.nan, 0.1], np.float32)
    assert games.rank_of(scores, question) == 3
    assert games.rank_of(np.array([0, 1, 0], np.float32), question) == 1
    absent = games.rank_of(scores, Question(0, 9, question.rows))
    np.testing.assert_allclose(games.gains(np.array([1, 3, 11, absent])), [100, 50, 0, 0])


def test_without_history_the_blend_is_popularity(shop: Path) -> None:
    items = read_items(shop)
    scores = Baselines(items, read_histories(shop, ITEMS)).scores(
        UserState.of(np.zeros(0, np.int32)), np.arange(20, dtype=np.int32)
    )
    assert scores["blend"].argmax() == scores["popularity"].argmax()
    assert scores["cooccurrence_last10"].argmax() == scores["popularity"].argmax()
