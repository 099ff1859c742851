"""Find items that few people have met yet, and choose some of them for the quota of new items."""

from __future__ import annotations

import random
import time
from collections.abc import Mapping, Sequence
from typing import Protocol

from ...core.learning.thompson_sampling import Arm, Draw, explore
from ...core.protocols import Catalogue, Vectors
from ...core.ranking.query import CandidateQuery
from ...core.ranking.stated_preferences import stated_fit
from ...core.schemas import Item
from ..sources.listing import MAX_LIKED, mean_vector
from ..sources.new_items import promise
from ..trained.version_in_use import Learned

MAX_SCANNED = 10_000
MAX_ARMS = 100
REFRESH_S = 300.0
NEW_BELOW_EVENTS = 20
NEW_BELOW_VIEWS = 500
BASE_RATE = 0.05
"""The click rate that a new item is thought to have when nothing speaks for it or against it."""
Seen = Mapping[str, tuple[int, int, int]]


class Counts(Protocol):
    """Tells how often items were shown, clicked and met at all."""

    async def seen(self, tenant: str, item_ids: Sequence[str]) -> dict[str, tuple[int, int, int]]:
        """Return item id -> (times shown, clicks, events)."""
        ...


class NewItemQuota:
    """The new items of one tenant's catalogue, looked up again every ``REFRESH_S`` seconds among the first ``MAX_SCANNED``."""

    def __init__(self, catalogue: Catalogue, counts: Counts, tenant: str, learned: Learned | None = None) -> None:
        self._catalogue = catalogue
        self._counts = counts
        self._tenant = tenant
        self._learned = learned
        self._new: Seen = {}
        self._at = -REFRESH_S

    async def choose(self, q: CandidateQuery, taken: Sequence[str], places: int, seed: int) -> list[tuple[Item, Draw]]:
        """Return at most ``places`` new items within constraints, exclusions and rules, each with its probabilities.

        Raises:
            StoreError: a store failed.
        """
        new = await self._lookup()
        ids = [i for i in new if i not in q.excluded and i not in set(taken)]
        ids = random.Random(seed).sample(ids, min(MAX_ARMS, len(ids)))  # noqa: S311  no secret
        items = {i.item_id: i for i in await self._catalogue.get(ids, q.where) if q.effects.allows(i)} if ids else {}
        kept = [items[i] for i in ids if i in items]
        priors = await self._priors(kept, q)
        arms = [Arm(i.item_id, new[i.item_id][0], new[i.item_id][1], p) for i, p in zip(kept, priors, strict=True)]
        return [(items[choice.item_id], choice) for choice in explore(arms, places, seed)]

    async def _lookup(self) -> Seen:
        if time.monotonic() - self._at >= REFRESH_S:
            ids = await self._catalogue.scan(MAX_SCANNED)
            seen = await self._counts.seen(self._tenant, ids)
            self._new = {i: s for i, s in seen.items() if s[0] < NEW_BELOW_VIEWS and s[2] < NEW_BELOW_EVENTS}
            self._at = time.monotonic()
        return self._new

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
