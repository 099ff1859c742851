"""Weighted links from items to items, at most so many from each: what neighbourhood scorers learn and read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from ....core.learning.interactions import Floats, ItemTable, Rows, UserState
from .base import Arrays

CHUNK_ROWS = 2_048


@dataclass(frozen=True, eq=False)
class Links:
    """Links in compressed rows: those of item i are ``target[start[i]:start[i + 1]]`` with ``weight``; ``n`` items."""

    start: NDArray[np.int64]
    target: Rows
    weight: Floats

    @property
    def n(self) -> int:
        """Return how many items there are."""
        return len(self.start) - 1

    @classmethod
    def none(cls, n: int = 0) -> Self:
        """Return no links between ``n`` items."""
        return cls(np.zeros(n + 1, np.int64), np.zeros(0, np.int32), np.zeros(0, np.float32))

    @classmethod
    def strongest(cls, matrix: Any, limit: int) -> Self:
        """Keep the ``limit`` heaviest entries of each row of a scipy CSR matrix; memory is bounded by ``n * limit``."""
        matrix = matrix.tocsr()
        targets, weights, sizes = [], [], []
        for row in range(matrix.shape[0]):
            part = slice(matrix.indptr[row], matrix.indptr[row + 1])
            values, columns = matrix.data[part], matrix.indices[part]
            if len(values) > limit:
                kept = np.argpartition(-values, limit)[:limit]
                values, columns = values[kept], columns[kept]
            targets.append(columns)
            weights.append(values)
            sizes.append(len(values))
        return cls(
            np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64),
            np.concatenate([*targets, np.zeros(0)]).astype(np.int32),
            np.concatenate([*weights, np.zeros(0)]).astype(np.float32),
        )

    def spread(self, sources: Rows, amounts: Floats) -> Floats:
        """Return for every item the sum over ``sources`` (h,) of amount x weight of the link to it, shape (n,)."""
        scores = np.zeros(self.n, np.float32)
        for source, amount in zip(sources.tolist(), amounts.tolist(), strict=True):
            if source < self.n:
                part = slice(self.start[source], self.start[source + 1])
                scores[self.target[part]] += amount * self.weight[part]
        return scores

    def save(self) -> Arrays:
        """Return the links as arrays."""
        return {"start": self.start, "target": self.target, "weight": self.weight}

    @classmethod
    def restore(cls, arrays: Mapping[str, NDArray[Any]], n: int) -> Self:
        """Take what ``save`` returned, for ``n`` items; later items have no links."""
        start = np.asarray(arrays["start"], np.int64)
        added = np.full(max(0, n + 1 - len(start)), start[-1] if len(start) else 0, np.int64)
        return cls(np.concatenate([start, added]), arrays["target"], arrays["weight"])


def recent(user: UserState, last: int, decay: float) -> tuple[Rows, Floats]:
    """Return the user's ``last`` items and their weights, each multiplied by ``decay`` per item that came later."""
    items = user.items[-last:]
    age = np.arange(len(items))[::-1]
    return items, (user.weights[-last:] * decay**age).astype(np.float32)


def take(scores: Floats, items: Rows) -> Floats:
    """Return the scores of ``items``; an item beyond the array has none."""
    known = np.minimum(items, len(scores) - 1)
    return np.where(items < len(scores), scores[known], np.nan).astype(np.float32)


class Linked:
    """A scorer that follows the links of the user's ``last`` items, each counting ``decay`` of the next one."""

    last: ClassVar[int]
    decay: ClassVar[float]

    def __init__(self) -> None:
        self._links = Links.none()

    def applies(self, user: UserState) -> bool:
        """A user with an item has links to follow."""
        return len(user.items) > 0

    def score(self, user: UserState, items: Rows) -> Floats:
        """Return the decayed sum of links from the last items, shape (m,)."""
        return take(self._links.spread(*recent(user, self.last, self.decay)), items)

    def save(self) -> Arrays:
        """Return the links."""
        return self._links.save()

    def restore(self, items: ItemTable, arrays: Arrays) -> Self:
        """Take the links; later items have none."""
        self._links = Links.restore(arrays, len(items))
        return self
