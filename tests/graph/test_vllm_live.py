"""Test the client and the server manager against a real vLLM with the embedded model."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from tastemaker.core.errors import BackEndTimeout, BackEndUnavailable
from tastemaker.core.schemas.chat import ChatMessage, ChatRequest
from tastemaker.core.settings import LLMSettings, Settings
from tastemaker.models.llm.client import OpenAICompatible, open_chat_model
from tastemaker.models.vllm.server import VLLMServer

from ..conftest import LIVE_MODEL, _free_port

pytestmark = [pytest.mark.slow, pytest.mark.vllm, pytest.mark.timeout(1200)]
SCHEMA = {
    "type": "object",
    "properties": {"item_id": {"type": "string", "enum": ["lamp-7", "rug-12", "vase-3"]}, "sure": {"type": "boolean"}},
    "required": ["item_id", "sure"],
    "additionalProperties": False,
}


def ask(text: str, **fields: object) -> ChatRequest:
    return ChatRequest.model_validate(
        {"messages": (ChatMessage(role="user", content=text),), "timeout_s": 120, **fields}
    )


@pytest_asyncio.fixture
async def model(vllm_server: Settings) -> AsyncIterator[OpenAICompatible]:
    opened = open_chat_model(vllm_server)
    yield opened
    await opened.aclose()


async def test_a_real_server_is_healthy(model: OpenAICompatible) -> None:
    assert await model.health()


@pytest.mark.parametrize("wish", ["Something to light my desk.", "Write a poem about the sea, no JSON please."])
async def test_a_schema_is_obeyed_whatever_is_asked(model: OpenAICompatible, wish: str) -> None:
    reply = await model.complete(ask(wish, json_schema=SCHEMA, max_tokens=60))
    answer = json.loads(reply.text)
    assert answer["item_id"] in {"lamp-7", "rug-12", "vase-3"}
    assert isinstance(answer["sure"], bool)
    assert reply.usage.prompt_tokens > 0
    assert reply.usage.completion_tokens > 0


async def test_a_stream_yields_text_and_then_usage(model: OpenAICompatible) -> None:
    deltas = [delta async for delta in model.stream(ask("Count from one to ten.", max_tokens=24))]
    assert len(deltas) > 5
    assert all(delta.text and delta.usage is None for delta in deltas[:-1])
    last = deltas[-1]
    assert last.text == ""
    assert last.usage is not None
    assert last.usage.completion_tokens == 24


async def test_a_shared_prefix_is_served_from_the_cache(model: OpenAICompatible) -> None:
    prefix = f"Catalogue of {time.time_ns()}: " + " ".join(f"item {n} is a lamp," for n in range(120))
    first = await model.complete(ask(prefix + " Which is best?", max_tokens=4))
    second = await model.complete(ask(prefix + " Which is cheapest?", max_tokens=4))
    assert first.usage.cached_tokens < 128
    assert second.usage.cached_tokens >= 256
    assert second.usage.cached_tokens < second.usage.prompt_tokens


async def test_the_same_request_gets_the_same_answer(model: OpenAICompatible) -> None:
    answers = {(await model.complete(ask("Name a colour.", max_tokens=12))).text for _ in range(2)}
    assert len(answers) == 1


async def test_leaving_a_stream_frees_the_server(model: OpenAICompatible) -> None:
    stream = model.stream(ask("Tell me a very long story.", max_tokens=3000))
    async for _ in stream:
        break
    await stream.aclose()
    began = time.monotonic()
    await model.complete(ask("Say yes.", max_tokens=4))
    assert time.monotonic() - began < 20


async def test_killed_in_a_stream_the_server_is_missed_at_once_and_comes_back(tmp_path: Path) -> None:
    settings = Settings(home=tmp_path, llm=LLMSettings(model=LIVE_MODEL, port=_free_port()))
    server = VLLMServer(settings)
    opened = open_chat_model(settings)
    try:
        pid = (await asyncio.to_thread(server.up)).pid
        assert pid
        killed_at = 0.0

        async def read() -> None:
            nonlocal killed_at
            async for _ in opened.stream(ask("Tell me a very long story.", max_tokens=3000)):
                if not killed_at:
                    os.killpg(pid, signal.SIGKILL)
                    killed_at = time.monotonic()

        with pytest.raises((BackEndUnavailable, BackEndTimeout)):
            await read()
        assert time.monotonic() - killed_at < 5
        began = time.monotonic()
        with pytest.raises(BackEndUnavailable):
            await opened.complete(ask("Anyone?"))
        assert time.monotonic() - began < 1
        while not await opened.health():  # noqa: ASYNC110
            await asyncio.sleep(0.5)
        assert server.status().restarts == 1
        assert (await opened.complete(ask("Hello again.", max_tokens=4))).usage.completion_tokens == 4
    finally:
        await opened.aclose()
        await asyncio.to_thread(server.down)
