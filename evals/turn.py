"""Compare one request through the graph with a plain tool-calling loop: same tools, same model, same server."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median
from typing import Any

from ..core.candidates import CandidateQuery
from ..core.errors import ConfigurationError, TastemakerError
from ..core.schemas import HistoryProfile, RecommendRequest, Understanding
from ..graphs.recommender import Recommender
from .report import report

TARGETS = {"llm_calls": 1, "prompt_tokens": 1500, "seconds_ratio": 1 / 3}
LOOP_PROMPT = (
    "You recommend items from a shop's catalogue. Look up the user's history, describe photos, transcribe audio and "
    "search the catalogue with the tools, then answer with three items from the search results and a reason for each."
)
RECURSION_LIMIT = 12


@dataclass(frozen=True)
class Cost:
    """What one request cost."""

    llm_calls: int
    prompt_tokens: int
    seconds: float
    tool_calls: int = 0


async def run(recommender: Recommender, requests: Sequence[RecommendRequest], seed: int = 0) -> dict[str, Any]:
    """Return medians of calls, prompt tokens and seconds of both, in one run, requests taken in turn.

    Raises:
        ConfigurationError: the extra ``bench`` is missing.
        TastemakerError: no language model answers.
    """
    if not await recommender.parts.chat.health():
        raise TastemakerError("no language model answers; start it with `tastemaker llm up`")
    ours: list[Cost] = []
    loop: list[Cost] = []
    failures = 0
    for request in requests:
        ours.append(await through_graph(recommender, request))
        try:
            loop.append(await through_loop(recommender, request))
        except Exception as error:  # noqa: BLE001  whatever the loop dies of, it is counted
            failures += 1
            last_failure = f"{type(error).__name__}: {error}"[:200]
    figures: dict[str, Any] = {"model": recommender.parts.chat.name, "graph": summary(ours), "loop_failures": failures}
    if failures:
        figures["last_loop_failure"] = last_failure
    if loop:
        figures["loop"] = summary(loop)
        figures["seconds_ratio"] = round(figures["graph"]["seconds"] / figures["loop"]["seconds"], 3)
    return report("turn", figures, n=len(requests), seed=seed, targets=TARGETS)


async def through_graph(recommender: Recommender, request: RecommendRequest) -> Cost:
    """Return what the request costs through the graph."""
    started = time.perf_counter()
    response = await recommender.recommend(request)
    seconds = time.perf_counter() - started
    return Cost(response.usage.llm_calls, response.usage.prompt_tokens, seconds)


async def through_loop(recommender: Recommender, request: RecommendRequest) -> Cost:
    """Return what the request costs through ``langchain.agents.create_agent``."""
    agent = _agent(recommender, request)
    started = time.perf_counter()
    result = await agent.ainvoke(
        {"messages": [{"role": "user", "content": request.text or ""}]}, {"recursion_limit": RECURSION_LIMIT}
    )
    seconds = time.perf_counter() - started
    answers = [m for m in result["messages"] if m.type == "ai"]
    tokens = sum((m.usage_metadata or {}).get("input_tokens", 0) for m in answers)
    return Cost(len(answers), tokens, seconds, sum(len(m.tool_calls) for m in answers))


def _agent(recommender: Recommender, request: RecommendRequest) -> Any:
    try:
        from langchain.agents import create_agent
        from langchain_openai import ChatOpenAI
    except ImportError as error:
        raise ConfigurationError("the loop needs the extra: pip install 'tastemaker[bench]'") from error
    llm = recommender.settings.llm
    model = ChatOpenAI(
        model=recommender.parts.chat.name,
        base_url=llm.base_url or f"http://{llm.host}:{llm.port}/v1",
        api_key=llm.api_key if llm.api_key.get_secret_value() else "none",
        temperature=0,
        max_completion_tokens=llm.max_tokens,
        timeout=llm.timeout_s * 5,
        max_retries=0,
    )
    return create_agent(model, tools=_tools(recommender, request), system_prompt=LOOP_PROMPT)


def _tools(recommender: Recommender, request: RecommendRequest) -> list[Any]:
    """Return the graph's own tools as functions that a tool-calling model can call."""

    async def look_up_history() -> str:
        """Look up what the user liked."""
        shop = await recommender.parts.shop(request.tenant)
        _, evidence = await shop.look_up(request.user_id)
        return evidence.content if evidence else "no history"

    async def search_catalogue(query: str) -> str:
        """Search the catalogue for items that match the query."""
        shop = await recommender.parts.shop(request.tenant)
        vector = (await recommender.parts.image_text.embed_texts([query]))[0]
        nobody = HistoryProfile(user_id="", known=False)
        asked = CandidateQuery(understanding=Understanding(query=query), profile=nobody, text_vector=vector)
        lists = {s.name: await s(asked) for s in shop.sources if s.applies(asked)}
        found = await shop.ranker(asked, lists, request.n)
        return "\n".join(f"{r.item.item_id}: {r.item.title} {r.item.attributes}" for r in found)

    return [look_up_history, search_catalogue]


def summary(costs: Sequence[Cost]) -> dict[str, float]:
    """Return medians."""
    return {
        "llm_calls": median(c.llm_calls for c in costs),
        "max_llm_calls": max(c.llm_calls for c in costs),
        "prompt_tokens": median(c.prompt_tokens for c in costs),
        "seconds": round(median(c.seconds for c in costs), 3),
        "tool_calls": median(c.tool_calls for c in costs),
    }


def requests_for(n: int) -> list[RecommendRequest]:
    """Return ``n`` requests of known shoppers over films."""
    wishes = ("a funny film about robots", "a war film from 1980 on", "something like Star Wars", "a quiet love story")
    return [RecommendRequest(user_id=str(1 + i), text=wishes[i % len(wishes)], n=5) for i in range(n)]
