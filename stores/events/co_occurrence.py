"""Learn item-item co-occurrence and decayed popularity from the history, refreshed in the background as it grows.

Co-occurrence is cosine similarity between items' columns of users' weights (Sarwar et al. 2001). New events are read and folded in
alone: what is kept is each user's weights, and an item's neighbours are worked out when they are asked for.
"""

from __future__ import annotations

import asyncio
import logging
import os
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...core.background import stop
from ...core.errors import StoreError
from ...core.protocols import ErasesUsers, History
from .event_columns import EventLog, fold
from .private_segments import PER_USER, SegmentReleases

HALF_LIFE_DAYS = 30.0
"""After so many days an event counts half towards popularity; time runs to the latest event, not to now."""
NEIGHBOURS = 200
CHECK_S = 2.0
CLOSE_S = 1.0
REFRESH_SHARE = 20
"""At most one in so many seconds goes to refreshing."""
MAX_EVENTS = 1_000_000
"""The newest so many events are learnt from."""
DAY_S = 86_400.0
Scored = list[tuple[str, float]]
Array = NDArray[Any]
_log = logging.getLogger(__name__)


@dataclass(eq=False)
class _Model:
    """What was learnt from the first ``len(score)`` events of a log; p pairs of a user and an item, n items, e events.

    ``user``, ``item`` and ``weight`` have shape (p,), a weight below 0 being a dislike; ``by_user`` holds the wanted ones, shape
    (users, n), ``by_item`` the same by columns, ``norms`` (n,) the lengths of the columns; ``event_item`` and ``score`` (e,) say
    what each event counts towards popularity. ``rows`` keeps the neighbours that were asked for.
    """

    version: int
    generation: int
    item_ids: Sequence[str]
    index: Mapping[str, int]
    user: Array
    item: Array
    weight: Array
    by_user: Any
    by_item: Any
    norms: Array
    event_item: Array
    score: Array
    alive: Array
    names: Array
    popular: Array
    totals: Array
    rows: dict[int, tuple[Array, Array]] = field(default_factory=dict)
    segments: dict[str, Scored] = field(default_factory=dict)

    def neighbours(self, items: Sequence[int]) -> None:
        """Work out the ``NEIGHBOURS`` nearest of each item, with the products of their columns."""
        dots = (self.by_item[:, items].T @ self.by_user).tocsr()
        for place, item in enumerate(items):
            span = slice(dots.indptr[place], dots.indptr[place + 1])
            others, found = dots.indices[span], dots.data[span]
            if len(others) > NEIGHBOURS:
                best = np.argpartition(-found / self.norms[others], NEIGHBOURS)[:NEIGHBOURS]
                others, found = others[best], found[best]
            self.rows[item] = (others, found)

    def wanted_by(self, users: Array, most: int) -> dict[str, int]:
        """Return item id -> how many of the users want it, each counted for the ``most`` items that they want most."""
        counts: Counter[str] = Counter()
        for row in self.by_user[users]:
            best = np.lexsort((self.names[row.indices], -row.data))[:most]
            counts.update(self.item_ids[i] for i in row.indices[best])
        return dict(counts)

    def most(self, order: Array, totals: Array, limit: int) -> Scored:
        """Return the first ``limit`` items of an order that have a score."""
        best = order[: max(0, limit)]
        return [(self.item_ids[i], float(totals[i])) for i in best.tolist() if totals[i] > 0]


