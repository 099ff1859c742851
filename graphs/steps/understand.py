"""Understand what is asked and choose the route."""

from __future__ import annotations

import logging
from typing import Any

from ...agents.conversation.acts import TurnAct, read_act, value_constraints
from ...agents.conversation.named_titles import named, resolved
from ...agents.explaining.answer_language import language_of
from ...agents.understanding.by_rules import understand as parse
from ...agents.understanding.conditions_in_force import split_corrections, with_words, without
from ...agents.understanding.plans.routing import Asked, ask_route, decide_route
from ...agents.understanding.turns.turn_phrases import starts_over
from ...core.errors import BadBackEndResponse
from ...core.language.catalogue_language import CatalogueLanguage
from ...core.predicates import TITLE
from ...core.schemas import (
    CatalogueSchema,
    Constraint,
    Item,
    RecommendRequest,
    Route,
    ThreadMemory,
    Understanding,
)
from ..turn.state import State, Understood
from ..turn.turn import Turn, check_owner, read_catalogue, timed
from .perceive import RANKING_RESERVE_S

log = logging.getLogger(__name__)
MAX_TITLES = 50
"""Items whose words match a title that a request names, among which the title is looked for."""


@timed
async def understand(state: State, turn: Turn) -> Understood:
    """Merge what was said, seen and heard into a query and hard constraints, and choose the route.

    Raises:
        InvalidRequestError: the thread belongs to another user.
    """
    request = state.request
    check_owner(state.memory.owner, request)
    schema, language = await read_catalogue(turn)
    _, corrections = split_corrections(request.corrections, state.memory)
    text = " ".join(filter(None, [request.text, *(c.text for c in corrections)]))
    act = TurnAct(rest=text) if corrections else act_of(state, language)
    memory = memory_before(act, state.memory)
    stated = [*request.constraints, *await value_of_shown(act, turn)]
    rest, known = await without_titles(act.rest, turn)
    understanding = parse(rest, state.evidence, schema, memory, stated, state.verdict, language)
    asks = act.name == "ask" and not state.evidence_of_media and not starts_over(rest)
    if asks and await is_unclear(understanding, memory, turn):
        act = TurnAct("unclear")
        understanding = parse("", (), schema, state.memory, request.constraints, None, language)
    understanding = with_act(understanding, act, state.memory, known)
    understanding = without(drop_unknown(understanding, schema), {c.evidence_id for c in corrections})
    understanding = with_stated_words(with_words(understanding, memory), request)
    if request.include_consumed and not understanding.include_consumed:
        understanding = understanding.model_copy(update={"include_consumed": True})
    told = language_of(state.said, state.memory.language, german_shop=language.is_german)
    understanding = with_reason(understanding.model_copy(update={"language": told}), turn)
    route = await choose_route(request, understanding, turn)
    turn.emit("route", route)
    turn.emit("reading", shown(understanding))
    return {
        "schema": schema,
        "language": language,
        "understanding": understanding,
        "act": act,
        "route": route,
        "settled": "",
    }


def with_reason(understanding: Understanding, turn: Turn) -> Understanding:
    """Return the understanding with the reason why the language model does not read this shop's requests, if it does not."""
    used, why = turn.services.model_reads
    if used or not understanding.reading.conditions:
        return understanding
    return understanding.model_copy(update={"reading": understanding.reading.model_copy(update={"read_why": why})})


def act_of(state: State, language: CatalogueLanguage) -> TurnAct:
    """Return what the turn does; with media it asks for items. An undo without anything to undo is answered as such."""
    text = state.request.text or ""
    if state.evidence_of_media or state.request.answer is not None:
        return TurnAct(rest=text)
    return read_act(text, state.memory, language)


def memory_before(act: TurnAct, memory: ThreadMemory) -> ThreadMemory:
    """Return the memory that the turn is read against: without its last change for an undo, with earlier pages only while paging."""
    if act.name == "undo" and memory.earlier:
        wish = memory.earlier[-1]
        return memory.model_copy(update={name: getattr(wish, name) for name in type(wish).model_fields})
    if act.name == "ask" and memory.paged_item_ids:
        refused = tuple(i for i in memory.exclude_item_ids if i not in memory.paged_item_ids)
        return memory.model_copy(update={"exclude_item_ids": refused})
    return memory


