"""The baselines of the games rows: popularity, item co-occurrence, and a blend of words, co-occurrence and popularity."""

from __future__ import annotations

from typing import Any

import numpy as np

from ...core.learning.interactions import Floats, Interactions, ItemTable, Rows, UserState
from ...models.recommender.scorers.titles import Titles

LAST_ITEMS, LAST_TITLES = 10, 5
POPULARITY_WEIGHT = 0.5
TIE = 1e-5


class Baselines:
    """Scores of the three baselines; counts come from ``events``."""

    names = ("popularity", "cooccurrence_last10", "blend")

    def __init__(self, items: ItemTable, events: Interactions) -> None:
        from scipy import sparse

        shape = (events.n_users, len(items))
        ones = np.ones(len(events), np.float32)
        users: Any = sparse.csr_matrix((ones, (events.user, events.item)), shape=shape)
        self._together = (users.T @ users).tocsr()
        self._together.setdiag(0)
        self._count = np.asarray(users.sum(axis=0)).reshape(-1)
        self._titles = Titles().fit(items, events)

    def scores(self, user: UserState, rows: Rows) -> dict[str, Floats]:
        """Return the scores of ``rows``, shape (m,), by baseline."""
        popularity = np.log1p(self._count[rows])
        together = self._cooccurrence(user, rows)
        blend = POPULARITY_WEIGHT * _z(popularity)
        if len(user.items):
            blend = blend + _z(self._titles.score(user, rows)) + _z(together)
        return dict(zip(self.names, (popularity, together + TIE * popularity, blend), strict=True))

    def _cooccurrence(self, user: UserState, rows: Rows) -> Floats:
        """Return the sum over the last items of cosines of the counts; among equals, mostly zeros, popularity decides."""
        if not len(user.items):
            return np.zeros(len(rows), np.float32)
        last = user.items[-LAST_ITEMS:]
        together = self._together[last][:, rows].toarray()
        norm = np.sqrt(np.maximum(self._count[last][:, None] * self._count[rows][None], 1))
        sums: Floats = (together / norm).sum(axis=0)
        return sums


def _z(scores: Floats) -> Floats:
    spread = float(scores.std())
    return (scores - scores.mean()) / spread if spread > 1e-9 else np.zeros_like(scores)
