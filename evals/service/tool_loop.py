"""Answer a request with a plain tool-calling loop over the graph's own tools, and meter what it costs."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ...core.errors import ConfigurationError, ToolError
from ...core.ranking.query import CandidateQuery
from ...core.redaction import redact
from ...core.schemas import Evidence, HistoryProfile, MediaFile, RecommendRequest, Understanding
from ...graphs.recommender import Recommender

PROMPT = (
    "You recommend items from a shop's catalogue. Look up the user's history, describe the photos, write down the voice "
    "clips and search the catalogue with the tools, then answer with {n} items from the search results and a reason for each."
)
RECURSION_LIMIT = 12
PATIENCE = 5  # times llm.timeout_s: the loop may be slow, it is measured
NO_MEDIA = "none was sent"


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
        _, evidence = await (await parts.shop(request.tenant)).look_up(request.user_id)
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
