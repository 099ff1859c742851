"""Propose items by the words that a language model wrote about them and about the user's taste."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence

from ...core.protocols import Catalogue
from ...core.ranking.query import CandidateQuery
from ...core.schemas import Candidate
from .listing import filtered
from .vectors_and_words import renamed

FindWords = Callable[[Sequence[str], int], Awaitable[list[tuple[str, float]]]]
"""Search the words about items: words, limit -> (item id, score), best first."""


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
