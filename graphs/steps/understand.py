"""Understand what is asked and choose the route."""

from __future__ import annotations

from typing import Any

from ...agents.understanding.by_rules import understand as parse
from ...agents.understanding.conditions_in_force import split_corrections, with_words, without
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
    _, corrections = split_corrections(request.corrections, state.memory)
    text = " ".join(filter(None, [request.text, *(c.text for c in corrections)]))
    understanding = parse(text, state.evidence, schema, state.memory, request.constraints, state.verdict)
    understanding = without(drop_unknown(understanding, schema), {c.evidence_id for c in corrections})
    understanding = with_stated_words(with_words(understanding, state.memory), request)
    if request.include_consumed and not understanding.include_consumed:
        understanding = understanding.model_copy(update={"include_consumed": True})
    route = await choose_route(request, understanding, turn)
    turn.emit("route", route)
    turn.emit("reading", shown(understanding))
    return {"schema": schema, "understanding": understanding, "route": route}


def shown(understanding: Understanding) -> dict[str, Any]:
    """Return what was understood as clients show it: conditions in force, the order asked for, and what is not applied."""
    order = understanding.reading.order
    return {
        "conditions": [c.model_dump(mode="json") for c in understanding.conditions],
        "order": order.model_dump(mode="json") if order else None,
        "not_applied": list(understanding.unparsed),
    }


def with_stated_words(understanding: Understanding, request: RecommendRequest) -> Understanding:
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
