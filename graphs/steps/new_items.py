"""Give new items their quota of a list; that neither delays nor fails an answer."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

from ...core.learning.exposures import Drawn
from ...core.learning.thompson_sampling import Draw, quota, seed_of
from ...core.ranking.query import CandidateQuery
from ...core.schemas import Item, RankedItem, SourceScore
from ...tools.ranking.new_item_quota import NewItemQuota
from ..turn.state import State
from ..turn.turn import Turn
from .rules import screened

SOURCE = "exploration"


async def with_new_items(
    ranked: Sequence[RankedItem], finder: NewItemQuota, state: State, turn: Turn
) -> tuple[list[RankedItem], list[Drawn]]:
    """Return the list with its last places given to new items, and how they were drawn; as it was if that fails.

    Only for a request that says, shows or points at nothing; a thread gets the same items all day.
    """
    q, settings = state.query, turn.services.settings.exploration
    places = min(quota(len(ranked), settings.share, settings.max_items), _unpinned_tail(ranked, q))
    if not places:
        return list(ranked), []
    seed = seed_of(state.request.tenant, turn.thread_id, datetime.now(UTC).date().isoformat())
    work = finder.choose(q, [r.item.item_id for r in ranked], places, seed)
    nothing: list[tuple[Item, Draw]] = []
    chosen = await turn.attempt(SOURCE, work, turn.services.settings.timeouts.retrieve_s, nothing)
    shown = {i.item_id for i in await screened([i for i, _ in chosen], state, turn)}
    found = [(item, choice) for item, choice in chosen if item.item_id in shown]
    kept, drawn = list(ranked[: len(ranked) - len(found)]), list[Drawn]()
    for item, choice in found:
        place = len(kept) + 1
        drawn.append(Drawn.of(choice, place))
        source = SourceScore(source=SOURCE, rank=1, score=round(choice.propensity, 6))
        kept.append(RankedItem(item=item, rank=place, score=ranked[place - 1].score, sources=(source,)))
    return kept, drawn


def _unpinned_tail(ranked: Sequence[RankedItem], q: CandidateQuery) -> int:
    """Return how many of the last places no pin of the shop's rules holds."""
    pins = {pin.id for pin in q.effects.pins}
    return next((n for n, r in enumerate(reversed(ranked)) if pins.intersection(r.rules)), len(ranked))
