"""Write the words of an answer, put the response together, and say what the thread keeps of it."""

from __future__ import annotations

import time
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Literal

from ...agents.conversation.acts import ANSWERED
from ...agents.explaining.rendered import render_composition, wording_for
from ...core.language.thing_words import thing_words
from ...core.learning.exposures import Exposure, Shown
from ...core.media.corrections import CORRECTABLE
from ...core.ranking.cold_start import choose
from ...core.ranking.learnt_attention import MEDIUM
from ...core.ranking.stated_preferences import merge_items, merge_stated
from ...core.releases.assignment import unit_digest
from ...core.schemas import (
    Brief,
    Composition,
    EarlierWish,
    Reason,
    RecommendResponse,
    Route,
    ShownItem,
    ThreadMemory,
    Understanding,
    Usage,
    Words,
)
from ...core.text.words import content_words, stem
from ..budget import priced
from ..shop.evidence_memory import Pictures, Sensed
from ..turn.state import Composed, State
from ..turn.turn import FLOOR_S, Turn, owner_digest, timed
from .rank import recommendation

NothingSince = Literal["conditions", "theirs", "refused", "rules", "search"]
PAGING = frozenset(("more", "seen"))
MAX_UNDO = 5
LED_BY_WORDS = frozenset(("recommend", "refine"))
"""Kinds of requests whose words are searched for as they stand."""


@timed
async def compose_recommendations(state: State, turn: Turn) -> Composed:
    """Write the words and finish the turn: its response, what the thread keeps, what was shown."""
    about = brief(state)
    composition = await compose(state, about, turn)
    for label in composition.degraded:
        turn.degrade(label.what, label.why)
    response = respond(state, about.understanding, turn, composition)
    turn.answer_with(response)
    keep_senses(state, turn)
    log_exposure(state, turn, measures(response, turn, composition))
    return {"memory": next_memory(state)}


async def compose(state: State, about: Brief, turn: Turn) -> Composition:
    """Return the words: one language-model call whose checked sentences are sent as they come; else rendered ones."""
    told = state.reply or nothing_more(state, about)
    if not told and not state.ranked:
        about = about.model_copy(update={"nothing_since": await nothing_since(state, turn)})
    if told or not state.request.words or not state.ranked:
        composition = render_composition(about)
        if told:
            composition = composition.model_copy(update={"message": Words(item_id=None, text=told, by="data")})
        for words in (composition.message, *composition.reasons):
            turn.emit("words", words)
        return composition
    limit = min(turn.services.settings.timeouts.compose_s, max(turn.remaining(), FLOOR_S))
    work = turn.services.composer.compose(
        about,
        lambda w: turn.emit("words", w),
        timeout_s=limit,
        library=turn.library,
        stand_in=turn.stand_in("compose"),
    )
    written = await turn.attempt("llm", work, limit + 1, None, floor_s=limit + 1)
    if written is not None:
        turn.note_served("compose", broke=written.broke)
    return written or render_composition(about)


async def nothing_since(state: State, turn: Turn) -> NothingSince:
    """Return why the list is empty: the catalogue is asked what fits without what the user has, refused, or the shop's rules."""
    query, catalogue = state.query, turn.shop.catalogue
    own = query.profile.consumed | frozenset(query.stated_item_ids)

    async def look() -> NothingSince:
        if not await catalogue.scan(1, query.understanding.constraints):
            return "conditions"
        if not await catalogue.scan(1, query.where, query.exclude):
            return "rules"
        if await catalogue.scan(1, query.where, query.excluded):
            return "search"
        return "theirs" if await catalogue.scan(1, query.where, (query.excluded - own) | query.exclude) else "refused"

    limit = turn.services.settings.timeouts.retrieve_s
    return await turn.attempt("catalogue", look(), limit, "search", floor_s=FLOOR_S)


def nothing_more(state: State, about: Brief) -> str:
    """Return what to say where all that fits was shown before, or there is nothing to undo; empty otherwise."""
    words = wording_for(about)
    if state.act.name == "undo" and not state.memory.earlier:
        return words.answer("nothing_to_undo")
    return words.answer("all_shown") if state.act.name in PAGING and not state.ranked else ""


