"""Score items by how often they were wanted, with time decay."""

from __future__ import annotations

from typing import Self

import numpy as np

from ....core.learning.interactions import Floats, Interactions, ItemTable, Rows, UserState
from .base import Arrays, Progress, silent

DAY_S = 86_400.0


class Popularity:
    """The logarithm of one plus the weights of an item's events; with a half-life, later events count for more.

    Time runs to the latest event of the training data, not to the clock.
    """

    name = "popularity"

    def __init__(self, half_life_days: float | None = None) -> None:
        self.half_life_days = half_life_days
        self._scores = np.zeros(0, dtype=np.float32)

    def fit(self, items: ItemTable, events: Interactions, progress: Progress = silent) -> Self:
        """Count the events that say that an item is wanted."""
        weight = np.maximum(events.weight, 0.0).astype(np.float64)
        if self.half_life_days and len(events):
            weight = weight * 0.5 ** ((events.at.max() - events.at) / (DAY_S * self.half_life_days))
        self._scores = np.log1p(np.bincount(events.item, weight, minlength=len(items))).astype(np.float32)
        progress(self.name, 1.0)
        return self

    def applies(self, user: UserState) -> bool:
        """Popularity is known for everybody."""
        return True

    def score(self, user: UserState, items: Rows) -> Floats:
        """Return the same for every user, shape (m,)."""
        return self._scores[items]

    def save(self) -> Arrays:
        """Return the scores."""
        return {"scores": self._scores}

    def restore(self, items: ItemTable, arrays: Arrays) -> Self:
        """Take the scores; an item that came later has none yet."""
        known = np.asarray(arrays["scores"], dtype=np.float32)
        self._scores = np.concatenate([known, np.zeros(max(0, len(items) - len(known)), dtype=np.float32)])
        return self
