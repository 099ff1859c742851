"""Score items by how well they fit the moment: time of day, weekday or weekend, season, device, place."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Self

import numpy as np

from ....core.learning.interactions import Floats, Interactions, ItemTable, Rows, UserState
from .base import Arrays, Progress, silent
from .lift import Lift
from .segments import labels_of

PARTS = ("night", "morning", "afternoon", "evening")
SEASONS = ("winter", "spring", "summer", "autumn")
CALENDAR_FROM = 86_400.0 * 366
"""Smaller times are places in a history, not seconds since 1970."""


def moment(at: float) -> list[str]:
    """Return the labels of a time, in UTC and by the seasons of the northern hemisphere; none where the time is unknown."""
    if at < CALENDAR_FROM:
        return []
    when = datetime.fromtimestamp(at, UTC)
    return [
        f"part={PARTS[when.hour // 6]}",
        f"day={'weekend' if when.weekday() >= 5 else 'weekday'}",
        f"season={SEASONS[when.month % 12 // 3]}",
    ]


class Context:
    """The sum of an item's smoothed log lifts under the labels of the moment; 0 says that the moment does not matter.

    Labels are made from the events' times and taken from ``Interactions.event_context`` (device, place, ...) in training; from
    ``now`` and ``context`` of the state in a request. Keys of ``context`` that no event carried are ignored. A deployment whose
    users live elsewhere puts its own ``season`` or ``part`` into both, which then stand beside the ones of the clock.
    """

    name = "context"

    def __init__(self, strength: float = 0.5) -> None:
        self._lift = Lift(strength)

    def fit(self, items: ItemTable, events: Interactions, progress: Progress = silent) -> Self:
        """Count what was wanted when and where; equal moments are counted together."""
        nothing: Mapping[str, str] = {}
        kinds: dict[tuple[str, ...], int] = {}
        owner = np.zeros(len(events), dtype=np.int64)
        hours: dict[int, list[str]] = {}
        for row, at in enumerate(events.at):
            clock = hours.setdefault(int(at // 3600), moment(float(at)))
            given = events.event_context[row] if events.event_context else nothing
            owner[row] = kinds.setdefault((*clock, *labels_of(given)), len(kinds))
        weight = np.maximum(events.weight, 0.0).astype(np.float64)
        self._lift.learn(list(kinds), owner, events.item, weight, len(items))
        progress(self.name, 1.0)
        return self

    def applies(self, user: UserState) -> bool:
        """One label of the moment must have been met in training."""
        return bool(self._lift.known(self._labels(user)))

    def _labels(self, user: UserState) -> list[str]:
        return [*moment(user.now), *labels_of(user.context)]

    def score(self, user: UserState, items: Rows) -> Floats:
        """Return the summed log lifts, shape (m,)."""
        return self._lift.of(self._labels(user), items)

    def save(self) -> Arrays:
        """Return the lifts."""
        return self._lift.save()

    def restore(self, items: ItemTable, arrays: Arrays) -> Self:
        """Take the lifts; an item that came later fits every moment alike."""
        self._lift.restore(arrays, len(items))
        return self
