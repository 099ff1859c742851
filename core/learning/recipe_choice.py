"""Choose among ways to rank by what they gained for held-out users, and say honestly what the choice gains; NumPy, no I/O."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Gains = NDArray[Any]
"""What a way to rank gained for each held-out user, such as NDCG, shape (n,)."""
FOLDS = 5


@dataclass(frozen=True)
class Way:
    """A way to rank: by the recommender fitted by ``recipe``, which counts by ``share``; the ranking without training has the rest."""

    recipe: str
    share: float


def best(gains: Mapping[Way, Gains]) -> Way:
    """Return the first way that is within one standard error of the best, so that chance does not choose.

    Breiman et al. 1984, "Classification and regression trees", 3.4.3, with the error of the paired difference. A way that gained less
    than the ranking without training, a way of share 0, is never chosen.
    """
    top = max(gains, key=lambda way: float(gains[way].mean()))
    plain = [float(found.mean()) for way, found in gains.items() if way.share == 0]
    return next(
        way for way, found in gains.items() if _close(found, gains[top]) and found.mean() >= max(plain, default=0.0)
    )


def _close(gains: Gains, highest: Gains) -> bool:
    """Tell whether ``gains`` are, on average, at most one standard error below ``highest``."""
    short = highest - gains
    return bool(short.mean() <= short.std() / np.sqrt(max(1, len(short))))


def chosen_by_others(gains: Mapping[Way, Gains], seed: int) -> list[Way]:
    """Return for each user the way that is best for the users of the other folds.

    The best of many ways is better on the users it was chosen by than on others; what each user gains by the way returned here
    estimates the latter (Stone 1974, cross-validation of a choice).
    """
    n = len(next(iter(gains.values())))
    fold = np.random.default_rng([seed, 8]).permutation(n) % min(FOLDS, max(n, 1))
    chosen = [best({w: g[fold != one] for w, g in gains.items()}) if n > 1 else best(gains) for one in range(FOLDS)]
    return [chosen[one] for one in fold.tolist()]
