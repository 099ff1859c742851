"""Learn item-item co-occurrence and decayed popularity from the history, refreshed in the background as it grows.

Co-occurrence is cosine similarity between items' columns of users' weights (Sarwar et al. 2001, through `implicit`).
"""

from __future__ import annotations

import asyncio
import logging
import os
import time
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from ...core.errors import StoreError
from ...core.learning.event_meaning import wish
from ...core.protocols import History
from ...core.ranking.query import SEGMENT_KEY
from ...core.schemas import Event

HALF_LIFE_DAYS = 30.0
"""After so many days an event counts half towards popularity; time runs to the latest event, not to now."""
NEIGHBOURS = 200
CHECK_S = 2.0
MAX_SEGMENTS = 500
Scored = list[tuple[str, float]]
_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class _Model:
    """What was learnt from one version of the history."""

    version: int
    index: Mapping[str, int] = field(default_factory=dict)
    item_ids: tuple[str, ...] = ()
    similarity: Any = None
    popular: Scored = field(default_factory=list)
    segments: Mapping[str, Scored] = field(default_factory=dict)


class CoOccurrence:
    """Co-occurrence and popularity of one tenant. Implements ``protocols.Collaborative``.

    The first call learns; afterwards a changed history is learnt in the background while the old model answers.
    """

    def __init__(self, history: History, check_s: float = CHECK_S) -> None:
        self._history = history
        self._check_s = check_s
        self._model: _Model | None = None
        self._checked = 0.0
        self._first = asyncio.Lock()
        self._refreshing: asyncio.Task[None] | None = None

    async def similar(self, item_ids: Sequence[str], limit: int) -> Scored:
        """Return the items that users took together with ``item_ids``, which are left out; score is a sum of cosines."""
        model = await self._current()
        anchors = [model.index[i] for i in dict.fromkeys(item_ids) if i in model.index]
        if not anchors or limit <= 0:
            return []
        scores = np.asarray(model.similarity[anchors].sum(axis=0)).reshape(-1)
        scores[anchors] = 0.0
        order = np.lexsort((np.arange(scores.size), -scores))[:limit]
        return [(model.item_ids[i], float(scores[i])) for i in order if scores[i] > 0]

    async def popular(self, limit: int, segment: str | None = None) -> Scored:
        """Return the most wanted items, in all or among events whose context holds ``segment``.

        A segment is the value of the context's ``segment``, or ``name=value`` of any other key.
        """
        model = await self._current()
        return list((model.popular if segment is None else model.segments.get(segment, []))[: max(0, limit)])

    async def refresh(self) -> None:
        """Learn from the history as it is now, if it changed.

        Raises:
            StoreError: the history failed.
        """
        version = await self._history.version()
        if self._model is None or self._model.version != version:
            events = await self._history.all_events()
            self._model = await asyncio.to_thread(learn, events, version)

    async def close(self) -> None:
        """Stop a refresh that is under way."""
        if self._refreshing is not None:
            self._refreshing.cancel()
            await asyncio.gather(self._refreshing, return_exceptions=True)

    async def _current(self) -> _Model:
        if self._model is None:
            async with self._first:
                if self._model is None:
                    await self.refresh()
                    self._checked = time.monotonic()
        elif time.monotonic() - self._checked >= self._check_s and (
            self._refreshing is None or self._refreshing.done()
        ):
            self._checked = time.monotonic()
            self._refreshing = asyncio.create_task(self._refresh_quietly())
        return self._model or _Model(0)

    async def _refresh_quietly(self) -> None:
        try:
            await self.refresh()
        except StoreError:
            _log.warning("co-occurrence was not refreshed, the older one stays in use", exc_info=True)


def learn(events: Iterable[Event], version: int) -> _Model:
    """Learn from ``events``; dislikes and ratings of at most 2 are left out, and later dislikes take an item back."""
    wanted: dict[tuple[str, str], float] = {}
    taken: list[tuple[Event, float]] = []
    for event in sorted(events, key=lambda e: e.at):
        key = (event.user_id, event.item_id)
        weight = wish(event.kind, event.value)
        if weight <= 0:
            if weight < 0:
                wanted.pop(key, None)
            continue
        wanted[key] = max(weight, wanted.get(key, 0.0))
        taken.append((event, weight))
    if not wanted:
        return _Model(version)
    item_ids = tuple(sorted({item for _, item in wanted}))
    index = {item: i for i, item in enumerate(item_ids)}
    popular, segments = _popularity([(e, w) for e, w in taken if (e.user_id, e.item_id) in wanted])
    return _Model(version, index, item_ids, _similarity(wanted, index), popular, segments)


def _similarity(wanted: Mapping[tuple[str, str], float], index: Mapping[str, int]) -> Any:
    users = {user: i for i, user in enumerate(dict.fromkeys(user for user, _ in wanted))}
    rows = [users[user] for user, _ in wanted]
    columns = [index[item] for _, item in wanted]
    return similarity(rows, columns, list(wanted.values()), (len(users), len(index)))


def similarity(users: Sequence[int], items: Sequence[int], weights: Sequence[float], shape: tuple[int, int]) -> Any:
    """Return the sparse cosines between items' columns of users' weights, the ``NEIGHBOURS`` nearest of each item.

    Args:
        users: row of each weight.
        items: column of each weight.
        weights: how much each user wants each item.
        shape: how many users and items there are.
    """
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    from implicit.nearest_neighbours import ItemItemRecommender, normalize
    from scipy.sparse import csr_matrix

    matrix = csr_matrix((weights, (users, items)), shape=shape, dtype=np.float64)
    model = ItemItemRecommender(K=NEIGHBOURS, num_threads=1)
    model.fit(normalize(matrix.T).T.tocsr(), show_progress=False)
    return model.similarity


def _popularity(taken: Sequence[tuple[Event, float]]) -> tuple[Scored, dict[str, Scored]]:
    latest = max(event.at for event, _ in taken)
    overall: dict[str, float] = defaultdict(float)
    segments: dict[str, dict[str, float]] = {}
    for event, weight in taken:
        days = (latest - event.at).total_seconds() / 86_400
        score = weight * 0.5 ** (days / HALF_LIFE_DAYS)
        overall[event.item_id] += score
        for name, value in event.context.items():
            segment = value if name == SEGMENT_KEY else f"{name}={value}"
            if segment in segments or len(segments) < MAX_SEGMENTS:
                counts = segments.setdefault(segment, defaultdict(float))
                counts[event.item_id] += score
    return _ranked(overall), {segment: _ranked(counts) for segment, counts in segments.items()}


def _ranked(scores: Mapping[str, float]) -> Scored:
    return sorted(scores.items(), key=lambda pair: (-pair[1], pair[0]))