class CoOccurrence:
    """Co-occurrence and popularity of one tenant. Implements ``protocols.Collaborative``.

    The first call learns; afterwards a changed history is learnt in the background while the old model answers.
    """

    def __init__(
        self,
        history: History,
        check_s: float = CHECK_S,
        max_events: int = MAX_EVENTS,
        releases: SegmentReleases | None = None,
    ) -> None:
        self._history = history
        self._releases = releases
        self._check_s = check_s
        self._events = EventLog(max_events)
        self._model: _Model | None = None
        self._checked = 0.0
        self._took = 0.0
        self._erasures = 0
        self._refreshing: asyncio.Task[None] | None = None

    async def similar(self, item_ids: Sequence[str], limit: int) -> Scored:
        """Return the items that users took together with ``item_ids``, which are left out; score is a sum of cosines."""
        model = await self._current()
        anchors = [
            model.index[i] for i in dict.fromkeys(item_ids) if model.index.get(i, len(model.norms)) < len(model.norms)
        ]
        if not anchors or limit <= 0:
            return []
        if unknown := [i for i in anchors if i not in model.rows]:
            await asyncio.to_thread(model.neighbours, unknown)
        scores = np.zeros(len(model.norms))
        for anchor in anchors:
            others, products = model.rows[anchor]
            scores[others] += products / (model.norms[anchor] * model.norms[others])
        scores[anchors] = 0.0
        found = np.flatnonzero(scores > 0)
        order = found[np.lexsort((model.names[found], -scores[found]))][:limit]
        return [(model.item_ids[i], float(scores[i])) for i in order.tolist()]

    async def popular(self, limit: int, segment: str | None = None) -> Scored:
        """Return the most wanted items, in all or among events whose context holds ``segment``.

        A segment is the value of the context's ``segment``, or ``name=value`` of any other key.
        """
        model = await self._current()
        if segment is None:
            return model.most(model.popular, model.totals, limit)
        if self._releases is not None:
            return (await self._private(self._releases, model, segment))[: max(0, limit)]
        if segment not in model.segments:
            model.segments[segment] = await asyncio.to_thread(self._of_segment, model, segment)
        return model.segments[segment][: max(0, limit)]

    async def refresh(self) -> None:
        """Learn from what is new in the history, if it changed.

        Raises:
            StoreError: the history failed.
        """
        version = await self._history.version()
        if isinstance(self._history, ErasesUsers) and (count := await self._history.erasures()) != self._erasures:
            self._events, self._model, self._erasures = EventLog(self._events.max_events), None, count
        if self._model is None or self._model.version != version:
            began = time.monotonic()
            await self._events.read(self._history)
            self._model = await asyncio.to_thread(learn, self._events, self._model)
            self._took = time.monotonic() - began

    def start_over(self) -> None:
        """Forget what was read and learnt: events were erased. The next call learns anew."""
        if self._refreshing is not None:
            self._refreshing.cancel()
        self._events = EventLog(self._events.max_events)
        self._model = None

    async def close(self) -> None:
        """Let a refresh that is under way end soon, or stop it."""
        if self._refreshing is not None:
            await asyncio.wait(
                [self._refreshing], timeout=CLOSE_S
            )  # a connection is not given back by who is cancelled
            await stop(self._refreshing)

    async def _current(self) -> _Model:
        due = time.monotonic() - self._checked >= max(self._check_s, REFRESH_SHARE * self._took)
        task = self._refreshing
        if (due or self._model is None) and (task is None or task.done()):
            task = self._refreshing = asyncio.create_task(self._refresh())
        if self._model is None and task is not None:
            await asyncio.shield(task)  # who does not wait for the end leaves it to go on
        assert self._model is not None
        return self._model

    async def _refresh(self) -> None:
        try:
            await self.refresh()
        except StoreError:
            if self._model is None:
                raise
            _log.warning("co-occurrence was not refreshed, the older one stays in use", exc_info=True)
        finally:
            self._checked = time.monotonic()

    async def _private(self, releases: SegmentReleases, model: _Model, segment: str) -> Scored:
        """Return what was released of a segment, the most wanted first; of one that nobody was in, nothing, and nothing is kept."""
        users = self._events.users_of_segment(segment)
        users = users[users < model.by_user.shape[0]]
        if not len(users):
            return []
        counts = await releases.of(segment, lambda: model.wanted_by(users, PER_USER))
        return sorted(counts.items(), key=lambda one: (-one[1], one[0]))

    def _of_segment(self, model: _Model, segment: str) -> Scored:
        at = self._events.of_segment(segment)
        at = at[(at >= 0) & (at < len(model.score))] if self._events.generation == model.generation else at[:0]
        totals = np.bincount(model.event_item[at], model.score[at], minlength=len(model.norms))
        return model.most(np.lexsort((model.names, -totals)), totals, len(totals))


def learn(log: EventLog, before: _Model | None) -> _Model:
    """Return what the events of ``log`` say, beginning with what was learnt before; only users with new events are folded again.

    A pair's weight is the strongest sign of interest; after a dislike, or a rating of at most 2, only a new opinion makes the item
    wanted again.
    """
    events = log.columns()
    user, item, at, weight = (events[name] for name in ("user", "item", "at", "weight"))
    if before is not None and before.generation != log.generation:
        before = None
    known = len(before.score) if before else 0
    touched = np.zeros(log.n_users, dtype=bool)
    touched[user[known:]] = True
    rows = np.flatnonzero(touched[user] & (weight != 0))
    folded = fold({name: events[name][rows] for name in events})
    alive = np.zeros(len(user), dtype=bool)
    pairs = {name: folded[name] for name in ("user", "item", "weight")}
    stale = pairs["item"]
    if before is not None:
        alive[:known] = before.alive
        same = ~touched[before.user]
        stale = np.union1d(stale, before.item[~same])
        kept = {"user": before.user[same], "item": before.item[same], "weight": before.weight[same]}
        pairs = {name: np.concatenate([kept[name], pairs[name]]) for name in pairs}
    disliked = folded["weight"] < 0
    against = _key(folded["user"][disliked], folded["item"][disliked])
    alive[rows] = (weight[rows] > 0) & ~np.isin(_key(user[rows], item[rows]), against)
    age = (at[alive].max() - at) / DAY_S if alive.any() else np.zeros(len(at))
    score = np.where(alive, weight * 0.5 ** np.maximum(age / HALF_LIFE_DAYS, 0), 0.0)
    return _model(log, before, pairs, stale, (item, score, alive))


def _model(
    log: EventLog, before: _Model | None, pairs: Mapping[str, Array], stale: Array, events: tuple[Array, Array, Array]
) -> _Model:
    from scipy.sparse import csr_matrix

    item, score, alive = events
    ids = tuple(log.item_ids)
    wanted = pairs["weight"] > 0
    cells = (pairs["weight"][wanted].astype(np.float64), (pairs["user"][wanted], pairs["item"][wanted]))
    by_user = csr_matrix(cells, shape=(log.n_users, len(ids)))
    squares = np.bincount(pairs["item"][wanted], cells[0] ** 2, minlength=len(ids))
    same_items = before is not None and len(before.item_ids) == len(ids)
    names = before.names if before is not None and same_items else np.argsort(np.argsort(np.array(ids, dtype=object)))
    totals = np.bincount(item, score, minlength=len(ids))
    gone = set(stale.tolist())
    rows = {i: row for i, row in before.rows.items() if i not in gone} if before is not None else {}
    return _Model(
        version=log.last_id,
        generation=log.generation,
        item_ids=ids,
        index=log.index,
        user=pairs["user"],
        item=pairs["item"],
        weight=pairs["weight"],
        by_user=by_user,
        by_item=by_user.tocsc(),
        norms=np.sqrt(squares),
        event_item=item,
        score=score,
        alive=alive,
        names=names,
        popular=np.lexsort((names, -totals)),
        totals=totals,
        rows=rows,
    )


def _key(user: Array, item: Array) -> Array:
    return (user.astype(np.int64) << 32) | item


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
