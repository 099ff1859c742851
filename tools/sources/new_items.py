"""Propose items nobody has met yet to those whose wishes are known, by what their content promises."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence

import numpy as np

from ...core.learning.interactions import Floats, Rows
from ...core.protocols import Catalogue
from ...core.ranking.query import CandidateQuery
from ...core.schemas import Candidate
from ..trained.ranking import speaks
from ..trained.version_in_use import Learned, Loaded

PROPOSED = 20
FETCHED = 200
"""So many of the best are checked against the limits."""
_log = logging.getLogger(__name__)


class NewItemSource:
    """Proposes the items without events that the trained version scores best by their content."""

    name = "new_items"

    def __init__(self, catalogue: Catalogue, learned: Learned) -> None:
        self._catalogue = catalogue
        self._learned = learned

    def applies(self, q: CandidateQuery) -> bool:
        """Tell whether a trained version can score new items, the request is bare, and something is known of the user."""
        loaded = self._learned.current()
        if loaded is None or loaded.parts.new_items is None or q.leads:
            return False
        return speaks(loaded.user(q))

    async def __call__(self, q: CandidateQuery) -> list[Candidate]:
        """Return at most ``PROPOSED`` new items within the limits, the most promising first."""
        loaded = self._learned.current()
        if loaded is None:
            return []
        rows, scores = await asyncio.to_thread(score_new, loaded, q)
        best = np.argsort(-scores, kind="stable")
        ids = [i for i in (loaded.items.ids[row] for row in rows[best].tolist()) if i not in q.excluded][:FETCHED]
        score_of = dict(zip((loaded.items.ids[row] for row in rows.tolist()), scores.tolist(), strict=True))
        fitting = {item.item_id for item in await self._catalogue.get(ids, q.where)} if ids else set()
        kept = [i for i in ids if i in fitting][:PROPOSED]
        return [Candidate(i, self.name, rank, score_of[i]) for rank, i in enumerate(kept, 1)]


def score_new(loaded: Loaded, q: CandidateQuery) -> tuple[Rows, Floats]:
    """Return the rows of the new items that can be scored, shape (m,), and their scores for the user who asks."""
    model = loaded.parts.new_items
    if model is None:
        return np.zeros(0, np.int32), np.zeros(0, np.float32)
    rows = model.new
    return rows, model.score(loaded.user(q), rows)


async def promise(learned: Learned | None, q: CandidateQuery, item_ids: Sequence[str]) -> dict[str, float]:
    """Return for new items, from 0 to 1, the share of all new items that promise less; none where that is not known or fails."""
    loaded = learned.current() if learned else None
    if loaded is None or loaded.parts.new_items is None or not speaks(loaded.user(q)):
        return {}
    try:
        rows, scores = await asyncio.to_thread(score_new, loaded, q)
    except Exception as error:  # noqa: BLE001  a broken part must not fail a request; content alone decides then
        _log.warning("new items cannot be scored: %s", type(error).__name__)
        return {}
    below = np.searchsorted(np.sort(scores), scores) / max(1, len(scores))
    found = dict(zip((loaded.items.ids[row] for row in rows.tolist()), below.tolist(), strict=True))
    return {i: found[i] for i in item_ids if i in found}
