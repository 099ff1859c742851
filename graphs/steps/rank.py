"""Understand the request, choose the route, collect candidates and rank them; items are sent before any word is written."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import replace

from ...agents.understanding.by_rules import understand as parse
from ...agents.understanding.query_text import asks_for_change
from ...agents.understanding.routing import ask_route, decide_route
from ...core.predicates import holds
from ...core.protocols import Vectors
from ...core.ranking.cold_start import choose
from ...core.ranking.query import CandidateQuery
from ...core.ranking.stated_preferences import unusable
from ...core.schemas import (
    Candidate,
    CatalogueSchema,
    HistoryProfile,
    Item,
    RankedItem,
    Recommendation,
    RecommendRequest,
    Route,
    SourceScore,
    ThreadMemory,
    Understanding,
)
from ...tools.sources.listing import Source, explain_empty
from ..fitting.media_weights import learnt_attention
from ..turn.state import Ranked, Retrieved, State, Understood
from ..turn.turn import FLOOR_S, Turn, check_owner, schema_of, timed
from .ask import as_it_was, question_for
from .exploration_and_exposure import with_new_items
from .llm_weight import taste_of
from .perceive import RANKING_RESERVE_S
from .query_vectors import gloss_of, picture_vectors, track_vector, words_vector
from .rules import effects, governed, screen_of, screened
from .user_context import has_words, said_by, told, with_words

REFILLS = 3
"""Times that sources are asked for others when content filters leave a list short."""


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
    timeout = turn.parts.settings.timeouts.understand_s
    text = request.text or understanding.query
    work = ask_route(turn.parts.chat, turn.library, text, timeout)
    asked = await turn.attempt("route", work, timeout + 1, None, reserve_s=RANKING_RESERVE_S)
    if asked is None:
        return fallback
    turn.usage.append(asked.usage)
    turn.prompts.append(asked.prompt)
    return asked.route


@timed
async def retrieve_candidates(state: State, turn: Turn) -> Retrieved:
    """Ask every source that applies, at the same time."""
    query = await candidate_query(state, turn)
    return {"candidates": await ask_sources(query, turn), "text_vector": query.text_vector}


async def ask_sources(query: CandidateQuery, turn: Turn) -> dict[str, list[Candidate]]:
    """Return the candidates of every source that applies; one that fails is labelled and left out."""
    timeout = turn.parts.settings.timeouts.retrieve_s

    async def ask(source: Source) -> tuple[str, list[Candidate]]:
        return source.name, await turn.attempt(source.name, source(query), timeout, [], floor_s=FLOOR_S)

    found = await asyncio.gather(*(ask(s) for s in turn.shop.sources if s.applies(query)))
    return {name: rows for name, rows in found if rows}


async def candidate_query(state: State, turn: Turn) -> CandidateQuery:
    """Return what the sources need: understanding, profile and vectors; made once for each understanding of a turn."""
    if turn.query is not None and turn.query[0] is state.understanding:
        return turn.query[1]
    vector = state.text_vector
    if state.understanding.query and vector is None:
        vector = await words_vector(state, turn)
    pictures = await picture_vectors(state, turn)
    taste = await taste_of(state, turn)
    query = CandidateQuery(
        **told(state, known_profile(state), turn),
        understanding=within_budget(state.understanding),
        profile=known_profile(state),
        text_vector=vector,
        image_vectors=pictures.vectors,
        image_weights=pictures.weights,
        track_vector=await track_vector(state, turn),
        gloss=gloss_of(state.understanding.query),
        said=has_words(state),
        changed=asks_for_change(" ".join([state.request.text or "", *(t.content for t in state.transcripts)])),
        attention=learnt_attention(turn),
        taste=taste.words,
        taste_weight=taste.weight,
    )
    query = await governed(query, state.request, turn)
    turn.query = (state.understanding, query)
    return query


def within_budget(understanding: Understanding) -> Understanding:
    """Return the understanding with a plan's total as a limit on each item: none may cost more than all together."""
    if understanding.budget is None:
        return understanding
    return understanding.model_copy(update={"constraints": (*understanding.constraints, understanding.budget)})


def known_profile(state: State) -> HistoryProfile:
    """Return what is known of the user; empty for a stranger."""
    return state.profile or HistoryProfile(user_id="", known=False)


async def text_vector(text: str, turn: Turn) -> Vectors | None:
    """Return the text's vector, (dim,); None, and a label, if it cannot be embedded."""
    found = await text_vectors([text], turn)
    return None if found is None else found[0]


async def text_vectors(texts: Sequence[str], turn: Turn) -> Vectors | None:
    """Return the texts' vectors, (texts, dim); None, and a label, if they cannot be embedded."""
    work = turn.parts.image_text.embed_texts(texts)
    timeout = turn.parts.settings.timeouts.retrieve_s
    found: Vectors | None = await turn.attempt("embedding", work, timeout, None, floor_s=FLOOR_S)
    return found


@timed
async def rank_candidates(state: State, turn: Turn) -> Ranked:
    """Fuse the sources' lists into one ranking and send the items."""
    query = await candidate_query(state, turn)
    schema = await schema_of(turn)
    timeout = turn.parts.settings.timeouts.retrieve_s
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
    screen = screen_of(request, turn)
    ranked = await turn.shop.ranker(query, candidates, n, screen=screen)
    for _ in range(REFILLS):
        fresh = turn.denied.keys() - query.exclude
        if len(ranked) >= n or not fresh:
            break
        query = replace(query, exclude=query.exclude | fresh)
        ranked = await turn.shop.ranker(query, await ask_sources(query, turn), n, screen=screen)
    return ranked


async def why_empty(state: State, turn: Turn) -> str:
    """Say which single constraint, if dropped, would give results; never drop it."""
    where = state.understanding.constraints
    if not where:
        return ""
    timeout = turn.parts.settings.timeouts.retrieve_s
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
