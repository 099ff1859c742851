"""Score items by how popular they are among people like this one: segment, age group, occupation, ..."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Self

import numpy as np

from ....core.learning.interactions import Floats, Interactions, ItemTable, Rows, UserState
from .base import Arrays, Progress, silent
from .lift import Lift
from .matrix import widen


def labels_of(context: Mapping[str, str]) -> list[str]:
    """Return ``name=value`` of every entry."""
    return [f"{name}={value}" for name, value in sorted(context.items())]


class SegmentPopularity:
    """The log of an item's share of events plus its smoothed log lift under each known label, a naive Bayes over labels.

    Labels come from ``Interactions.user_context`` in training and from ``UserState.context`` in a request.
    """

    name = "segments"

    def __init__(self, strength: float = 0.5) -> None:
        self._lift = Lift(strength)
        self._share = np.zeros(0, dtype=np.float32)

    def fit(self, items: ItemTable, events: Interactions, progress: Progress = silent) -> Self:
        """Count who wanted what."""
        weight = np.maximum(events.weight, 0.0).astype(np.float64)
        labels = [labels_of(context) for context in events.user_context] or [[] for _ in range(events.n_users)]
        self._lift.learn(labels, events.user, events.item, weight, len(items))
        counts = np.bincount(events.item, weight, minlength=len(items))
        self._share = np.log((counts + 0.5) / (counts.sum() + 0.5 * max(len(items), 1))).astype(np.float32)
        progress(self.name, 1.0)
        return self

    def applies(self, user: UserState) -> bool:
        """One label must have been met in training."""
        return bool(self._lift.known(labels_of(user.context)))

    def score(self, user: UserState, items: Rows) -> Floats:
        """Return the unnormalised log probability, shape (m,)."""
        return np.asarray(self._share[items] + self._lift.of(labels_of(user.context), items), dtype=np.float32)

    def save(self) -> Arrays:
        """Return shares and lifts."""
        return {"share": self._share, **self._lift.save()}

    def restore(self, items: ItemTable, arrays: Arrays) -> Self:
        """Take the shares; an item that came later has the smallest."""
        share = np.asarray(arrays["share"], dtype=np.float32)
        self._share = widen(share, len(items), float(share.min()) if len(share) else 0.0)
        self._lift.restore(arrays, len(items))
        return self
