"""Write the words of an answer."""

from __future__ import annotations

from typing import Literal

from ...agents.explaining.rendered import render_composition
from ...core.schemas import (
    Brief,
)
from ..turn.state import Composed, State
from ..turn.turn import FLOOR_S, Turn, schema_of, timed
from .llm_weight import taste_of

LIKED_TITLES = 5


@timed
async def compose_recommendations(state: State, turn: Turn) -> Composed:
    """Write the words: one language-model call whose checked sentences are sent as they come; else render them."""
    about = await brief(state, turn)
    if not state.request.words or not state.ranked:
        composition = render_composition(about)
        for words in (composition.message, *composition.reasons):
            turn.emit("words", words)
        return {"composition": composition}
    limit = min(turn.services.settings.timeouts.compose_s, max(turn.remaining(), FLOOR_S))
    version = turn.prompt_versions.get("compose")
    work = turn.services.composer.compose(
        about, lambda w: turn.emit("words", w), timeout_s=limit, prompt_version=version
    )
    written = await turn.attempt("llm", work, limit + 1, None, floor_s=limit + 1)
    return {"composition": written or render_composition(about)}


async def brief(state: State, turn: Turn) -> Brief:
    """Return what the composer and the deliberator may speak about."""
    schema = await schema_of(turn)
    price = schema.price
    liked = state.profile.liked[:LIKED_TITLES] if state.profile else ()
    timeout = turn.services.settings.timeouts.retrieve_s
    items = (
        await turn.attempt("catalogue", turn.shop.catalogue.get(liked), timeout, [], floor_s=FLOOR_S) if liked else []
    )
    return Brief(
        text=state.request.text or "",
        user=user_label(state),
        evidence=state.evidence,
        verdict=state.verdict,
        understanding=state.understanding,
        items=state.ranked,
        liked_titles=tuple(i.title for i in items),
        taste=(await taste_of(state, turn)).words,
        cold_start=state.cold_start,
        strategy=state.strategy,
        price_field=price.name if price else None,
        price_unit=price.unit if price else "",
    )


def user_label(state: State) -> Literal["known", "new", "stranger"]:
    """Say whether the user is known, new or a stranger."""
    if state.request.user_id is None:
        return "stranger"
    return "known" if state.profile and state.profile.known else "new"
