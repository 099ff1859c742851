"""Score items nobody has met yet from their content: a map from content to the factors that such items came to have.

Items with events have factors by alternating least squares. Kernel ridge regression learns them from text vectors, image vectors
and attributes (Gantner et al., ICDM 2010, "attribute-to-feature mappings", with a kernel in place of their linear map); a new
item gets its factors from its content, and how wanted it will be besides.
"""

from __future__ import annotations

from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from ..core.errors import InvalidRequestError
from ..core.interactions import Floats, Interactions, ItemTable, Rows, UserState
from .scorers.als import Als
from .scorers.attributes import attribute_matrix

CHANNELS = ("text", "image", "attributes")
RIDGE = 1.0
CHUNK = 2_048
MAX_LEARNT = 5_000
"""The regression solves a dense system of so many items, the most wanted ones."""
Array = NDArray[Any]


class NewItems:
    """A kernel is the sum over ``channels`` of 1 + cosine, squared, 0 where an item lacks the channel."""

    def __init__(self, channels: tuple[str, ...] = CHANNELS, ridge: float = RIDGE, factors: int = 32) -> None:
        unknown = [channel for channel in channels if channel not in CHANNELS]
        if unknown or not channels:
            raise InvalidRequestError("channels", f"no channel {', '.join(unknown)}; there are {', '.join(CHANNELS)}")
        self.channels, self.ridge, self.factors = channels, ridge, factors
        self._als = Als(factors=factors)
        self._content: dict[str, Array] = {}
        self._told: Array = np.zeros((0, factors))

    def fit(self, items: ItemTable, events: Interactions, als: Als | None = None) -> Self:
        """Learn the map from content to the factors of ``als``, fitted on the same events if given, and apply it to all items."""
        self._als = als or Als(factors=self.factors).fit(items, events)
        factors: Array = self._als.save()["items"].astype(np.float64)
        count = np.bincount(events.item, np.maximum(events.weight, 0), minlength=len(items))
        order = np.argsort(-count, kind="stable")[:MAX_LEARNT]
        learnt = np.sort(order[count[order] > 0]).astype(np.int32)
        self._content = _content(items, self.channels)
        target = factors[learnt]
        mean = np.asarray(target.mean(axis=0))
        kernel = self._kernel(learnt, learnt)
        kernel[np.diag_indices_from(kernel)] += self.ridge * len(self._content)
        dual = np.linalg.solve(kernel, target - mean)
        every = np.arange(len(items), dtype=np.int32)
        parts = [every[start : start + CHUNK] for start in range(0, len(items), CHUNK)]
        self._told = np.concatenate([mean + self._kernel(part, learnt) @ dual for part in parts])
        return self

    def score(self, user: UserState, items: Rows) -> Floats:
        """Return the score of each item by its content, shape (m,)."""
        return np.asarray(self._told[items] @ self._als.vector(user), dtype=np.float32)

    def _kernel(self, some: Rows, others: Rows) -> Array:
        total = np.zeros((len(some), len(others)))
        for rows in self._content.values():
            a, b = rows[some], rows[others]
            have = np.outer(a.any(axis=1), b.any(axis=1))
            total += have * (0.5 + 0.5 * (a @ b.T)) ** 2
        return total


def _content(items: ItemTable, channels: tuple[str, ...]) -> dict[str, Array]:
    """Return unit rows per channel, less the mean of the rows that are there; zeros where an item has none."""
    found: dict[str, Any] = {"text": items.text_vectors, "image": items.image_vectors}
    found["attributes"] = np.asarray(attribute_matrix(items)[0].todense()) if items.attributes else None
    return {name: _centred(np.asarray(found[name], dtype=np.float64)) for name in channels if found[name] is not None}


def _centred(rows: Array) -> Array:
    have = np.asarray(rows.any(axis=1))
    if not have.any():
        return rows
    rest = np.where(have.reshape(-1, 1), rows - rows[np.flatnonzero(have)].mean(axis=0), 0.0)
    return np.asarray(rest / np.maximum(np.linalg.norm(rest, axis=1, keepdims=True), 1e-12))
