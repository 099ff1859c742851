"""Search the catalogue by what is said and shown: by meaning, by picture, by words, and by a photo changed as words say."""

from __future__ import annotations

import asyncio

from ...core.protocols import Catalogue, VectorColumn, Vectors
from ...core.ranking.cross_modal import best_first
from ...core.ranking.fusion import combine_ranked
from ...core.ranking.query import CandidateQuery
from ...core.schemas import Candidate
from .cross_modal import QueryPart, compare

PHOTO_SHARE = 1.5
"""Weight of the photos together against that of the words."""


class VectorSearch:
    """Finds the nearest items to a vector in one column, within the hard constraints."""

    def __init__(self, catalogue: Catalogue, name: str, column: VectorColumn) -> None:
        self.name = name
        self._catalogue = catalogue
        self._column = column

    async def nearest(self, vector: Vectors, q: CandidateQuery) -> list[Candidate]:
        """Return at most ``q.limit`` candidates, nearest first; ``vector`` has shape (dim,)."""
        found = await self._catalogue.search_vector(self._column, vector, q.limit, q.where, q.excluded)
        return renamed(found, self.name)


class TextVectorSearch(VectorSearch):
    """Compares the words of the request with one column: ``text`` (their meaning) or ``image`` (what pictures show)."""

    def applies(self, q: CandidateQuery) -> bool:
        """Tell whether the request has words that were embedded."""
        return q.text_vector is not None and bool(q.understanding.query)

    async def __call__(self, q: CandidateQuery) -> list[Candidate]:
        """Return the items nearest to the request's words."""
        return [] if q.text_vector is None else await self.nearest(q.text_vector.reshape(-1), q)


class ImageVectorSearch(VectorSearch):
    """Compares the photos of the request with one column; several photos are fused by their weights."""

    def applies(self, q: CandidateQuery) -> bool:
        """Tell whether the request has a photo that counts."""
        return bool(q.photos)

    async def __call__(self, q: CandidateQuery) -> list[Candidate]:
        """Return the items nearest to the request's photos."""
        lists = await asyncio.gather(*(self.nearest(vector, q) for vector, _ in q.photos))
        if len(lists) == 1:
            return lists[0]
        weighted = [(found, weight) for found, (_, weight) in zip(lists, q.photos, strict=True)]
        return combine_ranked(weighted, self.name, q.limit)


class FullTextSearch:
    """Finds items whose title or text has the words of the request (BM25 in the store)."""

    name = "full_text"

    def __init__(self, catalogue: Catalogue) -> None:
        self._catalogue = catalogue

    def applies(self, q: CandidateQuery) -> bool:
        """Tell whether the request has words."""
        return bool(q.understanding.query)

    async def __call__(self, q: CandidateQuery) -> list[Candidate]:
        """Return at most ``q.limit`` candidates, best match first."""
        found = await self._catalogue.search_text(q.words, q.limit, q.where, q.excluded)
        return renamed(found, self.name)


class ComposedSource:
    """Compares every proposed item with the photo and with the words, as a cross-modal search does.

    Fusing two lists by rank cannot tell an item that is fairly near to both from one that is near to a single one.
    """

    name = "photo_and_words"

    def __init__(self, catalogue: Catalogue) -> None:
        self._catalogue = catalogue

    def applies(self, q: CandidateQuery) -> bool:
        """Tell whether the request points at a photo and says what is to be different."""
        return q.changes_photo

    async def __call__(self, q: CandidateQuery) -> list[Candidate]:
        """Return at most ``q.limit`` candidates, best first."""
        if q.text_vector is None or not q.photos:
            return []
        whole = sum(weight for _, weight in q.photos)
        parts = [QueryPart(f"image-{n}", v, PHOTO_SHARE * w / whole) for n, (v, w) in enumerate(q.photos, start=1)]
        words = f"{q.understanding.query} {q.gloss}".strip()
        parts.append(QueryPart("text", q.text_vector.reshape(-1), 1.0, words))
        found = await compare(self._catalogue, parts, "both", q.where, q.excluded)
        order = best_first(found.ids, found.total, q.limit)
        return [
            Candidate(item_id=found.ids[i], source=self.name, rank=rank, score=float(found.total[i]))
            for rank, i in enumerate(order, start=1)
        ]


def renamed(found: list[Candidate], source: str) -> list[Candidate]:
    """Return the candidates under this source's name, ranked from 1 in the order given; as they are if that is so."""
    if all(c.source == source and c.rank == r for r, c in enumerate(found, 1)):
        return found
    return [Candidate(item_id=c.item_id, source=source, rank=r, score=c.score) for r, c in enumerate(found, 1)]
