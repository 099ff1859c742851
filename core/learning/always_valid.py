"""Compare two versions while the events still come in: intervals that hold at every look, however often one looks.

A fixed-sample test that is looked at daily raises false alarms far more often than it says. Here the interval is the inverse of
the mixture sequential probability ratio test with a normal mixture: Johari, Koomen, Pekelis and Walsh, "Peeking at A/B Tests",
KDD 2017; Robbins, "Statistical Methods Related to the Law of the Iterated Logarithm", 1970; as confidence sequence: Howard,
Ramdas, McAuliffe and Sekhon, Annals of Statistics 2021. Its radius for an estimate with variance ``V`` is
``sqrt(V (V + T) / T * (2 log(1 / alpha) + log((V + T) / V)))`` with ``T`` the variance of the mixture.

The unit is what was assigned: the user. A metric is a ratio of two sums over users, such as clicks over lists, and its variance is
that of a ratio over clusters (delta method: Deng, Knoblich and Lu, KDD 2018). The same users coming back correlate the looks
more than new users would, and by Slepian's inequality (1962) that makes a crossing less likely, not more.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Literal, Self

import numpy as np
from numpy.typing import ArrayLike
from pydantic import Field

from ..schemas.catalogue import Frozen

ALPHA = 0.05
MIXTURE = 0.2
"""Standard deviation of the relative effects that the test is most sensitive to: a fifth more or less."""
FEWEST_UNITS = 50
FEWEST_SUCCESSES = 10.0
"""What the smaller arm must be expected to hold before a normal approximation is used; below it nothing is concluded."""
State = Literal["too early", "no difference seen", "better", "worse"]


class Metric(Frozen):
    """What a rollout is judged by: a ratio over users, which way is better, and how much worse is tolerated."""

    name: str = Field(description="Such as `click_through`.")
    better: Literal["higher", "lower"] = Field(default="higher", description="Which way is good.")
    tolerance: float = Field(
        default=0.0, ge=0, description="Relative worsening that is accepted; a breach is one that is surely larger."
    )


class Arm(Frozen):
    """The sums of one version over its users: ``value`` and ``size`` of each, such as clicks and lists, and their products."""

    units: int = 0
    value: float = 0.0
    size: float = 0.0
    value_value: float = 0.0
    value_size: float = 0.0
    size_size: float = 0.0

    @classmethod
    def of(cls, values: ArrayLike, sizes: ArrayLike) -> Self:
        """Return the sums of users with these values and sizes, each of shape (n,)."""
        v, s = np.asarray(values, dtype=np.float64), np.asarray(sizes, dtype=np.float64)
        return cls(
            units=len(v),
            value=float(v.sum()),
            size=float(s.sum()),
            value_value=float(v @ v),
            value_size=float(v @ s),
            size_size=float(s @ s),
        )

    @property
    def rate(self) -> float:
        """Return the ratio of the sums; 0 where nothing was shown."""
        return self.value / self.size if self.size else 0.0

    def spread(self, rate: float) -> float:
        """Return the sum over users of the squared distance of their value from what ``rate`` expects of their size."""
        return max(0.0, self.value_value - 2 * rate * self.value_size + rate * rate * self.size_size)

    def __add__(self, other: Arm) -> Arm:
        mine, theirs = self.model_dump(), other.model_dump()
        return Arm(**{name: mine[name] + theirs[name] for name in mine})


class Comparison(Frozen):
    """A metric of two versions: their rates, the candidate's relative change with its always-valid interval, and the state."""

    metric: str = Field(description="What is compared, for each list shown.")
    control: float = Field(description="Its rate without the version on trial.")
    candidate: float = Field(description="Its rate with it.")
    control_users: int = Field(description="Users without it.")
    candidate_users: int = Field(description="Users with it.")
    change: float = Field(description="Relative to the control: 0.1 is a tenth more.")
    low: float | None = Field(description="The change is surely not below it; empty: too early to say.")
    high: float | None = Field(description="Nor above it.")
    state: State = Field(description="What can be said of it now.")
    breach: bool = Field(description="It is surely worse by more than is tolerated.")

    @property
    def in_words(self) -> str:
        """Return the comparison as one sentence."""
        if self.low is None or self.high is None:
            users = f"{self.candidate_users:,} users with the candidate, {self.control_users:,} without"
            return f"{self.metric}: too early to say ({users})."
        sure = f"surely between {self.low:+.1%} and {self.high:+.1%}"
        return (
            f"{self.metric}: {self.control:.4g} became {self.candidate:.4g} ({self.change:+.1%}; {sure}): {self.state}."
        )


def radius(variance: float, alpha: float = ALPHA, mixture: float = MIXTURE) -> float:
    """Return half the width of the always-valid interval of an estimate with this variance, in the estimate's unit."""
    if variance <= 0:
        return 0.0
    total = variance + mixture**2
    return math.sqrt(variance * total / mixture**2 * (2 * math.log(1 / alpha) + math.log(total / variance)))


def compare(metric: Metric, control: Arm, candidate: Arm, alpha: float = ALPHA, mixture: float = MIXTURE) -> Comparison:
    """Return how the candidate does against the control; ``alpha`` is the chance of a false alarm over all looks together.

    The effect is tested relative to the rate of both together, so that the mixture needs no knowledge of the rate. The variance is
    the larger of an arm's own and that of both together: an arm without any success yet has none of its own.
    """
    pooled = control + candidate
    rate = pooled.rate
    told = {
        "metric": metric.name,
        "control": control.rate,
        "candidate": candidate.rate,
        "control_users": control.units,
        "candidate_users": candidate.units,
    }
    if not _enough(control, candidate):
        return Comparison(**told, change=0.0, low=None, high=None, state="too early", breach=False)
    variance = sum(_variance(arm, rate, pooled) for arm in (control, candidate)) / rate**2
    effect = (candidate.rate - control.rate) / rate
    reach = radius(variance, alpha, mixture)
    scale = rate / control.rate if control.rate else 1.0
    low, high = (effect - reach) * scale, (effect + reach) * scale
    good, bad = (low > 0, high < 0) if metric.better == "higher" else (high < 0, low > 0)
    breach = high < -metric.tolerance if metric.better == "higher" else low > metric.tolerance
    state: State = "better" if good else "worse" if bad else "no difference seen"
    return Comparison(**told, change=effect * scale, low=low, high=high, state=state, breach=breach)


def compare_all(
    metrics: Sequence[Metric], control: Mapping[str, Arm], candidate: Mapping[str, Arm], alpha: float = ALPHA
) -> list[Comparison]:
    """Return every metric's comparison; ``alpha`` is shared out, so that all of them together keep it (Bonferroni)."""
    each = alpha / max(1, len(metrics))
    return [compare(m, control.get(m.name, Arm()), candidate.get(m.name, Arm()), each) for m in metrics]


def _enough(control: Arm, candidate: Arm) -> bool:
    rate = (control + candidate).rate
    successes = rate * min(control.size, candidate.size)
    return min(control.units, candidate.units) >= FEWEST_UNITS and successes >= FEWEST_SUCCESSES


def _variance(arm: Arm, rate: float, pooled: Arm) -> float:
    """Return the variance of an arm's rate."""
    own = arm.spread(arm.rate) * arm.units / max(1, arm.units - 1)
    shared = pooled.spread(rate) / max(1, pooled.units - 1) * arm.units
    return max(own, shared) / arm.size**2
