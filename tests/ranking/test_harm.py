"""Test the bounded signal and the weight's fit: bounds, independence of order, zero without proof, and the file."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from tastemaker.core.errors import StoreError
from tastemaker.core.learning.llm_signal import (
    base_scores,
    bounded,
    group_of,
    kendall_distance,
    mean_shift,
    mean_signal,
    moved,
    presentations,
    seed_of,
)
from tastemaker.core.learning.llm_weight_fit import (
    GRID,
    MIN_CASES,
    Case,
    FittedWeight,
    fit_weight,
    gains,
    value_at,
)
from tastemaker.core.learning.llm_weight_table import WeightEntry, WeightTable
from tastemaker.core.learning.metrics import ndcg
from tastemaker.stores.fitted_files import WeightFile, weights_path

DRAWN = [np.random.default_rng(n).integers(-9, 9, n + 1).astype(float).tolist() for n in range(25)]


@pytest.mark.parametrize("values", DRAWN)
def test_a_signal_is_bounded_and_keeps_the_order(values: list[float]) -> None:
    signal = bounded(values)
    assert np.abs(signal).max() <= 1.0
    for i, a in enumerate(values):
        for j, b in enumerate(values):
            assert not (a > b and signal[i] <= signal[j])


def test_no_opinion_is_neutral_and_ties_share_a_place() -> None:
    assert bounded([3.0, np.nan, 1.0]).tolist() == [1.0, 0.0, -1.0]
    assert bounded([2.0, 2.0, 1.0]).tolist() == [0.5, 0.5, -1.0]
    assert bounded([5.0]).tolist() == [0.0]
    assert mean_signal([[1, 2], [2, 1]]).tolist() == [0.0, 0.0]


@pytest.mark.parametrize("weight", [0.0, 0.2, 1.0])
@pytest.mark.parametrize("values", DRAWN)
def test_an_item_passes_only_those_within_twice_the_weight(values: list[float], weight: float) -> None:
    base = base_scores(sorted(values, reverse=True))
    signal = np.linspace(-1, 1, len(base)).astype(np.float32)
    order = moved(base, signal, weight)
    assert sorted(order.tolist()) == list(range(len(base)))
    for above, below in pairwise(order):
        assert base[below] - base[above] <= 2 * weight + 1e-4


def test_a_spread_list_keeps_its_order_at_weight_zero() -> None:
    base = base_scores([0.9, 0.2, 0.7, 0.1])
    assert np.all(np.diff(base) <= 0)
    assert moved(base, bounded([1, 2, 3, 4]), 0.0).tolist() == [0, 1, 2, 3]
    assert len(base_scores([])) == 0
    assert np.all(np.diff(base_scores([0.4, 0.4, 0.4])) < 0)


def test_presentations_do_not_depend_on_the_order_of_the_list() -> None:
    ids = ["a", "b", "c", "d", "e"]
    shown = [[ids[i] for i in order] for order in presentations(ids, 3, seed=7)]
    turned = ids[::-1]
    assert [[turned[i] for i in order] for order in presentations(turned, 3, seed=7)] == shown
    assert shown[1] == shown[0][::-1]
    assert seed_of("a", "bc") != seed_of("ab", "c")


def test_how_far_a_list_moved() -> None:
    assert kendall_distance([0, 1, 2]) == 0.0
    assert kendall_distance([2, 1, 0]) == 1.0
    assert mean_shift([1, 0, 2]) == pytest.approx(2 / 3)
    assert group_of(4) == "cold"
    assert group_of(5) == "warm"


def cases(n: int, *, helpful: float, seed: int = 0) -> list[Case]:
    """Return cases whose signal points at the target in a share ``helpful`` of them, else anywhere."""
    rng = np.random.default_rng(seed)
    made = []
    for number in range(n):
        target = int(rng.integers(0, 8))
        opinion = rng.permutation(12).astype(float)
        if rng.random() < helpful:
            opinion[target] = 99
        made.append(Case(base_scores(np.linspace(1, 0, 12).tolist()), bounded(opinion.tolist()), target, str(number)))
    return made


def test_a_helpful_signal_gets_a_weight_and_a_useless_one_none() -> None:
    good = fit_weight(cases(300, helpful=0.8))
    assert good.weight > 0
    assert good.low > 0
    assert fit_weight(cases(300, helpful=0.0)).weight == 0.0
    assert fit_weight(cases(300, helpful=0.0)).why
    assert fit_weight(cases(MIN_CASES - 1, helpful=1.0)).weight == 0.0


def test_the_weight_is_the_smallest_that_is_nearly_the_best() -> None:
    some = cases(300, helpful=0.8)
    table = gains(some)
    chosen = fit_weight(some).weight
    best = GRID[int(table.mean(axis=0).argmax())]
    assert 0 < chosen <= best
    assert value_at(some[0], 0.0) == 100 * ndcg(some[0].target)
    assert ndcg(0) == 1.0
    assert ndcg(10) == 0.0


def test_weights_belong_to_a_model_its_prompts_and_a_combination(tmp_path: Path) -> None:
    file = WeightFile(weights_path(tmp_path, "shop"))
    assert file.read() == WeightTable()
    fitted = FittedWeight(weight=0.2, gain=1.0, low=0.1, high=2.0, n=100)
    entry = WeightEntry(model="m", strategies=("listwise", "score"), prompts=("rank@1#a",), groups={"cold": fitted})
    file.write(WeightTable().with_entry(entry).with_entry(entry))
    table = WeightFile(file.path).read()
    assert len(table.entries) == 1
    assert table.find("m", ["score", "listwise"], ["rank@1#a"], "cold") == fitted
    assert table.find("m", ["score", "listwise"], ["rank@1#a"], "warm").weight == 0
    assert table.find("m", ["score"], ["rank@1#a"], "cold").weight == 0
    assert table.find("m", ["score", "listwise"], ["rank@1#edited"], "cold").weight == 0


def test_a_broken_file_is_an_error_that_says_what_to_do(tmp_path: Path) -> None:
    path = weights_path(tmp_path, "shop")
    path.parent.mkdir(parents=True)
    path.write_text('{"version": 9}', encoding="utf-8")
    with pytest.raises(StoreError, match="fit-llm"):
        WeightFile(path).read()