async def without_titles(text: str, turn: Turn) -> tuple[str, tuple[str, ...]]:
    """Return the text without titles that are known or not wanted, and the ids of all items whose titles it names."""
    candidates = named(text)
    if not candidates:
        return text, ()
    timeout, catalogue = turn.services.settings.timeouts.retrieve_s, turn.shop.catalogue

    async def titles() -> dict[str, str]:
        words = " ".join(dict.fromkeys(word for candidate in candidates for word in candidate.words))
        hits = await catalogue.search_text(words, MAX_TITLES)
        return {item.item_id: item.title for item in await catalogue.get([hit.item_id for hit in hits])}

    return resolved(text, candidates, await turn.attempt("catalogue", titles(), timeout, dict[str, str]()))


def with_act(
    understanding: Understanding, act: TurnAct, memory: ThreadMemory, known: tuple[str, ...] = ()
) -> Understanding:
    """Return the understanding with the act, and with what it and the titles named leave out of the list."""
    gone = {"more": tuple(s.item_id for s in memory.shown if not s.close), "seen": act.item_ids}.get(act.name, ())
    gone = (*gone, *(i for i in known if i not in understanding.like_item_ids))
    name = "refine" if act.name == "ask" and understanding.intent == "refine" else act.name
    if (
        name == "ask"
        and memory.turn
        and not (understanding.constraints or understanding.query)
        and starts_over(act.rest)
    ):
        name = "start again"
    return understanding.model_copy(
        update={
            "reading": understanding.reading.model_copy(update={"act": name}),
            "exclude_item_ids": tuple(dict.fromkeys((*understanding.exclude_item_ids, *gone))),
        }
    )


async def value_of_shown(act: TurnAct, turn: Turn) -> list[Constraint]:
    """Return "not that brand" as a condition; where the record cannot be read, nothing."""
    if act.same_field is None:
        return []
    timeout = turn.services.settings.timeouts.retrieve_s
    items = await turn.attempt("catalogue", turn.shop.catalogue.get(act.item_ids), timeout, list[Item]())
    return value_constraints(act, items)


async def is_unclear(understanding: Understanding, memory: ThreadMemory, turn: Turn) -> bool:
    """Tell whether a later turn changes nothing, and says something that no item's words know; asking for anything at all is clear."""
    reading = understanding.reading
    if not (memory.shown or memory.constraints or memory.query) or changes(understanding, memory):
        return False
    words = reading.query or " ".join(reading.not_applied)
    if understanding.intent == "refine" or not words:
        return False
    timeout = turn.services.settings.timeouts.retrieve_s
    work = turn.shop.catalogue.search_text(words, 1)
    return await turn.attempt("catalogue", work, timeout, None) == []


def changes(understanding: Understanding, memory: ThreadMemory) -> bool:
    """Tell whether a turn asks for something that the thread did not ask for before."""
    reading = understanding.reading
    said = (reading.conditions, reading.order, reading.released, reading.for_whom, reading.count, understanding.mood)
    kept = (
        understanding.preferences,
        understanding.like_item_ids,
        understanding.exclude_item_ids,
        understanding.budget,
    )
    before = (memory.preferences, memory.like_item_ids, memory.exclude_item_ids, memory.budget)
    wished = {(c.field, c.op, str(c.value)) for c in understanding.constraints}
    held = {(c.field, c.op, str(c.value)) for c in memory.constraints}
    other = (
        understanding.question
        or understanding.include_consumed
        or understanding.intent in {"similar", "compare", "plan"}
    )
    dropped = understanding.intent == "refine" and understanding.dropped
    return bool(any(said) or kept != before or wished - held or other or dropped)


def shown(understanding: Understanding) -> dict[str, Any]:
    """Return what was understood as clients show it: conditions in force, the order asked for, and what is not applied."""
    order = understanding.reading.order
    return {
        "conditions": [c.model_dump(mode="json") for c in understanding.conditions],
        "order": order.model_dump(mode="json") if order else None,
        "not_applied": list(understanding.unparsed),
        "read_by": understanding.reading.read_by,
        "language": understanding.language,
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
    if not schema.fields:
        return understanding
    known = {TITLE, *(f.name for f in schema.fields)}
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
    work = _asked_route(text, timeout, turn)
    asked = await turn.attempt("route", work, timeout + 1, None, reserve_s=RANKING_RESERVE_S)
    if asked is None:
        return fallback
    turn.usage.append(asked.usage)
    turn.prompts.append(asked.prompt)
    return asked.route


async def _asked_route(text: str, timeout_s: float, turn: Turn) -> Asked:
    """Return the route that the model names; where it names none with a version on trial, the prompt in production is asked with."""
    stand_in, broke = turn.stand_in("route"), False
    try:
        return await ask_route(turn.services.chat, turn.library, text, timeout_s)
    except BadBackEndResponse:
        broke = True
        if stand_in is None:
            raise
        return await ask_route(turn.services.chat, stand_in, text, timeout_s)
    finally:
        turn.note_served("route", broke=broke)
