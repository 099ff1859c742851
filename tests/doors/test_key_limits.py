"""What a key may use, whose turn it is, and what is left out where a budget does not reach."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from argon2 import PasswordHasher
from starlette.exceptions import HTTPException

from tastemaker.api.auth import keys as key_module
from tastemaker.api.auth.caller import Scope
from tastemaker.api.auth.keys import create_key, new_key
from tastemaker.api.http.admission import Admission, Place
from tastemaker.api.http.app import create_app
from tastemaker.core.schemas import RecommendRequest, Usage
from tastemaker.core.settings import LLMRankSettings, LLMSettings, ServeSettings, Settings
from tastemaker.evals.stand_ins import constant_services
from tastemaker.graphs.budget import priced, within_budget
from tastemaker.graphs.recommender import Recommender
from tastemaker.stores.api_keys import KeyLimits, KeyStore

from ..fake_service import FakeService


@pytest.fixture(autouse=True)
def quick_argon2(monkeypatch: pytest.MonkeyPatch) -> None:
    quick = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
    monkeypatch.setattr(key_module, "_HASHER", quick)
    monkeypatch.setattr(key_module, "_NOBODY", quick.hash("nobody"))


class Served:
    """An application and keys for it."""

    def __init__(self, settings: Settings, service: FakeService, client: httpx.AsyncClient) -> None:
        self.settings, self.service, self.client = settings, service, client

    async def key(self, **limits: Any) -> dict[str, str]:
        store = KeyStore.at(self.settings.access_url)
        scopes: tuple[Scope, ...] = ("recommend", "feedback", "act_for_users")
        _, key = await create_key(store, "shop", "test", scopes=scopes, limits=KeyLimits(**limits))
        await store.close()
        return {"X-API-Key": key}


@pytest.fixture
async def served(tmp_path: Path) -> AsyncIterator[Served]:
    settings = Settings(home=tmp_path)
    service = FakeService()
    first = Served(settings, service, httpx.AsyncClient())
    await first.key()

    async def opened() -> FakeService:
        return service

    app = create_app(opened, settings)
    transport = httpx.ASGITransport(app=app)
    async with app.router.lifespan_context(app), httpx.AsyncClient(transport=transport, base_url="http://t") as client:
        yield Served(settings, service, client)


async def test_a_key_makes_so_many_requests_a_minute_and_others_are_not_held_up(served: Served) -> None:
    key, other = await served.key(rate_per_minute=3), await served.key()
    answers = [(await served.client.post("/recommend", json={}, headers=key)) for _ in range(5)]
    assert [a.status_code for a in answers] == [200, 200, 200, 429, 429]
    assert 1 <= int(answers[-1].headers["Retry-After"]) <= 60
    assert "3 requests a minute" in answers[-1].json()["error"]["message"]
    assert (await served.client.post("/recommend", json={}, headers=other)).status_code == 200


async def test_a_key_sends_so_many_bytes_a_minute(served: Served) -> None:
    key = await served.key(bytes_per_minute=1000)
    small, large = {"text": "a"}, {"text": "a" * 900}
    assert (await served.client.post("/recommend", json=large, headers=key)).status_code == 200
    refused = await served.client.post("/recommend", json=large, headers=key)
    assert refused.status_code == 429
    assert "bytes a minute" in refused.json()["error"]["message"]
    assert (await served.client.post("/recommend", json=small, headers=key)).status_code == 200


async def test_a_key_makes_so_many_requests_at_once(served: Served) -> None:
    key = await served.key(concurrency=2)
    served.service.pause_s = 0.02
    answers = await asyncio.gather(*(served.client.post("/recommend", json={}, headers=key) for _ in range(5)))
    assert sorted(a.status_code for a in answers) == [200, 200, 429, 429, 429]
    assert (await served.client.post("/recommend", json={}, headers=key)).status_code == 200


@pytest.mark.parametrize(("asked", "given"), [(None, 800), (500, 500), (5000, 800)])
async def test_a_key_bounds_the_budgets_of_its_requests(served: Served, asked: int | None, given: int) -> None:
    key = await served.key(max_ms=800, max_cost=800)
    await served.client.post("/recommend", json={"max_ms": asked, "max_cost": asked}, headers=key)
    assert (served.service.requests[-1].max_ms, served.service.requests[-1].max_cost) == (given, given)


async def test_who_guesses_keys_is_refused_after_some(served: Served) -> None:
    wrong = [await served.client.post("/recommend", json={}, headers={"X-API-Key": f"tm_{n}"}) for n in range(40)]
    assert {a.status_code for a in wrong[:30]} == {401}
    assert {a.status_code for a in wrong[30:]} == {429}
    key = new_key()[1]
    assert (await served.client.post("/recommend", json={}, headers={"X-API-Key": key})).status_code == 429


# --- fair admission --------------------------------------------------------------------------------------


async def test_a_free_place_goes_to_the_next_tenant_in_turn() -> None:
    admission = Admission(ServeSettings(max_active=1, max_waiting=10, max_wait_s=5))
    order: list[str] = []
    first = await admission.enter("greedy")

    async def ask(tenant: str) -> None:
        place = await admission.enter(tenant)
        order.append(tenant)
        await asyncio.sleep(0)
        place.leave()

    tasks = [asyncio.create_task(ask("greedy")) for _ in range(6)]
    await asyncio.sleep(0)
    tasks += [asyncio.create_task(ask("modest")) for _ in range(2)]
    await asyncio.sleep(0)
    first.leave()
    await asyncio.gather(*tasks)
    assert order[:4].count("modest") == 2
    assert (admission.active, admission.waiting) == (0, 0)


async def test_who_fills_the_queue_gives_way_to_others() -> None:
    admission = Admission(ServeSettings(max_active=1, max_waiting=4, max_wait_s=5))
    first = await admission.enter("greedy")
    greedy = [asyncio.create_task(admission.enter("greedy")) for _ in range(4)]
    await asyncio.sleep(0)
    assert admission.full("greedy")
    assert not admission.full("modest")
    with pytest.raises(HTTPException):
        await admission.enter("greedy")
    modest = [asyncio.create_task(admission.enter("modest")) for _ in range(2)]
    await asyncio.sleep(0.01)
    assert admission.full("modest")  # two each: nobody waits for less
    assert admission.waiting == 4
    sent_away = [t for t in greedy if t.done()]
    assert [t.exception().status_code for t in sent_away] == [429, 429]  # type: ignore[union-attr]
    first.leave()

    async def use(task: asyncio.Task[Place]) -> None:
        (await task).leave()

    await asyncio.gather(*map(use, [*modest, *(t for t in greedy if t not in sent_away)]))
    assert (admission.active, admission.waiting) == (0, 0)


@pytest.mark.parametrize("how", ["cancelled", "late"])
async def test_a_place_is_not_lost_with_who_leaves_the_queue(how: str) -> None:
    admission = Admission(ServeSettings(max_active=1, max_waiting=4, max_wait_s=0.01 if how == "late" else 5))
    place = await admission.enter("a")
    waiting = [asyncio.create_task(admission.enter(t)) for t in ("a", "b", "c")]
    await asyncio.sleep(0)
    if how == "cancelled":
        place.leave()  # hands the place to one that is cancelled before it can run
        for task in waiting:
            task.cancel()
    await asyncio.gather(*waiting, return_exceptions=True)
    if how == "late":
        place.leave()
    assert (admission.active, admission.waiting) == (0, 0)
    (await admission.enter("a")).leave()


# --- budgets ---------------------------------------------------------------------------------------------

PRICED = LLMSettings(prompt_price=1.0, completion_price=4.0)


@pytest.mark.parametrize(
    ("max_cost", "cheaper"),
    [
        (None, {}),
        (1.0, {}),
        (0.02, {"llm_rank": []}),
        (0.005, {"route": "direct", "llm_rank": []}),
        (0.0, {"words": False, "route": "direct", "llm_rank": []}),
    ],
)
def test_a_small_budget_chooses_the_cheaper_way(max_cost: float | None, cheaper: dict[str, Any]) -> None:
    settings = Settings(llm=PRICED, llm_rank=LLMRankSettings(strategies=("score",)))
    request, left_out = within_budget(RecommendRequest(max_cost=max_cost), settings)
    assert {n: getattr(request, n) for n in cheaper} == cheaper
    assert len(left_out) == len(cheaper)
    free, nothing = within_budget(RecommendRequest(max_cost=0), Settings())
    assert (free.words, nothing) == (True, [])


async def test_what_a_budget_leaves_out_is_said(tmp_path: Path) -> None:
    settings = Settings(home=tmp_path, llm=PRICED)
    services = constant_services(settings)
    async with Recommender(services=services) as recommender:
        answer = await recommender.recommend(text="a print", max_cost=0)
        assert answer.items
        assert {d.what for d in answer.degraded} == {"budget"}
        assert (answer.usage.llm_calls, answer.usage.cost) == (0, 0)
        dear = await recommender.recommend(text="a print", max_cost=1)
        assert dear.usage.cost > 0
    assert priced(Usage(prompt_tokens=10, completion_tokens=1), PRICED).cost == pytest.approx(14e-6)
