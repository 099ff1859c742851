"""Name the tools: their schemas are those of the requests and answers, and each call is checked by them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel

from ...agents.explaining.markdown import hit_list, plain, whole
from ...core.errors import InvalidRequestError
from ...core.media.trust_report import CheckRequest, TrustReport
from ...core.ranking.cross_modal import SearchRequest, SearchResponse
from ...core.ranking.why_not import WhyNot
from ...core.schemas import RecommendRequest, RecommendResponse
from ...core.validation import checked
from ..events import EventBatch, EventsStored, store_events
from ..http.rules_and_why_not import WhyNotRequest
from ..service import Service, refuse_paths

DEFAULT_N = 5
ASKED = (
    "text", "user_id", "thread_id", "n", "constraints", "corrections", "answer", "preferences", "images", "audio", "video",
    "include_consumed", "context", "words", "max_ms",
)  # fmt: skip
"""What an agent may say of a request; the rest is the deployment's."""


@dataclass(frozen=True)
class Tool:
    """One tool: what it is for, what it takes and gives, and what it does for a tenant; it returns its answer and that in words."""

    name: str
    title: str
    about: str
    takes: dict[str, Any]
    gives: dict[str, Any]
    run: Callable[[Service, str, Mapping[str, Any]], Awaitable[tuple[BaseModel, str]]]
    writes: bool = False


async def _recommend(service: Service, tenant: str, given: Mapping[str, Any]) -> tuple[BaseModel, str]:
    request = refuse_paths(checked(RecommendRequest, {"n": DEFAULT_N, **given, "tenant": tenant}))
    answer = await service.recommend(request, allow_paths=False)
    return answer, whole(answer)


async def _search(service: Service, tenant: str, given: Mapping[str, Any]) -> tuple[BaseModel, str]:
    request = refuse_paths(checked(SearchRequest, {"n": DEFAULT_N, **given, "tenant": tenant}))
    answer = await service.search(request, allow_paths=False)
    return answer, hit_list(answer)


async def _why_not(service: Service, tenant: str, given: Mapping[str, Any]) -> tuple[BaseModel, str]:
    asked = checked(WhyNotRequest, given)
    request = refuse_paths(asked.request.model_copy(update={"tenant": tenant}))
    answer = await service.why_not(asked.item_id, request, allow_paths=False)
    return answer, plain(answer.why)


async def _feedback(service: Service, tenant: str, given: Mapping[str, Any]) -> tuple[BaseModel, str]:
    answer = await store_events(service, checked(EventBatch, {**given, "tenant": tenant}).events, tenant)
    return answer, " ".join([f"{answer.stored} stored.", *answer.notes])


async def _check(service: Service, tenant: str, given: Mapping[str, Any]) -> tuple[BaseModel, str]:
    request = refuse_paths(checked(CheckRequest, {**given, "tenant": tenant}))
    answer = await service.check(request, allow_paths=False)
    checks = [(medium.media_id, c) for medium in answer.media for c in medium.checks] + [("", c) for c in answer.pairs]
    said = [f"{about} {plain(c.check)}: {c.state}. {plain(c.reason)}".strip() for about, c in checks]
    return answer, "\n".join([answer.state, *said])


def part_of(model: type[BaseModel], *names: str) -> dict[str, Any]:
    """Return the JSON schema of a model, of these properties only (all but the tenant, if none is named), with no definition unused."""
    schema = model.model_json_schema()
    kept = {k: v for k, v in schema["properties"].items() if (k in names if names else k != "tenant")}
    required = [k for k in schema.get("required", ()) if k in kept]
    whole_definitions, wanted, waiting = schema.get("$defs", {}), {}, [kept]
    while waiting:
        for name in _named(waiting.pop()):
            if name not in wanted:
                wanted[name] = whole_definitions[name]
                waiting.append(wanted[name])
    return {
        "type": "object",
        "properties": kept,
        "additionalProperties": False,
        **({"required": required} if required else {}),
        **({"$defs": wanted} if wanted else {}),
    }


def _named(schema: Any) -> list[str]:
    if isinstance(schema, list):
        return [name for part in schema for name in _named(part)]
    if not isinstance(schema, dict):
        return []
    own = [schema["$ref"].rpartition("/")[2]] if isinstance(schema.get("$ref"), str) else []
    return own + [name for value in schema.values() for name in _named(value)]


def _gives(model: type[BaseModel]) -> dict[str, Any]:
    return model.model_json_schema(mode="serialization")


TOOLS: dict[str, Tool] = {
    tool.name: tool
    for tool in (
        Tool(
            "recommend",
            "Recommend",
            "Find items of the shop for what somebody says, shows or speaks. Conditions in `text` (prices, colours, 'not red') are "
            "kept by the store; `understanding.conditions` shows how they were read. Send `thread_id` back to go on: 'cheaper', "
            "'not that one', 'why the first?'.",
            part_of(RecommendRequest, *ASKED),
            _gives(RecommendResponse),
            _recommend,
        ),
        Tool(
            "search",
            "Search",
            "Find items by words, photos, voice or clips, without a conversation: what is nearest first, within `constraints`.",
            part_of(SearchRequest),
            _gives(SearchResponse),
            _search,
        ),
        Tool(
            "why_not",
            "Why not",
            "Say which step leaves an item out of the answer to a request: a condition, a rule, its rank.",
            part_of(WhyNotRequest),
            _gives(WhyNot),
            _why_not,
        ),
        Tool(
            "feedback",
            "Feedback",
            "Store what users did with items; later lists learn from it. `context.request_id` names the answer that showed the item.",
            part_of(EventBatch),
            _gives(EventsStored),
            _feedback,
            writes=True,
        ),
        Tool(
            "check",
            "Check media",
            "Examine photos, voice and video for forgery, and say whether they agree with each other and with `text`; recommends nothing.",
            part_of(CheckRequest, "text", "images", "audio", "video"),
            _gives(TrustReport),
            _check,
        ),
    )
}


async def call(service: Service, tenant: str, name: str, given: Mapping[str, Any]) -> tuple[dict[str, Any], str]:
    """Return a tool's answer as JSON-ready values, and in words.

    Raises:
        InvalidRequestError: there is no such tool or argument, or one is wrong.
        TastemakerError: nothing could be answered.
    """
    tool = TOOLS.get(name)
    if tool is None:
        raise InvalidRequestError("name", f"there is no such tool; the tools are {', '.join(TOOLS)}")
    for argument in given:
        if argument not in tool.takes["properties"]:
            raise InvalidRequestError(argument[:80], f"{name} takes {', '.join(tool.takes['properties'])}")
    answer, words = await tool.run(service, tenant, given)
    return answer.model_dump(mode="json"), words
