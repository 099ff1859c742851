"""Propose items that are like a photo and as the words beside it say: "like this photo, but in red"."""

from __future__ import annotations

from ...core.protocols import Catalogue
from ...core.ranking.cross_modal import best_first
from ...core.ranking.query import CandidateQuery
from ...core.schemas import Candidate
from .cross_modal import CrossSearch, QueryPart

PHOTO_SHARE = 1.5
"""Weight of the photos together against that of the words."""


class ComposedSource:
    """Compares every proposed item with the photo and with the words, as a cross-modal search does.

    Fusing two lists by rank cannot tell an item that is fairly near to both from one that is near to a single one.
    """

    name = "photo_and_words"

    def __init__(self, catalogue: Catalogue) -> None:
        self._search = CrossSearch(catalogue)

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
        found = await self._search.compare(parts, "both", q.where, q.excluded)
        order = best_first(found.ids, found.total, q.limit)
        return [
            Candidate(item_id=found.ids[i], source=self.name, rank=rank, score=float(found.total[i]))
            for rank, i in enumerate(order, start=1)
        ]
