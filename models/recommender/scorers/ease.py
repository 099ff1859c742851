"""Score items with EASE, a linear autoencoder solved in closed form, over the most wanted items."""

from __future__ import annotations

from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from ....core.learning.interactions import Floats, Interactions, ItemTable, Rows, UserState
from .base import Arrays, Progress, silent
from .links import Links, recent, take

MAX_ITEMS = 5_000
"""The solution inverts a dense matrix: 8 bytes x 5,000^2 are 200 MB, held twice; time grows with the cube."""
NEIGHBOURS = 200
L2 = 200.0
LAST, DECAY = 50, 0.97


class Ease:
    """Steck 2019: weights B with a zero diagonal that minimise ||X - XB||^2 + L2 ||B||^2; B = I - P / diag(P), P = (X'X + L2)^-1.

    Only the ``MAX_ITEMS`` most wanted items take part, the others get NaN; of each item's weights the ``NEIGHBOURS`` of largest size
    are kept.
    """

    name = "ease"

    def __init__(self, l2: float = L2) -> None:
        self.l2 = l2
        self._links = Links.none()
        self._covered = np.zeros(0, dtype=np.bool_)

    def fit(self, items: ItemTable, events: Interactions, progress: Progress = silent) -> Self:
        """Solve for the weights."""
        from scipy import linalg, sparse

        wanted = events.weight > 0
        count = np.bincount(events.item[wanted], minlength=len(items))
        chosen = np.sort(np.argsort(-count, kind="stable")[:MAX_ITEMS])
        chosen = chosen[count[chosen] > 0]
        x = sparse.csr_matrix(
            (np.maximum(events.weight[wanted], 0), (events.user[wanted], events.item[wanted])),
            shape=(events.n_users, len(items)),
            dtype=np.float64,
        )[:, chosen]
        gram = (x.T @ x).toarray()
        gram[np.diag_indices_from(gram)] += self.l2
        progress(self.name, 0.2)
        inverse = linalg.inv(gram, overwrite_a=True, check_finite=False)
        weights = -inverse / np.diag(inverse)
        weights[np.diag_indices_from(weights)] = 0
        progress(self.name, 0.8)
        self._links = _kept(weights.astype(np.float32), chosen, len(items))
        self._covered = np.isin(np.arange(len(items)), chosen)
        progress(self.name, 1.0)
        return self

    def applies(self, user: UserState) -> bool:
        """Tell whether one of the user's items takes part."""
        known = user.items[user.items < len(self._covered)]
        return bool(self._covered[known].any())

    def score(self, user: UserState, items: Rows) -> Floats:
        """Return the weighted sum over the user's items, shape (m,); NaN for items that take no part."""
        scores = self._links.spread(*recent(user, LAST, DECAY))
        scores[: len(self._covered)][~self._covered] = np.nan
        return take(scores[: len(self._covered)], items)

    def save(self) -> Arrays:
        """Return the kept weights."""
        return {**self._links.save(), "covered": self._covered}

    def restore(self, items: ItemTable, arrays: Arrays) -> Self:
        """Take the kept weights; later items take no part."""
        self._links = Links.restore(arrays, len(items))
        self._covered = arrays["covered"]
        return self


def _kept(weights: Floats, chosen: NDArray[Any], n: int) -> Links:
    limit = min(NEIGHBOURS, len(weights))
    best = np.argpartition(-np.abs(weights), limit - 1, axis=1)[:, :limit]
    sizes = np.zeros(n, np.int64)
    sizes[chosen] = limit
    return Links(
        np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64),
        chosen[best].reshape(-1).astype(np.int32),
        np.take_along_axis(weights, best, axis=1).reshape(-1),
    )
