"""Deliberate where the request asks for it, write the words, check them, and finish the turn."""

from __future__ import annotations

from collections.abc import Sequence

from ...agents.explaining.rendered import render_composition
from ...core.media.corrections import CORRECTABLE
from ...core.ranking.stated_preferences import merge_items, merge_stated
from ...core.schemas import (
    Composition,
    Reason,
    RecommendResponse,
    Route,
    ShownItem,
    ThreadMemory,
    Usage,
    Words,
)
from ..shop.evidence_memory import Pictures, Sensed
from ..turn.state import Finished, State
from ..turn.turn import Turn, owner_digest, schema_of, timed
from .compose import brief, user_label
from .exploration_and_exposure import log_exposure
from .rank import recommendation
from .user_context import has_words


@timed
async def finish(state: State, turn: Turn) -> Finished:
    """Assemble the response and what the thread keeps."""
    composition = state.composition or render_composition(await brief(state, turn))
    for label in composition.degraded:
        turn.degrade(label.what, label.why)
    turn.response = respond(state, turn, composition)
    memory = await next_memory(state, turn)
    keep_senses(state, turn)
    plain = has_words(state) and state.understanding.intent != "similar"  # the usual weights acted
    log_exposure(state.ranked, state.request, turn, ranks=plain)
    return {"memory": memory.model_dump(mode="json")}


def keep_senses(state: State, turn: Turn) -> None:
    """Keep what was seen and heard, without media, so that the next request can put a piece right."""
    pieces = tuple(e for e in state.evidence if e.kind in CORRECTABLE)
    text = state.request.text or ""
    sensed = Sensed(text, pieces, turn.pictures or Pictures(), state.memory) if pieces else None
    turn.services.senses.keep(turn.key(state.request), sensed)


def respond(state: State, turn: Turn, composition: Composition) -> RecommendResponse:
    """Put the response together; every item gets exactly one reason."""
    reasons = {w.item_id: w for w in composition.reasons}
    items = tuple(
        recommendation(r).model_copy(update={"reason": _reason(reasons.get(r.item.item_id))}) for r in state.ranked
    )
    message = composition.message
    return RecommendResponse(
        request_id=turn.request_id,
        thread_id=turn.thread_id,
        user=user_label(state),
        route=state.route or Route(name="direct", why="Default.", decided_by="rule"),
        evidence=state.evidence,
        consistency=state.verdict,
        understanding=state.understanding,
        message=" ".join(part for part in (message.text, state.note) if part),
        message_by=message.by,
        items=items,
        question=state.question,
        asked=state.asked,
        cold_start=state.cold_start,
        strategy=state.strategy,
        degraded=tuple(turn.degraded),
        llm_influence=state.influence,
        prompts=tuple(dict.fromkeys([*turn.prompts, *([composition.prompt] if composition.prompt else [])])),
        usage=total([*turn.usage, composition.usage]),
        timings=tuple(turn.timings),
    )


def _reason(words: Words | None) -> Reason | None:
    return Reason(text=words.text, by=words.by, evidence_ids=words.evidence_ids) if words else None


def total(usages: Sequence[Usage]) -> Usage:
    """Add up the language-model use."""
    return Usage(
        llm_calls=sum(u.llm_calls for u in usages),
        prompt_tokens=sum(u.prompt_tokens for u in usages),
        cached_tokens=sum(u.cached_tokens for u in usages),
        completion_tokens=sum(u.completion_tokens for u in usages),
    )


async def next_memory(state: State, turn: Turn) -> ThreadMemory:
    """Return what the next turn of this thread needs."""
    before = ThreadMemory.model_validate(state.memory)
    schema = await schema_of(turn)
    price = schema.price.name if schema.price else ""
    shown = tuple(
        ShownItem(item_id=r.item.item_id, title=r.item.title, price=_number(r.item.attributes.get(price)))
        for r in state.ranked
    )
    understood = state.understanding
    return ThreadMemory(
        turn=before.turn + 1,
        owner=owner_digest(state.request.user_id),
        query=understood.query,
        constraints=understood.constraints,
        preferences=understood.preferences,
        stated=merge_stated(before, state.request.preferences),
        answers=before.answers,
        questions=before.questions + (state.asked is not None),
        open_question=state.asked,
        stated_item_ids=merge_items(before, state.request.preferences),
        budget=understood.budget,
        like_item_ids=understood.like_item_ids,
        exclude_item_ids=understood.exclude_item_ids,
        shown=shown,
    )


def _number(value: object) -> float | None:
    return float(value) if isinstance(value, (int, float)) and not isinstance(value, bool) else None
