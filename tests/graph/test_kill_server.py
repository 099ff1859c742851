"""Kill the service between two turns of a thread, and the model server during a stream."""

from __future__ import annotations

import asyncio
import os
import signal
from pathlib import Path

import httpx
import pytest

from tastemaker.api.demo.processes import service
from tastemaker.core.settings import LLMSettings, Settings
from tastemaker.graphs.recommender import Recommender
from tastemaker.models.vllm.server import VLLMServer

from ..ports import free_port
from ..test_end_to_end import stock

pytestmark = pytest.mark.slow


async def test_a_thread_survives_the_death_of_the_service(tmp_path: Path) -> None:
    settings = await stock(tmp_path)
    environ = {
        "TASTEMAKER_CATALOGUE__MEDIA_ROOT": settings.catalogue.media_root,
        "TASTEMAKER_LLM__BASE_URL": settings.llm.base_url,
    }
    async with (
        service(tmp_path, settings=environ) as running,
        httpx.AsyncClient(base_url=running.url, timeout=60) as client,
    ):
        first = (await client.post("/recommend", json={"text": "a dog, under 50 euros", "n": 5})).json()
        os.killpg(running.pid, signal.SIGKILL)
    async with (
        service(tmp_path, settings=environ) as running,
        httpx.AsyncClient(base_url=running.url, timeout=60) as client,
    ):
        body = {"text": "cheaper", "n": 5, "thread_id": first["thread_id"]}
        second = (await client.post("/recommend", json=body)).json()
    prices = [i["attributes"]["price"] for i in first["items"]]
    assert second["items"]
    assert all(i["attributes"]["price"] < max(prices) for i in second["items"])
    assert "dog" in second["understanding"]["query"]


@pytest.mark.vllm
@pytest.mark.timeout(900)
async def test_the_words_go_on_without_the_model_when_its_server_is_killed(tmp_path: Path) -> None:
    settings = (await stock(tmp_path)).model_copy(update={"llm": LLMSettings(port=free_port())})
    server = VLLMServer(settings)
    try:
        await asyncio.to_thread(server.up, watch=False)
        async with Recommender(settings) as recommender:
            response = await kill_at_items(recommender, server, settings)
    finally:
        await asyncio.to_thread(server.down)
    assert response["items"]
    assert len(response["items"]) + len(response["close"]) <= 5
    assert all(i["reason"]["text"] for i in response["items"])
    assert "llm" in {d["what"] for d in response["degraded"]}


async def kill_at_items(recommender: Recommender, server: VLLMServer, settings: Settings) -> dict[str, list[dict]]:  # type: ignore[type-arg]
    pid = server.status().pid
    assert pid
    killed = asyncio.Event()

    async def kill() -> None:
        await asyncio.sleep(0.7)
        os.killpg(os.getpgid(pid), signal.SIGKILL)
        killed.set()

    task = None
    async for event in recommender.stream(text="a dog outdoors", n=5):
        if event.event == "items":
            task = asyncio.create_task(kill())
        if event.event == "done":
            assert task is not None
            await task
            assert killed.is_set()
            return event.data
    raise AssertionError("the stream ended without `done`")
