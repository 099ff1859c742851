"""Test how weights are fitted on a shop's own events, and the benchmarks that measure harm and order, with small stand-ins."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np

from tastemaker.core.learning.held_out import hold_out
from tastemaker.core.learning.llm_signal import base_scores
from tastemaker.core.learning.llm_weight_fit import NOT_FITTED, FittedWeight
from tastemaker.core.protocols import Catalogue, Collaborative, History
from tastemaker.core.schemas import Event
from tastemaker.core.schemas.chat import ChatReply, ChatRequest
from tastemaker.core.settings import LLMRankSettings, Settings
from tastemaker.evals.games.llm_cases import Listed, Row
from tastemaker.evals.games.llm_harm import alone, cases, compared
from tastemaker.evals.games.llm_order import placed, spread
from tastemaker.evals.stand_ins import ConstantCatalogue, ConstantChat, ConstantHistory, constant_services
from tastemaker.graphs.fitting.llm_weight import fit_llm
from tastemaker.graphs.shop.services import Services
from tastemaker.stores.llm_opinions import OpinionStore

START = datetime(2026, 1, 1, tzinfo=UTC)


def events(users: int, each: int) -> list[Event]:
    """Return likes of ``each`` items a user; the last is always item-9."""
    made = []
    for user in range(users):
        liked = [*(f"item-{100 + (user + i) % 40}" for i in range(each - 1)), "item-9"]
        made += [
            Event(user_id=f"u{user}", item_id=item, kind="like", at=START + timedelta(hours=user, minutes=i))
            for i, item in enumerate(liked)
        ]
    return made


class Log(ConstantHistory):
    """Hold the events."""

    async def all_events(self, since_id: int = 0, limit: int = 1_000_000) -> list[Event]:
        return events(90, 8)


class Popular:
    """Find the same items popular."""

    async def similar(self, item_ids: Sequence[str], limit: int) -> list[tuple[str, float]]:
        return []

    async def popular(self, limit: int, segment: str | None = None) -> list[tuple[str, float]]:
        return [(f"item-{i}", 1.0 / (i + 1)) for i in range(12)]


class Knows(ConstantChat):
    """Put item 9 first, then the others as they stand."""

    async def complete(self, request: ChatRequest) -> ChatReply:
        self.calls += 1
        lines = [line.partition(". ") for line in request.messages[-1].content.splitlines() if line[:1].isdigit()]
        order = sorted(lines, key=lambda line: line[2] != "Print 9")
        return ChatReply(text=json.dumps({str(i): number for i, (number, _, _) in enumerate(order, 1)}))


def parts_with(tmp_path: Path, chat: ConstantChat) -> Services:
    services = constant_services(Settings(home=tmp_path, llm_rank=LLMRankSettings(top=12, orders=1)), chat)

    async def stores(tenant: str) -> tuple[Catalogue, History, Collaborative]:
        return ConstantCatalogue(), Log(), Popular()

    services.open_stores = stores
    return services


def test_the_last_liked_item_is_held_out_and_the_rest_is_not_offered() -> None:
    held = hold_out(events(20, 8), most=20, seed=1)
    assert len(held) == 20
    assert {h.target for h in held} == {"item-9"}
    assert {h.group for h in held} == {"cold", "warm"}
    for one in held:
        assert "item-9" not in {e.item_id for e in one.profile.events}
        assert "item-9" not in one.hidden
        assert len(one.hidden) == 7
    assert {len(h.profile.events) for h in held if h.group == "cold"} == {1, 2, 3}
    assert hold_out(events(20, 1), most=20, seed=1) == []


async def test_a_model_that_helps_is_given_a_weight_that_the_service_finds(tmp_path: Path) -> None:
    chat = Knows()
    services = parts_with(tmp_path, chat)
    said: list[str] = []
    entry = await fit_llm(services, "default", ["listwise"], most=80, budget_s=60, seed=0, say=said.append)
    assert entry.groups["cold"].weight > 0
    assert entry.groups["cold"].low > 0
    found = services.llm_rank.weight("default", ["listwise"], "cold", services.prompts)
    assert found == entry.groups["cold"]
    asked = chat.calls
    again = await fit_llm(services, "default", ["listwise"], most=80, budget_s=60, seed=0, say=said.append)
    assert chat.calls == asked, "answers are kept, so that a run can be killed and resumed"
    assert again.groups == entry.groups
    await services.close()


async def test_a_model_that_knows_nothing_gets_no_weight_and_time_is_kept(tmp_path: Path) -> None:
    services = parts_with(tmp_path, ConstantChat(answer='{"1":"1","2":"2"}'))
    entry = await fit_llm(services, "default", ["listwise"], most=80, budget_s=60, seed=0, say=lambda _: None)
    assert {g.weight for g in entry.groups.values()} == {0.0}
    late = await fit_llm(services, "default", ["listwise"], most=80, budget_s=-1, seed=0, say=lambda _: None)
    assert {g.n for g in late.groups.values()} == {0}
    await services.close()


def test_answers_survive_a_line_that_broke_off(tmp_path: Path) -> None:
    store = OpinionStore(tmp_path / "kept.jsonl")
    store.put("a", np.array([1.0, 2.0], dtype=np.float32))
    with store.path.open("a", encoding="utf-8") as file:
        file.write('{"key": "b", "sco')
    again = OpinionStore(store.path)
    kept = again.get("a")
    assert kept is not None
    assert kept.tolist() == [1.0, 2.0]
    assert again.get("b") is None


ROW = Row("u", (1, 2), (7, 5, 3, 9), 3)


def test_the_figures_compare_the_same_lists_on_and_off() -> None:
    listed = Listed(ROW, (5, 7, 3, 9), base_scores([4.0, 3.0, 2.0, 1.0]), 2)
    scores = np.array([0, 0, 9, 0], dtype=np.float32)
    assert alone([listed], [scores]) == [100.0]
    assert alone([listed], [None]) == []
    shown = cases([listed] * 40, [scores] * 40)
    assert shown[0].target == 2
    off = compared(shown, [100.0] * 40, NOT_FITTED, seed=0)
    assert off["on_minus_off"] == [0.0, 0.0, 0.0]
    assert off["unfitted_minus_off"][0] > 0
    fitted = FittedWeight(weight=2.0, gain=1.0, low=0.5, high=2.0, n=40)
    assert compared(shown, [100.0] * 40, fitted, seed=0)["on"] > off["off"]
    assert compared([], [], NOT_FITTED, seed=0)["n"] == 0


def test_the_wanted_candidate_is_put_at_each_place() -> None:
    for place in range(4):
        shown = placed(ROW, place)
        assert shown.candidates[place] == ROW.target
        assert sorted(shown.candidates) == sorted(ROW.candidates)
    assert spread({0: [50.0, 70.0], 1: [100.0, 20.0]}) == {
        "best_minus_worst": 0.0,
        "ndcg_by_place": {0: 60.0, 1: 60.0},
        "n": 2,
    }
    assert spread({0: [], 1: []})["best_minus_worst"] is None
