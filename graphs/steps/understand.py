"""Understand what is asked and choose the route."""

from __future__ import annotations

from ...agents.understanding.by_rules import understand as parse
from ...agents.understanding.routing import ask_route, decide_route
from ...core.schemas import (
    CatalogueSchema,
    RecommendRequest,
    Route,
    Understanding,
)
from ..turn.state import State, Understood
from ..turn.turn import Turn, check_owner, read_schema, timed
from .perceive import RANKING_RESERVE_S


@timed
async def understand(state: State, turn: Turn) -> Understood:
    """Merge what was said, seen and heard into a query and hard constraints, and choose the route.

    Raises:
        InvalidRequestError: the thread belongs to another user.
    """
    request = state.request
    check_owner(state.memory.owner, request)
    schema = await read_schema(turn)
    understanding = parse(request.text or "", state.evidence, schema, state.memory, request.constraints, state.verdict)
    understanding = drop_unknown(understanding, schema)
    understanding = with_words(understanding, request)
    if request.include_consumed and not understanding.include_consumed:
        understanding = understanding.model_copy(update={"include_consumed": True})
    route = await choose_route(request, understanding, turn)
    turn.emit("route", route)
    return {"schema": schema, "understanding": understanding, "route": route}


def with_words(understanding: Understanding, request: RecommendRequest) -> Understanding:
    """Take the words of stated preferences as the query where nothing else is asked for, else as a soft preference."""
    words = request.preferences.words.strip() if request.preferences else ""
    if not words:
        return understanding
    if not understanding.query:
        return understanding.model_copy(update={"query": words})
    return understanding.model_copy(update={"preferences": (*understanding.preferences, words)})


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
