"""Find the items that rules are about and that constraints cannot name: combined exclusions and pins by condition."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass, field

from ...core.protocols import Catalogue
from ...core.ranking.query import CandidateQuery
from ...core.rules.effects import Exclusion
from ...core.rules.model import Pin

MAX_HIDDEN = 20_000
KEEP_S = 30.0
"""Seconds that the ids of an exclusion are kept; the ranker checks each item's record anyway."""


@dataclass
class RuleScope:
    """Looks up in one tenant's catalogue what rules are about."""

    catalogue: Catalogue
    _hidden: dict[str, tuple[float, frozenset[str]]] = field(default_factory=dict)

    async def hidden(self, exclusions: Sequence[Exclusion]) -> frozenset[str]:
        """Return the ids of up to ``MAX_HIDDEN`` items of each exclusion, so that searches pass over them.

        Raises:
            StoreError: the catalogue cannot be read.
        """
        found = await asyncio.gather(*(self._ids(e) for e in exclusions))
        return frozenset().union(*found)

    async def _ids(self, exclusion: Exclusion) -> frozenset[str]:
        key = repr(exclusion.where)
        now = time.monotonic()
        self._hidden = {k: v for k, v in self._hidden.items() if now - v[0] < KEEP_S}
        if key not in self._hidden:
            self._hidden[key] = (now, frozenset(await self.catalogue.scan(MAX_HIDDEN, exclusion.where)))
        return self._hidden[key][1]


async def pinned_ids(catalogue: Catalogue, q: CandidateQuery) -> list[str]:
    """Return the ids that pins name, without what is excluded; for a pin by condition the first item that meets it.

    Raises:
        StoreError: the catalogue cannot be read.
    """
    found = await asyncio.gather(*(_of_pin(catalogue, q, pin) for pin in q.effects.pins))
    return [i for ids in found for i in ids if i not in q.excluded]


async def _of_pin(catalogue: Catalogue, q: CandidateQuery, pin: Pin) -> Sequence[str]:
    return pin.items or await catalogue.scan(1, (*q.where, *pin.where), q.excluded)
