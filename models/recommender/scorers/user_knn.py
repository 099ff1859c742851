"""Score items by what the users nearest to this one wanted.

Cosine between users over items weighted by inverse user frequency (Herlocker, Konstan, Borchers and Riedl, SIGIR 1999; Breese,
Heckerman and Kadie, UAI 1998), raised to a power so that near ones count for more.
"""

from __future__ import annotations

from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from ....core.learning.interactions import Floats, Interactions, ItemTable, Rows, UserState
from .base import Arrays, Progress, silent
from .matrix import pack, profile, unpack, wanted


class UserNeighbours:
    """Keeps the users' items as one sparse matrix; a query costs one product with it. NaN for items nobody wanted."""

    name = "user_knn"

    def __init__(self, neighbours: int = 150, power: float = 2.0) -> None:
        self.neighbours, self.power = neighbours, power
        self._wanted: Any = None
        self._met = np.zeros(0, dtype=bool)
        self._idf = np.zeros(0, dtype=np.float32)

    def fit(self, items: ItemTable, events: Interactions, progress: Progress = silent) -> Self:
        """Keep who wanted what."""
        self._set(wanted(events))
        progress(self.name, 1.0)
        return self

    def _set(self, matrix: Any) -> None:
        from scipy.sparse import diags

        self._wanted = matrix
        users = np.asarray(matrix.getnnz(axis=0))
        self._met = users > 0
        self._idf = np.log1p(matrix.shape[0] / np.maximum(users, 1)).astype(np.float32)
        weighted = (matrix @ diags(self._idf)).tocsr()
        norms = np.sqrt(np.asarray(weighted.multiply(weighted).sum(axis=1)).reshape(-1))
        self._by_item = (diags(1.0 / np.maximum(norms, 1e-9)) @ weighted).tocsc()

    def applies(self, user: UserState) -> bool:
        """A user needs one item that somebody wanted in training."""
        return self._wanted is not None and bool(self._met[profile(user, len(self._met))[0]].any())

    def score(self, user: UserState, items: Rows) -> Floats:
        """Return the weighted mean of the neighbours' weights, shape (m,)."""
        rows, weights = profile(user, len(self._met))
        vector = weights * self._idf[rows]
        norm = float(np.linalg.norm(vector)) or 1.0
        cosine = np.asarray(self._by_item[:, rows] @ (vector / norm)).reshape(-1)
        near, share = self._nearest(cosine)
        scores = np.asarray(share @ self._wanted[near]).reshape(-1) if len(near) else np.zeros(len(self._met))
        scores = np.where(self._met, scores, np.nan)
        return scores[items].astype(np.float32)

    def _nearest(self, cosine: NDArray[Any]) -> tuple[NDArray[np.intp], NDArray[Any]]:
        limit = min(self.neighbours, len(cosine))
        near = np.argpartition(-cosine, limit - 1)[:limit] if 0 < limit < len(cosine) else np.arange(len(cosine))
        near = np.sort(near[cosine[near] > 0])
        share = cosine[near] ** self.power
        return near, share / max(float(share.sum()), 1e-9)

    def save(self) -> Arrays:
        """Return the matrix of who wanted what."""
        return pack(self._wanted, "wanted")

    def restore(self, items: ItemTable, arrays: Arrays) -> Self:
        """Take the matrix; an item that came later is one nobody wanted yet."""
        self._set(unpack(arrays, "wanted", len(items)))
        return self
