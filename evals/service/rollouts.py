"""Simulate rollouts that are looked at every day, to say how often an alarm is false and how soon a real change is seen.

Users differ in how often they come and how much they click, come back, and stay with their version. One simulated rollout is one
stream of such users; its metrics share one error level, as in service.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.stats import beta, norm

from ...core.learning.always_valid import ALPHA, Arm, Metric, compare_all
from ..reporting.report import report

Numbers = NDArray[np.float64]
DAYS = 28
USERS = 5_000
LISTS_PER_DAY = 0.35
"""Lists that a user sees on an average day; users differ by a gamma distribution."""
RATES = {"click_through": 0.20, "likes": 0.08, "purchases": 0.04, "failures": 0.02}
METRICS = tuple(Metric(name=n, better="lower" if n == "failures" else "higher") for n in RATES)
CONCENTRATION = 20.0
"""Of the beta distribution of users' own rates: smaller is more unlike."""
EFFECT = 0.2
POWER_PART = 5
"""Power is shown on so many times fewer rollouts than false alarms: it needs no such narrow interval."""
TARGETS = {"false alarms at most": ALPHA}


@dataclass(frozen=True)
class Looks:
    """What was found in one rollout: the first day on which each verdict was reached, None if never."""

    alarm: int | None
    worse: int | None
    better: int | None
    naive: int | None


async def run(rollouts: int, seed: int, progress: Callable[[str, float], None]) -> dict[str, Any]:
    """Return the benchmark's report: false alarms under no difference, power for a fifth less and a fifth more."""
    effects = (("no difference", 0.0), ("a fifth fewer clicks", -EFFECT), ("a fifth more clicks", EFFECT))
    figures: dict[str, Any] = {}
    for share, (name, effect) in itertools.product((0.1, 0.5), effects):
        about, found = f"{name}, {share:.0%} of the users", []
        n = rollouts if not effect else max(1, rollouts // POWER_PART)
        for i in range(n):
            progress(about, i / n)
            found.append(simulate(np.random.default_rng([seed, i]), share, effect))
        figures[about] = _summary(found, effect)
    known = {"days": DAYS, "users": USERS, "rates": RATES}
    return report("rollout", {**known, **figures}, n=rollouts, targets=TARGETS, seed=seed)


def simulate(rng: np.random.Generator, share: float, effect: float) -> Looks:
    """Return what daily looks at one rollout find; ``effect`` is the candidate's relative change of click-through."""
    candidate = rng.random(USERS) < share
    lists = rng.poisson(rng.gamma(1.0, LISTS_PER_DAY, USERS), (DAYS, USERS))
    seen = np.cumsum(lists, axis=0).astype(np.float64)
    done = {
        name: _events(rng, lists, rate, candidate, effect if name == "click_through" else 0.0)
        for name, rate in RATES.items()
    }
    days: dict[str, int | None] = dict.fromkeys(("alarm", "worse", "better", "naive"))
    for day in range(DAYS):
        arms = [{n: _arm(v[day], seen[day], side) for n, v in done.items()} for side in (~candidate, candidate)]
        found = {c.metric: c for c in compare_all(METRICS, arms[0], arms[1])}
        clicks = found["click_through"]
        true = {
            "alarm": any(c.state in ("better", "worse") for c in found.values()),
            "worse": clicks.breach,
            "better": clicks.state == "better",
            "naive": any(abs(_z(arms[0][n], arms[1][n])) > norm.ppf(1 - ALPHA / 2 / len(RATES)) for n in RATES),
        }
        for name, reached in true.items():
            if reached and days[name] is None:
                days[name] = day + 1
    return Looks(**days)


def _events(
    rng: np.random.Generator, lists: NDArray[np.int64], rate: float, candidate: NDArray[np.bool_], effect: float
) -> Numbers:
    """Return how many events each user has done up to each day, shape (days, users)."""
    own = rng.beta(rate * CONCENTRATION, (1 - rate) * CONCENTRATION, USERS) * np.where(candidate, 1 + effect, 1.0)
    return np.cumsum(rng.binomial(lists, np.minimum(own, 1.0)), axis=0).astype(np.float64)


def _arm(values: Numbers, sizes: Numbers, side: NDArray[np.bool_]) -> Arm:
    here = side & (sizes > 0)
    return Arm.of(values[here], sizes[here])


def _z(a: Arm, b: Arm) -> float:
    """Return the z score of the plain two-sample test, which is right for one look only."""
    variance = sum(arm.spread(arm.rate) / arm.size**2 for arm in (a, b) if arm.size)
    return (b.rate - a.rate) / variance**0.5 if variance else 0.0


def _summary(found: list[Looks], effect: float) -> dict[str, Any]:
    if not effect:
        return {
            "false alarms": _share([f.alarm for f in found]),
            "false alarms of the plain test, looked at daily": _share([f.naive for f in found]),
        }
    right, wrong = ("worse", "better") if effect < 0 else ("better", "worse")
    days = [getattr(f, right) for f in found]
    reached = [d for d in days if d is not None]
    return {
        "seen within 28 days": _share(days),
        "seen within 14 days": _share([d if d is not None and d <= 14 else None for d in days]),
        "median day": float(np.median(reached)) if reached else None,
        "wrong direction": _share([getattr(f, wrong) for f in found]),
    }


def _share(days: list[int | None]) -> dict[str, float]:
    """Return the share of rollouts that reached a verdict, with its 95 % interval (Clopper and Pearson 1934)."""
    n, k = len(days), sum(d is not None for d in days)
    low = float(beta.ppf(0.025, k, n - k + 1)) if k else 0.0
    high = float(beta.ppf(0.975, k + 1, n - k)) if k < n else 1.0
    return {"value": round(k / n, 4), "low": round(low, 4), "high": round(high, 4)}
