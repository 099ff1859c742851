"""The contract of a scorer: learn from interactions, then score any items for any user, seen in training or not."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol, Self, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from ....core.learning.interactions import Floats, Interactions, ItemTable, Rows, UserState

Arrays = Mapping[str, NDArray[Any]]
Progress = Callable[[str, float], None]
"""Called with a short text and the share done, from 0 to 1."""


def silent(_text: str, _share: float) -> None:
    """Report no progress."""


@dataclass(frozen=True)
class Step:
    """One edge of an explaining path: ``item 12 -(director: Lynch)-> item 40``; ``relation`` is a word for people."""

    from_item: int
    relation: str
    to_item: int


@runtime_checkable
class Scorer(Protocol):
    """Scores items for a user from one point of view.

    A scorer is a class with a constructor that takes no required argument. It holds no state of a user: everything about the
    user is in the ``UserState``, so that an event counts at the next request. Scores of different scorers are not comparable.
    """

    name: str

    def fit(self, items: ItemTable, events: Interactions, progress: Progress = silent) -> Self:
        """Learn, and return itself. Raises BackEndUnavailable when a library of an extra is missing."""
        ...

    def applies(self, user: UserState) -> bool:
        """Tell whether the state carries what this scorer needs."""
        ...

    def score(self, user: UserState, items: Rows) -> Floats:
        """Return one score per item, shape (m,), higher is better; NaN where this scorer has no opinion."""
        ...

    def save(self) -> Arrays:
        """Return everything learnt as arrays, fit for ``np.savez``; no pickles."""
        ...

    def restore(self, items: ItemTable, arrays: Arrays) -> Self:
        """Take what ``save`` returned, for a catalogue that may have grown since; return itself."""
        ...


@runtime_checkable
class GoesOn(Protocol):
    """A scorer whose training is long, and which can learn what is new without starting again."""

    def go_on(self, items: ItemTable, events: Interactions, progress: Progress = silent) -> Self:
        """Learn from ``events``, most of which were learnt before, and return itself."""
        ...


@runtime_checkable
class Resumes(Protocol):
    """A scorer whose training, once killed, goes on from a file; the caller names the file before ``fit`` and removes it after."""

    checkpoint: Path | None


@runtime_checkable
class Explains(Protocol):
    """A scorer that can say by which path it came to an item."""

    def explain(self, user: UserState, item: int) -> tuple[Step, ...]:
        """Return the strongest path from the user's items to ``item``; empty if there is none."""
        ...


def top(scorer: Scorer, user: UserState, n_items: int, limit: int, exclude: Rows | None = None) -> tuple[Rows, Floats]:
    """Return the ``limit`` best items of the whole catalogue and their scores, best first, ties by row."""
    scores = np.array(scorer.score(user, np.arange(n_items, dtype=np.int32)), dtype=np.float32)
    scores[np.isnan(scores)] = -np.inf
    if exclude is not None:
        scores[exclude] = -np.inf
    limit = min(limit, n_items)
    rows = np.argpartition(-scores, limit - 1)[:limit] if limit < n_items else np.arange(n_items)
    rows = rows[np.lexsort((rows, -scores[rows]))]
    rows = rows[np.isfinite(scores[rows])]
    return rows.astype(np.int32), scores[rows]
