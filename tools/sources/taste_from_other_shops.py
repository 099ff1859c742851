"""Propose items near what the user liked in other catalogues, as far as the shop may look there."""

from __future__ import annotations

import numpy as np

from ...core.protocols import Catalogue
from ...core.ranking.query import CandidateQuery
from ...core.schemas import Candidate
from .vectors_and_words import renamed


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
