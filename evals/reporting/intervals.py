"""Ranking figures of one question each, and 95 % bootstrap intervals over users."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...core.learning.metrics import Values, resampled

RESAMPLES = 2_000


def place(scores: NDArray[Any], target: int, barred: NDArray[Any]) -> float:
    """Return how many items stand before ``target``, ties counting half; NaN scores stand last, ``barred`` items nowhere."""
    known = np.where(np.isnan(scores), -np.inf, scores)
    own = known[target]
    others = np.ones(len(known), dtype=bool)
    others[barred] = False
    others[target] = False
    return float((known[others] > own).sum() + 0.5 * (known[others] == own).sum())


def hits(places: Values, at: int = 10) -> Values:
    """Return 1 where the wanted item is among the first ``at``."""
    return (places < at).astype(np.float64)


def auc(scores: NDArray[Any], wanted: NDArray[np.bool_]) -> float:
    """Return the chance that a wanted item stands before another one, ties half; NaN where there is only one kind."""
    from scipy.stats import rankdata

    n, m = int(wanted.sum()), int((~wanted).sum())
    if not n or not m:
        return float("nan")
    ranks = rankdata(scores)
    return float((ranks[wanted].sum() - n * (n + 1) / 2) / (n * m))


def recall(scores: NDArray[Any], wanted: NDArray[np.bool_], at: int = 20) -> float:
    """Return the share of the wanted items among the first ``at``, of as many as fit; ties by row."""
    n = min(int(wanted.sum()), at)
    if not n:
        return float("nan")
    first = np.lexsort((np.arange(len(scores)), -scores))[:at]
    return float(wanted[first].sum() / n)


def mean_of(values: Values, seed: int = 0) -> dict[str, float]:
    """Return the mean and its 95 % interval, users being drawn again ``RESAMPLES`` times."""
    low, high = np.percentile(resampled(values, seed, draws=RESAMPLES), [2.5, 97.5])
    return {"value": round(float(values.mean()), 4), "low": round(float(low), 4), "high": round(float(high), 4)}


def gain_of(ours: Values, theirs: Values, seed: int = 0) -> dict[str, float]:
    """Return by how many per cent the mean of ``ours`` is above that of ``theirs``, the same users drawn for both."""
    means = resampled(np.stack([ours, theirs], axis=1), seed, draws=RESAMPLES)
    shares = 100.0 * (means[:, 0] / np.maximum(means[:, 1], 1e-12) - 1.0)
    low, high = np.percentile(shares, [2.5, 97.5])
    value = 100.0 * (ours.mean() / max(float(theirs.mean()), 1e-12) - 1.0)
    return {"value": round(float(value), 2), "low": round(float(low), 2), "high": round(float(high), 2)}


def difference_of(ours: Values, theirs: Values, seed: int = 0) -> dict[str, float]:
    """Return the mean difference over the same users and its 95 % interval."""
    return mean_of(ours - theirs, seed)
