"""What is known of users and items besides their ratings, as numbers: who rated what at all, context, attributes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from ...core.learning.interactions import Interactions, ItemTable, Rows
from .scorers.attributes import attribute_matrix
from .scorers.base import Arrays
from .scorers.matrix import widen
from .scorers.segments import labels_of

Array = NDArray[np.float64]
MAX_LABELS = 100
MAX_ATTRIBUTES = 200


class RatingFeatures:
    """``users`` (n_users, d) and ``items`` (n_items, e), both near unit length; ``of`` makes a user's row from a state.

    The first columns are a truncated singular value decomposition, of ``rank``, of who rated what, rows of length one.
    """

    def __init__(self, rank: int = 20) -> None:
        self.rank = rank
        self.users = np.zeros((0, 0))
        self.items = np.zeros((0, 0))
        self._basis = np.zeros((0, 0))
        self._labels: dict[str, int] = {}

    def learn(self, items: ItemTable, events: Interactions, user: Rows, item: Rows, seed: int) -> Self:
        """Decompose the pairs (user, item), shape (m,), and count labels and attributes."""
        from scipy.sparse import csr_matrix
        from scipy.sparse.linalg import svds

        self._labels = _frequent(events)
        pairs = csr_matrix((np.ones(len(user)), (user, item)), shape=(events.n_users, len(items)))
        lengths = np.sqrt(np.maximum(np.asarray(pairs.sum(axis=1)).reshape(-1), 1.0))
        pairs = csr_matrix((1.0 / lengths[user], (user, item)), shape=pairs.shape)
        rank = min(self.rank, min(pairs.shape) - 1)
        if rank > 0:
            start = np.random.default_rng(seed).standard_normal(min(pairs.shape))
            _, scale, right = svds(pairs, k=rank, v0=start)
            self._basis = right[::-1].T
            spread = np.sqrt(np.maximum(scale[::-1] ** 2 / events.n_users, 1e-12))
            self._basis = self._basis / (spread * np.sqrt(rank))
        else:
            self._basis = np.zeros((len(items), 0))
        contexts = events.user_context or tuple({} for _ in range(events.n_users))
        self.users = np.concatenate([pairs @ self._basis, np.stack([self._context(c) for c in contexts])], axis=1)
        self.items = np.concatenate([_attributes(items), _scaled(self._basis)], axis=1)
        return self

    def of(self, rated: Rows, context: Mapping[str, str]) -> Array:
        """Return the features of a user who rated the distinct items ``rated``, shape (d,)."""
        part = self._basis[rated].sum(axis=0) / np.sqrt(max(len(rated), 1))
        return np.concatenate([part, self._context(context)])

    def _context(self, context: Mapping[str, str]) -> Array:
        row = np.zeros(len(self._labels))
        for label in labels_of(context):
            if label in self._labels:
                row[self._labels[label]] = 1.0
        return np.asarray(row / max(np.sqrt(row.sum()), 1.0))

    def save(self) -> Arrays:
        """Return what a user's row is made with."""
        return {"basis": self._basis, "labels": np.array(list(self._labels), dtype=np.str_)}

    def restore(self, arrays: Arrays, n_items: int) -> Self:
        """Take what ``save`` returned; an item that came later says nothing about who rated it."""
        self._basis = widen(np.asarray(arrays["basis"], dtype=np.float64), n_items, 0.0)
        self._labels = {str(label): place for place, label in enumerate(arrays["labels"])}
        return self


def _frequent(events: Interactions) -> dict[str, int]:
    often: dict[str, int] = {}
    for context in events.user_context:
        for label in labels_of(context):
            often[label] = often.get(label, 0) + 1
    kept = sorted((label for label, n in often.items() if n >= 2), key=lambda label: (-often[label], label))
    return {label: place for place, label in enumerate(kept[:MAX_LABELS])}


def _attributes(items: ItemTable) -> Array:
    matrix, _ = attribute_matrix(items)
    often = np.asarray(matrix.sum(axis=0)).reshape(-1)
    kept = np.sort(np.argsort(-often, kind="stable")[:MAX_ATTRIBUTES])
    dense = np.asarray(matrix[:, kept].todense(), dtype=np.float64).reshape(len(items), len(kept))
    return np.asarray(dense / np.maximum(np.linalg.norm(dense, axis=1, keepdims=True), 1.0))


def _scaled(rows: Array) -> Any:
    typical = np.sqrt((rows**2).sum(axis=1).mean()) if rows.size else 1.0
    return rows / max(float(typical), 1e-12)
