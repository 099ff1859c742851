"""Collect candidates and rank them; items are sent before any word is written."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial

from ...agents.explaining.close_items import sentence
from ...agents.explaining.own_words import names_figure, typed_words
from ...agents.explaining.wording import Wording
from ...core.choices import all_fitting
from ...core.learning.exposures import Drawn
from ...core.predicates import all_hold
from ...core.ranking.cold_start import choose
from ...core.ranking.query import CandidateQuery
from ...core.ranking.stated_preferences import unusable
from ...core.schemas import (
    Brief,
    Candidate,
    CloseItem,
    Constraint,
    Item,
    RankedItem,
    Reason,
    Recommendation,
    RecommendRequest,
    SourceScore,
)
from ...tools.sources.listing import MANY, Conflict, explain_empty
from ..turn.state import Ranked, State
from ..turn.turn import FLOOR_S, NO_ITEMS, Turn, last_known, node
from .ask import as_it_was, question_for
from .come_close import about_shop, come_close, words_for
from .new_items import with_new_items
from .retrieve import ask_sources, retrieve
from .rules import screen_of, screened

HANDFUL = 4
"""Where fewer items than this meet every condition, and fewer than were asked for, others are offered below."""
SEARCHES = ("recommend", "refine", "browse", "similar")
"""Intents of requests that a short list leaves wanting."""
REFILLS = 3
"""Times that sources are asked for others when content filters leave a list short."""


@node
async def rank_candidates(state: State, turn: Turn) -> Ranked:
    """Ask the sources for candidates, fuse their lists into one ranking and send the items."""
    with turn.timing("retrieve_candidates"):
        retrieved = await retrieve(state, turn)
    with turn.timing("rank_candidates"):
        state = state.with_update(retrieved)
        ranked = await best_items(state, turn)
        drawn: list[Drawn] = []
        if state.skipped:
            ranked = await as_it_was(ranked, state, turn)
        elif turn.shop.new_items is not None and not state.query.is_concrete:
            ranked, drawn = await with_new_items(ranked, turn.shop.new_items, state, turn)
        ranked, below = [r for r in ranked if not r.below], [r for r in ranked if r.below]
        close = await close_items(ranked, below, state, turn)
        note = how_many_match(ranked, len(close), state) if ranked else await why_empty(len(close), state, turn)
        if wrong := unusable(state.query.stated, state.schema):
            turn.degrade("preferences", f"No field of the catalogue takes these preferences: {', '.join(wrong)}.")
        open_to_ask = ranked and not state.understanding.question and not state.query.is_concrete
        asked = await question_for(state, turn) if open_to_ask else None
        send_items(ranked, replace(state, asked=asked, close=close), note, turn)
    return {
        **retrieved,
        "ranked": tuple(ranked),
        "close": close,
        "drawn": tuple(drawn),
        "asked": asked,
        "note": note,
    }


async def best_items(state: State, turn: Turn) -> list[RankedItem]:
    """Return the list; where the catalogue cannot be read, the last known popular items within every limit."""
    query, request, ranked = state.query, state.request, list[RankedItem]()
    if state.candidates:
        work = ranked_list(query, state.candidates, request.n, request, turn)
        timeout = turn.services.settings.timeouts.retrieve_s
        ranked = await turn.attempt("ranker", work, timeout, [], floor_s=FLOOR_S)
        if shortfall := turn.shop.learned.shortfall:
            turn.degrade("recommender", shortfall)
    if not ranked and catalogue_failed(query, turn):
        known = await screened((await last_known(turn)).items, state, turn)
        ranked = from_snapshot(known, query, request.n)
    return ranked


async def ranked_list(
    query: CandidateQuery,
    candidates: Mapping[str, Sequence[Candidate]],
    n: int,
    request: RecommendRequest,
    turn: Turn,
) -> list[RankedItem]:
    """Rank the candidates; where content filters leave the list short, ask the sources for others, a few times."""
    ask = partial(turn.shop.ranker, screen=screen_of(request, turn), note=partial(turn.degrade, "recommender"))
    ranked = await ask(query, candidates, n)
    for _ in range(REFILLS):
        fresh = turn.denied.keys() - query.exclude
        if len(ranked) >= n or not fresh:
            break
        query = replace(query, exclude=query.exclude | fresh)
        ranked = await ask(query, await ask_sources(query, turn), n)
    return ranked


async def close_items(
    listed: Sequence[RankedItem], below: Sequence[RankedItem], state: State, turn: Turn
) -> tuple[CloseItem, ...]:
    """Return what is offered below a short list, each with what it breaks."""
    if len(listed) >= min(state.request.n, HANDFUL) or state.understanding.intent not in SEARCHES or state.skipped:
        return ()
    if not listed and catalogue_failed(state.query, turn):
        return ()
    words = words_for(state)
    offered = list[CloseItem]()
    for rank, (near, breaks) in enumerate(await come_close(listed, below, state, turn), 1):
        ranked = near.model_copy(update={"rank": rank, "close": True})
        told = recommendation(ranked, Reason(text=sentence(breaks, words), by="data"))
        offered.append(CloseItem(**dict(told), breaks=breaks))
    return tuple(offered)


def how_many_match(ranked: Sequence[RankedItem], offered: int, state: State) -> str:
    """Say how many items come close below the list, or how many of it are all that was asked for where others only come close."""
    words, close = words_for(state), sum(r.close for r in ranked)
    if offered:
        return words.counted("close", offered)
    if not close or close == len(ranked):
        return ""
    return words.answer("some_match", count=str(len(ranked) - close))


def _called(condition: Constraint, about: Brief, words: Wording) -> str:
    """Return a condition in words; in the shopper's own where a limit was not said as a figure."""
    named = names_figure(condition, about.understanding)
    return words.asks(condition, about) if named else typed_words(condition, about.understanding)


