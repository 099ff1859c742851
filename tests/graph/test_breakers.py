"""Parts that keep failing are left alone, tried again by one call, and a part that hangs does not take every place."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from tastemaker.core.errors import (
    BackEndOverloaded,
    BackEndUnavailable,
    BadBackEndResponse,
    InvalidRequestError,
    LeftAloneError,
    StoreError,
    ToolError,
    TooLittleSound,
)
from tastemaker.core.schemas import MediaInput
from tastemaker.core.settings import Settings, TimeoutSettings
from tastemaker.evals.stand_ins import constant_services
from tastemaker.graphs.recommender import Recommender
from tastemaker.graphs.turn import breaker as module
from tastemaker.graphs.turn.breaker import FAILURES, SEATS, Breaker, Breakers

from .test_graph import photo


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


async def works(value: int = 1) -> int:
    await asyncio.sleep(0)
    return value


async def fails(error: BaseException) -> int:
    await asyncio.sleep(0)
    raise error


async def outcome(breaker: Breaker, error: BaseException | None = None, *, whole_time: bool = True) -> type | int:
    try:
        return await breaker.call(works() if error is None else fails(error), 1.0, whole_time=whole_time)
    except BaseException as caught:  # noqa: BLE001
        return type(caught)


def broken() -> ToolError:
    error = ToolError("x")
    error.__cause__ = BackEndUnavailable("x")
    return error


@pytest.mark.parametrize(
    "error", [BackEndUnavailable("x"), BackEndOverloaded("x"), StoreError("x"), TimeoutError(), broken()]
)
async def test_a_part_that_keeps_failing_is_left_alone_and_tried_by_one(error: Exception) -> None:
    clock = Clock()
    breaker = Breaker("captioner", clock, pause_s=5)
    for _ in range(FAILURES):
        assert await outcome(breaker, error) is type(error)
    assert breaker.left_alone
    assert await outcome(breaker) is LeftAloneError
    clock.now += 5.1
    trials = await asyncio.gather(*(outcome(breaker, error) for _ in range(6)))
    assert [t for t in trials if t is not LeftAloneError] == [type(error)]
    assert await outcome(breaker) is LeftAloneError  # the trial failed: another pause
    clock.now += 5.1
    assert await outcome(breaker) == 1
    assert await asyncio.gather(*(outcome(breaker) for _ in range(6))) == [1] * 6


@pytest.mark.parametrize(
    "error",
    [
        InvalidRequestError("a", "b"),
        BadBackEndResponse("x"),
        TooLittleSound("x"),
        ValueError(),
        asyncio.CancelledError(),
    ],
)
async def test_what_says_nothing_about_the_part_is_not_counted(error: BaseException) -> None:
    breaker = Breaker("history")
    for _ in range(FAILURES * 2):
        await outcome(breaker, error)
    assert await outcome(breaker) == 1


async def test_a_request_without_time_does_not_speak_for_others() -> None:
    breaker = Breaker("history")
    for _ in range(FAILURES * 2):
        assert await outcome(breaker, TimeoutError(), whole_time=False) is TimeoutError
    assert await outcome(breaker) == 1


async def test_failures_count_in_a_row_and_a_cancelled_trial_leaves_the_trial_free() -> None:
    clock = Clock()
    breaker = Breaker("history", clock, pause_s=5)
    for _ in range(FAILURES * 3):
        await outcome(breaker, StoreError("x"))
        await outcome(breaker)
    assert not breaker.left_alone
    for _ in range(FAILURES):
        await outcome(breaker, StoreError("x"))
    clock.now += 6
    assert await outcome(breaker, asyncio.CancelledError()) is asyncio.CancelledError
    assert await outcome(breaker) == 1


async def test_a_part_that_hangs_has_so_many_seats(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "SEAT_S", 0.01)
    breaker = Breaker("captioner")
    hold = asyncio.Event()

    async def hang() -> int:
        await hold.wait()
        return 1

    held = [asyncio.create_task(breaker.call(hang(), 60, whole_time=True)) for _ in range(SEATS)]
    await asyncio.sleep(0)
    assert await outcome(breaker) is BackEndOverloaded
    assert not breaker.left_alone
    hold.set()
    assert await asyncio.gather(*held) == [1] * SEATS
    assert await outcome(breaker) == 1


def test_tenants_share_models_and_not_stores() -> None:
    breakers = Breakers()
    assert breakers.of("captioner", "a") is breakers.of("captioner", "b")
    assert breakers.of("history", "a") is breakers.of("history", "a")
    assert breakers.of("history", "a") is not breakers.of("history", "b")
    assert breakers.of("llm", "a") is None


async def test_a_captioner_that_hangs_costs_only_the_first_requests_their_time(tmp_path: Path) -> None:
    settings = Settings(home=tmp_path, timeouts=TimeoutSettings(caption_s=0.2))
    services = constant_services(settings)

    class Hung:
        name = "hung"

        async def caption(self, path: str) -> object:
            await asyncio.sleep(60)
            raise AssertionError

    services.captioner = Hung()  # type: ignore[assignment]
    services.rebuild()
    async with Recommender(services=services) as recommender:
        pictures = [MediaInput.model_validate(photo())]

        async def ask() -> tuple[float, set[str]]:
            began = asyncio.get_running_loop().time()
            answer = await recommender.recommend(images=pictures, words=False)
            assert answer.items
            return asyncio.get_running_loop().time() - began, {d.why for d in answer.degraded if d.what == "captioner"}

        first = [await ask() for _ in range(FAILURES)]
        assert all(why == {"no answer in time"} for _, why in first)
        _, why = await ask()
        assert why == {"kept failing and is left alone for some seconds"}
        assert (await recommender.health())["captioner"]["state"] == "degraded"
        assert recommender.services.breakers.left_alone() == ("captioner",)


async def test_a_thread_store_that_hangs_while_saving_does_not_hold_the_answer_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from tastemaker.graphs.turn import turn as turn_module

    monkeypatch.setattr(turn_module, "SAVE_S", 0.1)
    async with Recommender(services=constant_services(Settings(home=tmp_path))) as recommender:
        threads = recommender._threads
        assert threads is not None

        async def hang(*_: object, **__: object) -> None:
            await asyncio.sleep(60)

        monkeypatch.setattr(threads.saver, "aput", hang)
        async with asyncio.timeout(10):
            answer = await recommender.recommend(text="a print", words=False)
        assert answer.items
        assert [d.why for d in answer.degraded if d.what == "threads"] == ["The conversation could not be saved."]
