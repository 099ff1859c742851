"""Train long scorers once, on what every fit of a run may see; each fit then goes on from there with the events of its own.

A run fits several ensembles, each of which holds out the end of every user's history: more of it or less, of all events or of those
before a cut. What all of them leave is the beginning of each history.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from ...core.learning.interactions import Interactions, ItemTable
from .resumable_fit import FitWork
from .scorers.base import Progress, Scorer

SHARE = 0.8
"""A fit goes on from what was learnt before if that was at least this share of its wanted events; else it starts anew."""
STAGE, SECONDS = "shared", "seconds-shared.json"


def common_beginning(events: Interactions, parts: Sequence[Interactions]) -> Interactions:
    """Return what all ``parts`` hold, each of which is the beginning of every user's ``events``."""
    lengths = np.min([np.diff(part.starts) for part in parts], axis=0)
    place = np.arange(len(events)) - events.starts[events.user]
    return events.keep(place < lengths[events.user])


class Groundwork:
    """Scorers fitted on ``events`` when they are first wanted; finished and begun ones are kept in ``folder``."""

    def __init__(self, items: ItemTable, events: Interactions, folder: Path) -> None:
        self._items, self._events, self._folder = items, events, folder
        self._fitted: dict[str, Scorer] = {}

    def under(self, name: str, events: Interactions, progress: Progress) -> Scorer | None:
        """Return the scorer to go on from for a fit on ``events``; None if too much is new, or it cannot be fitted."""
        if not self._serves(events):
            return None
        if name not in self._fitted:
            work = FitWork(
                self._items,
                self._folder,
                progress,
                stages={STAGE: (0.0, 1.0)},
                seconds=SECONDS,
                began=time.monotonic(),
            )
            self._fitted |= work.fit_scorers(STAGE, (name,), self._events)[0]
        return self._fitted.get(name)

    def _serves(self, events: Interactions) -> bool:
        """Tell whether ``events`` go on where those learnt from end, user by user, and are few more."""
        known = self._events
        if known.n_users != events.n_users or (np.diff(known.starts) > np.diff(events.starts)).any():
            return False
        return bool((known.weight > 0).sum() >= SHARE * max(1, (events.weight > 0).sum()))
