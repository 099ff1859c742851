"""Propose items by what is known of the user's taste and of everybody's: likes, words stated or written, other shops, popularity."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from functools import partial

import numpy as np

from ...core.media.vector_fusion import weighted_mean
from ...core.protocols import Catalogue, Collaborative, VectorColumn, Vectors
from ...core.ranking.fusion import combine_ranked
from ...core.ranking.query import MAX_LIKED, CandidateQuery
from ...core.ranking.stated_preferences import WORDS_FIELD, as_constraints
from ...core.schemas import Candidate, Constraint, Preference
from .words_and_pictures import renamed

BACKGROUND_LIMIT = 50
MAX_FETCH = 20_000
MAX_STATED = 8
POPULAR_FETCH = 1_000
Fetch = Callable[[int], Awaitable[list[tuple[str, float]]]]
FindWords = Callable[[Sequence[str], int], Awaitable[list[tuple[str, float]]]]
"""Search the words about items: words, limit -> (item id, score), best first."""


class CoOccurrenceSource:
    """Finds items that people who took the user's liked items took as well."""

    name = "co_occurrence"

    def __init__(self, catalogue: Catalogue, collaborative: Collaborative) -> None:
        self._catalogue = catalogue
        self._collaborative = collaborative

    def applies(self, q: CandidateQuery) -> bool:
        """Tell whether the user has liked, stated or looked at items."""
        return bool(q.likes)

    async def __call__(self, q: CandidateQuery) -> list[Candidate]:
        """Return at most ``q.limit`` candidates, strongest co-occurrence first."""
        liked = q.likes[:MAX_LIKED]
        found = await filtered(self._catalogue, q, _background(q), partial(self._collaborative.similar, liked))
        return renamed(found, self.name)


class ProfileVectorSource:
    """Finds items near the mean text vector of the user's liked items."""

    name = "profile_vector"

    def __init__(self, catalogue: Catalogue) -> None:
        self._catalogue = catalogue

    def applies(self, q: CandidateQuery) -> bool:
        """Tell whether the user has liked, stated or looked at items."""
        return bool(q.likes)

    async def __call__(self, q: CandidateQuery) -> list[Candidate]:
        """Return at most ``q.limit`` candidates, nearest first."""
        ids = q.likes[:MAX_LIKED]
        known = q.liked.text if q.liked and ids == q.profile.liked[:MAX_LIKED] else None
        return renamed(await near_mean(self._catalogue, "text", ids, q, known), self.name)


class PopularitySource:
    """Proposes what is popular in the user's segments, else with everyone; topped up so that a list is never short."""

    name = "popularity"

    def __init__(self, catalogue: Catalogue, collaborative: Collaborative) -> None:
        self._catalogue = catalogue
        self._collaborative = collaborative

    def applies(self, q: CandidateQuery) -> bool:
        """Popularity is always a prior."""
        return True

    async def __call__(self, q: CandidateQuery) -> list[Candidate]:
        """Return ``q.limit`` candidates (few for a concrete request) whenever that many satisfy the constraints."""
        limit = _background(q)
        found: list[Candidate] = []
        for segment in q.segments:
            if len(found) < limit:
                fetch = partial(self._collaborative.popular, segment=segment)
                known = {c.item_id for c in found}
                found += [c for c in await filtered(self._catalogue, q, limit, fetch) if c.item_id not in known]
        if len(found) < limit:
            found += await self._with_everyone(limit - len(found), q, q.excluded | {c.item_id for c in found})
        return renamed(found[:limit], self.name)

    async def _with_everyone(self, limit: int, q: CandidateQuery, taken: frozenset[str]) -> list[Candidate]:
        """Return ``limit`` items that are popular with everyone, then any others; none of ``taken``."""
        wanted = limit + len(taken)
        while True:
            scores = dict(await self._collaborative.popular(wanted))
            ids = await self._catalogue.scan(limit, q.where, taken, first=tuple(scores))
            if all(i in scores for i in ids) or len(scores) < wanted or wanted >= MAX_FETCH:
                return [Candidate(item_id=i, source=self.name, rank=1, score=scores.get(i, 0.0)) for i in ids]
            wanted = min(wanted * 4, MAX_FETCH)


