"""Hold a request to the shop's rules: the search, the ranking and every tool of the deliberation see the same ones."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from ...core.ranking.diversity import Spread
from ...core.ranking.query import SEGMENT_KEY, CandidateQuery
from ...core.rules.effects import Effects, effects_of
from ...core.rules.model import AGE, Moment
from ...core.schemas import Diversity, Item, RankedItem, RecommendRequest
from ...core.settings import Settings
from ...tools.ranking.ranker import Screen
from ..turn.turn import FLOOR_S, Turn, TurnRules, schema_of


async def governed(q: CandidateQuery, request: RecommendRequest, turn: Turn) -> CandidateQuery:
    """Return the query with the rules that act now; they are read once per turn, so that one answer keeps to one set."""
    if turn.rules is None:
        turn.rules = await _house(q, request, turn)
    return replace(
        q,
        effects=turn.rules.effects,
        exclude=q.exclude | turn.rules.hidden,
        spread=spread_of(request, turn.services.settings),
    )


def spread_of(request: RecommendRequest, settings: Settings) -> Spread:
    """Return how varied the list is to be: as the request says, else as the deployment does."""
    asked, default = request.diversity or Diversity(), settings.diversity
    return Spread(
        strategy=asked.strategy or default.strategy,
        strength=default.strength if asked.strength is None else asked.strength,
        field=default.field,
        popularity_penalty=default.popularity_penalty,
    )


def moment_of(q: CandidateQuery, request: RecommendRequest) -> Moment:
    """Return what rules may look at; what the request says of the user counts before what their events say."""
    return moment_from(q, request.context)


def moment_from(q: CandidateQuery, context: Mapping[str, str]) -> Moment:
    """Return the moment from a request's context and what is known of the user."""
    said = context.get(AGE) or next((a for e in q.profile.events if (a := e.context.get(AGE))), "")
    return Moment(
        query=q.understanding.query,
        segment=context.get(SEGMENT_KEY) or q.segment,
        context=context,
        age=int(said) if said.isascii() and said.isdigit() else None,
    )


def screen_of(request: RecommendRequest, turn: Turn) -> Screen:
    """Return what asks the content filters; what they hold back is kept in the turn, and a filter that fails labelled."""

    async def screen(items: Sequence[Item]) -> dict[str, str]:
        found = await turn.services.filters(items, {**request.context, "tenant": request.tenant})
        for label in found.degraded:
            turn.degrade(label.what, label.why)
        turn.denied |= found.denied
        return dict(found.denied)

    return screen


async def screened(items: Sequence[Item], request: RecommendRequest, turn: Turn) -> list[Item]:
    """Return the items that neither a rule nor a content filter holds back."""
    allowed = [i for i in items if effects(turn).allows(i)]
    denied = await screen_of(request, turn)(allowed)
    return [i for i in allowed if i.item_id not in denied]


def permitted(ranked: Sequence[RankedItem], turn: Turn) -> list[RankedItem]:
    """Return the ranked items that no rule leaves out and no content filter held back."""
    return [r for r in ranked if effects(turn).allows(r.item) and r.item.item_id not in turn.denied]


def effects(turn: Turn) -> Effects:
    """Return the rules that act in this turn, as far as they were read."""
    return turn.rules.effects if turn.rules else Effects()


async def _house(q: CandidateQuery, request: RecommendRequest, turn: Turn) -> TurnRules:
    schema = await schema_of(turn)
    timeout = turn.services.settings.timeouts.retrieve_s
    work = turn.services.rules.load(request.tenant, schema)
    loaded = await turn.attempt("rules", work, timeout, None, floor_s=FLOOR_S)
    loaded = loaded or turn.services.rules.at_hand(request.tenant, schema)
    if loaded.label:
        turn.degrade("rules", loaded.label)
    found = effects_of(loaded.rules, moment_of(q, request), schema)
    hidden: frozenset[str] = frozenset()
    if found.exclusions:
        search = turn.shop.scope.hidden(found.exclusions)
        hidden = await turn.attempt("rules", search, timeout, frozenset(), floor_s=FLOOR_S)
    return TurnRules(found, hidden)
