"""Choose the cheaper way where a request's cost budget does not reach: without the model's ranking, its loop, its words.

The estimate is an upper bound: the longest prompts that are made and every token that may be generated. Without prices nothing costs
anything. What the answer did cost is in its ``usage``.
"""

from __future__ import annotations

from ..core.schemas import RecommendRequest, Usage
from ..core.settings import LLMSettings, Settings

PROMPT_TOKENS = 3_000
"""Tokens of the longest prompt that a call sends."""
MILLION = 1e6
WHY = "The cost budget of the request does not reach for "


def cost_of(prompt_tokens: int, completion_tokens: int, llm: LLMSettings) -> float:
    """Return what tokens cost."""
    return (prompt_tokens * llm.prompt_price + completion_tokens * llm.completion_price) / MILLION


def priced(usage: Usage, llm: LLMSettings) -> Usage:
    """Return the use with what it cost."""
    cost = cost_of(usage.prompt_tokens, usage.completion_tokens, llm)
    return usage.model_copy(update={"cost": round(cost, 9)}) if cost else usage


def within_budget(request: RecommendRequest, settings: Settings) -> tuple[RecommendRequest, list[str]]:
    """Return the request as far as its ``max_cost`` reaches, and what is left out and why."""
    if request.max_cost is None:
        return request, []
    llm, left = settings.llm, request.max_cost
    words = cost_of(PROMPT_TOKENS, llm.max_tokens, llm)
    loop = settings.deliberate.max_calls * cost_of(PROMPT_TOKENS, settings.deliberate.max_tokens, llm)
    strategies = settings.llm_rank.strategies if request.llm_rank is None else request.llm_rank
    ranking = settings.llm_rank.top * len(strategies) * cost_of(PROMPT_TOKENS, llm.max_tokens, llm)
    update: dict[str, object] = {}
    left_out: list[str] = []
    for name, cost, wanted, cheaper in (
        ("the language model's words", words, request.words, {"words": False}),
        ("the deliberate route", loop, request.route != "direct", {"route": "direct"}),
        ("the language model's ranking", ranking, bool(strategies), {"llm_rank": []}),
    ):
        if not wanted:
            continue
        if cost <= left:
            left -= cost
        else:
            update |= cheaper
            left_out.append(WHY + name + ".")
    return request.model_copy(update=update), left_out
