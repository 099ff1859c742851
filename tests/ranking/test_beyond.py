"""Test the figures of lists, the choice of strengths and the fairness report on data whose answers are known."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tastemaker.api.cli import main as cli
from tastemaker.core.errors import InvalidRequestError
from tastemaker.core.learning.interactions import Interactions, ItemTable
from tastemaker.evals.movielens import beyond_accuracy as beyond
from tastemaker.evals.movielens.beyond_accuracy import (
    Asked,
    Facts,
    Shown,
    choose,
    figures,
    figures_of,
    lift,
    listed,
    measure,
    miscalibration,
    ndcg_of,
    user_groups,
    variety,
)
from tastemaker.evals.movielens.data import Movies
from tastemaker.evals.movielens.fairness import Quality, exposure, quality, report_of
from tastemaker.evals.reporting import intervals

GENRES = [["War"], ["War"], ["War"], ["Comedy"], ["Comedy"], []]


@pytest.fixture(autouse=True)
def _few_resamples(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(intervals, "RESAMPLES", 20)


def events(users: list[list[int]], n_items: int = 6) -> Interactions:
    pairs = [(u, i) for u, items in enumerate(users) for i in items]
    count = len(pairs)
    return Interactions(
        user=np.array([u for u, _ in pairs], dtype=np.int32),
        item=np.array([i for _, i in pairs], dtype=np.int32),
        at=np.arange(count, dtype=np.float64),
        weight=np.ones(count, dtype=np.float32),
        rating=np.full(count, 5.0, dtype=np.float32),
        n_users=len(users),
        n_items=n_items,
        user_context=tuple({"sex": "FM"[u % 2], "age": "20s", "occupation": "other"} for u in range(len(users))),
    )


FACTS = Facts.of(GENRES, events([[0, 1], [0, 1, 3], [0, 4], [0]]))


def shown(rows: list[int], target: int = 9, history: tuple[int, ...] = (0,), group: str = "niche") -> Shown:
    return Shown(np.array(rows, np.int32), target, np.array(history, np.int32), group)


def test_figures_of_lists() -> None:
    assert list(ndcg_of([shown([1, 2], 1), shown([1, 2], 2), shown([1, 2])])) == pytest.approx([1, 1 / np.log2(3), 0])
    assert variety(FACTS.genres[[0, 1]]) == pytest.approx(0)
    assert variety(FACTS.genres[[0, 3]]) == pytest.approx(1)
    assert list(FACTS.share[:4]) == [1.0, 0.5, 0.25, 0.25]
    assert lift(shown([1], history=(0,)), FACTS) == pytest.approx(-0.5)
    assert miscalibration(shown([1, 2], history=(0,)), FACTS) == pytest.approx(0, abs=1e-6)
    assert miscalibration(shown([3], history=(0,)), FACTS) == pytest.approx(np.log(100), rel=1e-3)
    found: Any = figures([shown([1, 2], 1), shown([2, 3], 9)], FACTS, 0)
    assert found["coverage"] == 0.5
    assert found["ndcg@10"]["value"] == 0.5
    assert set(found["popularity_lift"]) == {"niche"}


def test_users_are_grouped_by_how_popular_their_films_are() -> None:
    groups = user_groups(events([[0], [1], [5]]), [0, 1, 2], np.array([0.9, 0.5, 0, 0, 0, 0.1]))
    assert groups == {0: "mainstream", 1: "mixed", 2: "niche"}


def question(target: int) -> Asked:
    relevance = np.array([1.0, 0.98, 0.96, 0.9, 0.5, 0.0], np.float32)
    return Asked(np.arange(6, dtype=np.int32), relevance, target, np.array([0, 3], np.int32), "mixed")


def test_a_strength_is_chosen_that_costs_little(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(beyond, "AT", 3)
    assert list(listed(question(0), FACTS, "none", 0.0).rows) == [0, 1, 2]
    assert 3 in listed(question(0), FACTS, "mmr", 0.3).rows
    assert choose([question(0)], FACTS, "mmr") == beyond.STRENGTHS[-1]
    costly = choose([question(2)], FACTS, "mmr")
    assert costly < beyond.STRENGTHS[-1]
    assert 2 in listed(question(2), FACTS, "mmr", costly).rows


def test_every_way_is_measured_beside_the_plain_list() -> None:
    questions = [question(i % 5) for i in range(20)]
    found, best = measure(questions, np.arange(20) < 8, FACTS, 0)
    assert set(found) == {"none", *beyond.WAYS, "deployed", "bought"}
    assert len(best) == 12
    assert {"strength", "loss_percent", "ndcg@10", "coverage", "novelty_bits"} <= set(found["dpp"])


def test_the_whole_run_on_a_small_set(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(0)
    made = events([list(rng.permutation(24)[:9]) for _ in range(60)], 24)
    names = tuple(f"film {i}" for i in range(24))
    items = ItemTable(ids=names, titles=names, attributes=tuple({"genre": GENRES[i % 5]} for i in range(24)))
    monkeypatch.setattr(beyond, "PARTS", ("popularity", "cooccurrence"))
    monkeypatch.setattr(beyond, "SINGLE", ("popularity",))
    monkeypatch.setattr(beyond, "STRENGTHS", (0.1, 0.3))
    found = figures_of(Movies(items, made, np.arange(len(made)), {}), 0)
    assert set(found["profiles"]) == {"popularity", "ensemble"}
    assert found["bench"] == "beyond"
    assert 0 < found["n"] < 60
    assert set(found["fairness"]["ensemble"]["quality"]) == {"age", "sex"}


def test_exposure_is_shared_by_place_and_compared_with_the_catalogue() -> None:
    found = exposure(
        [[["War"], ["Comedy"]], [["War", "Comedy"], ["War"]]], [["War"], ["Comedy"], ["Comedy"], ["Comedy"]]
    )
    second = 1 / np.log2(3)
    first = (1 / (1 + second), (0.5 + second) / (1 + second))
    assert found["War"]["share"]["value"] == pytest.approx(np.mean(first), abs=1e-3)
    assert found["War"]["catalogue_share"] == 0.25
    assert found["War"]["ratio"] > 2
    assert found["Comedy"]["ratio"] < 1


def test_quality_leaves_small_groups_out() -> None:
    found = quality(
        [*[Quality({"sex": "F"}, 1.0)] * 12, *[Quality({"sex": "M"}, 0.5)] * 12, Quality({"sex": "X"}, 0.0)]
    )
    assert found["sex"]["gap"] == 0.5
    assert found["sex"]["left_out"] == ["X"]
    assert found["sex"]["groups"]["F"]["n"] == 12


def answer(ids: list[str], **more: Any) -> str:
    return json.dumps({"items": [{"item_id": i, "attributes": {"genre": ["War"]}} for i in ids], **more})


def test_the_command_reads_answers(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "lists.jsonl"
    lines = [answer(["a", "b"], wanted=["b"], groups={"sex": "F"})] * 12 + ["", answer(["a"])]
    path.write_text("\n".join(lines))
    monkeypatch.setattr(sys, "argv", ["tastemaker", "fairness", str(path), "--field", "genre", "--json"])
    with pytest.raises(SystemExit):
        cli.main()
    found = json.loads(capsys.readouterr().out)
    assert found["lists"] == 13
    assert found["exposure"]["War"]["share"]["value"] == 1.0
    assert found["quality"]["sex"]["groups"]["F"]["score"]["value"] == pytest.approx(1 / np.log2(3), abs=1e-3)


@pytest.mark.parametrize(
    ("text", "field", "words"),
    [("{", "genre", "line 1"), ('{"items": 3}', "genre", "items"), (answer(["a"]), "colour", "colour")],
)
def test_a_wrong_file_is_named(tmp_path: Path, text: str, field: str, words: str) -> None:
    path = tmp_path / "lists.jsonl"
    path.write_text(text)
    with pytest.raises(InvalidRequestError, match=words):
        report_of(path, field)
    with pytest.raises(InvalidRequestError, match="cannot be read"):
        report_of(tmp_path / "none", field)
