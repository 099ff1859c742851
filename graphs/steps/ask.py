"""Ask the question that tells most about what the user wants, wait for the answer in an interrupt, and take it up."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from langgraph.types import interrupt

from ...agents.explaining.answer_language import language_of_answer
from ...agents.explaining.rendered import question_in_words
from ...core.errors import InvalidRequestError
from ...core.questions.answerable_facets import facets_of
from ...core.questions.information_gain import answer_scores, beliefs, best_offer, question_of
from ...core.ranking.fusion import fuse, source_weights
from ...core.ranking.query import CandidateQuery
from ...core.schemas import (
    Answer,
    Answered,
    CatalogueSchema,
    Item,
    Preference,
    Question,
    RankedItem,
    RecommendRequest,
    ThreadMemory,
)
from ...core.settings import ElicitSettings
from ..turn.state import Heard, State
from ..turn.turn import Turn, timed
from .rules import screened

POOL = 200
"""How many of the candidates are thought of as what the user may want."""


async def question_for(state: State, turn: Turn) -> Question | None:
    """Return the question worth most over the current candidates, in the user's language; None if none is worth it.

    Nothing is asked of who is known, of a request that says what it wants, where the thread is not kept, or once too often.
    """
    q, settings = state.query, turn.services.settings.elicit
    if q.is_concrete or q.profile.liked or turn.thread is None or state.memory.questions >= settings.max_questions:
        return None
    work = _question(state, turn, settings)
    found = await turn.attempt("question", work, turn.services.settings.timeouts.retrieve_s, None)
    return None if found is None else question_in_words(found, language_of_answer(state.said, state.understanding))


async def _question(state: State, turn: Turn, settings: ElicitSettings) -> Question | None:
    q = state.query
    fused = {f.item_id: f.score for f in fuse(state.candidates, source_weights(q), limit=POOL)}
    items = await turn.shop.catalogue.get(list(fused), q.where)
    items = [i for i in items if i.item_id not in q.excluded and q.effects.allows(i)]
    if not items:
        return None
    scores = [fused[i.item_id] for i in items]
    return await asyncio.to_thread(choose_question, items, scores, state.schema, q, state.memory, settings)


def choose_question(  # noqa: PLR0917
    items: Sequence[Item],
    scores: Sequence[float],
    schema: CatalogueSchema,
    q: CandidateQuery,
    memory: ThreadMemory,
    settings: ElicitSettings,
) -> Question | None:
    """Return the most telling question about these items, if its answer is worth at least ``min_bits``."""
    settled = {c.field for c in q.where} | {_about(a) for a in q.answers if a.chosen is not None}
    known = frozenset(str(p.value) for a in q.answers for p in a.offered)
    p = beliefs([*(answer_scores(items, q.answers, schema, q.answer_noise) + scores)])
    facets = facets_of(items, schema, settled)
    offer = best_offer(facets, p, settings.max_choices, settings.noise, [known])
    if offer is None or offer.bits < settings.min_bits:
        return None
    has_rest = not offer.facet.member[list(offer.rows)].any(axis=0).all()
    return question_of(offer, memory.questions + 1, has_rest)


def _about(answer: Answered) -> str:
    return answer.offered[0].field


def check_answer(said: Answer, memory: ThreadMemory) -> None:
    """Check that an answer belongs to the open question of its thread.

    Raises:
        InvalidRequestError: there is no such question, or no such choice.
    """
    question = memory.open_question
    if question is None or question.question_id != said.question_id:
        raise InvalidRequestError("answer.question_id", "no such question is open in this thread; omit `answer`")
    choices = [c.choice_id for c in question.choices]
    if said.choice_id is not None and said.choice_id not in choices:
        raise InvalidRequestError("answer.choice_id", f"must be one of {', '.join(choices)}, or omitted to skip")


@timed
async def hear_answer(state: State, turn: Turn) -> Heard:
    """Wait for the answer to the open question, which comes with a later request, and keep what it says in the thread.

    The run stops here; LangGraph keeps the place in the checkpoint and starts this step again with the answer. With the
    user's consent, the answer is kept in their profile, too.
    """
    memory = state.memory
    question = memory.open_question or Question(question_id="", about="", text="", choices=(), gain_bits=0)
    said = Answer.model_validate(interrupt(question.model_dump(mode="json")))
    answer = answered(question, said)
    if said.remember and answer is not None and answer.chosen is not None:
        await remember_preferences([answer.offered[answer.chosen]], state.request, turn)
    answers = (*memory.answers, *([answer] if answer else []))
    kept = memory.model_copy(update={"answers": answers, "open_question": None})
    return {"memory": kept, "skipped": answer is None}


def answered(question: Question, said: Answer) -> Answered | None:
    """Return what the answer says; None if the question was skipped."""
    if said.choice_id is None:
        return None
    named = [c for c in question.choices if c.preference is not None]
    chosen = next((n for n, c in enumerate(named) if c.choice_id == said.choice_id), None)
    return Answered(offered=tuple(c.preference for c in named if c.preference), chosen=chosen)


async def remember_preferences(preferences: Sequence[Preference], request: RecommendRequest, turn: Turn) -> None:
    """Keep likes and dislikes in the user's profile; a store that fails, or nobody to keep them for, costs a label."""
    tastes = turn.services.tastes
    if request.user_id is None or tastes is None:
        turn.degrade("profile", "Not remembered: there is no user_id or no store to keep it in.")
        return
    work = tastes.remember(request.tenant, request.user_id, preferences)
    await turn.attempt("profile", work, turn.services.settings.timeouts.history_s, None)


async def as_it_was(ranked: Sequence[RankedItem], state: State, turn: Turn) -> list[RankedItem]:
    """Return the list that the thread showed last, within limits and rules; ``ranked`` if that cannot be read."""
    q, again = state.query, {r.item.item_id: r for r in ranked}
    ids = [s.item_id for s in state.memory.shown if s.item_id not in q.excluded][: state.request.n]
    work = turn.shop.catalogue.get(ids, q.where)
    nothing: list[Item] = []
    items = {
        i.item_id: i for i in await turn.attempt("catalogue", work, turn.services.settings.timeouts.retrieve_s, nothing)
    }
    kept = await screened([items[i] for i in ids if i in items], state, turn)
    if not kept:
        return list(ranked)
    return [_at(again.get(i.item_id) or RankedItem(item=i, rank=1, score=0.0), rank) for rank, i in enumerate(kept, 1)]


def _at(ranked: RankedItem, rank: int) -> RankedItem:
    return ranked.model_copy(update={"rank": rank})
