"""Walk at random over the graph of users, items and attributes, returning to what the user wanted, and tell the path.

Random walk with restart (Tong, Faloutsos and Pan, ICDM 2006) over item-user-item and item-attribute-item steps; the result is
divided by a power of the item's degree against the pull of popular items (RP3beta: Paudel, Christoffel, Newell and Bernstein,
TiiS 2016).
"""

from __future__ import annotations

from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from ....core.learning.interactions import Floats, Interactions, ItemTable, Rows, UserState
from .attributes import attribute_matrix
from .base import Arrays, Progress, Step, silent
from .matrix import pack, profile, unpack, wanted

PEOPLE = "liked by the same people"


class Graph:
    """Starts from the user's items, the latest with most weight, and takes ``steps`` steps by sparse products.

    ``people`` is the share of steps over users, the rest goes over attributes; ``restart`` the chance to return; ``beta`` the power
    of the degree; ``half_life`` after how many later items an item of the history counts half. NaN for items without any edge.
    """

    name = "graph"

    def __init__(
        self,
        steps: int = 2,
        restart: float = 0.5,
        people: float = 0.9,
        beta: float = 0.5,
        half_life: float = 20.0,
    ) -> None:
        self.steps, self.restart, self.people, self.beta, self.half_life = steps, restart, people, beta, half_life
        self._wanted: Any = None

    def fit(self, items: ItemTable, events: Interactions, progress: Progress = silent) -> Self:
        """Build the transitions; attribute edges come from the table, so that new items have them without training."""
        self._set(items, wanted(events))
        progress(self.name, 1.0)
        return self

    def _set(self, items: ItemTable, matrix: Any) -> None:
        self._wanted = matrix
        self._owned, self.labels = attribute_matrix(items)
        self._to_users, self._from_users = _stochastic(matrix.T), _stochastic(matrix)
        self._to_values, self._from_values = _stochastic(self._owned), _stochastic(self._owned.T)
        users = np.asarray(matrix.sum(axis=0)).reshape(-1)
        self._people = (users > 0).astype(np.float64)
        self._valued = (np.asarray(self._owned.getnnz(axis=1)) > 0).astype(np.float64)
        self._damp = 1.0 / (1.0 + users) ** self.beta

    def applies(self, user: UserState) -> bool:
        """A user needs one item that has an edge."""
        rows, _ = profile(user, len(self._damp))
        return bool((self._people[rows] + self._valued[rows]).any())

    def _start(self, user: UserState) -> NDArray[np.float64]:
        known = user.items < len(self._damp)
        ago = np.arange(len(user.items) - 1, -1, -1)
        weight = user.weights * 0.5 ** (ago / self.half_life)
        start = np.bincount(user.items[known], weight[known], minlength=len(self._damp)).astype(np.float64)
        return start / max(float(start.sum()), 1e-12)

    def _step(self, mass: NDArray[np.float64]) -> NDArray[np.float64]:
        """Move the mass of every item over one user or one attribute to the next item."""
        people, values = self.people * self._people, (1 - self.people) * self._valued
        both = np.maximum(people + values, 1e-12)
        over_people = ((mass * people / both) @ self._to_users) @ self._from_users
        over_values = ((mass * values / both) @ self._to_values) @ self._from_values
        return np.asarray(over_people + over_values, dtype=np.float64)

    def score(self, user: UserState, items: Rows) -> Floats:
        """Return the visits, damped by degree, times the number of items so that they are near 1, shape (m,)."""
        mass = self._start(user)
        visits = np.zeros(len(mass))
        for _ in range(self.steps):
            mass = self._step(mass) * (1 - self.restart)
            visits += mass
        scores = np.where(self._people + self._valued > 0, visits * self._damp * len(mass), np.nan)
        return scores[items].astype(np.float32)

    def explain(self, user: UserState, item: int) -> tuple[Step, ...]:
        """Return the strongest edge, or two over an item between, from the user's items to ``item``; empty if none.

        The relation is an attribute, as in ``director: Lynch``, or that the same people liked both.
        """
        start = self._start(user)
        if item >= len(start) or not start.any():
            return ()
        last = self._into(item)
        direct = start * last
        direct[item] = 0.0
        if direct.max() > 0:
            origin = int(direct.argmax())
            return (Step(origin, self._relation(origin, item), item),)
        start[item] = 0.0
        middle = self._step(start) * last
        middle[[item, *np.flatnonzero(start)]] = 0.0
        if middle.max() <= 0:
            return ()
        between = int(middle.argmax())
        origin = int((start * self._into(between)).argmax())
        return (
            Step(origin, self._relation(origin, between), between),
            Step(between, self._relation(between, item), item),
        )

    def _into(self, item: int) -> NDArray[np.float64]:
        """Return the chance that one step from each item ends at ``item``, shape (n,)."""
        people, values = self.people * self._people, (1 - self.people) * self._valued
        both = np.maximum(people + values, 1e-12)
        over_people = self._to_users @ _column(self._from_users, item)
        over_values = self._to_values @ _column(self._from_values, item)
        return np.asarray(people / both * over_people + values / both * over_values, dtype=np.float64)

    def _relation(self, origin: int, item: int) -> str:
        """Return the strongest attribute that both have; that people liked both where they share none."""
        shared = self._owned[origin].multiply(self._owned[item]).tocoo()
        if not shared.nnz:
            return PEOPLE
        rarity = np.asarray(self._from_values[shared.col].max(axis=1).todense()).reshape(-1)
        return self.labels[int(shared.col[int(rarity.argmax())])]

    def save(self) -> Arrays:
        """Return the matrix of who wanted what, and the settings."""
        settings = np.array([self.steps, self.restart, self.people, self.beta, self.half_life])
        return {"settings": settings, **pack(self._wanted, "wanted")}

    def restore(self, items: ItemTable, arrays: Arrays) -> Self:
        """Take the matrix; an item that came later is reached over its attributes."""
        steps, self.restart, self.people, self.beta, self.half_life = (float(x) for x in arrays["settings"])
        self.steps = int(steps)
        self._set(items, unpack(arrays, "wanted", len(items)))
        return self


def _stochastic(matrix: Any) -> Any:
    """Return the matrix with rows that sum to one; an empty row stays empty."""
    from scipy.sparse import diags

    matrix = matrix.tocsr().astype(np.float64)
    sums = np.asarray(matrix.sum(axis=1)).reshape(-1)
    return (diags(1.0 / np.maximum(sums, 1e-12)) @ matrix).tocsr()


def _column(matrix: Any, column: int) -> NDArray[np.float64]:
    return np.asarray(matrix[:, [column]].todense(), dtype=np.float64).reshape(-1)
