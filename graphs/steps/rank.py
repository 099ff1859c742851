"""Understand the request, choose the route, collect candidates and rank them; items are sent before any word is written."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial

from ...core.predicates import holds
from ...core.ranking.cold_start import choose
from ...core.ranking.query import CandidateQuery
from ...core.ranking.stated_preferences import unusable
from ...core.schemas import (
    Candidate,
    Item,
    RankedItem,
    Recommendation,
    RecommendRequest,
    SourceScore,
    ThreadMemory,
)
from ...tools.sources.listing import explain_empty
from ..turn.state import Ranked, State
from ..turn.turn import FLOOR_S, Turn, schema_of, timed
from .ask import as_it_was, question_for
from .exploration_and_exposure import with_new_items
from .retrieve import ask_sources, candidate_query
from .rules import effects, screen_of, screened
from .user_context import said_by

REFILLS = 3
"""Times that sources are asked for others when content filters leave a list short."""


@timed
async def rank_candidates(state: State, turn: Turn) -> Ranked:
    """Fuse the sources' lists into one ranking and send the items."""
    query = await candidate_query(state, turn)
    schema = await schema_of(turn)
    timeout = turn.services.settings.timeouts.retrieve_s
    ranked: list[RankedItem] = []
    if state.candidates:
        work = ranked_list(query, state.candidates, state.request.n, state.request, turn)
        ranked = await turn.attempt("ranker", work, timeout, [], floor_s=FLOOR_S)
        if shortfall := turn.shop.learned.shortfall:
            turn.degrade("recommender", shortfall)
    if not ranked and catalogue_failed(query, turn):
        known = await screened((await turn.shop.last_known()).items, state.request, turn)
        ranked = from_snapshot(known, query, state.request.n)
    memory = ThreadMemory.model_validate(state.memory)
    if state.skipped:
        ranked = await as_it_was(ranked, memory, query, state.request, turn)
    else:
        ranked = await with_new_items(ranked, query, state.request, turn)
    note = "" if ranked else await why_empty(state, turn)
    if wrong := unusable(query.stated, schema):
        turn.degrade("preferences", f"No field of the catalogue takes these preferences: {', '.join(wrong)}.")
    strategy, question = choose(query), state.understanding.question
    asked = (
        None if question or not ranked else await question_for(query, state.candidates, memory, turn, said_by(state))
    )
    update: Ranked = {
        "ranked": tuple(ranked),
        "cold_start": strategy.says(query) if strategy else None,
        "strategy": strategy.name if strategy else None,
        "question": question or (asked.text if asked else None),
        "asked": asked,
        "note": note,
    }
    send_items(ranked, state.model_copy(update=dict(update)), note, turn)
    return update


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


async def why_empty(state: State, turn: Turn) -> str:
    """Say which single constraint, if dropped, would give results; never drop it."""
    where = state.understanding.constraints
    if not where:
        return ""
    timeout = turn.services.settings.timeouts.retrieve_s
    work = explain_empty(turn.shop.catalogue, where, effects(turn).where)
    blockers = await turn.attempt("catalogue", work, timeout, (), floor_s=FLOOR_S)
    if not blockers:
        return ""
    named = " or ".join(f"{c.field} {c.op} {_plain(c.value)}" for c in blockers)
    return f"Without {named} there would be results."


def catalogue_failed(query: CandidateQuery, turn: Turn) -> bool:
    """Tell whether there are no items because the catalogue could not be read, not because nothing fits."""
    missing = {label.what for label in turn.degraded}
    asked = {s.name for s in turn.shop.sources if s.applies(query)}
    return bool({"catalogue", "ranker"} & missing) or asked <= missing


def from_snapshot(snapshot: Sequence[Item], query: CandidateQuery, n: int) -> list[RankedItem]:
    """Return the last known popular items within every limit and exclusion, for when the catalogue cannot be read."""
    allowed = [i for i in snapshot if i.item_id not in query.excluded and query.effects.allows(i)]
    fitting = [i for i in allowed if all(holds(c, i) for c in query.where)]
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
    asked = state.asked.model_dump(mode="json") if state.asked else None
    said = {"question": state.question, "asked": asked, "cold_start": state.cold_start, "strategy": state.strategy}
    turn.emit("items", {"items": [recommendation(r).model_dump(mode="json") for r in ranked], **said, "note": note})


def recommendation(ranked: RankedItem) -> Recommendation:
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
        sources=ranked.sources,
        rules=ranked.rules,
        path=ranked.path,
        predicted_rating=ranked.predicted_rating,
    )


def _plain(value: object) -> str:
    if isinstance(value, list):
        return ", ".join(map(str, value))
    return f"{value:g}" if isinstance(value, float) else str(value)
