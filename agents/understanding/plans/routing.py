"""Choose the route of a request: rules first, the model only where they cannot tell."""

from __future__ import annotations

import asyncio
import json
import re
from typing import NamedTuple

from ....core.errors import BackEndTimeout, BadBackEndResponse
from ....core.protocols import ChatModel
from ....core.schemas import RecommendRequest, Route, Understanding, Usage
from ....core.schemas.chat import ChatRequest
from ....core.text.words import shorten
from ...prompt_files.library import PromptLibrary, render
from .wish_parts import parse_budget, split_wish

LONG_WORDS = 40
SCHEMA = {
    "type": "object",
    "properties": {"route": {"type": "string", "enum": ["direct", "deliberate"]}},
    "required": ["route"],
    "additionalProperties": False,
}
_COMPARE = re.compile(
    r"\bcompar(?:e|ing|ison)\b|\b(?:versus|vs\.?)\b|\bdifferences? between\b|"
    r"\bwhich (?:one )?(?:of|is|would be|should)\b.*\b(?:better|or)\b",
    re.IGNORECASE,
)
_SET = re.compile(
    r"\boutfits?\b|\bbundles?\b|\bcomplete (?:my|the|a|this)\b|\bgo(?:es)? (?:well )?(?:together|with (?:it|this|that|my|these))\b|"
    r"\b(?:put|build) (?:me )?(?:together )?(?:a|an)\b.*\b(?:set|kit|look|list)\b|\bput together\b|\b(?:kit|set) (?:of|for|with)\b",
    re.IGNORECASE,
)
_PLAN = re.compile(
    r"\bplan(?:ning)? (?:a|an|my|our|the)\b|\b(?:evening|weekend|party|night|dinner|picnic|trip|marathon)\b.*\b(?:budget|within|for under|in total)\b",
    re.IGNORECASE,
)
_TOTAL = re.compile(r"\b(?:in total|altogether|all together|total budget|budget of|together)\b", re.IGNORECASE)
_UNSURE = re.compile(
    r"\bhelp me (?:decide|choose|pick)\b|\bcan(?:no|['’])t decide\b|\bnot sure (?:what|which|whether)\b|\bno idea (?:what|which)\b|"
    r"\bwhat (?:should|would) (?:i|you)\b|\bwhere (?:do|should) i (?:start|begin)\b",
    re.IGNORECASE,
)
_GOALS = re.compile(
    r"\b(?:also|and (?:then|maybe|something|a|an)|as well|on top of that|in addition|plus)\b", re.IGNORECASE
)


def decide_route(request: RecommendRequest, understanding: Understanding) -> Route | None:
    """Return the route, or None where rules cannot tell: several goals in a long text, or no single wish."""
    if request.route != "auto":
        return Route(name=request.route, why="The caller chose it.", decided_by="caller")
    if understanding.question:
        return Route(name="direct", why="It leaves a question open, which is asked.", decided_by="rule")
    text = request.text or understanding.query
    why = _many_steps(text, understanding)
    if why:
        return Route(name="deliberate", why=why, decided_by="rule")
    if _unclear(text):
        return None
    return Route(name="direct", why="One search answers the request.", decided_by="rule")


class Asked(NamedTuple):
    """The model's choice of a route, what it cost and the prompt that asked."""

    route: Route
    usage: Usage
    prompt: str


async def ask_route(chat: ChatModel, library: PromptLibrary, request_text: str, timeout_s: float) -> Asked:
    """Return the route that the model picks from an enum.

    Raises:
        BackEndError: no answer in time, or none that can be used.
        ConfigurationError: there is no such prompt.
    """
    prompt = library.get("route")
    request = ChatRequest(
        messages=render(prompt, request=shorten(request_text, 1000)),
        json_schema=SCHEMA,
        max_tokens=prompt.config.max_tokens,
        temperature=prompt.config.temperature,
        timeout_s=timeout_s,
    )
    try:
        async with asyncio.timeout(timeout_s):
            reply = await chat.complete(request)
    except TimeoutError as error:
        raise BackEndTimeout("the model did not choose a route in time", back_end="llm") from error
    try:
        chosen = json.loads(reply.text)["route"]
    except (ValueError, KeyError, TypeError) as error:
        raise BadBackEndResponse("the model did not name a route", back_end="llm") from error
    usage = Usage(llm_calls=1, **reply.usage.model_dump())
    if chosen == "deliberate":
        found = Route(name="deliberate", why="The model found several things to decide.", decided_by="model")
    else:
        found = Route(name="direct", why="The model found a single wish.", decided_by="model")
    return Asked(found, usage, prompt.ref)


def _many_steps(text: str, understanding: Understanding) -> str:
    if understanding.intent == "compare" or _COMPARE.search(text):
        return "It asks for a comparison."
    if understanding.budget is not None:
        return "It asks for several things within one budget."
    if _SET.search(text):
        return "It asks for things that go together."
    if _PLAN.search(text) or (understanding.intent == "plan" and len(split_wish(text)) > 1):
        return "It asks for a plan."
    if _TOTAL.search(text) and parse_budget(text) is not None and len(split_wish(text)) > 1:
        return "It asks for several things within one budget."
    return ""


def _unclear(text: str) -> bool:
    words = len(text.split())
    several = words >= LONG_WORDS and len(_GOALS.findall(text)) >= 2
    return several or bool(_UNSURE.search(text))
