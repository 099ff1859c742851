"""Judge lists: one NDCG and one bootstrap, for training, fitting and benchmarks. Plain NumPy, no I/O.

NDCG: Jarvelin and Kekalainen, TOIS 2002. Percentile bootstrap: Efron and Tibshirani, An Introduction to the Bootstrap, 1993.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

Values = NDArray[np.float64]
CUT_OFF = 10
DRAWS = 2_000
AT_ONCE = 200_000
"""Values that are drawn at once: small samples are drawn many at a time."""
LOW, HIGH = 2.5, 97.5


def discounts(n: int) -> Values:
    """Return 1 / log2(place + 2) of the places 0 to ``n - 1``, shape (n,)."""
    return np.asarray(1.0 / np.log2(np.arange(n) + 2.0), dtype=np.float64)


def ndcg(places: ArrayLike, at: int = CUT_OFF) -> Values:
    """Return NDCG of lists with one wanted item each: 1 / log2(place + 2) where it is among the first ``at``, else 0.

    ``places`` count from 0; in a tie, give the middle one.
    """
    known = np.asarray(places, dtype=np.float64)
    return np.where(known < at, 1.0 / np.log2(known + 2.0), 0.0)


def ndcg_of_list(hits: Sequence[bool], wanted: int) -> float:
    """Return NDCG of one list with several wanted items: ``hits`` says by place which are, ``wanted`` how many there are."""
    gains = discounts(len(hits))
    best = float(gains[: min(wanted, len(hits))].sum())
    return float(gains[np.array(hits, dtype=bool)].sum()) / best if best else 0.0


def place_of(scores: NDArray[np.generic], position: int) -> float:
    """Return how many of ``scores`` are above the one at ``position``, ties counting half."""
    own = scores[position]
    return float((scores > own).sum() + ((scores == own).sum() - 1) / 2)


def resampled(
    values: Values, seed: int | Sequence[int], *, per: Values | None = None, draws: int = DRAWS
) -> NDArray[np.float64]:
    """Return the mean of ``values`` over ``draws`` samples drawn with replacement, shape (draws,) or (draws, k) for (n, k).

    With ``per``, of shape (n,), it is the sum of the values divided by the sum of ``per``.
    """
    rng, n = np.random.default_rng(seed), len(values)
    at_once, means = max(1, AT_ONCE // max(1, values.size)), []
    for start in range(0, draws, at_once):
        drawn = rng.integers(n, size=(min(at_once, draws - start), n))
        below = n if per is None else np.maximum(per[drawn].sum(axis=1), 1e-12)
        means.append((values[drawn].sum(axis=1).T / below).T)
    return np.concatenate(means)


def interval(
    values: Values,
    seed: int | Sequence[int] = 0,
    *,
    owners: ArrayLike | None = None,
    per: Values | None = None,
) -> tuple[float, float]:
    """Return the 95 % bootstrap interval of the mean; with ``owners``, whole owners are drawn, such as users.

    With ``per`` it is that of the sum of the values divided by the sum of ``per``.
    """
    if owners is not None:
        _, inverse = np.unique(np.asarray(owners), return_inverse=True)
        values = np.asarray(np.bincount(inverse, values), dtype=np.float64)
        per = np.asarray(np.bincount(inverse, per), dtype=np.float64)
    low, high = np.percentile(resampled(values, seed, per=per), [LOW, HIGH])
    return float(low), float(high)
