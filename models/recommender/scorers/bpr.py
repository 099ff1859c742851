"""Matrix factorisation by Bayesian personalised ranking, through `implicit`.

Rendle, Freudenthaler, Gantner and Schmidt-Thieme, UAI 2009. A user is folded in through a ridge regression, learnt in training, from
the mean of the factors of the user's items to the user's own factors.
"""

from __future__ import annotations

from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from ....core.learning.interactions import Floats, Interactions, ItemTable, Rows, UserState
from .base import Arrays, Progress, silent
from .matrix import one_thread, profile, wanted, widen

RIDGE = 1.0


class Bpr:
    """Scores are inner products plus the item's bias; NaN for items without an event. One thread, one seed, one result."""

    name = "bpr"

    def __init__(
        self,
        factors: int = 64,
        learning_rate: float = 0.05,
        regularization: float = 0.02,
        iterations: int = 100,
        seed: int = 0,
    ) -> None:
        self.factors, self.learning_rate, self.regularization = factors, learning_rate, regularization
        self.iterations, self.seed = iterations, seed
        self._items = np.zeros((0, factors + 1), dtype=np.float32)
        self._map = np.zeros((factors + 2, factors + 1), dtype=np.float32)

    def fit(self, items: ItemTable, events: Interactions, progress: Progress = silent) -> Self:
        """Learn factors from pairs of a wanted item and one the user has not met, then the map of a new user."""
        from implicit.cpu.bpr import BayesianPersonalizedRanking

        matrix = wanted(events)
        if not matrix.nnz:
            self._items = np.full((len(items), self.factors + 1), np.nan, dtype=np.float32)
            return self
        with one_thread():
            model = BayesianPersonalizedRanking(
                factors=self.factors,
                learning_rate=self.learning_rate,
                regularization=self.regularization,
                iterations=self.iterations,
                num_threads=1,
                random_state=self.seed,
            )
            model.fit(
                matrix, show_progress=False, callback=lambda i, *_: progress(self.name, (i + 1) / self.iterations)
            )
        factors = np.array(model.item_factors, dtype=np.float32)
        self._map = self._regress(matrix, factors, np.array(model.user_factors, dtype=np.float32))
        factors[np.asarray(matrix.getnnz(axis=0)) == 0] = np.nan
        self._items = factors
        return self

    def _regress(self, matrix: Any, items: Floats, users: Floats) -> Floats:
        counts = np.asarray(matrix.sum(axis=1)).reshape(-1)
        some = counts > 0
        means = (matrix @ items)[some] / counts[some, None]
        inputs = np.concatenate([means, np.ones((len(means), 1), dtype=np.float32)], axis=1).astype(np.float64)
        system = inputs.T @ inputs + RIDGE * np.eye(inputs.shape[1])
        return np.asarray(np.linalg.solve(system, inputs.T @ users[some].astype(np.float64)), dtype=np.float32)

    def applies(self, user: UserState) -> bool:
        """A user needs one item that was there in training."""
        return len(self._known(user)[0]) > 0

    def _known(self, user: UserState) -> tuple[NDArray[np.int32], Floats]:
        rows, weights = profile(user, len(self._items))
        keep = np.isfinite(self._items[rows, 0])
        return rows[keep], weights[keep]

    def score(self, user: UserState, items: Rows) -> Floats:
        """Map the user's items to user factors and return inner products, shape (m,); for a stranger the items' biases."""
        rows, weights = self._known(user)
        if not len(rows):
            return np.asarray(self._items[items, -1], dtype=np.float32)
        mean = (weights @ self._items[rows]) / weights.sum()
        vector = np.append(mean, np.float32(1.0)) @ self._map
        return np.asarray(self._items[items] @ vector, dtype=np.float32)

    def save(self) -> Arrays:
        """Return the item factors, biases last, and the map of a new user."""
        return {"items": self._items, "map": self._map}

    def restore(self, items: ItemTable, arrays: Arrays) -> Self:
        """Take the factors; an item that came later has none."""
        self._items = widen(np.asarray(arrays["items"], dtype=np.float32), len(items), np.nan)
        self._map = np.asarray(arrays["map"], dtype=np.float32)
        return self
