"""Propose candidates from every direction; every source keeps the hard constraints and exclusions.

A new source is one class in this folder (``name``, ``applies``, ``__call__``), one line in ``build_sources`` and one row in the table of
``core/ranking/weights.py``.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import combinations
from typing import Protocol

from ...core.protocols import Catalogue, Collaborative
from ...core.ranking.fusion import combine_ranked
from ...core.ranking.query import CandidateQuery
from ...core.schemas import Candidate, Constraint
from ...core.text.titles import is_named
from .joined_searches import joining
from .taste import (
    CoOccurrenceSource,
    OtherDomainSource,
    PopularitySource,
    ProfileVectorSource,
    StatedSource,
    filtered,
    near_mean,
)
from .words_and_pictures import ComposedSource, FullTextSearch, ImageVectorSearch, TextVectorSearch

__all__ = ["CandidateQuery", "Source", "build_sources", "explain_empty"]

NAMED_DEPTH = 20
MANY = 100
"""More items than this are not counted."""
MAX_COMPARED = 8
"""Of more conditions, the first so many are tried alone and in pairs."""


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
    catalogue = joining(catalogue)
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
            near_mean(self._catalogue, "text", anchors, q),
            near_mean(self._catalogue, "image", anchors, q),
            filtered(self._catalogue, q, q.limit, partial(self._collaborative.similar, anchors)),
        )
        return combine_ranked([(text, 1.0), (image, 1.0), (together, 1.0)], self.name, q.limit)

    async def _named(self, query: str) -> tuple[str, ...]:
        """Return the item with the longest title that the query names, whatever the constraints."""
        found = await self._catalogue.search_text(query, NAMED_DEPTH)
        items = await self._catalogue.get([c.item_id for c in found])
        named = sorted((i for i in items if is_named(i.title, query)), key=lambda i: -len(i.title))
        return tuple(i.item_id for i in named[:1])


@dataclass(frozen=True)
class Conflict:
    """Conditions that nothing meets together, none of which is needless for that, and how many items each one keeps out.

    ``without`` holds the number of items if that condition alone were dropped from all that was asked, at most ``MANY``.
    """

    conditions: tuple[Constraint, ...] = ()
    without: tuple[int, ...] = ()


async def explain_empty(
    catalogue: Catalogue, where: Sequence[Constraint], fixed: Sequence[Constraint] = ()
) -> Conflict:
    """Return a smallest set of conditions that conflict within ``fixed``; none where something meets all of them.

    Sets of one and of two are tried first; of larger ones, one is found from which no condition can be left out.

    Raises:
        StoreError: the catalogue cannot be read.
    """
    if not where or await catalogue.scan(1, (*where, *fixed)):
        return Conflict()
    found = await _smallest(catalogue, where, fixed)
    rest = [[c for c in where if c is not dropped] for dropped in found]
    counts = await asyncio.gather(*(catalogue.scan(MANY, (*held, *fixed)) for held in rest))
    return Conflict(tuple(found), tuple(map(len, counts)))


async def _smallest(catalogue: Catalogue, where: Sequence[Constraint], fixed: Sequence[Constraint]) -> list[Constraint]:
    for size in (1, 2):
        sets = list(combinations(where[:MAX_COMPARED], size))
        found = await asyncio.gather(*(catalogue.scan(1, (*tried, *fixed)) for tried in sets))
        if empty := next((tried for tried, ids in zip(sets, found, strict=True) if not ids), None):
            return list(empty)
    needed = list(where)
    for condition in where:
        without = [c for c in needed if c is not condition]
        if not await catalogue.scan(1, (*without, *fixed)):
            needed = without
    return needed
