"""Score items by the likeness of their text vectors to those of the user's last items."""

from __future__ import annotations

from typing import Self

import numpy as np
from numpy.typing import NDArray

from ....core.learning.interactions import Floats, Interactions, ItemTable, Rows, UserState
from ....core.protocols import Vectors
from .base import Arrays, Progress, silent
from .links import recent

LAST, DECAY = 10, 0.9
NEAREST_SHARE = 0.5
BLAS_FROM = 2_000


class TextVectors:
    """Half the cosine to the user's mean vector and half the highest cosine to one of the last items.

    The catalogue's mean vector is taken away first, since sentence vectors of one catalogue all point the same way.
    """

    name = "text-vectors"

    def __init__(self) -> None:
        self._vectors: Vectors = np.zeros((0, 1), np.float32)
        self._known: NDArray[np.bool_] = np.zeros(0, bool)

    def fit(self, items: ItemTable, events: Interactions, progress: Progress = silent) -> Self:
        """Centre the vectors; interactions are not used."""
        self._centre(items)
        progress(self.name, 1.0)
        return self

    def applies(self, user: UserState) -> bool:
        """Tell whether one of the user's last items has a vector."""
        return bool(len(self._vectors)) and bool(self._vectors[user.items[-LAST:]].any())

    def score(self, user: UserState, items: Rows) -> Floats:
        """Return the likeness, shape (m,); NaN for an item without a vector."""
        rows, amounts = recent(user, LAST, DECAY)
        liked = self._vectors[rows]
        mean = np.einsum("i,ij->j", amounts, liked)
        mean /= np.linalg.norm(mean) + 1e-9
        wanted = np.concatenate([liked, mean[None]])
        cosines = self._cosines(items, wanted)
        scores = NEAREST_SHARE * cosines[:, :-1].max(axis=1) + (1 - NEAREST_SHARE) * cosines[:, -1]
        scores[~self._known[items]] = np.nan
        result: Floats = scores.astype(np.float32)
        return result

    def save(self) -> Arrays:
        """Return nothing: the vectors are the catalogue's."""
        return {}

    def restore(self, items: ItemTable, arrays: Arrays) -> Self:
        """Centre the vectors of the catalogue as it is now."""
        self._centre(items)
        return self

    def _cosines(self, items: Rows, wanted: Vectors) -> Vectors:
        if len(items) < BLAS_FROM:  # `@` would wait for BLAS threads, longer than the product takes
            few: Vectors = np.einsum("ij,kj->ik", self._vectors[items], wanted)
            return few
        if 2 * len(items) < len(self._vectors):
            return self._vectors[items] @ wanted.T
        return (self._vectors @ wanted.T)[items]  # sooner than a copy of most rows

    def _centre(self, items: ItemTable) -> None:
        if items.text_vectors is None:
            return
        known = np.asarray(items.text_vectors.any(axis=1))
        if not known.any():
            return
        centred = items.text_vectors - items.text_vectors[known].mean(axis=0)
        norm = np.linalg.norm(centred, axis=1, keepdims=True)
        self._vectors = np.where(known[:, None] & (norm > 1e-6), centred / (norm + 1e-9), 0).astype(np.float32)
        self._known = np.asarray(self._vectors.any(axis=1))
