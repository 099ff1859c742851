"""Let a language model move the top of the list, as far as held-out events of this shop say that it helps.

The list was sent before; it is sent again only if an item changed places. Whatever fails here leaves the list as it was.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from ...agents.reranking.combined_signal import Signal, collect
from ...core.learning.llm_signal import base_scores, group_of, kendall_distance, mean_shift, moved
from ...core.learning.llm_task import RankTask
from ...core.ranking.query import CandidateQuery
from ...core.rules.effects import arrange
from ...core.schemas import Item, LLMInfluence, LLMStrategy, RankedItem, SourceScore
from ..shop.descriptions import ShopDescriptions
from ..turn.state import Reranked, State
from ..turn.turn import FLOOR_S, Turn, timed
from .llm_weight import weight_for
from .rank import send_items
from .rerank_tools import make_task, make_tools
from .retrieve import text_vectors
from .rules import screen_of

SHARE = 0.6
SOURCE = "language_model"
"""Share of the remaining budget that the opinions may take; the rest is for the words."""


@timed
async def rerank_with_llm(state: State, turn: Turn) -> Reranked:
    """Move the top of the list by the model's opinion times the weight of the user's group, and say by how much."""
    asked = turn.strategies(state.request)
    group = group_of(len(state.known.events))
    weight = await weight_for(asked, group, state, turn)
    influence = LLMInfluence(strategies=asked, group=group, weight=weight.weight, why=weight.why)
    if weight.weight <= 0 or len(state.ranked) < 2:
        return {"ranked": state.ranked, "influence": influence}
    listed = await longer_list(state, turn)
    signal = await opinions(state.query, listed, asked, turn)
    if signal is None or not signal.used:
        return {"ranked": state.ranked, "influence": influence.model_copy(update={"weight": 0.0, "why": "no answer"})}
    if set(signal.used) != set(asked):
        weight = await weight_for(signal.used, group, state, turn)
    ranked, order = move(listed, signal, weight.weight, state)
    if [r.item.item_id for r in ranked] != [r.item.item_id for r in state.ranked]:
        send_items(ranked, state, state.note, turn)
    measured = {
        "used": signal.used,
        "weight": weight.weight,
        "fitted": weight.n > 0 and weight.weight > 0,
        "why": weight.why,
        "kendall_distance": round(kendall_distance(order), 4),
        "mean_rank_shift": round(mean_shift(order), 3),
    }
    return {"ranked": tuple(ranked), "influence": influence.model_copy(update=measured)}


async def opinions(
    query: CandidateQuery, listed: Sequence[RankedItem], asked: Sequence[LLMStrategy], turn: Turn
) -> Signal | None:
    """Return what the strategies say of the list within the budget, labelled where one is missing; None if all failed."""
    limit = min(turn.services.settings.llm_rank.timeout_s, turn.remaining() * SHARE)
    task = await task_of(query, listed, asked, turn)
    ranker = turn.services.llm_rank.ranker.with_library(turn.library)
    tools = make_tools(turn.shop.catalogue, turn.services.llm_rank.embedder, lambda texts: text_vectors(texts, turn))
    work = collect(ranker, asked, task, tools, timeout_s=limit, note=lambda why: turn.degrade("llm_rank", why))
    signal = await turn.attempt("llm_rank", work, limit + 1, None)
    for opinion in signal.opinions if signal else ():
        turn.usage.append(opinion.usage)
        turn.prompts.extend(opinion.prompts)
    return signal


async def longer_list(state: State, turn: Turn) -> list[RankedItem]:
    """Return the list with what follows it, so that an item below may rise; as sent where it cannot be made longer."""
    n = max(state.request.n, turn.services.settings.llm_rank.top)
    if n == len(state.ranked) or not state.candidates:
        return list(state.ranked)
    timeout = turn.services.settings.timeouts.retrieve_s
    work = turn.shop.ranker(state.query, state.candidates, n, screen=screen_of(state.request, turn))
    longer: list[RankedItem] = await turn.attempt("ranker", work, timeout, [], floor_s=FLOOR_S)
    sent, longer = [r.item.item_id for r in state.ranked], [r for r in longer if not r.below]
    return longer if [r.item.item_id for r in longer[: len(sent)]] == sent else list(state.ranked)


async def task_of(
    query: CandidateQuery, listed: Sequence[RankedItem], asked: Sequence[LLMStrategy], turn: Turn
) -> RankTask:
    """Return what the model is asked."""
    most = turn.services.settings.llm_rank.likes
    liked = query.profile.liked[:most]
    timeout = turn.services.settings.timeouts.retrieve_s
    found: list[Item] = (
        await turn.attempt("catalogue", turn.shop.catalogue.get(liked), timeout, [], floor_s=FLOOR_S) if liked else []
    )
    task = make_task(query, [r.item for r in listed], found, most)
    if "profile" not in asked:
        return task
    words = turn.services.llm_rank.words(turn.shop.tenant)
    return await turn.attempt("descriptions", described(task, words), timeout, task)


async def described(task: RankTask, words: ShopDescriptions) -> RankTask:
    """Return the task with the words that were written of the user's taste and of the items. Raises StoreError."""
    taste, keywords = await asyncio.gather(words.taste(task.likes), words.keywords(task.items))
    return replace(task, taste=taste, keywords=keywords)


def move(
    listed: Sequence[RankedItem], signal: Signal, weight: float, state: State
) -> tuple[list[RankedItem], list[int]]:
    """Return the list in its new order, cut to its length, and the places that its items had; rules keep the last word."""
    items = [r.item for r in listed]
    order = moved(base_scores(_without_rules(listed)), signal.values, weight).tolist()
    placed, _ = arrange(order, items, state.effects, len(items))
    place_of = {i: rank for rank, i in enumerate(np.argsort(-signal.values, kind="stable").tolist(), 1)}

    def with_source(position: int, rank: int) -> RankedItem:
        said = SourceScore(source=SOURCE, rank=place_of[position], score=round(float(signal.values[position]), 4))
        known = listed[position]
        return known.model_copy(update={"rank": rank, "sources": (*known.sources, said)})

    return [with_source(p, rank) for rank, p in enumerate(placed[: len(state.ranked)], 1)], placed


def _without_rules(listed: Sequence[RankedItem]) -> list[float]:
    """Return the scores, those of items that a rule placed replaced by their neighbours'."""
    scores = [r.score for r in listed]
    free = [s for r, s in zip(listed, scores, strict=True) if not r.rules]
    last = free[0] if free else 0.0
    for place, ranked in enumerate(listed):
        last = last if ranked.rules else scores[place]
        scores[place] = last
    return scores
