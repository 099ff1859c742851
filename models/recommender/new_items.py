"""Score items nobody has met yet from their content: a map from content to the factors that such items came to have.

Items with events have factors by alternating least squares. Kernel ridge regression learns them from text vectors, image vectors
and attributes (Gantner et al., ICDM 2010, "attribute-to-feature mappings", with a kernel in place of their linear map); a new
item gets its factors from its content, and how wanted it will be besides.
"""

from __future__ import annotations

from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from ...core.errors import InvalidRequestError
from ...core.learning.interactions import Floats, Interactions, ItemTable, Rows, UserState
from .scorers.als import Als
from .scorers.attributes import attribute_matrix
from .scorers.base import Arrays

CHANNELS = ("text", "image", "attributes")
RIDGE = 1.0
CHUNK = 2_048
MAX_LEARNT = 5_000
"""The regression solves a dense system of so many items, the most wanted ones."""
MAX_NEW = 20_000
"""So many items without events get a score, the first ones of the catalogue."""
Array = NDArray[Any]


class NewItemModel:
    """A kernel is the sum over ``channels`` of 1 + cosine, squared, 0 where an item lacks the channel."""

    def __init__(self, channels: tuple[str, ...] = CHANNELS, ridge: float = RIDGE, factors: int = 32) -> None:
        unknown = [channel for channel in channels if channel not in CHANNELS]
        if unknown or not channels:
            raise InvalidRequestError("channels", f"no channel {', '.join(unknown)}; there are {', '.join(CHANNELS)}")
        self.channels, self.ridge, self.factors = channels, ridge, factors
        self._als = Als(factors=factors)
        self._learnt: Rows = np.zeros(0, np.int32)
        self._mean: Array = np.zeros(factors)
        self._dual: Array = np.zeros((0, factors))
        self._told: Array = np.zeros((0, factors))

    def fit(self, items: ItemTable, events: Interactions, als: Als | None = None) -> Self:
        """Learn the map from content to the factors of ``als``, fitted on the same events if given, and apply it to new items."""
        self._als = als or Als(factors=self.factors).fit(items, events)
        factors: Array = self._als.save()["items"].astype(np.float64)
        count = np.bincount(events.item, np.maximum(events.weight, 0), minlength=len(items))
        order = np.argsort(-count, kind="stable")[:MAX_LEARNT]
        self._learnt = np.sort(order[count[order] > 0]).astype(np.int32)
        content = _Content(items, self.channels)
        target = factors[self._learnt]
        self._mean = np.asarray(target.mean(axis=0))
        kernel = content.kernel(self._learnt, self._learnt)
        kernel[np.diag_indices_from(kernel)] += self.ridge * max(1, len(content.channels))
        self._dual = np.linalg.solve(kernel, target - self._mean)
        self._told = np.full((len(items), factors.shape[1]), np.nan)
        self._tell(content, np.flatnonzero(count <= 0))
        return self

    @property
    def new(self) -> Rows:
        """Return the rows of the items that are scored: those without an event in training, and those that came later."""
        return np.flatnonzero(np.isfinite(self._told[:, 0])).astype(np.int32)

    def score(self, user: UserState, items: Rows) -> Floats:
        """Return the score of each item by its content, shape (m,); NaN for an item that is not new."""
        return np.asarray(self._told[items] @ self._als.vector(user), dtype=np.float32)

    def save(self) -> Arrays:
        """Return everything learnt as arrays."""
        learnt = {"learnt": self._learnt, "mean": self._mean, "dual": self._dual, "told": self._told.astype(np.float32)}
        return {**learnt, "channels": np.array(self.channels), **{f"als_{k}": v for k, v in self._als.save().items()}}

    def restore(self, items: ItemTable, arrays: Arrays) -> Self:
        """Take what ``save`` returned; an item that came later is told from its content."""
        als = {name.removeprefix("als_"): arrays[name] for name in arrays if name.startswith("als_")}
        self._als = Als(factors=als["items"].shape[1]).restore(items, als)
        self.channels = tuple(str(name) for name in arrays["channels"])
        self._learnt, self._mean, self._dual = arrays["learnt"], arrays["mean"], arrays["dual"]
        told = np.asarray(arrays["told"], dtype=np.float64)
        self._told = np.full((len(items), told.shape[1]), np.nan)
        self._told[: len(told)] = told
        if len(items) > len(told):
            self._tell(_Content(items, self.channels), np.arange(len(told), len(items)))
        return self

    def _tell(self, content: _Content, rows: Array) -> None:
        for start in range(0, min(len(rows), MAX_NEW), CHUNK):
            part = rows[start : start + CHUNK].astype(np.int32)
            self._told[part] = self._mean + content.kernel(part, self._learnt) @ self._dual


class _Content:
    """The vectors and attributes of items; rows are made dense a few at a time, less the mean, at unit length."""

    def __init__(self, items: ItemTable, channels: tuple[str, ...]) -> None:
        found: dict[str, Any] = {"text": items.text_vectors, "image": items.image_vectors}
        found["attributes"] = attribute_matrix(items)[0] if items.attributes else None
        self.channels = {name: found[name] for name in channels if found[name] is not None}
        self._means = {name: _mean(rows) for name, rows in self.channels.items()}

    def kernel(self, some: Rows, others: Rows) -> Array:
        """Return the kernel, shape (m, n)."""
        total = np.zeros((len(some), len(others)))
        for name in self.channels:
            a, b = self._dense(name, some), self._dense(name, others)
            have = np.outer(a.any(axis=1), b.any(axis=1))
            total += have * (0.5 + 0.5 * (a @ b.T)) ** 2
        return total

    def _dense(self, name: str, rows: Rows) -> Array:
        found = self.channels[name][rows]
        dense: Array = np.asarray(found if isinstance(found, np.ndarray) else found.todense(), dtype=np.float64)
        rest = np.where(dense.any(axis=1).reshape(-1, 1), dense - self._means[name], 0.0)
        return np.asarray(rest / np.maximum(np.linalg.norm(rest, axis=1, keepdims=True), 1e-12))


def _mean(rows: Any) -> Array:
    """Return the mean of the rows that hold anything, shape (dim,)."""
    held = rows.any(axis=1) if isinstance(rows, np.ndarray) else np.asarray(rows.getnnz(axis=1)) > 0
    total = np.asarray(rows.sum(axis=0, dtype=np.float64)).reshape(-1)
    return np.asarray(total / max(1, int(held.sum())))