async def why_empty(offered: int, state: State, turn: Turn) -> str:
    """Say which conditions conflict, and how many items there would be without each of them; never drop one."""
    words, where = words_for(state), state.understanding.constraints
    close = words.counted("close_alone", offered) if offered else ""
    if not where:
        return close
    timeout = turn.services.settings.timeouts.retrieve_s
    work = explain_empty(turn.shop.catalogue, where, state.effects.where)
    conflict = await turn.attempt("catalogue", work, timeout, Conflict(), floor_s=FLOOR_S)
    about = about_shop(state)
    asks = [words.quote(_called(c, about, words)) for c in conflict.conditions]
    told = []
    if asks and (len(asks) < len(where) or len(asks) == 1):
        told.append(words.answer("conflict_one" if len(asks) == 1 else "conflict", asked=words.joined(asks)))
    told += [_relaxed(said, n, words) for said, n in zip(asks, conflict.without, strict=True) if n]
    return str(words.table["space"]).join([*told, *([close] if close else [])])


def _relaxed(said: str, n: int, words: Wording) -> str:
    """Say how many items there would be without a condition."""
    name = "relaxed_one" if n == 1 else "relaxed_more" if n >= MANY else "relaxed_many"
    return words.answer("relaxed", asked=said, n=words.answer(name, n=str(n)))


def catalogue_failed(query: CandidateQuery, turn: Turn) -> bool:
    """Tell whether there are no items because the catalogue could not be read, not because nothing fits."""
    missing = {label.what for label in turn.degraded if label.why != NO_ITEMS}
    asked = {s.name for s in turn.shop.sources if s.applies(query)}
    return bool({"catalogue", "ranker"} & missing) or asked <= missing


def from_snapshot(snapshot: Sequence[Item], query: CandidateQuery, n: int) -> list[RankedItem]:
    """Return the last known popular items within every limit and exclusion, for when the catalogue cannot be read."""
    allowed = [i for i in snapshot if i.item_id not in query.excluded and query.effects.allows(i)]
    fitting = all_fitting(all_hold(allowed, query.where), query.where)
    return [
        RankedItem(
            item=item,
            rank=rank,
            score=1.0 / rank,
            sources=(SourceScore(source="popular_snapshot", rank=rank, score=1.0 / rank),),
        )
        for rank, item in enumerate(fitting[:n], start=1)
    ]


def send_items(ranked: Sequence[RankedItem], state: State, note: str, turn: Turn) -> None:
    """Send the ranked items, without words, with what ``state`` says of them."""
    if turn.send is None:
        return
    strategy, price = choose(state.query), state.schema.price
    said = {
        "price": price.name if price else "",
        "currency": price.unit if price else "",
        "question": state.question,
        "asked": state.asked.model_dump(mode="json") if state.asked else None,
        "cold_start": strategy.says(state.query) if strategy else None,
        "strategy": strategy.name if strategy else None,
    }
    items = [recommendation(r).model_dump(mode="json") for r in ranked]
    close = [item.model_dump(mode="json") for item in state.close]
    turn.emit("items", {"items": items, "close": close, **said, "note": note})


def recommendation(ranked: RankedItem, reason: Reason | None = None) -> Recommendation:
    """Render an item for clients from its catalogue record."""
    item = ranked.item
    return Recommendation(
        item_id=item.item_id,
        rank=ranked.rank,
        score=round(ranked.score, 6),
        title=item.title,
        attributes=item.attributes,
        image=item.image,
        url=item.url,
        variants=item.variants,
        sources=ranked.sources,
        rules=ranked.rules,
        path=ranked.path,
        predicted_rating=ranked.predicted_rating,
        close=ranked.close,
        reason=reason,
    )
