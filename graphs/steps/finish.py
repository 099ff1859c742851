"""Deliberate where the request asks for it, write the words, check them, and finish the turn."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from ...agents.deliberation.loop import DeliberationTools, Deliberator
from ...agents.explaining.rendered import render_composition
from ...agents.understanding.by_model import understand_with_model
from ...core.media.corrections import CORRECTABLE
from ...core.predicates import holds
from ...core.ranking.query import CandidateQuery
from ...core.ranking.stated_preferences import merge_items, merge_stated
from ...core.schemas import (
    Brief,
    Composition,
    Constraint,
    Item,
    RankedItem,
    Reason,
    RecommendResponse,
    Route,
    ShownItem,
    ThreadMemory,
    Understanding,
    Usage,
    Words,
)
from ..shop.evidence_memory import Pictures, Sensed
from ..turn.state import Composed, Deliberated, Finished, State
from ..turn.turn import FLOOR_S, Turn, owner_digest, schema_of, timed
from .exploration_and_exposure import log_exposure
from .llm_weight import taste_of
from .rank import ask_sources, known_profile, ranked_list, recommendation, send_items, text_vector, within_budget
from .rules import effects, governed, permitted, screened
from .user_context import has_words

LIKED_TITLES = 5
DELIBERATION_SHARE = 0.75
"""Share of the remaining budget that deliberation may take; the rest is for the words."""


@timed
async def deliberate(state: State, turn: Turn) -> Deliberated:
    """Let the reasoning model call the same tools in a bounded loop and replace the list by what it settles on."""
    settings = turn.parts.settings
    understanding = await read_with_model(state, turn)
    state = state.model_copy(update={"understanding": understanding})
    deliberator = Deliberator(turn.parts.chat, turn.library, tools_for(state, turn), settings.deliberate)
    limit = min(settings.timeouts.deliberate_s, turn.remaining() * DELIBERATION_SHARE)
    outcome = await turn.attempt(
        "deliberation", deliberator.run(await brief(state, turn), deadline_s=limit), limit + 1, None
    )
    direct = renumbered(all_that_hold(state.ranked, understanding.constraints), state.request.n)
    if outcome is None:
        if tuple(direct) != state.ranked:
            send_items(direct, state, state.note, turn)
        return {"ranked": tuple(direct), "note": state.note, "understanding": understanding}
    for label in outcome.degraded:
        turn.degrade(label.what, label.why)
    turn.usage.append(outcome.usage)
    turn.prompts.extend(outcome.prompts)
    chosen = permitted(all_that_hold(outcome.items, understanding.constraints), turn)
    ranked = renumbered(chosen, state.request.n) or direct
    send_items(ranked, state, outcome.note, turn)
    return {"ranked": tuple(ranked), "note": outcome.note, "understanding": understanding}


async def read_with_model(state: State, turn: Turn) -> Understanding:
    """Return the understanding with what the model reads from the words that the rules could not."""
    settings, words = turn.parts.settings, [state.request.text or "", *(t.content for t in state.transcripts)]
    work = understand_with_model(
        turn.parts.chat,
        turn.library,
        " ".join(w for w in words if w),
        state.understanding,
        await schema_of(turn),
        timeout_s=min(settings.timeouts.understand_s, turn.remaining()),
    )
    reading = await turn.attempt("understanding", work, settings.timeouts.understand_s + 1, None)
    if reading is None:
        return state.understanding
    if reading.problem:
        turn.degrade("understanding", f"{reading.problem}; read by rules alone")
    turn.usage.append(reading.usage)
    turn.prompts.extend([reading.prompt] if reading.prompt else [])
    return reading.understanding


def all_that_hold(ranked: Sequence[RankedItem], constraints: Sequence[Constraint]) -> list[RankedItem]:
    """Return the items that meet every constraint."""
    return [r for r in ranked if all(holds(c, r.item) for c in constraints)]


def renumbered(chosen: Sequence[RankedItem], n: int) -> list[RankedItem]:
    """Return at most ``n`` of the deliberated items, ranked from 1."""
    return [r.model_copy(update={"rank": rank}) for rank, r in enumerate(chosen[:n], start=1)]


def tools_for(state: State, turn: Turn) -> DeliberationTools:
    """Return the tools of the loop; searches keep every limit and exclusion, look-ups by id the limits, all the rules."""

    async def search_items(query: str, constraints: Sequence[Constraint], limit: int) -> list[Item]:
        known = within_budget(state.understanding)
        wish = known.model_copy(update={"query": query, "constraints": (*known.constraints, *constraints)})
        vector = await text_vector(query, turn)
        wanted = CandidateQuery(understanding=wish, profile=known_profile(state), text_vector=vector)
        asked = await governed(wanted, state.request, turn)
        return [r.item for r in await ranked_list(asked, await ask_sources(asked, turn), limit, state.request, turn)]

    async def get_items(item_ids: Sequence[str]) -> list[Item]:
        where = (*state.understanding.constraints, *effects(turn).where)
        return await screened(await turn.shop.catalogue.get(item_ids, where), state.request, turn)

    async def liked_items() -> list[Item]:
        liked = state.profile.liked[:LIKED_TITLES] if state.profile else ()
        return await turn.shop.catalogue.get(liked)

    return DeliberationTools(search_items=search_items, get_items=get_items, liked_items=liked_items)


@timed
async def compose_recommendations(state: State, turn: Turn) -> Composed:
    """Write the words: one language-model call whose checked sentences are sent as they come; else render them."""
    about = await brief(state, turn)
    if not state.request.words or not state.ranked:
        composition = render_composition(about)
        for words in (composition.message, *composition.reasons):
            turn.emit("words", words)
        return {"composition": composition}
    limit = min(turn.parts.settings.timeouts.compose_s, max(turn.remaining(), FLOOR_S))
    version = turn.prompt_versions.get("compose")
    work = turn.parts.composer.compose(about, lambda w: turn.emit("words", w), timeout_s=limit, prompt_version=version)
    written = await turn.attempt("llm", work, limit + 1, None, floor_s=limit + 1)
    return {"composition": written or render_composition(about)}


async def brief(state: State, turn: Turn) -> Brief:
    """Return what the composer and the deliberator may speak about."""
    schema = await schema_of(turn)
    price = schema.price
    liked = state.profile.liked[:LIKED_TITLES] if state.profile else ()
    timeout = turn.parts.settings.timeouts.retrieve_s
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


@timed
async def finish(state: State, turn: Turn) -> Finished:
    """Assemble the response and what the thread keeps."""
    composition = state.composition or render_composition(await brief(state, turn))
    for label in composition.degraded:
        turn.degrade(label.what, label.why)
    turn.response = respond(state, turn, composition)
    memory = await remember(state, turn)
    keep_senses(state, turn)
    plain = has_words(state) and state.understanding.intent != "similar"  # the usual weights acted
    log_exposure(state.ranked, state.request, turn, ranks=plain)
    return {"memory": memory.model_dump(mode="json")}


def keep_senses(state: State, turn: Turn) -> None:
    """Keep what was seen and heard, without media, so that the next request can put a piece right."""
    pieces = tuple(e for e in state.evidence if e.kind in CORRECTABLE)
    text = state.request.text or ""
    sensed = Sensed(text, pieces, turn.pictures or Pictures(), state.memory) if pieces else None
    turn.parts.senses.keep(turn.key(state.request), sensed)


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


async def remember(state: State, turn: Turn) -> ThreadMemory:
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
