"""Compare a request through the graph with a plain tool-calling loop: same tools, same media, same model, same server.

Measured for each request, in one process: the language model's calls, the prompt tokens that its server reports, and the
seconds from the request to the whole answer, with media checked and decoded in both. The graph and the loop take turns at
going first, so that neither always finds the server's prefix cache filled by the other. A loop that fails keeps its cost
until then and is counted apart; ``seconds_ratio`` is the graph's median over the loop's median, over the requests that the
loop finished. How good the answers are is not measured, but ``loop_names_an_item`` says how many of the loop's answers
name an item that its searches returned.

The loop needs a server that accepts tools: vLLM does with ``--enable-auto-tool-choice --tool-call-parser hermes``.
"""

from __future__ import annotations

import random
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from typing import Any

from ...core.errors import ConfigurationError, TastemakerError, ToolError
from ...core.ranking.query import CandidateQuery
from ...core.redaction import redact
from ...core.schemas import Evidence, HistoryProfile, MediaFile, MediaInput, RecommendRequest, Understanding
from ...graphs.recommender import Recommender
from ..reporting.report import report

TARGETS = {"llm_calls": 1, "prompt_tokens": 1500, "seconds_ratio": 1 / 3}
WISHES = ("a funny film about robots", "a war film from 1980 on", "something like Star Wars", "a quiet love story")
USERS = 943  # of MovieLens-100k
PROMPT = (
    "You recommend items from a shop's catalogue. Look up the user's history, describe the photos, write down the voice "
    "clips and search the catalogue with the tools, then answer with {n} items from the search results and a reason for each."
)
RECURSION_LIMIT = 12
PATIENCE = 5  # times llm.timeout_s: the loop may be slow, it is measured
NO_MEDIA = "none was sent"


async def run(recommender: Recommender, requests: Sequence[RecommendRequest], seed: int = 0) -> dict[str, Any]:
    """Return medians of calls, prompt tokens and seconds of both.

    Raises:
        ConfigurationError: the extra ``bench`` is missing.
        TastemakerError: no language model answers.
    """
    if not await recommender.services.chat.health():
        raise TastemakerError("no language model answers; start it with `tastemaker llm up`")
    ours: list[Meter] = []
    loops: list[Meter] = []
    for number, request in enumerate(requests):
        for takes_graph in (True, False) if number % 2 == 0 else (False, True):
            if takes_graph:
                ours.append(await through_graph(recommender, request))
            else:
                loops.append(await through_loop(recommender, request))
    model = recommender.services.chat.name
    return report("turn", {"model": model, **compare(ours, loops)}, n=len(requests), seed=seed, targets=TARGETS)


async def through_graph(recommender: Recommender, request: RecommendRequest) -> Meter:
    """Return what the request costs through the graph."""
    started = time.perf_counter()
    response = await recommender.recommend(request)
    seconds = time.perf_counter() - started
    usage = response.usage
    return Meter(llm_calls=usage.llm_calls, prompt_tokens=usage.prompt_tokens, seconds=seconds)


def compare(ours: Sequence[Meter], loops: Sequence[Meter]) -> dict[str, Any]:
    """Return the figures of both; the two sequences are of the same requests in the same order."""
    figures: dict[str, Any] = {"graph": summary(ours)}
    finished = [(graph, loop) for graph, loop in zip(ours, loops, strict=True) if not loop.failure]
    failed = [loop for loop in loops if loop.failure]
    if finished:
        figures["loop"] = summary([loop for _, loop in finished])
        figures["loop_names_an_item"] = sum(loop.names_an_item for _, loop in finished)
        figures["seconds_ratio"] = round(
            median(graph.seconds for graph, _ in finished) / median(loop.seconds for _, loop in finished), 3
        )
    figures["loop_failures"] = len(failed)
    if failed:
        figures["loop_until_failure"] = summary(failed)
        figures["last_loop_failure"] = failed[-1].failure
    return figures


def summary(costs: Sequence[Meter]) -> dict[str, float]:
    """Return medians, and the most calls."""
    return {
        "llm_calls": median(c.llm_calls for c in costs),
        "max_llm_calls": max(c.llm_calls for c in costs),
        "prompt_tokens": median(c.prompt_tokens for c in costs),
        "seconds": round(median(c.seconds for c in costs), 3),
        "tool_calls": median(c.tool_calls for c in costs),
    }


def requests_for(n: int, photos: Sequence[Path], voices: Sequence[Path], seed: int) -> list[RecommendRequest]:
    """Return ``n`` requests of known shoppers over films: each with text and a photo, every second one with voice."""
    rng = random.Random(seed)  # noqa: S311  repeatability, not secrecy
    return [
        RecommendRequest(
            user_id=str(rng.randint(1, USERS)),
            text=WISHES[number % len(WISHES)],
            images=[MediaInput(path=str(rng.choice(photos)))],
            audio=[MediaInput(path=str(rng.choice(voices)))] if number % 2 else [],
            n=5,
        )
        for number in range(n)
    ]


@dataclass
class Meter:
    """What one request cost so far; ``found`` holds the titles that searches returned."""

    llm_calls: int = 0
    prompt_tokens: int = 0
    tool_calls: int = 0
    seconds: float = 0.0
    failure: str = ""
    answer: str = ""
    found: set[str] = field(default_factory=set)

    @property
    def names_an_item(self) -> bool:
        """Return whether the answer names an item that a search returned."""
        return any(title in self.answer for title in self.found)


