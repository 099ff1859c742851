"""Propose items with the attribute values and words that a user says they like."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from ...core.protocols import Catalogue, Collaborative
from ...core.ranking.fusion import combine_ranked
from ...core.ranking.query import CandidateQuery
from ...core.ranking.stated_preferences import WORDS_FIELD, as_constraints
from ...core.schemas import Candidate, Constraint, Preference

MAX_STATED = 8
POPULAR_FETCH = 1_000


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
        kept = {i.item_id for i in await self._catalogue.get(popular, where)} if popular else set()
        ids = [i for i in popular if i in kept][: q.limit]
        if len(ids) < q.limit:
            ids += await self._catalogue.scan(q.limit - len(ids), where, q.excluded | frozenset(ids))
        return [Candidate(item_id=i, source=self.name, rank=r, score=1.0 / r) for r, i in enumerate(ids, 1)]
