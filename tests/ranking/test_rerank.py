"""Test the step that lets a language model move the list: items first, bounded, labelled, and never without a weight."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from tastemaker.agents.reranking.combined_signal import prompt_refs
from tastemaker.core.errors import BackEndUnavailable, InvalidRequestError
from tastemaker.core.learning.llm_weight_fit import FittedWeight
from tastemaker.core.learning.llm_weight_table import WeightEntry, WeightTable
from tastemaker.core.schemas import RecommendResponse, StreamEvent
from tastemaker.core.schemas.chat import ChatDelta, ChatReply, ChatRequest, ChatUsage
from tastemaker.core.settings import FilterSettings, LLMRankSettings, Settings
from tastemaker.evals.service.promises import HostileChat
from tastemaker.evals.stand_ins import BY_ID, ConstantChat, constant_services
from tastemaker.graphs.recommender import Recommender
from tastemaker.graphs.shop.services import Services
from tastemaker.stores.fitted_files import WeightFile, weights_path


class LastFirst(ConstantChat):
    """Sort the candidates by falling title, whatever their order."""

    async def complete(self, request: ChatRequest) -> ChatReply:
        self.calls += 1
        lines = [line.partition(". ") for line in request.messages[-1].content.splitlines() if line[:1].isdigit()]
        order = sorted(lines, key=lambda line: -int(line[2].split()[-1]))
        answer = {str(i): number for i, (number, _, _) in enumerate(order, 1)}
        return ChatReply(text=json.dumps(answer), usage=ChatUsage(prompt_tokens=9, completion_tokens=9))


class Down(ConstantChat):
    async def complete(self, request: ChatRequest) -> ChatReply:
        raise BackEndUnavailable("gone")

    async def stream(self, request: ChatRequest) -> AsyncIterator[ChatDelta]:
        raise BackEndUnavailable("gone")
        yield ChatDelta()


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(home=tmp_path, llm_rank=LLMRankSettings(top=12))


async def run(
    services: Services, *, weight: float | None = None, **fields: Any
) -> tuple[list[StreamEvent], RecommendResponse]:
    services.llm_rank.weight_to_evaluate = weight
    async with Recommender(services=services) as recommender:
        events = [e async for e in recommender.stream(text="a print", n=4, words=False, **fields)]
    return events, RecommendResponse.model_validate(events[-1].data)


def fitted(services: Services, weight: float) -> None:
    """Write a weight for list-wise ranking of cold users."""
    found = FittedWeight(weight=weight, gain=1.0, low=0.5, high=1.5, n=200)
    refs = prompt_refs(["listwise"], services.prompts)
    entry = WeightEntry(model=services.chat.name, strategies=("listwise",), prompts=refs, groups={"cold": found})
    WeightFile(weights_path(services.settings.home, "default")).write(WeightTable(entries=(entry,)))


def ids(response: RecommendResponse) -> list[str]:
    return [i.item_id for i in response.items]


async def test_nothing_is_asked_where_nobody_asks_for_it(settings: Settings) -> None:
    events, response = await run(constant_services(settings, LastFirst()))
    assert response.llm_influence is None
    assert "rerank_with_llm" not in {t.step for t in response.timings}
    assert sum(e.event == "items" for e in events) == 1


async def test_without_a_fitted_weight_the_model_is_not_asked(settings: Settings) -> None:
    chat = LastFirst()
    _, plain = await run(constant_services(settings, LastFirst()))
    _, response = await run(constant_services(settings, chat), llm_rank=["listwise"])
    assert ids(response) == ids(plain)
    assert chat.calls == 0
    assert response.llm_influence is not None
    assert response.llm_influence.weight == 0
    assert "not fitted" in response.llm_influence.why
    assert not response.degraded


async def test_a_fitted_weight_moves_the_list_that_was_sent_before(settings: Settings) -> None:
    services = constant_services(settings, LastFirst())
    fitted(services, 2.0)
    events, response = await run(services, llm_rank=["listwise"])
    lists = [[i["item_id"] for i in e.data["items"]] for e in events if e.event == "items"]
    assert len(lists) == 2
    assert lists[0] != lists[1] == ids(response)
    influence = response.llm_influence
    assert influence is not None
    assert (influence.weight, influence.fitted, influence.group, influence.used) == (2.0, True, "cold", ("listwise",))
    assert 0 < influence.kendall_distance <= 1
    assert influence.mean_rank_shift > 0
    assert any(p.startswith("rank@") for p in response.prompts)
    assert response.usage.llm_calls == 2
    assert all(i.sources[-1].source == "language_model" for i in response.items)
    assert [i.rank for i in response.items] == [1, 2, 3, 4]


async def test_an_item_below_the_list_may_rise_into_it(settings: Settings) -> None:
    services = constant_services(settings, LastFirst())
    _, plain = await run(services, llm_rank=[])
    _, response = await run(constant_services(settings, LastFirst()), llm_rank=["listwise"], weight=2.0)
    assert set(ids(response)) != set(ids(plain))
    assert len(ids(response)) == 4
    assert response.llm_influence is not None
    assert not response.llm_influence.fitted


async def test_the_deployment_chooses_where_the_request_does_not(settings: Settings) -> None:
    chosen = settings.model_copy(update={"llm_rank": LLMRankSettings(strategies=("listwise",), top=12)})
    _, response = await run(constant_services(chosen, LastFirst()))
    assert response.llm_influence is not None
    _, response = await run(constant_services(chosen, LastFirst()), llm_rank=[])
    assert response.llm_influence is None


@pytest.mark.parametrize("strategy", ["listwise", "score", "generative", "profile", "embeddings"])
async def test_a_model_that_is_down_leaves_the_list_and_a_label(settings: Settings, strategy: str) -> None:
    _, plain = await run(constant_services(settings, Down()))
    _, response = await run(constant_services(settings, Down()), llm_rank=[strategy], weight=2.0)
    assert ids(response) == ids(plain)
    influence = response.llm_influence
    assert influence is not None
    assert influence.kendall_distance == 0
    if strategy != "embeddings":
        assert "llm_rank" in {d.what for d in response.degraded}
        assert influence.weight == 0


async def test_weights_that_cannot_be_read_move_nothing(settings: Settings) -> None:
    path = weights_path(settings.home, "default")
    path.parent.mkdir(parents=True)
    path.write_text("broken", encoding="utf-8")
    chat = LastFirst()
    _, response = await run(constant_services(settings, chat), llm_rank=["listwise"])
    assert "llm_weights" in {d.what for d in response.degraded}
    assert chat.calls == 0
    assert len(response.items) == 4


async def test_what_stands_in_has_its_own_weight(settings: Settings) -> None:
    services = constant_services(settings, LastFirst())
    refs = prompt_refs(["score"], services.prompts)
    found = FittedWeight(weight=0.5, gain=1.0, low=0.5, high=1.5, n=200)
    entry = WeightEntry(model=services.chat.name, strategies=("score",), prompts=refs, groups={"cold": found})
    WeightFile(weights_path(settings.home, "default")).write(WeightTable(entries=(entry,)))
    _, plain = await run(constant_services(settings), llm_rank=[])
    _, response = await run(services, llm_rank=["score"])
    assert ids(response) == ids(plain)
    assert response.llm_influence is not None
    assert response.llm_influence.used == ("listwise",)
    assert response.llm_influence.weight == 0
    assert "llm_rank" in {d.what for d in response.degraded}


async def test_pins_and_bounds_of_the_shop_keep_the_last_word(settings: Settings) -> None:
    rules = settings.home / "rules" / "default.yaml"
    rules.parent.mkdir()
    rules.write_text("rules:\n  - {id: first, kind: pin, items: [item-7], position: 1}\n", encoding="utf-8")
    services = constant_services(settings, LastFirst())
    _, response = await run(services, llm_rank=["listwise"], weight=2.0)
    assert not response.degraded
    assert ids(response)[0] == "item-7"
    assert response.llm_influence is not None
    assert response.llm_influence.kendall_distance > 0


async def test_what_a_content_filter_holds_back_never_rises(tmp_path: Path) -> None:
    words = FilterSettings(use=["words"], words=["print 9", "print 11"])
    settings = Settings(home=tmp_path, llm_rank=LLMRankSettings(top=12), filters=words)
    _, response = await run(constant_services(settings, LastFirst()), llm_rank=["listwise"], weight=2.0)
    assert response.llm_influence is not None
    assert response.llm_influence.used
    assert not {"item-9", "item-11"} & set(ids(response))
    assert "item-10" in ids(response)


async def test_why_not_asks_no_model(settings: Settings) -> None:
    chat = LastFirst()
    services = constant_services(settings, chat)
    services.llm_rank.weight_to_evaluate = 1.0
    async with Recommender(services=services) as recommender:
        found = await recommender.why_not("item-9", text="a print", n=4, llm_rank=["listwise"])
    assert found.step == "rank"
    assert chat.calls == 0


async def test_a_request_says_what_is_wrong_with_its_strategies(settings: Settings) -> None:
    with pytest.raises(InvalidRequestError, match="llm_rank"):
        await run(constant_services(settings), llm_rank=["magic"])


async def test_no_request_chooses_the_weight(settings: Settings) -> None:
    with pytest.raises(InvalidRequestError, match="llm_weight"):
        await run(constant_services(settings), llm_weight=1)


@pytest.mark.parametrize("strategies", [["listwise"], ["score", "generative"], ["profile", "embeddings", "listwise"]])
async def test_a_hostile_model_can_neither_add_nor_double_nor_lose_an_item(
    settings: Settings, strategies: list[str]
) -> None:
    services = constant_services(settings)
    services.chat = HostileChat(seed=3)
    services.rebuild()
    services.llm_rank.weight_to_evaluate = 2.0
    moved = 0
    async with Recommender(services=services) as recommender:
        for number in range(12):
            wish: dict[str, Any] = {"text": f"print {number}", "n": 5, "llm_rank": strategies}
            response = await recommender.recommend(**wish)
            assert len(set(ids(response))) == 5
            assert set(ids(response)) <= set(BY_ID)
            assert all(i.title == BY_ID[i.item_id].title and i.reason for i in response.items)
            moved += bool(response.llm_influence and response.llm_influence.kendall_distance > 0)
    assert moved or "listwise" not in strategies