async def through_loop(recommender: Recommender, request: RecommendRequest) -> Meter:
    """Return what the request costs through ``langchain.agents.create_agent``, until its answer or its failure.

    Media are checked and decoded within the measured time, as in the graph; the client is opened before it.

    Raises:
        ConfigurationError: the extra ``bench`` is missing.
    """
    import httpx2

    meter = Meter()
    patience = recommender.settings.llm.timeout_s * PATIENCE
    with tempfile.TemporaryDirectory() as folder:
        async with httpx2.AsyncClient(timeout=patience, trust_env=False) as client:
            agent = _agent(recommender, request, meter, Path(folder), client)
            asked = {"messages": [{"role": "user", "content": message(request)}]}
            started = time.perf_counter()
            try:
                config = {"recursion_limit": RECURSION_LIMIT, "callbacks": [_callback(meter)]}
                meter.answer = str((await agent.ainvoke(asked, config))["messages"][-1].content)
            except Exception as error:  # noqa: BLE001  whatever the loop dies of, it is counted, with its cost until then
                meter.failure = redact(f"{type(error).__name__}: {error}")[:300]
            meter.seconds = time.perf_counter() - started
    return meter


def message(request: RecommendRequest) -> str:
    """Return the text of the request with a note of what was sent beside it."""
    sent = f"(Sent with it: {len(request.images)} photos, {len(request.audio)} voice clips.)"
    return f"{request.text or ''}\n{sent}".strip()


def _agent(recommender: Recommender, request: RecommendRequest, meter: Meter, workdir: Path, client: Any) -> Any:
    try:
        from langchain.agents import create_agent
        from langchain_openai import ChatOpenAI
    except ImportError as error:
        raise ConfigurationError("the loop needs the extra: pip install 'tastemaker[bench]'") from error
    llm = recommender.settings.llm
    model = ChatOpenAI(
        model=recommender.services.chat.name.removeprefix("vllm:"),
        base_url=llm.base_url or f"http://{llm.host}:{llm.port}/v1",
        api_key=llm.api_key if llm.api_key.get_secret_value() else "none",
        temperature=0,
        max_completion_tokens=llm.max_tokens,
        http_async_client=client,
        timeout=llm.timeout_s * PATIENCE,
        max_retries=0,
    )
    return create_agent(
        model, tools=_tools(recommender, request, meter, workdir), system_prompt=PROMPT.format(n=request.n)
    )


def _callback(meter: Meter) -> Any:
    from langchain_core.callbacks import BaseCallbackHandler

    class Count(BaseCallbackHandler):
        """Add every call to the meter as it happens, so that a loop that fails has its cost."""

        def on_chat_model_start(self, *_: Any, **__: Any) -> None:
            """Count a call."""
            meter.llm_calls += 1

        def on_llm_end(self, response: Any, **_: Any) -> None:
            """Add the prompt tokens that the server reported."""
            usage = getattr(response.generations[0][0].message, "usage_metadata", None) or {}
            meter.prompt_tokens += usage.get("input_tokens", 0)

        def on_tool_start(self, *_: Any, **__: Any) -> None:
            """Count a tool call."""
            meter.tool_calls += 1

    return Count()


def _tools(recommender: Recommender, request: RecommendRequest, meter: Meter, workdir: Path) -> list[Any]:
    """Return the graph's own tools as functions for the loop: one call of each does for the whole request."""
    parts = recommender.services
    admitted: list[MediaFile] = []

    async def media(kind: str) -> list[MediaFile]:
        if not admitted:
            admitted.extend(await parts.admitter.admit(request, workdir))
        return [m for m in admitted if m.kind == kind]

    async def look_up_history() -> str:
        """Look up what the user liked."""
        evidence = (await (await parts.shop(request.tenant)).look_up(request.user_id)).evidence
        return evidence.content if evidence else "no history"

    async def describe_photos() -> str:
        """Describe the photos that the user sent."""
        return await _describe(parts.caption, await media("image"))

    async def write_down_voice() -> str:
        """Write down what the user says in the voice clips."""
        return await _describe(parts.transcribe, await media("audio"))

    async def search_catalogue(query: str) -> str:
        """Search the catalogue for items that match the query."""
        shop = await parts.shop(request.tenant)
        vector = (await parts.image_text.embed_texts([query]))[0]
        nobody = HistoryProfile(user_id="", known=False)
        asked = CandidateQuery(understanding=Understanding(query=query), profile=nobody, text_vector=vector)
        lists = {s.name: await s(asked) for s in shop.sources if s.applies(asked)}
        ranked = await shop.ranker(asked, lists, request.n)
        meter.found.update(r.item.title for r in ranked)
        return "\n".join(f"{r.item.item_id}: {r.item.title} {r.item.attributes}" for r in ranked)

    return [look_up_history, describe_photos, write_down_voice, search_catalogue]


async def _describe(tool: Any, media: Sequence[MediaFile]) -> str:
    seen: list[str] = []
    for medium in media:
        try:
            evidence: Evidence = await tool(medium)
            seen.append(f"{medium.media_id}: {evidence.content}")
        except ToolError:
            seen.append(f"{medium.media_id}: could not be read")
    return "\n".join(seen) or NO_MEDIA
