"""Score items by how often they were wanted lately, seen from the time of the request."""

from __future__ import annotations

from typing import Any, Self

import numpy as np

from ....core.learning.interactions import Floats, Interactions, ItemTable, Rows, UserState
from .base import Arrays, Progress, silent
from .matrix import pack, unpack

DAY_S = 86_400.0


class Trend:
    """The logarithm of one plus the item's decayed weight, halved every ``half_life_days``; events after ``now`` do not count.

    Events are kept by day, so that a request at any time costs one sparse product. Without a time, time runs to the latest event.
    """

    name = "trend"

    def __init__(self, half_life_days: float = 45.0) -> None:
        self.half_life_days = half_life_days
        self._first_day = 0
        self._days: Any = None

    def fit(self, items: ItemTable, events: Interactions, progress: Progress = silent) -> Self:
        """Sum the weights by day and item."""
        from scipy.sparse import coo_matrix

        weight = np.maximum(events.weight, 0.0).astype(np.float32)
        day = np.floor(events.at / DAY_S).astype(np.int64)
        self._first_day = int(day.min()) if len(day) else 0
        offset = day - self._first_day
        shape = (int(offset.max()) + 1 if len(day) else 1, len(items))
        self._days = coo_matrix((weight, (offset, events.item)), shape=shape).tocsr()
        progress(self.name, 1.0)
        return self

    def applies(self, user: UserState) -> bool:
        """The trend is known for everybody."""
        return True

    def score(self, user: UserState, items: Rows) -> Floats:
        """Return the decayed popularity at the user's ``now``, shape (m,); the current day, still under way, is left out."""
        days = self._days.shape[0]
        today = days if user.now <= 0 else int(user.now // DAY_S) - self._first_day
        past = np.arange(min(max(today, 0), days))
        decay = 0.5 ** ((today - 1 - past) / self.half_life_days)
        total = np.asarray(decay.astype(np.float32) @ self._days[: len(past)]).reshape(-1)
        return np.asarray(np.log1p(total)[items], dtype=np.float32)

    def save(self) -> Arrays:
        """Return the weights by day."""
        settings = np.array([self._first_day, self.half_life_days], dtype=np.float64)
        return {"settings": settings, **pack(self._days, "days")}

    def restore(self, items: ItemTable, arrays: Arrays) -> Self:
        """Take the weights; an item that came later has none yet."""
        self._first_day, self.half_life_days = int(arrays["settings"][0]), float(arrays["settings"][1])
        self._days = unpack(arrays, "days", len(items))
        return self