def brief(state: State) -> Brief:
    """Return what the composer and the deliberator may speak about."""
    price, strategy = state.schema.price, choose(state.query)
    return Brief(
        text=state.request.text or "",
        user=user_label(state),
        evidence=state.evidence,
        verdict=state.verdict,
        understanding=understood(state),
        items=state.ranked,
        liked_titles=state.known.liked_titles,
        taste=state.query.taste,
        cold_start=strategy.says(state.query) if strategy else None,
        strategy=strategy.name if strategy else None,
        price_field=price.name if price else None,
        price_unit=price.unit if price else "",
        fields=state.schema.fields,
    )


def understood(state: State) -> Understanding:
    """Return the understanding, with the words of the request that no item shown holds among those that are not applied.

    Where a photo, another item or another language led the search, words need not be found to have counted.
    """
    wish, reading = state.understanding, state.understanding.reading
    led = wish.intent not in LED_BY_WORDS or wish.like_item_ids or state.query.photos or state.query.gloss
    if led or state.reply or not (state.ranked and state.request.text and reading.query):
        return wish
    held = " ".join(f"{r.item.title} {r.item.text} {list(r.item.attributes.values())}" for r in state.ranked).casefold()
    said = " ".join((*wish.unparsed, *wish.preferences, *(c.words for c in reading.conditions))).casefold()
    things = thing_words()  # what a shop sells asks for nothing in particular
    words = [w for w in content_words(reading.query) if not {w, stem(w)} & things]
    missing = [w for w in words if stem(w) not in held and w not in said]
    return wish.model_copy(update={"unparsed": (*wish.unparsed, *missing)}) if missing else wish


def user_label(state: State) -> Literal["known", "new", "stranger"]:
    """Say whether the user is known, new or a stranger."""
    if state.request.user_id is None:
        return "stranger"
    return "known" if state.known.known else "new"


