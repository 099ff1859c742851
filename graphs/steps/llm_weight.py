"""Choose how a language model may take part in a request: the ways it asks for, their weight, and the user's taste in words."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

from ...core.learning.llm_signal import group_of
from ...core.learning.llm_weight_fit import NOT_FITTED, FittedWeight
from ...core.schemas import Item, LLMStrategy
from ..turn.state import State
from ..turn.turn import FLOOR_S, Turn


@dataclass(frozen=True)
class Taste:
    """Words that a language model wrote about what a user liked, and how far they may count (0: not at all)."""

    words: tuple[str, ...] = ()
    weight: float = 0.0


NO_TASTE = Taste()


async def weight_for(strategies: Sequence[LLMStrategy], group: str, state: State, turn: Turn) -> FittedWeight:
    """Return the weight under evaluation, else the fitted one; zero, and a label, where it cannot be read."""
    if state.route is not None and state.route.name == "deliberate":
        return NOT_FITTED.model_copy(update={"why": "the list is made step by step"})
    evaluated = turn.services.llm_rank.weight_to_evaluate
    if evaluated is not None:
        return NOT_FITTED.model_copy(update={"weight": evaluated, "why": "under evaluation"})

    async def read() -> FittedWeight:
        find = turn.services.llm_rank.weight
        return await asyncio.to_thread(find, state.request.tenant, strategies, group, turn.library)

    failed = NOT_FITTED.model_copy(update={"why": "the weights cannot be read"})
    return await turn.attempt("llm_weights", read(), turn.services.settings.timeouts.retrieve_s, failed)


async def taste_of(state: State, turn: Turn) -> Taste:
    """Return the user's taste in words; none where nobody chose them or they were not shown to help."""
    settings = turn.services.settings.llm_rank
    liked = state.known.liked[: settings.likes]
    if not liked:
        return NO_TASTE
    weight = (await weight_for(turn.strategies(state.request), group_of(len(state.known.events)), state, turn)).weight
    if weight <= 0:
        return NO_TASTE
    timeout = turn.services.settings.timeouts.retrieve_s
    found = turn.shop.catalogue.get(liked)
    items: list[Item] = await turn.attempt("catalogue", found, timeout, [], floor_s=FLOOR_S)
    titles = {i.item_id: i.title for i in items}
    words = turn.services.llm_rank.words(turn.shop.tenant)
    work = words.taste([titles[i] for i in liked if i in titles])
    return Taste(await turn.attempt("descriptions", work, timeout, ()), weight)
