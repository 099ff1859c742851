"""Give new items their quota of a list, and log what was shown; neither delays nor fails an answer."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

from ...core.learning.exposures import Drawn, Exposure, Shown
from ...core.learning.thompson_sampling import Draw, quota, seed_of
from ...core.ranking.media_weights import MEDIUM
from ...core.ranking.query import CandidateQuery
from ...core.schemas import Item, RankedItem, RecommendRequest, SourceScore
from ..turn.turn import Turn
from .rules import screened

SOURCE = "exploration"


async def with_new_items(
    ranked: Sequence[RankedItem], q: CandidateQuery, request: RecommendRequest, turn: Turn
) -> list[RankedItem]:
    """Return the list with its last places given to new items, as far as the quota goes; as it was if that fails.

    A request that says, shows or points at something gets what it asks for, and a thread the same items all day.
    """
    settings = turn.services.settings.exploration
    places = min(quota(len(ranked), settings.share, settings.max_items), _unpinned_tail(ranked, q))
    finder = turn.shop.new_items
    if not places or q.is_concrete or finder is None:
        return list(ranked)
    seed = seed_of(request.tenant, turn.thread_id, datetime.now(UTC).date().isoformat())
    work = finder.choose(q, [r.item.item_id for r in ranked], places, seed)
    nothing: list[tuple[Item, Draw]] = []
    drawn = await turn.attempt(SOURCE, work, turn.services.settings.timeouts.retrieve_s, nothing)
    shown = {i.item_id for i in await screened([i for i, _ in drawn], request, turn)}
    found = [(item, choice) for item, choice in drawn if item.item_id in shown]
    kept = list(ranked[: len(ranked) - len(found)])
    for item, choice in found:
        place = len(kept) + 1
        turn.drawn.append(Drawn.of(choice, place))
        source = SourceScore(source=SOURCE, rank=1, score=round(choice.propensity, 6))
        kept.append(RankedItem(item=item, rank=place, score=ranked[place - 1].score, sources=(source,)))
    return kept


def _unpinned_tail(ranked: Sequence[RankedItem], q: CandidateQuery) -> int:
    """Return how many of the last places no pin of the shop's rules holds."""
    pins = {pin.id for pin in q.effects.pins}
    return next((n for n, r in enumerate(reversed(ranked)) if pins.intersection(r.rules)), len(ranked))


def log_exposure(ranked: Sequence[RankedItem], request: RecommendRequest, turn: Turn, *, ranks: bool = True) -> None:
    """Queue the list for the exposure log, if there is one; ``ranks`` adds where each source of a medium had the items."""
    log = turn.services.exposures
    if log is None or not ranked or not turn.shows:
        return
    place_of = {r.item.item_id: r.rank for r in ranked}
    drawn = tuple(d for d in turn.drawn if place_of.get(d.options[d.chosen]) == d.place)
    chance = {d.place: d.propensities[d.chosen] for d in drawn}
    log.record(
        Exposure(
            tenant=request.tenant,
            request_id=turn.request_id,
            at=datetime.now(UTC),
            policy=turn.services.settings.exposures.policy,
            user_id=request.user_id,
            items=tuple(
                Shown(
                    item_id=r.item.item_id,
                    place=r.rank,
                    propensity=chance.get(r.rank, 1.0),
                    ranks={s.source: s.rank for s in r.sources if ranks and s.source in MEDIUM},
                )
                for r in ranked
            ),
            drawn=drawn,
        )
    )
