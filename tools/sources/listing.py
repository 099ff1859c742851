"""Propose candidates from every direction; every source keeps the hard constraints and exclusions.

A new source is one class here (``name``, ``applies``, ``__call__``), one line in ``build_sources`` and one row in the table of
``core/ranking/source_weights.py``.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from functools import partial
from typing import Protocol

from ...core.media.vector_fusion import weighted_mean
from ...core.protocols import Catalogue, Collaborative, VectorColumn, Vectors
from ...core.ranking.fusion import combine_ranked
from ...core.ranking.query import CandidateQuery
from ...core.schemas import Candidate, Constraint
from ...core.text.titles import is_named
from .photo_and_words import ComposedSource
from .stated_preferences import StatedSource
from .taste_from_other_shops import OtherDomainSource
from .vectors_and_words import FullTextSearch, ImageVectorSearch, TextVectorSearch, renamed

__all__ = ["CandidateQuery", "Source", "build_sources", "explain_empty"]

MAX_LIKED = 50
BACKGROUND_LIMIT = 50
NAMED_DEPTH = 20
MAX_FETCH = 20_000
Fetch = Callable[[int], Awaitable[list[tuple[str, float]]]]


class Source(Protocol):
    """Proposes candidates for a request. Raises StoreError when its store fails."""

    @property
    def name(self) -> str:
        """Return the name that weights and responses use."""

    def applies(self, q: CandidateQuery) -> bool:
        """Tell whether the request carries what this source needs."""

    async def __call__(self, q: CandidateQuery) -> list[Candidate]:
        """Return candidates, best first, ranked from 1."""


def build_sources(catalogue: Catalogue, collaborative: Collaborative) -> tuple[Source, ...]:
    """Return every candidate source."""
    return (
        TextVectorSearch(catalogue, "text_vector", "text"),
        TextVectorSearch(catalogue, "text_to_image", "image"),
        FullTextSearch(catalogue),
        ImageVectorSearch(catalogue, "image_vector", "image"),
        ImageVectorSearch(catalogue, "image_to_text", "text"),
        ComposedSource(catalogue),
        SimilarToShown(catalogue, collaborative),
        CoOccurrenceSource(catalogue, collaborative),
        ProfileVectorSource(catalogue),
        StatedSource(catalogue, collaborative),
        OtherDomainSource(catalogue),
        PopularitySource(catalogue, collaborative),
    )


class SimilarToShown:
    """Finds items like those the user pointed at or named: by text, by picture and by who else took them."""

    name = "similar_to_shown"

    def __init__(self, catalogue: Catalogue, collaborative: Collaborative) -> None:
        self._catalogue = catalogue
        self._collaborative = collaborative

    def applies(self, q: CandidateQuery) -> bool:
        """Tell whether the user pointed at items or may have named one."""
        return bool(q.understanding.like_item_ids) or q.may_name

    async def __call__(self, q: CandidateQuery) -> list[Candidate]:
        """Return the fused neighbours of the anchors; empty when no title is named."""
        anchors = q.understanding.like_item_ids or await self._named(q.understanding.query)
        if not anchors:
            return []
        q = replace(q, exclude=q.exclude | frozenset(anchors))
        text, image, together = await asyncio.gather(
            _near_mean(self._catalogue, "text", anchors, q),
            _near_mean(self._catalogue, "image", anchors, q),
            filtered(self._catalogue, q, q.limit, partial(self._collaborative.similar, anchors)),
        )
        return combine_ranked([(text, 1.0), (image, 1.0), (together, 1.0)], self.name, q.limit)

    async def _named(self, query: str) -> tuple[str, ...]:
        """Return the item with the longest title that the query names, whatever the constraints."""
        found = await self._catalogue.search_text(query, NAMED_DEPTH)
        items = await self._catalogue.get([c.item_id for c in found])
        named = sorted((i for i in items if is_named(i.title, query)), key=lambda i: -len(i.title))
        return tuple(i.item_id for i in named[:1])


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
        return renamed(await _near_mean(self._catalogue, "text", q.likes[:MAX_LIKED], q), self.name)


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
        for segment in (*q.segments, None):
            if len(found) < limit:
                fetch = partial(self._collaborative.popular, segment=segment)
                known = {c.item_id for c in found}
                found += [c for c in await filtered(self._catalogue, q, limit, fetch) if c.item_id not in known]
        if len(found) < limit:
            taken = q.excluded | {c.item_id for c in found}
            rest = await self._catalogue.scan(limit - len(found), q.where, taken)
            found += [Candidate(item_id=i, source=self.name, rank=1, score=0.0) for i in rest]
        return renamed(found[:limit], self.name)


async def explain_empty(
    catalogue: Catalogue, where: Sequence[Constraint], fixed: Sequence[Constraint] = ()
) -> tuple[Constraint, ...]:
    """Return the constraints that stand alone in the way: dropping any one of them gives results within ``fixed``.

    Empty when something already satisfies all of them, or when no single one is to blame. Nothing is dropped here.
    """
    if not where or await catalogue.scan(1, (*where, *fixed)):
        return ()
    without = [[*where[:i], *where[i + 1 :], *fixed] for i in range(len(where))]
    found = await asyncio.gather(*(catalogue.scan(1, rest) for rest in without))
    return tuple(c for c, ids in zip(where, found, strict=True) if ids)


async def _near_mean(
    catalogue: Catalogue, column: VectorColumn, item_ids: Sequence[str], q: CandidateQuery
) -> list[Candidate]:
    """Search ``column`` with the mean vector of ``item_ids``; empty when none has a vector."""
    mean = mean_vector(list((await catalogue.vectors(column, item_ids)).values()))
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
