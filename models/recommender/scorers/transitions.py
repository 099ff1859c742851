"""Score items by how often users wanted them soon after the user's last items."""

from __future__ import annotations

from typing import Any, Self

import numpy as np

from ....core.learning.interactions import Interactions, ItemTable
from .base import Progress, silent
from .links import Linked, Links

WINDOW = 3
"""A step over up to two items in between counts too, as 1 / distance."""
BACKWARDS = 0.4
"""How much the same pair in the other order counts: what is bought after can mostly be bought before."""
DAMPING = 5.0
POPULARITY_POWER = 0.4
NEIGHBOURS = 300


class Transitions(Linked):
    """First-order and skip transitions: the damped share of steps from an item that lead to another.

    The share is divided by a power of the other's own count, so that popular items do not follow everything.
    """

    name = "transitions"
    last, decay = 8, 0.7

    def fit(self, items: ItemTable, events: Interactions, progress: Progress = silent) -> Self:
        """Count the steps."""
        from scipy import sparse

        wanted = events.weight > 0
        user, item = events.user[wanted], events.item[wanted]
        counted: Any = sparse.csr_matrix((len(items), len(items)), dtype=np.float32)
        for distance in range(1, WINDOW + 1):
            same = (user[distance:] == user[:-distance]) & (item[distance:] != item[:-distance])
            pairs = (item[:-distance][same], item[distance:][same])
            amounts = np.full(int(same.sum()), 1.0 / distance, np.float32)
            step = sparse.csr_matrix((amounts, pairs), shape=counted.shape)
            counted = counted + step + BACKWARDS * step.T
            progress(self.name, distance / (WINDOW + 1))
        count = np.bincount(item, minlength=len(items)).astype(np.float32)
        shares = sparse.diags(1.0 / (count + DAMPING)) @ counted @ sparse.diags((count + DAMPING) ** -POPULARITY_POWER)
        self._links = Links.strongest(shares, NEIGHBOURS)
        progress(self.name, 1.0)
        return self
