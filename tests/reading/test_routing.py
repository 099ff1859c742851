from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tastemaker.agents.prompt_files.library import PromptLibrary
from tastemaker.agents.understanding.plans.routing import ask_route, decide_route
from tastemaker.core.errors import BackEndError, BackEndUnavailable, ConfigurationError
from tastemaker.core.schemas import Constraint, Intent, RecommendRequest, Understanding

from ..scripted import ScriptedChat, Step

LONG = (
    "my sister is moving into her first flat and she likes plants and cooking, my brother is starting a band and also needs "
    "something for his studio, and then my parents have their anniversary soon, in addition to a small thing for the neighbour "
    "who feeds our cat while we travel"
)


@pytest.mark.parametrize(
    ("text", "intent", "route"),
    [
        ("navy canvas shoes under 40 euros", "recommend", "direct"),
        ("", "browse", "direct"),
        ("an evening dress", "plan", "direct"),
        ("something like this but cheaper", "refine", "direct"),
        ("a dog and a boat", "recommend", "direct"),
        ("compare the first two", "compare", "deliberate"),
        ("which of these is better for travel", "recommend", "deliberate"),
        ("what is the difference between the first and the third", "recommend", "deliberate"),
        ("complete my outfit with a belt", "recommend", "deliberate"),
        ("a top and trousers that go together", "recommend", "deliberate"),
        ("plan an evening within a budget of 30 euros", "recommend", "deliberate"),
        ("a top, jeans and shoes for 100 euros in total", "recommend", "deliberate"),
        ("a set of three prints: a dog, a boat and a beach", "recommend", "deliberate"),
        ("a comedy and a thriller for a double feature", "plan", "deliberate"),
        ("help me decide what to watch", "recommend", None),
        ("I'm not sure what to get", "recommend", None),
        (LONG, "recommend", None),
    ],
)
def test_rules_decide_where_they_can(text: str, intent: Intent, route: str | None) -> None:
    decided = decide_route(RecommendRequest(text=text), Understanding(query=text, intent=intent))
    assert (decided.name if decided else None) == route
    assert decided is None or decided.decided_by == "rule"


@pytest.mark.parametrize("name", ["direct", "deliberate"])
def test_the_caller_decides_first(name: Any) -> None:
    decided = decide_route(RecommendRequest(text="compare these", route=name), Understanding(intent="compare"))
    assert decided is not None
    assert (decided.name, decided.decided_by) == (name, "caller")


@pytest.mark.parametrize("name", ["direct", "deliberate"])
async def test_the_model_picks_from_an_enum(name: str) -> None:
    chat = ScriptedChat(Step(text=f'{{"route": "{name}"}}', expect="help me decide"))
    asked = await ask_route(chat, PromptLibrary(None, {}), "help me decide", 1)
    chat.assert_done()
    assert (asked.route.name, asked.route.decided_by) == (name, "model")
    assert asked.usage.llm_calls == 1
    assert asked.prompt.startswith("route@")
    schema = chat.calls[0].json_schema
    assert schema is not None
    assert schema["properties"]["route"]["enum"] == ["direct", "deliberate"]


@pytest.mark.parametrize(
    "step", ["direct", "{}", "[]", BackEndUnavailable("down"), Step(text='{"route": "deliberate"}', delay_s=1)]
)
async def test_a_model_that_fails_is_an_error(step: Step | str | Exception) -> None:
    with pytest.raises(BackEndError):
        await ask_route(ScriptedChat(step), PromptLibrary(None, {}), "help me decide", 0.1)


async def test_a_missing_prompt_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError):
        await ask_route(ScriptedChat(), PromptLibrary(tmp_path, {}), "help me decide", 1)


def test_an_open_question_goes_direct_and_a_total_is_deliberated() -> None:
    request = RecommendRequest(text="compare the first and the second")
    asked = decide_route(request, Understanding(query="x", question="Which two should I compare?"))
    assert asked is not None
    assert asked.name == "direct"
    budget = Constraint(field="price", op="<=", value=70)
    planned = decide_route(RecommendRequest(), Understanding(query="a dog and a boat", intent="plan", budget=budget))
    assert planned is not None
    assert planned.name == "deliberate"
