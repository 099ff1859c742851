"""Hold a request to the shop's rules: the search, the ranking and every tool of the deliberation see the same ones."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from ...core.ranking.diversity import Spread
from ...core.ranking.query import SEGMENT_KEY, CandidateQuery
from ...core.rules.effects import effects_of
from ...core.rules.model import AGE, Moment
from ...core.schemas import CatalogueSchema, Diversity, Item, RankedItem, RecommendRequest
from ...core.settings import Settings
from ...tools.ranking.ranker import Screen
from ..turn.state import State
from ..turn.turn import FLOOR_S, Turn


async def governed(q: CandidateQuery, request: RecommendRequest, turn: Turn) -> CandidateQuery:
    """Return the query with the rules that act now and the items they hide; they are read once a turn, for its own query."""
    timeout, schema = turn.services.settings.timeouts.retrieve_s, q.schema or CatalogueSchema()
    work = turn.rules.load(request.tenant, schema)
    loaded = await turn.attempt("rules", work, timeout, None, floor_s=FLOOR_S)
    loaded = loaded or turn.rules.at_hand(request.tenant, schema)
    if loaded.label:
        turn.degrade("rules", loaded.label)
    effects = effects_of(loaded.rules, moment_from(q, request.context), schema)
    hidden: frozenset[str] = frozenset()
    if effects.exclusions:
        search = turn.shop.scope.hidden(effects.exclusions)
        hidden = await turn.attempt("rules", search, timeout, frozenset(), floor_s=FLOOR_S)
    return replace(q, effects=effects, exclude=hidden, spread=spread_of(request, turn.services.settings))


def spread_of(request: RecommendRequest, settings: Settings) -> Spread:
    """Return how varied the list is to be: as the request says, else as the deployment does."""
    asked, default = request.diversity or Diversity(), settings.diversity
    return Spread(
        strategy=asked.strategy or default.strategy,
        strength=default.strength if asked.strength is None else asked.strength,
        field=default.field,
        popularity_penalty=default.popularity_penalty,
    )


def moment_from(q: CandidateQuery, context: Mapping[str, str]) -> Moment:
    """Return what rules may look at; what a request's context says of the user counts before what their events say."""
    said = context.get(AGE) or next((a for e in q.profile.events if (a := e.context.get(AGE))), "")
    return Moment(
        query=q.understanding.query,
        segment=context.get(SEGMENT_KEY) or q.segment,
        context=context,
        age=int(said) if said.isascii() and said.isdigit() else None,
    )


def screen_of(request: RecommendRequest, turn: Turn) -> Screen | None:
    """Return what asks the content filters, if there are any; what they hold back is kept in the turn, and a filter that fails
    labelled.
    """
    filters = turn.services.filters
    if filters is None:
        return None

    async def screen(items: Sequence[Item]) -> dict[str, str]:
        found = await filters(items, {**request.context, "tenant": request.tenant})
        for label in found.degraded:
            turn.degrade(label.what, label.why)
        turn.denied |= found.denied
        return dict(found.denied)

    return screen


async def screened(items: Sequence[Item], state: State, turn: Turn) -> list[Item]:
    """Return the items that neither a rule nor a content filter holds back."""
    allowed = [i for i in items if state.effects.allows(i)]
    screen = screen_of(state.request, turn)
    denied = await screen(allowed) if screen else {}
    return [i for i in allowed if i.item_id not in denied]


def permitted(ranked: Sequence[RankedItem], state: State, turn: Turn) -> list[RankedItem]:
    """Return the ranked items that no rule leaves out and no content filter held back."""
    return [r for r in ranked if state.effects.allows(r.item) and r.item.item_id not in turn.denied]