def respond(state: State, wish: Understanding, turn: Turn, composition: Composition) -> RecommendResponse:
    """Put the response together; every item gets exactly one reason, and ``wish`` is what was understood, as ``understood`` says it."""
    reasons = {w.item_id: w for w in composition.reasons}
    message, strategy = composition.message, choose(state.query)
    return RecommendResponse(
        request_id=turn.request_id,
        thread_id=turn.thread_id,
        user=user_label(state),
        route=state.route or Route(name="direct", why="Default.", decided_by="rule"),
        evidence=state.evidence,
        consistency=state.verdict,
        understanding=wish,
        message=("" if message.text.endswith("。") else " ").join(part for part in (message.text, state.note) if part),
        message_by=message.by,
        items=tuple(recommendation(r, _reason(reasons.get(r.item.item_id))) for r in state.ranked),
        close=state.close,
        question=state.question,
        asked=state.asked,
        cold_start=strategy.says(state.query) if strategy else None,
        strategy=strategy.name if strategy else None,
        degraded=tuple(turn.degraded),
        llm_influence=state.influence,
        prompts=tuple(dict.fromkeys([*turn.prompts, *([composition.prompt] if composition.prompt else [])])),
        versions=turn.serving.told(),
        usage=priced(total([*turn.usage, composition.usage]), turn.services.settings.llm),
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


def next_memory(state: State) -> ThreadMemory:
    """Return what the next turn of this thread needs."""
    before, understood, price = state.memory, state.understanding, state.schema.price
    seen = [(r.item.item_id, r.item.title, r.item.attributes, False) for r in state.ranked]
    seen += [(c.item_id, c.title, c.attributes, True) for c in state.close]
    shown = tuple(
        ShownItem(
            item_id=item_id,
            title=title,
            price=_number(attributes.get(price.name)) if price else None,
            numbers={name: n for name, value in attributes.items() if (n := _number(value)) is not None},
            close=close,
        )
        for item_id, title, attributes, close in seen
    )
    return ThreadMemory(
        turn=before.turn + 1,
        owner=owner_digest(state.request.user_id),
        language=understood.language,
        query=understood.query,
        constraints=understood.constraints,
        conditions=understood.conditions,
        preferences=understood.preferences,
        stated=merge_stated(before, state.request.preferences),
        answers=before.answers,
        questions=before.questions + (state.asked is not None),
        open_question=state.asked,
        stated_item_ids=merge_items(before, state.request.preferences),
        budget=understood.budget,
        like_item_ids=understood.like_item_ids,
        exclude_item_ids=understood.exclude_item_ids,
        shown=before.shown if state.act.name in ANSWERED else shown or before.shown,
        earlier=earlier_wishes(state),
        paged_item_ids=paged(state),
    )


def earlier_wishes(state: State) -> tuple[EarlierWish, ...]:
    """Return the wishes that can be gone back to after this turn."""
    before = state.memory
    if state.act.name in ANSWERED or not before.turn or (state.act.name in PAGING and not state.ranked):
        return before.earlier
    if state.act.name == "undo":
        return before.earlier[:-1]
    wish = EarlierWish(**{name: getattr(before, name) for name in EarlierWish.model_fields})
    return (*before.earlier, wish)[-MAX_UNDO:]


def paged(state: State) -> tuple[str, ...]:
    """Return the items of earlier pages of the list; a turn that changes the wish starts anew."""
    before = state.memory
    pages = tuple(s.item_id for s in before.shown if not s.close) if state.act.name == "more" else ()
    kept = state.act.name in ANSWERED or state.act.name in PAGING
    return tuple(dict.fromkeys((*before.paged_item_ids, *pages))) if kept else ()


def _number(value: object) -> float | None:
    return float(value) if isinstance(value, (int, float)) and not isinstance(value, bool) else None


def keep_senses(state: State, turn: Turn) -> None:
    """Keep what was seen and heard, without media, so that the next request can put a piece right."""
    pieces = tuple(e for e in state.evidence if e.kind in CORRECTABLE)
    if not pieces and state.request.thread_id is None:
        return
    pictures = state.pictures or Pictures()
    sensed = (
        Sensed(state.request.text or "", pieces, pictures, state.memory, owner_digest(state.request.user_id))
        if pieces
        else None
    )
    turn.services.senses.keep(turn.key(state.request), sensed)


def measures(response: RecommendResponse, turn: Turn, composition: Composition) -> dict[str, float]:
    """Return what the answer cost and how it was written, for whom takes part in a rollout; nothing for others."""
    if all(v.rollout is None for v in response.versions):
        return {}
    said = [response.message_by, *(i.reason.by for i in response.items if i.reason)]
    return {
        "seconds": round(time.monotonic() - turn.began, 4),
        "tokens": response.usage.prompt_tokens + response.usage.completion_tokens,
        "items": len(response.items),
        "sentences": len(said),
        "written": said.count("model"),
        "degraded": int(bool(response.degraded)),
        "failed": int(composition.broke),
    }


def log_exposure(state: State, turn: Turn, measured: dict[str, float]) -> None:
    """Queue the list for the exposure log, if there is one; an empty list only where its user takes part in a rollout.

    Where each source of a medium had the items is logged where the usual weights acted: with words that point at nothing.
    """
    log, request = turn.services.exposures, state.request
    if log is None or not (state.ranked or measured) or not turn.shows or state.reply:
        return
    ranks = state.has_words and state.understanding.intent != "similar"
    place_of = {r.item.item_id: r.rank for r in state.ranked}
    drawn = tuple(d for d in state.drawn if place_of.get(d.options[d.chosen]) == d.place)
    chance = {d.place: d.propensities[d.chosen] for d in drawn}
    log.record(
        Exposure(
            tenant=request.tenant,
            request_id=turn.request_id,
            at=datetime.now(UTC),
            policy=turn.services.settings.exposures.policy,
            user_id=request.user_id,
            items=tuple(
                Shown(
                    item_id=r.item.item_id,
                    place=r.rank,
                    propensity=chance.get(r.rank, 1.0),
                    ranks={s.source: s.rank for s in r.sources if ranks and s.source in MEDIUM},
                )
                for r in state.ranked
            ),
            drawn=drawn,
            versions=turn.serving.told(),
            unit=unit_digest(turn.serving.unit),
            measures=measured,
        )
    )
