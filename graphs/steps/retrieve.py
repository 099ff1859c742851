"""Ask the sources for candidates."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from ...agents.understanding.query_text import asks_for_change
from ...core.protocols import Vectors
from ...core.ranking.query import CandidateQuery
from ...core.schemas import (
    Candidate,
    HistoryProfile,
    Understanding,
)
from ...tools.sources.listing import Source
from ..turn.state import Retrieved, State
from ..turn.turn import FLOOR_S, Turn, timed
from .llm_weight import taste_of
from .query_vectors import gloss_of, picture_vectors, track_vector, words_vector
from .rules import governed
from .user_context import has_words, learnt_attention, told


@timed
async def retrieve_candidates(state: State, turn: Turn) -> Retrieved:
    """Ask every source that applies, at the same time."""
    query = await candidate_query(state, turn)
    return {"candidates": await ask_sources(query, turn), "text_vector": query.text_vector}


async def ask_sources(query: CandidateQuery, turn: Turn) -> dict[str, list[Candidate]]:
    """Return the candidates of every source that applies; one that fails is labelled and left out."""
    timeout = turn.services.settings.timeouts.retrieve_s

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
    work = turn.services.image_text.embed_texts(texts)
    timeout = turn.services.settings.timeouts.retrieve_s
    found: Vectors | None = await turn.attempt("embedding", work, timeout, None, floor_s=FLOOR_S)
    return found
