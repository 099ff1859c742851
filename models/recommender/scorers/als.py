"""Matrix factorisation of implicit feedback by alternating least squares, through `implicit`.

Hu, Koren and Volinsky, ICDM 2008. A user is folded in: solved for from the items of the state, so that nobody needs to have been
there in training.
"""

from __future__ import annotations

from typing import Self

import numpy as np
from numpy.typing import NDArray

from ....core.learning.interactions import Floats, Interactions, ItemTable, Rows, UserState
from .base import Arrays, Progress, silent
from .matrix import one_thread, profile, wanted, widen


class Als:
    """Scores are inner products of the folded-in user with the item's factors; NaN for items without an event.

    ``alpha`` is how much more an event of weight 1 counts than none. One thread, so that a seed gives one result.
    """

    name = "als"

    def __init__(
        self, factors: int = 64, regularization: float = 10.0, alpha: float = 10.0, iterations: int = 15, seed: int = 0
    ) -> None:
        self.factors, self.regularization, self.alpha = factors, regularization, alpha
        self.iterations, self.seed = iterations, seed
        self._set(np.zeros((0, factors), dtype=np.float32))

    def fit(self, items: ItemTable, events: Interactions, progress: Progress = silent) -> Self:
        """Factorise users times items."""
        from implicit.cpu.als import AlternatingLeastSquares

        matrix = wanted(events)
        if not matrix.nnz:
            return self._set(np.full((len(items), self.factors), np.nan, dtype=np.float32))
        with one_thread():
            model = AlternatingLeastSquares(
                factors=self.factors,
                regularization=self.regularization,
                alpha=self.alpha,
                iterations=self.iterations,
                random_state=self.seed,
                num_threads=1,
            )
            model.fit(
                matrix, show_progress=False, callback=lambda i, *_: progress(self.name, (i + 1) / self.iterations)
            )
        factors = np.array(model.item_factors, dtype=np.float32)
        factors[np.asarray(matrix.getnnz(axis=0)) == 0] = np.nan
        return self._set(factors)

    def _set(self, factors: Floats) -> Self:
        self._items = factors
        known = np.nan_to_num(factors).astype(np.float64)
        self._gram = known.T @ known + self.regularization * np.eye(factors.shape[1])
        return self

    def applies(self, user: UserState) -> bool:
        """A user needs one item that was there in training."""
        known = user.items[user.items < len(self._items)]
        return bool(np.isfinite(self._items[known, 0]).any()) if len(known) else False

    def score(self, user: UserState, items: Rows) -> Floats:
        """Return inner products with the folded-in user, shape (m,)."""
        return np.asarray(self._items[items] @ self.vector(user).astype(np.float32), dtype=np.float32)

    def vector(self, user: UserState) -> NDArray[np.float64]:
        """Solve for the user's factors, shape (factors,); zeros for a user without a known item."""
        rows, weights = profile(user, len(self._items))
        keep = np.isfinite(self._items[rows, 0])
        factors, confidence = self._items[rows[keep]].astype(np.float64), self.alpha * weights[keep].astype(np.float64)
        system = self._gram + factors.T @ (factors * (confidence - 1)[:, None]) if len(factors) else self._gram
        return np.asarray(np.linalg.solve(system, factors.T @ confidence))

    def save(self) -> Arrays:
        """Return the item factors and what folding in needs."""
        return {"items": self._items, "settings": np.array([self.regularization, self.alpha])}

    def restore(self, items: ItemTable, arrays: Arrays) -> Self:
        """Take the factors; an item that came later has none."""
        self.regularization, self.alpha = (float(x) for x in arrays["settings"])
        return self._set(widen(np.asarray(arrays["items"], dtype=np.float32), len(items), np.nan))
