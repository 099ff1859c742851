"""What scorers learn from and are asked about: items, interactions and the state of one user; plain NumPy, no I/O.

Items and users are rows, counted from 0; ids appear only at the edges. Times are seconds since 1970 in UTC.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from ..protocols import Vectors
from ..schemas import AttributeValue

Rows = NDArray[np.int32]
Floats = NDArray[np.float32]
Times = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class ItemTable:
    """The items of a catalogue, one row each; a sequence that is empty is unknown.

    ``text_vectors`` and ``image_vectors`` have shape (n, dim) and rows of unit length, or zeros where an item has none.
    """

    ids: tuple[str, ...]
    titles: tuple[str, ...] = ()
    texts: tuple[str, ...] = ()
    attributes: tuple[Mapping[str, AttributeValue], ...] = ()
    text_vectors: Vectors | None = None
    image_vectors: Vectors | None = None

    def __len__(self) -> int:
        return len(self.ids)

    @cached_property
    def index(self) -> Mapping[str, int]:
        """Return item id -> row."""
        return {item_id: row for row, item_id in enumerate(self.ids)}

    def rows(self, item_ids: Sequence[str]) -> Rows:
        """Return the rows of the ids that exist, in their order."""
        return np.array([self.index[i] for i in item_ids if i in self.index], dtype=np.int32)


@dataclass(frozen=True, eq=False)
class Interactions:
    """Interactions of all users with items, sorted by user and, within a user, oldest first.

    All arrays have shape (m,). ``weight`` says how much the user wants the item, from 0 to 1, or -1 for a dislike; ``rating`` is
    NaN where none was given; ``at`` is the place in the user's history where times are unknown. ``user_context`` holds, per
    user, what is known besides: segment, age group, ...; ``event_context``, per event, where it happened: device, place, ...
    """

    user: Rows
    item: Rows
    at: Times
    weight: Floats
    rating: Floats
    n_users: int
    n_items: int
    user_context: tuple[Mapping[str, str], ...] = ()
    event_context: tuple[Mapping[str, str], ...] = ()

    def __len__(self) -> int:
        return len(self.user)

    @cached_property
    def starts(self) -> NDArray[np.int64]:
        """Return where each user's rows begin, shape (n_users + 1,)."""
        return np.searchsorted(self.user, np.arange(self.n_users + 1))

    def of(self, user: int) -> slice:
        """Return where the rows of ``user`` lie."""
        return slice(int(self.starts[user]), int(self.starts[user + 1]))

    def keep(self, mask: NDArray[np.bool_]) -> Interactions:
        """Return the interactions where ``mask``, shape (m,), is true; users and items keep their rows."""
        return Interactions(
            user=self.user[mask],
            item=self.item[mask],
            at=self.at[mask],
            weight=self.weight[mask],
            rating=self.rating[mask],
            n_users=self.n_users,
            n_items=self.n_items,
            user_context=self.user_context,
            event_context=tuple(self.event_context[i] for i in np.flatnonzero(mask)) if self.event_context else (),
        )

    def state_of(self, user: int, context: Mapping[str, str] | None = None) -> UserState:
        """Return what is known of ``user`` from these interactions."""
        rows = self.of(user)
        known = context if context is not None else (self.user_context[user] if self.user_context else {})
        return UserState.of(
            self.item[rows], at=self.at[rows], weight=self.weight[rows], rating=self.rating[rows], context=known
        )


@dataclass(frozen=True, eq=False)
class UserState:
    """What is known of a user when candidates are scored, session included; nothing in it needs a user seen in training.

    ``items``, ``weights``, ``at`` and ``ratings`` have shape (h,), wanted items oldest first; ``disliked`` has shape (d,).
    ``context`` holds words such as segment, device, season; ``now`` is the time of the request, 0 when unknown.
    """

    items: Rows
    weights: Floats
    at: Times
    ratings: Floats
    disliked: Rows = field(default_factory=lambda: np.zeros(0, dtype=np.int32))
    context: Mapping[str, str] = field(default_factory=dict)
    now: float = 0.0

    @classmethod
    def of(
        cls,
        items: Rows,
        *,
        at: Times | None = None,
        weight: Floats | None = None,
        rating: Floats | None = None,
        context: Mapping[str, str] | None = None,
        now: float = 0.0,
    ) -> UserState:
        """Return the state of a user with these interactions, oldest first; weights below zero are dislikes."""
        items = np.asarray(items, dtype=np.int32)
        at = np.arange(len(items), dtype=np.float64) if at is None else np.asarray(at, dtype=np.float64)
        weight = np.ones(len(items), np.float32) if weight is None else np.asarray(weight, dtype=np.float32)
        rating = np.full(len(items), np.nan, np.float32) if rating is None else np.asarray(rating, dtype=np.float32)
        wanted = weight > 0
        return cls(
            items=items[wanted],
            weights=weight[wanted],
            at=at[wanted],
            ratings=rating[wanted],
            disliked=items[weight < 0],
            context=context or {},
            now=now,
        )
