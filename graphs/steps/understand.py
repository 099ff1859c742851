"""Understand what is asked and choose the route."""

from __future__ import annotations

from ...agents.understanding.by_rules import understand as parse
from ...agents.understanding.routing import ask_route, decide_route
from ...core.schemas import (
    CatalogueSchema,
    RecommendRequest,
    Route,
    ThreadMemory,
    Understanding,
)
from ..turn.state import State, Understood
from ..turn.turn import Turn, check_owner, schema_of, timed
from .perceive import RANKING_RESERVE_S
from .user_context import with_words


@timed
async def understand(state: State, turn: Turn) -> Understood:
    """Merge what was said, seen and heard into a query and hard constraints, and choose the route.

    Raises:
        InvalidRequestError: the thread belongs to another user.
    """
    schema = await schema_of(turn)
    memory = ThreadMemory.model_validate(state.memory)
    check_owner(memory.owner, state.request.user_id)
    request = state.request
    understanding = parse(request.text or "", state.evidence, schema, memory, request.constraints, state.verdict)
    understanding = drop_unknown(understanding, schema)
    understanding = with_words(understanding, request)
    if request.include_consumed and not understanding.include_consumed:
        understanding = understanding.model_copy(update={"include_consumed": True})
    route = await choose_route(request, understanding, turn)
    turn.emit("route", route)
    return {"understanding": understanding, "route": route}


def drop_unknown(understanding: Understanding, schema: CatalogueSchema) -> Understanding:
    """Drop, and list as dropped, constraints of earlier turns over fields that the catalogue no longer has."""
    known = {f.name for f in schema.fields}
    if not known:
        return understanding
    kept = tuple(c for c in understanding.constraints if c.field in known)
    gone = tuple(c for c in understanding.constraints if c.field not in known)
    return understanding.model_copy(update={"constraints": kept, "dropped": (*understanding.dropped, *gone)})


async def choose_route(request: RecommendRequest, understanding: Understanding, turn: Turn) -> Route:
    """Decide by rules; ask the language model only where rules cannot tell."""
    route = decide_route(request, understanding)
    if route is not None:
        return route
    fallback = Route(name="direct", why="The rules could not tell and the model did not answer.", decided_by="rule")
    timeout = turn.services.settings.timeouts.understand_s
    text = request.text or understanding.query
    work = ask_route(turn.services.chat, turn.library, text, timeout)
    asked = await turn.attempt("route", work, timeout + 1, None, reserve_s=RANKING_RESERVE_S)
    if asked is None:
        return fallback
    turn.usage.append(asked.usage)
    turn.prompts.append(asked.prompt)
    return asked.route
