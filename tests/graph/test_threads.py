"""Test what threads promise when the store is locked, when turns meet, and that nothing piles up."""

from __future__ import annotations

import asyncio
import sqlite3
from pathlib import Path
from typing import Any

import pytest
from langgraph.checkpoint.sqlite import SqliteSaver

from tastemaker.core.errors import BackEndOverloaded, InvalidRequestError
from tastemaker.core.schemas import RecommendResponse
from tastemaker.core.settings import Settings
from tastemaker.evals.stand_ins import ConstantCatalogue, constant_services
from tastemaker.graphs.recommender import Recommender
from tastemaker.graphs.shop import services as parts_module
from tastemaker.graphs.shop.services import MAX_SHOPS, Services
from tastemaker.graphs.threads import store as store_module
from tastemaker.graphs.threads.store import Threads
from tastemaker.models.slots import slot_id
from tastemaker.tools.trust.consistency_checker import packaged_thresholds


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(home=tmp_path)


def labels(response: RecommendResponse) -> set[str]:
    return {d.what for d in response.degraded}


def rows(settings: Settings, table: str) -> int:
    connection = sqlite3.connect(settings.threads_path)
    try:
        return int(connection.execute(f"select count(*) from {table}").fetchone()[0])
    finally:
        connection.close()


async def test_a_locked_store_is_labelled_and_the_budget_kept(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tastemaker.graphs.threads.store.BUSY_S", 0.3)
    async with Recommender(services=constant_services(settings)) as recommender:
        first = await recommender.recommend(text="a print under 50")
        blocker = sqlite3.connect(settings.threads_path, isolation_level=None)
        blocker.execute("BEGIN EXCLUSIVE")
        try:
            started = asyncio.get_running_loop().time()
            response = await recommender.recommend(text="another", thread_id=first.thread_id, max_ms=1000)
            seconds = asyncio.get_running_loop().time() - started
        finally:
            blocker.close()
        again = await recommender.recommend(text="another", thread_id=first.thread_id)
    assert response.items
    assert "threads" in labels(response)
    assert seconds < 3
    assert again.understanding.constraints
    assert "threads" not in labels(again)


async def test_a_store_that_cannot_be_opened_is_labelled(settings: Settings, tmp_path: Path) -> None:
    settings.threads_path.mkdir()
    async with Recommender(services=constant_services(settings)) as recommender:
        response = await recommender.recommend(text="a print")
        health = await recommender.health()
    assert response.items
    assert "threads" in labels(response)
    assert health["threads"]["state"] == "down"


async def test_two_turns_at_once_both_count(settings: Settings) -> None:
    async with Recommender(services=constant_services(settings)) as recommender:
        first = await recommender.recommend(text="a print")
        await asyncio.gather(
            recommender.recommend(text="under 50 euros", thread_id=first.thread_id),
            recommender.recommend(text="over 20 euros", thread_id=first.thread_id),
        )
        last = await recommender.recommend(text="more", thread_id=first.thread_id)
    assert {c.value for c in last.understanding.constraints} == {50, 20}


async def test_a_thread_keeps_one_checkpoint_and_a_refused_request_none(settings: Settings) -> None:
    async with Recommender(services=constant_services(settings)) as recommender:
        first = await recommender.recommend(text="a print")
        for _ in range(3):
            await recommender.recommend(text="more", thread_id=first.thread_id)
        with pytest.raises(InvalidRequestError):
            await recommender.recommend(images=[{"data": "AAAA"}])
    assert rows(settings, "checkpoints") == 1
    assert rows(settings, "writes") <= 5


async def test_a_wrong_constraint_is_named_by_its_place_before_any_event(settings: Settings) -> None:
    where = [{"field": "price", "op": "<=", "value": 9}, {"field": "colour", "op": "=", "value": "red"}]
    async with Recommender(services=constant_services(settings)) as recommender:
        events = recommender.stream(text="under 40 euros", constraints=where)
        with pytest.raises(InvalidRequestError, match=r"^constraints\[1\]"):
            await anext(events)


class EmptyCatalogue(ConstantCatalogue):
    async def schema(self) -> Any:
        return (await super().schema()).model_copy(update={"count": 0})


async def test_unknown_tenants_are_refused_and_open_shops_bounded(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(parts_module, "MAX_SHOPS", 2)
    services = constant_services(settings)
    opened = services.open_stores

    async def stores(tenant: str) -> Any:
        catalogue, history, collaborative = await opened(tenant)
        return (EmptyCatalogue() if tenant.startswith("evil") else catalogue), history, collaborative

    services.open_stores = stores
    async with Recommender(services=services) as recommender:
        with pytest.raises(InvalidRequestError, match=r"^tenant"):
            await recommender.recommend(text="a print", tenant="evil-1")
        for tenant in ("a", "b", "c"):
            await recommender.recommend(text="a print", tenant=tenant)
        assert list(services.shops) == ["b", "c"]


async def test_fields_over_a_request_are_checked(settings: Settings) -> None:
    async with Recommender(services=constant_services(settings)) as recommender:
        response = await recommender.recommend(text="a print", n=3)
        assert len(response.items) == 3
        with pytest.raises(InvalidRequestError, match=r"^user_id"):
            await recommender.recommend(user_id=5)


def test_lazily_opened_models_keep_their_names() -> None:
    settings = Settings()
    services = parts_module.Services.from_settings(settings)
    assert services.image_text.name == slot_id(settings, "image_text") == packaged_thresholds().model


async def test_another_user_cannot_slip_into_a_thread_that_is_just_starting(settings: Settings) -> None:
    async with Recommender(services=constant_services(settings)) as recommender:
        own, other = await asyncio.gather(
            recommender.recommend(text="a print for my secret under 50 euros", user_id="ada", thread_id="t1"),
            recommender.recommend(text="more", user_id="mallory", thread_id="t1"),
            return_exceptions=True,
        )
    assert isinstance(own, RecommendResponse)
    assert isinstance(other, InvalidRequestError)
    assert other.field == "thread_id"


async def test_first_requests_of_a_tenant_open_one_shop(settings: Settings) -> None:
    services = constant_services(settings)
    opened, count = services.open_stores, 0

    async def stores(tenant: str) -> Any:
        nonlocal count
        count += 1
        await asyncio.sleep(0.01)
        return await opened(tenant)

    services.open_stores = stores
    shops = await asyncio.gather(*(services.shop("x") for _ in range(10)))
    assert count == 1
    assert len({id(s) for s in shops}) == 1


def slow_to_close(settings: Settings, closed: set[str]) -> Services:
    services = constant_services(settings)
    opened = services.open_stores

    async def stores(tenant: str) -> Any:
        catalogue, history, collaborative = await opened(tenant)

        class Closing(type(history)):  # type: ignore[misc]
            async def close(self) -> None:
                closed.add(tenant)
                await asyncio.sleep(0.001)

        return catalogue, Closing(), collaborative

    services.open_stores = stores
    return services


async def test_a_shop_that_is_lent_stays_open_and_the_others_are_bounded(settings: Settings) -> None:
    closed: set[str] = set()
    services = slow_to_close(settings, closed)

    async def work(tenant: str, seconds: float = 0) -> None:
        async with services.lend(tenant):
            await asyncio.sleep(seconds)
            assert tenant not in closed

    for burst in range(3):
        await asyncio.gather(*(work(f"new{burst}-{n}", 0.01) for n in range(MAX_SHOPS + 8)))
    await work("last")
    assert len(services.shops) == MAX_SHOPS
    assert not any(shop.users for shop in services.shops.values())
    await services.close()


async def test_new_tenants_at_once_are_answered_while_others_close(settings: Settings) -> None:
    async with Recommender(services=slow_to_close(settings, set())) as recommender:
        for burst, many in enumerate((MAX_SHOPS + 18, 4, MAX_SHOPS + 18, 4)):
            asked = (recommender.recommend(tenant=f"b{burst}-{n}", words=False) for n in range(many))
            async with asyncio.timeout(20):
                await asyncio.gather(*asked)
        assert len(recommender.services.shops) == MAX_SHOPS


async def test_a_new_thread_is_not_read_and_a_known_one_is_followed(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    read: list[str] = []
    known = SqliteSaver.get_tuple

    def counted(self: SqliteSaver, config: Any) -> Any:
        read.append(config["configurable"]["thread_id"])
        return known(self, config)

    monkeypatch.setattr(SqliteSaver, "get_tuple", counted)
    async with Recommender(services=constant_services(settings)) as recommender:
        first = await recommender.recommend(text="a print under 50")
        assert read == []
        again = await recommender.recommend(text="another", thread_id=first.thread_id)
    assert read
    assert [c.value for c in again.understanding.constraints] == [50]
    assert rows(settings, "checkpoints") == 1


async def test_an_anonymous_thread_goes_over_to_who_signs_in_once(settings: Settings) -> None:
    async with Recommender(services=constant_services(settings)) as recommender:
        first = await recommender.recommend(text="a print under 50 euros")
        mine = await recommender.recommend(text="another", user_id="ada", thread_id=first.thread_id)
        assert [c.value for c in mine.understanding.constraints] == [50]
        for other in ("mallory", None):
            with pytest.raises(InvalidRequestError, match="another user"):
                await recommender.recommend(text="more", user_id=other, thread_id=first.thread_id)
        again = await recommender.recommend(text="more", user_id="ada", thread_id=first.thread_id)
    assert [c.value for c in again.understanding.constraints] == [50]


@pytest.mark.parametrize("guessable", ["t1", "session-2026-11-27", "00000000-0000-0000-0000-000000000001"])
async def test_an_anonymous_thread_with_a_guessable_id_goes_over_to_nobody(settings: Settings, guessable: str) -> None:
    async with Recommender(services=constant_services(settings)) as recommender:
        await recommender.recommend(text="a print under 50 euros", thread_id=guessable)
        with pytest.raises(InvalidRequestError, match="can be guessed"):
            await recommender.recommend(text="more", user_id="mallory", thread_id=guessable)
        again = await recommender.recommend(text="more", thread_id=guessable)
    assert [c.value for c in again.understanding.constraints] == [50]


async def test_of_two_who_sign_in_at_once_one_gets_the_thread(settings: Settings) -> None:
    async with Recommender(services=constant_services(settings)) as recommender:
        first = await recommender.recommend(text="a print under 50 euros")
        ends = await asyncio.gather(
            *(recommender.recommend(text="more", user_id=u, thread_id=first.thread_id) for u in ("ada", "bob")),
            return_exceptions=True,
        )
    assert sorted(type(end).__name__ for end in ends) == ["InvalidRequestError", "RecommendResponse"]


async def test_servers_that_share_a_store_keep_every_turn_of_a_thread(settings: Settings) -> None:
    async with (
        Recommender(services=constant_services(settings)) as one,
        Recommender(services=constant_services(settings)) as two,
    ):
        first = await one.recommend(text="a print")
        said = [
            (one if n % 2 else two).recommend(
                thread_id=first.thread_id, preferences={"values": [{"field": f"f{n}", "value": n}]}
            )
            for n in range(10)
        ]
        await asyncio.gather(*said)
        memory = await Threads(one._threads.saver).memory(f"default/{first.thread_id}")  # type: ignore[union-attr]
    assert memory.turn == 11
    assert {p.value for p in memory.stated} == set(range(10))


async def test_a_turn_waits_for_the_one_of_another_server_and_goes_on_when_that_died(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store_module, "GRACE_S", 0.0)
    threads, other = [await Threads.open(settings.threads_path) for _ in range(2)]
    try:
        dead = threads.turn("default/t", 0.2)
        held = await dead.__aenter__()
        with pytest.raises(BackEndOverloaded, match="still going on"):
            async with other.turn("default/t", 0.05):
                pass
        async with other.turn("default/t", 1.0) as later:
            assert not await held.end(), "the turn that took too long must learn that it was overtaken"
            assert await later.end()
        await dead.__aexit__(None, None, None)
    finally:
        await threads.close()
        await other.close()


async def test_who_is_overtaken_is_told(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    async def overtaken(self: Any) -> bool:
        return False

    async with Recommender(services=constant_services(settings)) as recommender:
        first = await recommender.recommend(text="a print")
        monkeypatch.setattr(store_module.ThreadTurn, "end", overtaken)
        response = await recommender.recommend(text="more", thread_id=first.thread_id)
    assert "threads" in labels(response)
