"""Let the reasoning model work in a bounded loop where the request asks for it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from ...agents.deliberation.loop import DeliberationTools, Deliberator
from ...core.choices import fitting
from ...core.predicates import holds
from ...core.ranking.query import CandidateQuery
from ...core.schemas import (
    Constraint,
    Item,
    RankedItem,
)
from ..turn.state import Deliberated, State
from ..turn.turn import Turn, timed
from .compose import brief
from .rank import ranked_list, send_items
from .retrieve import ask_sources, text_vectors, within_budget
from .rules import permitted, screened

LIKED_ITEMS = 5

DELIBERATION_SHARE = 0.75
"""Share of the remaining budget that deliberation may take; the rest is for the words."""


@timed
async def deliberate(state: State, turn: Turn) -> Deliberated:
    """Let the reasoning model call the same tools in a bounded loop and replace the list by what it settles on."""
    settings = turn.services.settings
    deliberator = Deliberator(turn.services.chat, turn.library, tools_for(state, turn), settings.deliberate)
    limit = min(settings.timeouts.deliberate_s, turn.remaining() * DELIBERATION_SHARE)
    outcome = await turn.attempt("deliberation", deliberator.run(brief(state), deadline_s=limit), limit + 1, None)
    if outcome is None:
        return {"ranked": state.ranked, "close": state.close, "note": state.note}
    for label in outcome.degraded:
        turn.degrade(label.what, label.why)
    turn.usage.append(outcome.usage)
    turn.prompts.extend(outcome.prompts)
    chosen = permitted(all_that_hold(outcome.items, state.understanding.constraints), state, turn)
    ranked = renumbered(chosen, state.request.n) or list(state.ranked)
    send_items(ranked, replace(state, close=()), outcome.note, turn)
    return {"ranked": tuple(ranked), "close": (), "note": outcome.note}


def all_that_hold(ranked: Sequence[RankedItem], constraints: Sequence[Constraint]) -> list[RankedItem]:
    """Return the items that meet every constraint, of a product the choices that do."""
    held = [(r, fitting(r.item, constraints)) for r in ranked if all(holds(c, r.item) for c in constraints)]
    return [r.model_copy(update={"item": item}) for r, item in held if item is not None]


def renumbered(chosen: Sequence[RankedItem], n: int) -> list[RankedItem]:
    """Return at most ``n`` of the deliberated items, ranked from 1."""
    return [r.model_copy(update={"rank": rank}) for rank, r in enumerate(chosen[:n], start=1)]


def tools_for(state: State, turn: Turn) -> DeliberationTools:
    """Return the tools of the loop; searches keep every limit and exclusion, look-ups by id the limits, all the rules."""

    async def search_items(query: str, constraints: Sequence[Constraint], limit: int) -> list[Item]:
        known, first = within_budget(state.understanding), state.query
        vectors = await text_vectors([query], turn)
        asked = CandidateQuery(
            understanding=known.model_copy(update={"query": query, "constraints": (*known.constraints, *constraints)}),
            profile=first.profile,
            text_vector=None if vectors is None else vectors[0],
            effects=first.effects,
            exclude=first.exclude,
            spread=first.spread,
            schema=first.schema,
        )
        return [r.item for r in await ranked_list(asked, await ask_sources(asked, turn), limit, state.request, turn)]

    async def get_items(item_ids: Sequence[str]) -> list[Item]:
        where = (*state.understanding.constraints, *state.effects.where)
        return await screened(await turn.shop.catalogue.get(item_ids, where), state, turn)

    async def liked_items() -> list[Item]:
        return await turn.shop.catalogue.get(state.known.liked[:LIKED_ITEMS])

    return DeliberationTools(search_items=search_items, get_items=get_items, liked_items=liked_items)
