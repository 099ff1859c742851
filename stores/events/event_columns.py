"""Hold a tenant's events as columns of numbers, read page by page and afterwards only what was added."""

from __future__ import annotations

import asyncio
import json
from array import array
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from ...core.learning.event_meaning import SKIP, opinion, wish
from ...core.learning.exposures import REQUEST_KEY
from ...core.learning.interactions import Interactions, ItemTable
from ...core.protocols import History
from ...core.ranking.query import SEGMENT_KEY

MAX_CONTEXT_VALUES = 500
"""A context name with more distinct values names sessions or people, not groups, and is left out."""
MAX_CONTEXT_NAMES = 16
_MICROSECONDS = 1e6
MAX_SEGMENTS = 500
SLACK = 20
"""Events beyond the most are forgotten when they are one in so many, so that this is not done at every read."""
_COLUMNS: Mapping[str, str] = {
    "id": "q",
    "user": "i",
    "item": "i",
    "at": "d",
    "weight": "f",
    "rating": "f",
    "opinion": "b",
}


class EventLog:
    """The events of one tenant. The newest ``max_events`` are kept, and a few more; users and items are numbered as they come.

    ``generation`` changes when events were forgotten, so that positions in the columns mean others than before. User ids stay in memory only; what is learnt from the log holds row numbers.
    """

    def __init__(self, max_events: int) -> None:
        self.max_events = max_events
        self.generation = 0
        self._clear()

    def _clear(self) -> None:
        self.generation += 1
        self.last_id = 0
        self.item_ids: list[str] = []
        self._items: dict[str, int] = {}
        self._users: dict[str, int] = {}
        self._contexts: list[dict[str, str]] = []
        self._columns: dict[str, array[Any]] = {name: array(kind) for name, kind in _COLUMNS.items()}
        self._segments: dict[str, array[int]] = {}

    def __len__(self) -> int:
        return len(self._columns["at"])

    @property
    def n_users(self) -> int:
        """Return how many users there are."""
        return len(self._users)

    @property
    def index(self) -> Mapping[str, int]:
        """Return item id -> number."""
        return self._items

    def columns(self) -> dict[str, Any]:
        """Return a copy of id, user, item, at (seconds since 1970), weight, rating and opinion, each of shape (len,)."""
        return {name: self._array(name) for name in _COLUMNS}

    def of_segment(self, segment: str) -> Any:
        """Return the positions of the events of a segment: the value of the context's ``segment``, or ``name=value``."""
        held = self._segments.get(segment)
        return np.frombuffer(held.tobytes(), dtype=np.int64) if held else np.zeros(0, np.int64)

    def users_of_segment(self, segment: str) -> Any:
        """Return the rows of the users whose newest context puts them in a segment."""
        name, equals, value = segment.partition("=")
        key, value = (name, value) if equals else (SEGMENT_KEY, segment)
        return np.array([row for row, held in enumerate(self._contexts) if held.get(key) == value], dtype=np.int64)

    async def read(self, history: History) -> int:
        """Take the events that were added since the last call and return how many they are.

        Raises:
            StoreError: the history failed.
        """
        if await history.version() < self.last_id:
            self._clear()  # another database is behind the address now
        added = 0
        async for page in history.pages(self.last_id, newest=self.max_events):
            await asyncio.to_thread(self._take, page)
            added += len(page)
        self._forget()
        return added

    def since(self, version: int) -> int:
        """Return how many events were stored after the history was at ``version``."""
        return int((self._array("id") > version).sum())

    def counts(self) -> Mapping[str, float]:
        """Return item id -> the sum of its wanted weights."""
        item, weight = self._array("item"), np.maximum(self._array("weight"), 0)
        sums = np.bincount(item, weight, minlength=len(self.item_ids))
        return dict(zip(self.item_ids, sums.tolist(), strict=True))

    def span(self) -> tuple[float, float]:
        """Return the times of the oldest and the newest event, in seconds since 1970; zeros when there are none."""
        at = self._array("at")
        return (float(at.min()), float(at.max())) if len(at) else (0.0, 0.0)

    def interactions(self, items: ItemTable) -> Interactions:
        """Return one row for each user and item of ``items``: the latest opinion, else the strongest sign of interest.

        After a dislike only a new opinion makes an item wanted again. Skips are of their session and left out.
        """
        row_of = np.array([items.index.get(i, -1) for i in self.item_ids], dtype=np.int64)
        item = row_of[self._array("item")] if len(row_of) else np.zeros(0, dtype=np.int64)
        weight = self._array("weight").astype(np.float32)
        kept = np.flatnonzero((item >= 0) & (weight != 0))
        columns = {name: self._array(name)[kept] for name in ("user", "at", "rating", "opinion")}
        folded = fold({**columns, "item": item[kept], "weight": weight[kept]})
        present, compact = np.unique(folded["user"], return_inverse=True)
        return Interactions(
            user=compact.astype(np.int32),
            item=folded["item"].astype(np.int32),
            at=folded["at"].astype(np.float64),
            weight=folded["weight"].astype(np.float32),
            rating=folded["rating"].astype(np.float32),
            n_users=len(present),
            n_items=len(items),
            user_context=self._known_contexts(present),
        )

    def _take(self, page: Sequence[Any]) -> None:
        columns = self._columns
        for row in page:
            columns["id"].append(row.id)
            columns["user"].append(self._user(row.user_id))
            columns["item"].append(self._item(row.item_id))
            columns["at"].append(row.at_us / _MICROSECONDS)
            columns["weight"].append(0.0 if row.kind == SKIP else wish(row.kind, row.value))
            rated = row.kind == "rating" and row.value is not None
            columns["rating"].append(row.value if rated else float("nan"))
            columns["opinion"].append(opinion(row.kind, row.value) is not None)
            if row.context != "{}":
                context = json.loads(row.context)
                self._contexts[columns["user"][-1]].update(context)
                self._segment(context, len(self) - 1)
        self.last_id = page[-1].id

    def _segment(self, context: Mapping[str, str], position: int) -> None:
        for name, value in context.items():
            segment = value if name == SEGMENT_KEY else f"{name}={value}"
            if name != REQUEST_KEY and (segment in self._segments or len(self._segments) < MAX_SEGMENTS):
                self._segments.setdefault(segment, array("q")).append(position)

    def _user(self, user_id: str) -> int:
        row = self._users.setdefault(user_id, len(self._users))
        if row == len(self._contexts):
            self._contexts.append({})
        return row

    def _item(self, item_id: str) -> int:
        row = self._items.setdefault(item_id, len(self._items))
        if row == len(self.item_ids):
            self.item_ids.append(item_id)
        return row

    def _forget(self) -> None:
        surplus = len(self) - self.max_events
        if surplus > self.max_events // SLACK:
            self.generation += 1
            for name, column in self._columns.items():
                self._columns[name] = column[surplus:]
            for name in self._segments:
                held = self.of_segment(name) - surplus
                self._segments[name] = array("q", held[held >= 0].tobytes())

    def _array(self, name: str) -> Any:
        return np.frombuffer(self._columns[name].tobytes(), dtype=_COLUMNS[name])

    def _known_contexts(self, users: Any) -> tuple[Mapping[str, str], ...]:
        """Return the newest context of every user, of the names that group people."""
        values: dict[str, set[str]] = {}
        for context in self._contexts:
            for name, value in context.items():
                seen = values.setdefault(name, set())
                if len(seen) <= MAX_CONTEXT_VALUES:
                    seen.add(value)
        names = [n for n, seen in values.items() if len(seen) <= min(MAX_CONTEXT_VALUES, max(2, len(users) // 2))]
        named = frozenset(names[:MAX_CONTEXT_NAMES])
        if not named:
            return ()
        return tuple({n: v for n, v in self._contexts[u].items() if n in named} for u in users)


def fold(columns: Mapping[str, Any]) -> dict[str, Any]:
    """Make one row of all events of a user with an item; every column has shape (m,)."""
    if not len(columns["user"]):
        return dict(columns)
    order = np.lexsort((columns["at"], columns["item"], columns["user"]))
    user, item, at, weight, rating, judged = (
        columns[name][order] for name in ("user", "item", "at", "weight", "rating", "opinion")
    )
    first = np.flatnonzero(np.r_[True, (user[1:] != user[:-1]) | (item[1:] != item[:-1])])
    group = np.repeat(np.arange(len(first)), np.diff(np.r_[first, len(user)]))
    place = np.arange(len(user))
    last_opinion = np.maximum.reduceat(np.where(judged != 0, place, -1), first)
    disliked = (last_opinion >= 0) & (weight[last_opinion] < 0)
    strongest = np.maximum.reduceat(np.maximum(weight, 0), first)
    decisive = np.maximum.reduceat(np.where(weight == strongest[group], place, -1), first)
    decisive = np.where(disliked, last_opinion, decisive)
    last_rating = np.maximum.reduceat(np.where(np.isnan(rating), -1, place), first)
    folded = {
        "user": user[first],
        "item": item[first],
        "at": at[decisive],
        "weight": np.where(disliked, -1.0, strongest),
        "rating": np.where(last_rating >= 0, rating[last_rating], np.nan),
    }
    by_time = np.lexsort((folded["item"], folded["at"], folded["user"]))
    return {name: column[by_time] for name, column in folded.items()}
