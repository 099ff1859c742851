"""Smoothed lift: how much more often an item is wanted under a label than overall."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from ....core.learning.interactions import Floats
from .base import Arrays
from .matrix import pack, unpack

MAX_LABELS = 500


class Lift:
    """Holds log ((n_li + s p_i) / ((n_l + s) p_i)) for labels l and items i, p_i being the item's share of all events.

    Dirichlet smoothing with s events of the overall shares (Zhai and Lafferty, TOIS 2004), s being ``strength`` times all events, so
    that a label with few events says little. Only the ``MAX_LABELS`` most frequent labels are kept.
    """

    def __init__(self, strength: float) -> None:
        self.strength = strength
        self.labels: tuple[str, ...] = ()
        self._floor = np.zeros(0, dtype=np.float32)
        self._above: Any = None

    def learn(
        self, owners: Sequence[Sequence[str]], owner: NDArray[Any], item: NDArray[Any], weight: NDArray[Any], n: int
    ) -> Self:
        """Learn from events of shape (m,); event e carries the labels ``owners[owner[e]]``; ``n`` items."""
        from scipy.sparse import coo_matrix, csr_matrix

        index, pairs = self._index(owners)
        self.labels = tuple(index)
        membership = csr_matrix(
            (np.ones(len(pairs)), tuple(np.array(pairs, dtype=np.int64).reshape(-1, 2).T)),
            shape=(len(owners), len(index)),
        )
        by_owner = coo_matrix((weight.astype(np.float64), (owner, item)), shape=(len(owners), n)).tocsr()
        counts = (membership.T @ by_owner).tocsr()
        totals = np.asarray(counts.sum(axis=1)).reshape(-1)
        every = max(float(weight.sum()), 1e-9)
        share, prior = np.bincount(item, weight, minlength=n) / every, self.strength * every
        self._floor = np.log(prior / (totals + prior)).astype(np.float32)
        counts.data = np.log1p(counts.data / (prior * np.maximum(share[counts.indices], 1e-12)))
        self._above = counts.astype(np.float32)
        return self

    def _index(self, owners: Sequence[Sequence[str]]) -> tuple[dict[str, int], list[tuple[int, int]]]:
        often: dict[str, int] = {}
        for labels in owners:
            for label in labels:
                often[label] = often.get(label, 0) + 1
        kept = sorted(often, key=lambda label: (-often[label], label))[:MAX_LABELS]
        index = {label: place for place, label in enumerate(kept)}
        return index, [(row, index[label]) for row, labels in enumerate(owners) for label in labels if label in index]

    def known(self, labels: Sequence[str]) -> list[int]:
        """Return the rows of the labels met in training."""
        index = {label: place for place, label in enumerate(self.labels)}
        return [index[label] for label in labels if label in index]

    def of(self, labels: Sequence[str], items: NDArray[Any]) -> Floats:
        """Return the sum of the labels' log lifts, shape (m,); an item without events has 0."""
        rows = self.known(labels)
        if not rows:
            return np.zeros(len(items), dtype=np.float32)
        above = np.asarray(self._above[rows].sum(axis=0)).reshape(-1)[items]
        return np.asarray(np.where(self._met[items], above + self._floor[rows].sum(), 0.0), dtype=np.float32)

    @property
    def _met(self) -> NDArray[np.bool_]:
        return np.asarray(self._above.getnnz(axis=0) > 0)

    def save(self) -> Arrays:
        """Return everything learnt; labels as fixed-width text."""
        return {
            "labels": np.array(self.labels, dtype=np.str_),
            "floor": self._floor,
            "strength": np.array([self.strength]),
            **pack(self._above, "above"),
        }

    def restore(self, arrays: Arrays, n: int) -> Self:
        """Take what ``save`` returned, for at least ``n`` items."""
        self.labels = tuple(str(label) for label in arrays["labels"])
        self._floor = np.asarray(arrays["floor"], dtype=np.float32)
        self.strength = float(arrays["strength"][0])
        self._above = unpack(arrays, "above", n)
        return self
