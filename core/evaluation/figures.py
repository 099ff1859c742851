"""Sum up what came of frozen cases, and say which differences between two versions are more than chance.

pass^k: Yao, Shinn, Razavi and Narasimhan, "tau-bench", 2024. Intervals: percentile bootstrap over whole cases, since the repetitions
of one case are no independent cases. Noise floor: how far the same version, run again on the same cases, would differ from itself.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from ..learning.metrics import interval
from ..schemas.cases import Outcome
from ..schemas.catalogue import Frozen

Numbers = NDArray[np.float64]
Verdict = Literal["within noise", "better", "worse", "different"]
LOWER_IS_BETTER = frozenset({"seconds", "tokens", "completion_tokens", "cost", "refusals", "failed"})
NEITHER_IS_BETTER = frozenset({"words"})
Z = 1.96
FEWEST_CASES = 5
"""With fewer a bootstrap says nothing; no difference is called one."""


class Value(Frozen):
    """A figure over the cases to which it applies, with its 95 % interval."""

    value: float = Field(description="The mean over the cases.")
    low: float = Field(description="Lower end of its 95 % interval.")
    high: float = Field(description="Upper end.")
    cases: int = Field(description="Cases to which it applies.")


class Figures(Frozen):
    """What came of one version: figures by name; ``pass_k`` is the share of cases that passed every time."""

    cases: int = Field(description="Cases that were answered.")
    k: int = Field(description="How often each was.")
    metrics: dict[str, Value] = Field(default_factory=dict, description="Figures by name.")

    @property
    def plain(self) -> dict[str, float]:
        """Return the values alone, as gates and releases take them, with the names that these use."""
        values = {name: v.value for name, v in self.metrics.items()}
        return {**values, "latency_s": values.get("seconds", 0.0)}


class Difference(Frozen):
    """A figure of two versions on the same cases; ``noise`` is how far one version differs from itself, 19 times of 20."""

    metric: str = Field(description="Name of the figure.")
    base: float = Field(description="What it is of the version compared with.")
    candidate: float = Field(description="What it is of this version.")
    difference: float = Field(description="By how much it is more.")
    low: float = Field(description="Lower end of the difference's 95 % interval over cases.")
    high: float = Field(description="Upper end.")
    noise: float = Field(description="How far one version differs from itself; 0: not known, each case was asked once.")
    cases: int = Field(description="Cases that both answered.")
    verdict: Verdict = Field(description="What to make of it.")


def figures_of(outcomes: Iterable[Outcome]) -> Figures:
    """Return the figures of one version's outcomes."""
    by_case = _by_case(outcomes)
    if not by_case:
        return Figures(cases=0, k=0)
    k = min(map(len, by_case.values()))
    tables = {name: _table(by_case, name) for name in _names(by_case)}
    metrics = {name: _value(table) for name, table in tables.items() if table}
    passed = {case: [float(o.passed) for o in runs] for case, runs in by_case.items()}
    metrics["pass_1"] = _value(passed)
    metrics["pass_k"] = _value({case: [min(values[:k])] for case, values in passed.items()})
    metrics["failed"] = _value({case: [float(bool(o.error)) for o in runs] for case, runs in by_case.items()})
    metrics.pop("passed", None)
    return Figures(cases=len(by_case), k=k, metrics=metrics)


def differences(base: Iterable[Outcome], candidate: Iterable[Outcome]) -> list[Difference]:
    """Return every figure that both versions have, compared on the cases that both answered."""
    ours, theirs = _by_case(candidate), _by_case(base)
    found = []
    for name in sorted(_names(ours) & _names(theirs)):
        a, b = _table(theirs, name), _table(ours, name)
        both = sorted(a.keys() & b.keys())
        if both:
            found.append(_difference(name, [a[c] for c in both], [b[c] for c in both]))
    return found


def noise_floor(runs: Sequence[Sequence[float]]) -> float:
    """Return within what a mean over these cases differs from that of the same version run again, 95 times of 100.

    ``runs`` holds each case's values over its repetitions. The variance between two means of ``k`` runs over ``n`` cases is twice the
    mean variance within a case, divided by ``k n``; with one run of each case it cannot be known and is 0.
    """
    spread = [float(np.var(values, ddof=1)) / len(values) for values in runs if len(values) > 1]
    return Z * math.sqrt(2 * sum(spread) / len(spread) / len(runs)) if spread else 0.0


def _difference(name: str, base: Sequence[Sequence[float]], candidate: Sequence[Sequence[float]]) -> Difference:
    a, b = (np.array([np.mean(values) for values in side]) for side in (base, candidate))
    low, high = interval(b - a)
    noise = max(noise_floor(base), noise_floor(candidate))
    difference = float((b - a).mean())
    sure = len(a) >= FEWEST_CASES and (low > 0 or high < 0) and abs(difference) > noise
    return Difference(
        metric=name,
        base=float(a.mean()),
        candidate=float(b.mean()),
        difference=difference,
        low=low,
        high=high,
        noise=noise,
        cases=len(a),
        verdict=_direction(name, difference) if sure else "within noise",
    )


def _direction(name: str, difference: float) -> Verdict:
    if name in NEITHER_IS_BETTER:
        return "different"
    return "better" if (difference < 0) == (name in LOWER_IS_BETTER) else "worse"


def _by_case(outcomes: Iterable[Outcome]) -> dict[str, list[Outcome]]:
    found: dict[str, list[Outcome]] = {}
    for outcome in sorted(outcomes, key=lambda o: (o.case_id, o.repetition)):
        found.setdefault(outcome.case_id, []).append(outcome)
    return found


def _names(by_case: Mapping[str, Sequence[Outcome]]) -> set[str]:
    return {name for runs in by_case.values() for o in runs for name in o.scores}


def _table(by_case: Mapping[str, Sequence[Outcome]], name: str) -> dict[str, list[float]]:
    """Return each case's values of one score; a run without an answer has passed nothing, and else says nothing."""
    found = {}
    for case, runs in by_case.items():
        values = [o.scores.get(name, 0.0 if name == "passed" and o.error else math.nan) for o in runs]
        if known := [v for v in values if not math.isnan(v)]:
            found[case] = known
    return found


def _value(table: Mapping[str, Sequence[float]]) -> Value:
    means: Numbers = np.array([np.mean(values) for values in table.values()])
    low, high = interval(means)
    return Value(value=float(means.mean()), low=low, high=high, cases=len(means))
