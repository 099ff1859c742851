"""Deliberate over the demo catalogue with a real model: the bounds hold whatever it answers.

The embedded model runs with every slow test. The larger one takes minutes, so it is asked for by name:

    TASTEMAKER_TEST_LLM_LARGE=1 python -m pytest tests/test_deliberate_live.py -k large

It starts a server of its own from the weights in the cache folder (downloaded and converted at the first run), or takes
the one at TASTEMAKER_TEST_LLM_LARGE_URL.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tastemaker.core.predicates import holds
from tastemaker.core.schemas import Item, Recommendation, RecommendResponse
from tastemaker.core.settings import DeliberateSettings, LLMSettings, Settings, TimeoutSettings
from tastemaker.graphs.recommender import Recommender
from tastemaker.models.vllm.server import VLLMServer

from .conftest import _free_port
from .test_end_to_end import stock

pytestmark = [pytest.mark.slow, pytest.mark.vllm, pytest.mark.timeout(1500)]
LARGE = "vllm:qwen2.5-coder-1.5b"
PLAN = "plan a wall with three prints for my kitchen within 100 euros"
COMPARE = "compare a dog print and a cat print for my hallway"
MAX_CALLS = 4


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("deliberate")
    asyncio.run(stock(folder))
    return folder


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LLMSettings]:
    if os.environ.get("TASTEMAKER_TEST_LLM_LARGE") != "1":
        pytest.skip("set TASTEMAKER_TEST_LLM_LARGE=1 to run the 1.5B model (minutes on two cores)")
    given = os.environ.get("TASTEMAKER_TEST_LLM_LARGE_URL")
    if given:
        yield LLMSettings(model=LARGE, base_url=given, timeout_s=300)
        return
    llm = LLMSettings(model=LARGE, port=_free_port(), timeout_s=300)
    server = VLLMServer(Settings(home=tmp_path_factory.mktemp("large"), llm=llm))
    try:
        yield llm.model_copy(update={"base_url": server.up(watch=False).url})
    finally:
        server.down()


async def ask(home: Path, llm: LLMSettings, text: str) -> RecommendResponse:
    settings = Settings(
        home=home,
        llm=llm,
        deliberate=DeliberateSettings(max_calls=MAX_CALLS),
        timeouts=TimeoutSettings(deliberate_s=300),
    )
    async with Recommender(settings) as recommender:
        response = await recommender.recommend(text=text, n=5, words=False, max_ms=600_000)
    assert response.route.name == "deliberate"
    assert response.prompts[0].startswith("deliberate@")
    assert 1 <= response.usage.llm_calls <= MAX_CALLS
    assert all(holds(c, record(i)) for c in response.understanding.constraints for i in response.items)
    assert 2 <= len({i.item_id for i in response.items}) == len(response.items) <= 5
    return response


def record(shown: Recommendation) -> Item:
    return Item(item_id=shown.item_id, title=shown.title, attributes=shown.attributes)


def slots(response: RecommendResponse) -> dict[str, str]:
    """Return the items chosen for each part: label to item id."""
    chosen = {i.item_id: [s.source for s in i.sources if s.source.startswith("deliberate:")] for i in response.items}
    return {sources[0].partition(":")[2]: item_id for item_id, sources in chosen.items() if sources}


def total(response: RecommendResponse) -> float:
    """Return the price of the chosen items together."""
    chosen = set(slots(response).values())
    return sum(float(str(i.attributes["price"])) for i in response.items if i.item_id in chosen)


async def plan_and_compare(home: Path, llm: LLMSettings) -> tuple[RecommendResponse, RecommendResponse]:
    plan = await ask(home, llm, PLAN)
    assert set(slots(plan)) == {"print 1", "print 2", "print 3"}
    assert total(plan) <= 100
    assert "within your budget of 100 EUR" in plan.message
    compared = await ask(home, llm, COMPARE)
    assert set(slots(compared)) == {"dog print", "cat print"}
    by_id = {i.item_id: str(i.attributes) for i in compared.items}
    assert all(label.split()[0] in by_id[item_id] for label, item_id in slots(compared).items())
    assert "Price: " in compared.message
    return plan, compared


async def test_the_bounds_hold_with_the_embedded_model(vllm_server: Settings, home: Path) -> None:
    await plan_and_compare(home, vllm_server.llm)


async def test_a_large_model_chooses_the_set_itself(large: LLMSettings, home: Path) -> None:
    for response in await plan_and_compare(home, large):
        assert not [d for d in response.degraded if "planned by rules" in d.why]
        assert response.usage.completion_tokens > 0
