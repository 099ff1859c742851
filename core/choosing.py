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
    """Return the way with the highest mean, the first of equals."""
    return max(gains, key=lambda way: float(gains[way].mean()))


def chosen_by_others(gains: Mapping[Way, Gains], seed: int) -> list[Way]:
    """Return for each user the way that is best for the users of the other folds.

    The best of many ways is better on the users it was chosen by than on others; what each user gains by the way returned here
    estimates the latter (Stone 1974, cross-validation of a choice).
    """
    n = len(next(iter(gains.values())))
    fold = np.random.default_rng([seed, 8]).permutation(n) % min(FOLDS, max(n, 1))
    chosen = [best({w: g[fold != one] for w, g in gains.items()}) if n > 1 else best(gains) for one in range(FOLDS)]
    return [chosen[one] for one in fold.tolist()]
