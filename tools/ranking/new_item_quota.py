"""Find items that few people have met yet, and choose some of them for the quota of new items."""

from __future__ import annotations

import asyncio
import math
import random
import time
from collections.abc import Mapping, Sequence
from typing import Protocol

from ...core.background import stop
from ...core.learning.thompson_sampling import Arm, Draw, explore
from ...core.protocols import Catalogue, Vectors
from ...core.ranking.query import MAX_LIKED, CandidateQuery
from ...core.ranking.stated_preferences import stated_fit
from ...core.schemas import Item
from ..sources.new_items import promise
from ..sources.taste import mean_vector
from ..trained.version_in_use import Learned

MAX_SCANNED = 2_000_000
"""Of more items, the first so many of the table are looked at."""
MAX_ARMS = 100
CLOSE_S = 1.0
REFRESH_S = 300.0
NEW_BELOW_EVENTS = 20
NEW_BELOW_VIEWS = 500
BASE_RATE = 0.05
"""The click rate that a new item is thought to have when nothing speaks for it or against it."""
UNSEEN = (0, 0, 0)
Seen = Mapping[str, tuple[int, int, int]]


class Counts(Protocol):
    """Tells how often items were shown, clicked and met at all."""

    async def seen(self, tenant: str) -> dict[str, tuple[int, int, int]]:
        """Return item id -> (times shown, clicks, events) of every item that was shown or met."""
        ...


class NewItemQuota:
    """The new items of one tenant's whole catalogue, looked up again every ``REFRESH_S`` seconds, beside the requests."""

    def __init__(self, catalogue: Catalogue, counts: Counts, tenant: str, learned: Learned | None = None) -> None:
        self._catalogue = catalogue
        self._counts = counts
        self._tenant = tenant
        self._learned = learned
        self._new: Sequence[str] = ()
        self._seen: Seen = {}
        self._at = -math.inf
        self._task: asyncio.Task[None] | None = None

    async def choose(self, q: CandidateQuery, taken: Sequence[str], places: int, seed: int) -> list[tuple[Item, Draw]]:
        """Return at most ``places`` new items within constraints, exclusions and rules, each with its probabilities.

        Raises:
            StoreError: a store failed.
        """
        await self._lookup()
        out = {*q.excluded, *taken}
        drawn = random.Random(seed).sample(self._new, min(MAX_ARMS + len(out), len(self._new)))  # noqa: S311  no secret
        ids = [i for i in drawn if i not in out][:MAX_ARMS]
        items = {i.item_id: i for i in await self._catalogue.get(ids, q.where) if q.effects.allows(i)} if ids else {}
        kept = [items[i] for i in ids if i in items]
        priors = await self._priors(kept, q)
        arms = [Arm(i.item_id, *self._seen.get(i.item_id, UNSEEN)[:2], p) for i, p in zip(kept, priors, strict=True)]
        return [(items[choice.item_id], choice) for choice in explore(arms, places, seed)]

    async def close(self) -> None:
        """Let a look that is under way end soon, or stop it."""
        if self._task is not None:
            await asyncio.wait([self._task], timeout=CLOSE_S)
            await stop(self._task)

    async def _lookup(self) -> None:
        """Wait for the first look, which goes on when a request does not wait for its end; later ones are not waited for."""
        if time.monotonic() - self._at >= REFRESH_S and (self._task is None or self._task.done()):
            self._task = asyncio.create_task(self._look())
        if self._task is not None and (self._at == -math.inf or self._task.done()):
            await asyncio.shield(self._task)

    async def _look(self) -> None:
        seen = await self._counts.seen(self._tenant)
        met = {i for i, s in seen.items() if s[0] >= NEW_BELOW_VIEWS or s[2] >= NEW_BELOW_EVENTS}
        ids = await self._catalogue.scan(MAX_SCANNED)
        self._new = await asyncio.to_thread(lambda: [i for i in ids if i not in met])
        self._seen, self._at = seen, time.monotonic()

    async def _priors(self, items: Sequence[Item], q: CandidateQuery) -> list[float]:
        """Return the click rate that each item's content promises: by what was learnt of contents, else by nearness to what is
        liked, and by what is stated.
        """
        ids = [i.item_id for i in items]
        told = await promise(self._learned, q, ids)
        rest = [i for i in ids if i not in told]
        liked = (
            mean_vector(list((await self._catalogue.vectors("text", q.likes[:MAX_LIKED])).values()))
            if q.likes and rest
            else None
        )
        vectors = await self._catalogue.vectors("text", rest) if liked is not None else {}
        schema = q.schema or await self._catalogue.schema()
        fit = stated_fit(items, q.stated, schema)
        near = [told.get(i, nearness(liked, vectors.get(i))) for i in ids]
        return [prior_of(value, float(f)) for value, f in zip(near, fit, strict=True)]


def nearness(liked: Vectors | None, vector: Vectors | None) -> float:
    """Return the cosine of an item's text to what is liked, at least 0; 0 where either is unknown."""
    return max(0.0, float(liked @ vector.reshape(-1))) if liked is not None and vector is not None else 0.0


def prior_of(promised: float, fit: float) -> float:
    """Return a click rate: the base rate, up to three times as much for the best content, half for what is disliked.

    Args:
        promised: from 0 to 1, what the content promises.
        fit: from -1 to 1, how it fits what is stated.
    """
    return BASE_RATE * (1 + promised) * (1 + 0.5 * fit)