class StatedSource:
    """Finds popular items that have a stated value, for each value that is liked."""

    name = "stated_preferences"

    def __init__(self, catalogue: Catalogue, collaborative: Collaborative) -> None:
        self._catalogue = catalogue
        self._collaborative = collaborative

    def applies(self, q: CandidateQuery) -> bool:
        """Tell whether the user stated or chose something they like."""
        return any(p.weight > 0 for p in q.wanted)

    async def __call__(self, q: CandidateQuery) -> list[Candidate]:
        """Return at most ``q.limit`` candidates within the constraints; an item with several of the values comes first."""
        liked = [p for p in q.wanted if p.weight > 0][:MAX_STATED]
        popular = [i for i, _ in await self._collaborative.popular(POPULAR_FETCH) if i not in q.excluded]
        lists = await asyncio.gather(*(self._with(p, popular, q) for p in liked))
        return combine_ranked(list(zip(lists, (p.weight for p in liked), strict=True)), self.name, q.limit)

    async def _with(self, p: Preference, popular: Sequence[str], q: CandidateQuery) -> list[Candidate]:
        if p.field == WORDS_FIELD:
            return await self._catalogue.search_text(str(p.value), q.limit, q.where, q.excluded)
        wanted = as_constraints(p, q.schema or await self._catalogue.schema())
        return await self._satisfying((*q.where, *wanted), popular, q) if wanted else []

    async def _satisfying(
        self, where: Sequence[Constraint], popular: Sequence[str], q: CandidateQuery
    ) -> list[Candidate]:
        ids = await self._catalogue.scan(q.limit, where, q.excluded, first=popular)
        return [Candidate(item_id=i, source=self.name, rank=r, score=1.0 / r) for r, i in enumerate(ids, 1)]


class OtherDomainSource:
    """Finds items near the mean text vector of likes elsewhere; catalogues share one space of texts and pictures."""

    name = "other_domain"

    def __init__(self, catalogue: Catalogue) -> None:
        self._catalogue = catalogue

    def applies(self, q: CandidateQuery) -> bool:
        """Tell whether the user liked items elsewhere, which is looked up only for those without likes here."""
        return bool(q.profile.elsewhere_vector)

    async def __call__(self, q: CandidateQuery) -> list[Candidate]:
        """Return at most ``q.limit`` candidates, nearest first."""
        vector = np.asarray(q.profile.elsewhere_vector, dtype=np.float32)
        return renamed(await self._catalogue.search_vector("text", vector, q.limit, q.where, q.excluded), self.name)


class DescribedSource:
    """Finds items whose description in words shares words with the user's taste: full-text search by BM25."""

    name = "described"

    def __init__(self, catalogue: Catalogue, find: FindWords) -> None:
        self._catalogue, self._find = catalogue, find

    def applies(self, q: CandidateQuery) -> bool:
        """Tell whether the user's taste is known in words that may count."""
        return bool(q.taste) and q.taste_weight > 0

    async def __call__(self, q: CandidateQuery) -> list[Candidate]:
        """Return at most ``q.limit`` candidates within the constraints, best first."""

        async def fetch(wanted: int) -> list[tuple[str, float]]:
            return await self._find(q.taste, wanted)

        return renamed(await filtered(self._catalogue, q, q.limit, fetch), self.name)


async def near_mean(
    catalogue: Catalogue,
    column: VectorColumn,
    item_ids: Sequence[str],
    q: CandidateQuery,
    known: Mapping[str, Vectors] | None = None,
) -> list[Candidate]:
    """Search ``column`` with the mean vector of ``item_ids``, read unless ``known``; empty when none has a vector."""
    found = await catalogue.vectors(column, item_ids) if known is None else known
    mean = mean_vector([found[i] for i in item_ids if i in found])
    if mean is None:
        return []
    return await catalogue.search_vector(column, mean, q.limit, q.where, q.excluded)


def mean_vector(vectors: Sequence[Vectors]) -> Vectors | None:
    """Return the mean of vectors of shape (dim,) at unit length; None without vectors or when they cancel out."""
    return weighted_mean([(vector, 1.0) for vector in vectors])


async def filtered(catalogue: Catalogue, q: CandidateQuery, limit: int, fetch: Fetch) -> list[Candidate]:
    """Keep the listed items that exist and satisfy the constraints, fetching longer lists until there are ``limit``."""
    wanted = limit + len(q.excluded)
    scores: dict[str, float] = {}
    allowed: set[str] = set()
    while True:
        listed = await fetch(wanted)
        new = [item_id for item_id, _ in listed if item_id not in scores and item_id not in q.excluded]
        scores |= dict(listed)
        allowed |= {item.item_id for item in await catalogue.get(new, q.where)} if new else set()
        if len(allowed) >= limit or len(listed) < wanted or wanted >= MAX_FETCH:
            break
        wanted = min(wanted * 4, MAX_FETCH)
    kept = [(i, s) for i, s in scores.items() if i in allowed][:limit]
    return [Candidate(item_id=i, source="", rank=r, score=s) for r, (i, s) in enumerate(kept, 1)]


def _background(q: CandidateQuery) -> int:
    """Return how many candidates history and popularity propose: few where the request itself leads."""
    return min(q.limit, BACKGROUND_LIMIT) if q.leads else q.limit
