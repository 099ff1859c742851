"""Check the always-valid comparison of two versions: known answers, early data, what counts as a breach, and simulated rollouts."""

from __future__ import annotations

import math

import numpy as np
import pytest

from tastemaker.core.learning.always_valid import ALPHA, Arm, Metric, compare, compare_all, radius
from tastemaker.evals.service import rollouts

CLICKS = Metric(name="click_through")


def arm(users: int, clicks: int, lists: int = 10) -> Arm:
    """Return users who saw ``lists`` lists each, of whom the first ``clicks`` clicked once."""
    return Arm.of(np.arange(users) < clicks, np.full(users, lists))


def test_the_sums_add_up_to_those_of_all_users() -> None:
    values, sizes = [1, 0, 3, 2], [4, 1, 9, 2]
    both = Arm.of(values[:2], sizes[:2]) + Arm.of(values[2:], sizes[2:])
    assert both == Arm.of(values, sizes)
    assert both.spread(0.5) == pytest.approx(sum((v - 0.5 * s) ** 2 for v, s in zip(values, sizes, strict=True)))


def test_the_radius_is_that_of_the_mixture_test() -> None:
    """The mixture likelihood ratio of an estimate as far off as the radius is exactly 1 / alpha."""
    variance, mixture = 0.003, 0.2
    reach = radius(variance, 0.05, mixture)
    total = variance + mixture**2
    ratio = math.sqrt(variance / total) * math.exp(mixture**2 * reach**2 / (2 * variance * total))
    assert ratio == pytest.approx(1 / 0.05)
    assert radius(variance, 0.05) > 1.96 * math.sqrt(variance), "wider than an interval for one look"
    assert radius(0.0) == 0.0


@pytest.mark.parametrize(
    ("control", "candidate", "metric", "state", "breach"),
    [
        (arm(20, 4), arm(20, 0), CLICKS, "too early", False),
        (arm(2_000, 2), arm(2_000, 1), CLICKS, "too early", False),
        (arm(2_000, 400), arm(2_000, 400), CLICKS, "no difference seen", False),
        (arm(2_000, 400), arm(2_000, 150), CLICKS, "worse", True),
        (arm(2_000, 400), arm(200, 0), CLICKS, "worse", True),
        (arm(2_000, 400), arm(2_000, 800), CLICKS, "better", False),
        (arm(2_000, 400), arm(2_000, 800), Metric(name="failures", better="lower"), "worse", True),
        (arm(2_000, 400), arm(2_000, 800), Metric(name="words", better="lower", tolerance=1.5), "worse", False),
        (Arm(), arm(2_000, 400), CLICKS, "too early", False),
    ],
)
def test_the_state_of_a_comparison(control: Arm, candidate: Arm, metric: Metric, state: str, breach: bool) -> None:
    found = compare(metric, control, candidate)
    assert (found.state, found.breach) == (state, breach)
    assert (found.low is None) is (state == "too early")
    if found.low is not None and found.high is not None:
        assert found.low <= found.change <= found.high
    assert metric.name in found.in_words


def test_several_metrics_share_the_error() -> None:
    alone = compare(CLICKS, arm(2_000, 400), arm(2_000, 380))
    names = [CLICKS, Metric(name="likes"), Metric(name="purchases")]
    together = compare_all(names, {"click_through": arm(2_000, 400)}, {"click_through": arm(2_000, 380)})
    assert (together[0].low or 0) < (alone.low or 0) < (alone.high or 0) < (together[0].high or 0)
    assert [c.state for c in together[1:]] == ["too early", "too early"]


@pytest.mark.slow
def test_a_thousand_rollouts_without_a_difference_raise_few_false_alarms() -> None:
    """Users come back, stay with their version and are unlike; every metric is looked at on each of 28 days."""
    alarms = [rollouts.simulate(np.random.default_rng([7, i]), 0.1, 0.0) for i in range(1_000)]
    assert sum(a.alarm is not None for a in alarms) <= 1_000 * ALPHA
    seen = [rollouts.simulate(np.random.default_rng([8, i]), 0.5, -0.2) for i in range(100)]
    assert sum(s.worse is not None for s in seen) >= 90
    assert not any(s.better for s in seen)
