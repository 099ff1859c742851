"""Fuse features into one score: boosted trees, a linear model, or rank fusion while there is too little to learn from.

``choose`` picks by the number of held-out events: below ``MIN_LINEAR`` weighted reciprocal-rank fusion (Cormack et al. 2009), below
``MIN_TREES`` a linear model fitted as a softmax over each question's candidates, above it LightGBM's trees.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from ...core.errors import ConfigurationError
from ...core.learning.interactions import Floats
from .features import PER_SCORER
from .fusion_contract import Fusion, Lists
from .fusion_trees import TreeFusion
from .scorers.base import Arrays, Progress, silent

MIN_LINEAR, MIN_TREES = 200, 2_000
RRF_K = 60
"""The constant of Cormack et al.; it holds down the weight of the first ranks."""
L2 = 1e-3


class RankFusion:
    """Weighted reciprocal-rank fusion of the scorers' raw scores; learns nothing, each scorer counts the same."""

    kind = "ranks"

    def fit(
        self,
        lists: Lists,
        names: tuple[str, ...],
        seed: int,
        progress: Progress = silent,
        *,
        retrieved: Lists | None = None,
    ) -> Self:
        """Learn nothing."""
        return self

    def score(self, features: Floats) -> Floats:
        """Return the sum over scorers of 1 / (60 + rank); a scorer without an opinion adds nothing."""
        scores = np.zeros(len(features), np.float32)
        for column in range(0, (features.shape[1] // PER_SCORER) * PER_SCORER, PER_SCORER):
            raw = features[:, column]
            known = np.flatnonzero(np.isfinite(raw))
            if len(known) and np.ptp(raw[known]) > 0:
                better = np.sort(-raw[known])
                scores[known] += 1.0 / (RRF_K + 1 + np.searchsorted(better, -raw[known]))
        return scores

    def save(self) -> tuple[Arrays, dict[str, str]]:
        """Return nothing."""
        return {}, {}

    def restore(self, arrays: Arrays, texts: Mapping[str, str]) -> Self:
        """Take nothing."""
        return self


@dataclass
class LinearFusion:
    """A weighted sum of standardised features, NaN counting as the mean, fitted as a softmax over each question."""

    kind: str = "linear"
    l2: float = L2
    mean: NDArray[np.float64] = field(default_factory=lambda: np.zeros(0))
    spread: NDArray[np.float64] = field(default_factory=lambda: np.zeros(0))
    weights: NDArray[np.float64] = field(default_factory=lambda: np.zeros(0))

    def fit(
        self,
        lists: Lists,
        names: tuple[str, ...],
        seed: int,
        progress: Progress = silent,
        *,
        retrieved: Lists | None = None,
    ) -> Self:
        """Minimise the mean cross-entropy of the wanted candidate, with L2, by L-BFGS."""
        from scipy.optimize import minimize

        lists = lists.and_also(retrieved)
        columns = lists.features.astype(np.float64)
        known = np.isfinite(columns)
        count = np.maximum(known.sum(axis=0), 1)
        self.mean = np.where(known, columns, 0).sum(axis=0) / count
        self.spread = np.sqrt(np.where(known, (columns - self.mean) ** 2, 0).sum(axis=0) / count) + 1e-6
        x, starts, sizes = self._standard(columns), lists.starts, lists.sizes
        owner = np.repeat(np.arange(len(sizes)), sizes)

        def loss(weights: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
            scores = x @ weights
            scores -= np.maximum.reduceat(scores, starts)[owner]
            shares = np.exp(scores)
            total = np.add.reduceat(shares, starts)
            slope = shares / total[owner]
            slope[starts] -= 1
            value = float(np.mean(np.log(total) - scores[starts])) + self.l2 * float(weights @ weights)
            return value, x.T @ slope / len(sizes) + 2 * self.l2 * weights

        self.weights = minimize(loss, np.zeros(x.shape[1]), jac=True, method="L-BFGS-B", options={"maxiter": 200}).x
        progress(self.kind, 1.0)
        return self

    def score(self, features: Floats) -> Floats:
        """Return the weighted sums, shape (m,)."""
        scores: Floats = np.einsum("ij,j->i", self._standard(features), self.weights).astype(np.float32)
        return scores

    def save(self) -> tuple[Arrays, dict[str, str]]:
        """Return the weights and the scale of the features."""
        return {"mean": self.mean, "spread": self.spread, "weights": self.weights}, {}

    def restore(self, arrays: Arrays, texts: Mapping[str, str]) -> Self:
        """Take what ``save`` returned."""
        self.mean, self.spread, self.weights = arrays["mean"], arrays["spread"], arrays["weights"]
        return self

    def _standard(self, features: NDArray[Any]) -> NDArray[np.float64]:
        x = (features - self.mean) / self.spread
        return np.where(np.isfinite(x), np.clip(x, -8, 8), 0.0)


FUSIONS: Mapping[str, Callable[[], Fusion]] = MappingProxyType(
    {"ranks": RankFusion, "linear": LinearFusion, "trees": TreeFusion}
)


def choose(questions: int) -> Fusion:
    """Return the fusion that so many held-out questions can teach."""
    return FUSIONS["ranks" if questions < MIN_LINEAR else "linear" if questions < MIN_TREES else "trees"]()


def restored(kind: str, arrays: Arrays, texts: Mapping[str, str]) -> Fusion:
    """Return the saved fusion.

    Raises:
        ConfigurationError: there is no fusion of that kind.
    """
    if kind not in FUSIONS:
        raise ConfigurationError(f"no fusion called {kind!r}; there are {', '.join(FUSIONS)}; train again")
    return FUSIONS[kind]().restore(arrays, texts)
