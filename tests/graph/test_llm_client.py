"""Test the language-model client: pure request and answer, errors, deadline, retries, streaming over a real socket."""

from __future__ import annotations

import asyncio
import json
import socket
import time
from collections.abc import AsyncIterator
from typing import Any

import httpx2
import openai
import pytest
from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse, PlainTextResponse, Response, StreamingResponse

from tastemaker.core.errors import (
    BackEndError,
    BackEndOverloaded,
    BackEndTimeout,
    BackEndUnavailable,
    BadBackEndResponse,
)
from tastemaker.core.protocols import ChatModel
from tastemaker.core.schemas.chat import ChatDelta, ChatMessage, ChatRequest, ChatUsage
from tastemaker.core.settings import LLMSettings, Settings
from tastemaker.models.llm.client import CircuitBreaker, OpenAICompatible, open_chat_model, open_client
from tastemaker.models.llm.wire import chat_body, parse_chunk, parse_reply, translate

from ..live_server import serving

REQUEST = ChatRequest(messages=(ChatMessage(role="system", content="s"), ChatMessage(role="user", content="u")))
ANSWER = {
    "id": "1",
    "object": "chat.completion",
    "created": 0,
    "model": "m",
    "choices": [
        {
            "index": 0,
            "finish_reason": "stop",
            "message": {"role": "assistant", "content": "hello", "reasoning_content": "hm"},
        }
    ],
    "usage": {
        "prompt_tokens": 7,
        "completion_tokens": 2,
        "total_tokens": 9,
        "prompt_tokens_details": {"cached_tokens": 5},
    },
}


class Backend:
    """A stand-in server that answers from a list of responses and counts what it was asked."""

    def __init__(self, *answers: Any) -> None:
        self.answers = list(answers)
        self.serves = "listed"
        self.bodies: list[dict[str, Any]] = []
        self.left = asyncio.Event()
        self.app = FastAPI()
        self.app.post("/v1/chat/completions")(self.chat)
        self.app.get("/v1/models")(self.models)

    async def chat(self, request: Request) -> Response:
        self.bodies.append(await request.json())
        answer = self.answers.pop(0)
        return answer if isinstance(answer, Response) else await answer(self, request)

    async def models(self) -> dict[str, Any]:
        one = {"id": self.serves, "object": "model", "created": 0, "owned_by": "me"}
        return {"object": "list", "data": [one]}


def ok() -> JSONResponse:
    return JSONResponse(ANSWER)


def failing(code: int, **headers: str) -> JSONResponse:
    return JSONResponse({"error": {"message": "no room", "code": code}}, code, headers)


async def hang(_: Backend, __: Request) -> Response:
    await asyncio.sleep(30)
    return ok()


def chunk(delta: dict[str, Any] | None, finish: str | None = None, usage: dict[str, Any] | None = None) -> str:
    choices = [] if delta is None else [{"index": 0, "delta": delta, "finish_reason": finish}]
    body = {"id": "1", "object": "chat.completion.chunk", "created": 0, "model": "m", "choices": choices}
    return f"data: {json.dumps({**body, 'usage': usage})}\n\n"


def streaming(*pieces: str, pause_s: float = 0.0, die: bool = False) -> Any:
    async def answer(backend: Backend, _: Request) -> Response:
        async def body() -> AsyncIterator[str]:
            try:
                for piece in pieces:
                    yield piece
                    await asyncio.sleep(pause_s)
                if die:
                    raise ConnectionResetError
            finally:
                backend.left.set()

        return StreamingResponse(body(), media_type="text/event-stream")

    return answer


def model_at(url: str, breaker: CircuitBreaker | None = None, **llm: Any) -> OpenAICompatible:
    settings = LLMSettings(**{"timeout_s": 5.0, **llm})
    return OpenAICompatible(lambda: open_client(f"{url}/v1", settings), "m", settings, breaker=breaker)


async def collect(model: OpenAICompatible, request: ChatRequest = REQUEST) -> list[ChatDelta]:
    return [delta async for delta in model.stream(request)]


# --- pure parts ----------------------------------------------------------------------------------


def test_a_request_carries_the_schema_strictly() -> None:
    schema = {"type": "object"}
    body = chat_body(REQUEST.model_copy(update={"json_schema": schema, "max_tokens": 9}), "m")
    assert body["response_format"] == {
        "type": "json_schema",
        "json_schema": {"name": "answer", "schema": schema, "strict": True},
    }
    assert body["messages"] == [{"role": "system", "content": "s"}, {"role": "user", "content": "u"}]
    assert (body["model"], body["max_tokens"], body["temperature"], body["seed"]) == ("m", 9, 0.0, 0)
    assert "stream" not in body


def test_a_streamed_request_asks_for_usage_and_a_thinking_model_is_told_not_to() -> None:
    body = chat_body(REQUEST, "m", thinks=True, stream=True)
    assert body["stream_options"] == {"include_usage": True}
    assert body["extra_body"] == {"chat_template_kwargs": {"enable_thinking": False}}
    assert "response_format" not in body


def test_reasoning_and_cached_tokens_are_read() -> None:
    reply = parse_reply(ANSWER)
    assert (reply.text, reply.reasoning) == ("hello", "hm")
    assert reply.usage == ChatUsage(prompt_tokens=7, cached_tokens=5, completion_tokens=2)


@pytest.mark.parametrize("answer", [{}, {"choices": []}, {"choices": [{"message": None}]}])
def test_an_answer_without_message_is_bad(answer: dict[str, Any]) -> None:
    with pytest.raises(BadBackEndResponse):
        parse_reply(answer)


def test_a_chunk_may_lack_everything() -> None:
    assert parse_chunk({"choices": []}) == (ChatDelta(), False)
    delta, done = parse_chunk({"choices": [{"delta": {"reasoning": "r"}, "finish_reason": "stop"}]})
    assert (delta.reasoning, done) == ("r", True)


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        (429, BackEndOverloaded),
        (503, BackEndOverloaded),
        (504, BackEndTimeout),
        (408, BackEndTimeout),
        (502, BackEndUnavailable),
        (400, BadBackEndResponse),
        (401, BadBackEndResponse),
        (404, BadBackEndResponse),
        (500, BadBackEndResponse),
    ],
)
def test_status_codes_become_our_errors(code: int, kind: type[BackEndError]) -> None:
    request = httpx2.Request("POST", "http://x/v1")
    error = openai.APIStatusError("why", response=httpx2.Response(code, request=request), body=None)
    found = translate(error, "http://x/v1")
    assert type(found) is kind
    assert found.back_end == "llm"


def test_a_connect_timeout_means_unavailable_and_a_read_timeout_too_late() -> None:
    request = httpx2.Request("POST", "http://x/v1")
    late, unreachable = openai.APITimeoutError(request=request), openai.APITimeoutError(request=request)
    late.__cause__, unreachable.__cause__ = httpx2.ReadTimeout(""), httpx2.ConnectTimeout("")
    assert type(translate(late, "u")) is BackEndTimeout
    found = translate(unreachable, "u")
    assert type(found) is BackEndUnavailable
    assert "tastemaker llm up" in str(found)


# --- over a socket -------------------------------------------------------------------------------


async def test_complete_returns_text_reasoning_and_usage() -> None:
    backend = Backend(ok())
    async with serving(backend.app) as url:
        model = model_at(url)
        reply = await model.complete(REQUEST)
        await model.aclose()
    assert isinstance(model, ChatModel)
    assert (reply.text, reply.reasoning, reply.usage.cached_tokens) == ("hello", "hm", 5)
    assert backend.bodies[0]["model"] == "m"


async def test_overload_is_tried_again_once_and_then_reported() -> None:
    backend = Backend(failing(503), ok(), failing(429), failing(503))
    async with serving(backend.app) as url:
        model = model_at(url, max_retries=1)
        assert (await model.complete(REQUEST)).text == "hello"
        with pytest.raises(BackEndOverloaded):
            await model.complete(REQUEST)
        await model.aclose()
    assert len(backend.bodies) == 4


async def test_no_retry_goes_beyond_the_deadline() -> None:
    backend = Backend(failing(503, **{"retry-after": "60"}), ok())
    async with serving(backend.app) as url:
        model = model_at(url, max_retries=5)
        began = time.monotonic()
        with pytest.raises(BackEndOverloaded):
            await model.complete(REQUEST)
        await model.aclose()
    assert time.monotonic() - began < 2
    assert len(backend.bodies) == 1


@pytest.mark.parametrize("code", [400, 404, 500])
async def test_a_refused_request_is_not_repeated(code: int) -> None:
    backend = Backend(failing(code))
    async with serving(backend.app) as url:
        model = model_at(url, max_retries=3)
        with pytest.raises(BadBackEndResponse, match=str(code)):
            await model.complete(REQUEST)
        await model.aclose()
    assert len(backend.bodies) == 1


@pytest.mark.parametrize("text", ["[1]", "{}", "surely not JSON"])
async def test_an_answer_of_another_form_is_bad(text: str) -> None:
    kind = "text/plain" if text.startswith("s") else "application/json"
    backend = Backend(PlainTextResponse(text, media_type=kind))
    async with serving(backend.app) as url:
        model = model_at(url)
        with pytest.raises(BadBackEndResponse):
            await model.complete(REQUEST)
        await model.aclose()


@pytest.mark.parametrize("streamed", [False, True])
async def test_a_silent_server_costs_no_more_than_the_time_given(streamed: bool) -> None:
    backend = Backend(hang)
    async with serving(backend.app) as url:
        model = model_at(url, max_retries=3)
        request = REQUEST.model_copy(update={"timeout_s": 0.3})
        began = time.monotonic()
        with pytest.raises(BackEndTimeout):
            await (collect(model, request) if streamed else model.complete(request))
        assert 0.25 < time.monotonic() - began < 1.5
        await model.aclose()


async def test_a_stream_yields_reasoning_text_and_usage_last() -> None:
    usage = {"prompt_tokens": 3, "completion_tokens": 2, "total_tokens": 5}
    pieces = (
        chunk({"role": "assistant", "content": ""}),
        chunk({"reasoning_content": "hm"}),
        chunk({"content": "hel"}),
        chunk({"content": "lo"}, "stop"),
        chunk(None, usage=usage),
        "data: [DONE]\n\n",
    )
    backend = Backend(streaming(*pieces))
    async with serving(backend.app) as url:
        model = model_at(url)
        deltas = await collect(model)
        await model.aclose()
    assert [d.text for d in deltas] == ["", "hel", "lo", ""]
    assert [d.reasoning for d in deltas] == ["hm", "", "", ""]
    assert [d.usage is None for d in deltas] == [True, True, True, False]
    assert deltas[-1].usage == ChatUsage(prompt_tokens=3, completion_tokens=2)
    assert backend.bodies[0]["stream_options"] == {"include_usage": True}


async def test_a_stream_without_usage_still_ends_with_one() -> None:
    backend = Backend(streaming(chunk({"content": "x"}, "stop"), "data: [DONE]\n\n"))
    async with serving(backend.app) as url:
        model = model_at(url)
        deltas = await collect(model)
        await model.aclose()
    assert deltas[-1] == ChatDelta(usage=ChatUsage())


async def test_a_stream_that_trickles_ends_at_the_total_deadline() -> None:
    backend = Backend(streaming(*[chunk({"content": "x"})] * 50, pause_s=0.1))
    async with serving(backend.app) as url:
        model = model_at(url)
        began = time.monotonic()
        with pytest.raises(BackEndTimeout):
            await collect(model, REQUEST.model_copy(update={"timeout_s": 0.5}))
        assert 0.45 < time.monotonic() - began < 1.5
        await asyncio.wait_for(backend.left.wait(), 2)
        await model.aclose()


async def test_a_stream_that_ends_without_an_end_is_reported() -> None:
    backend = Backend(streaming(chunk({"content": "x"})))
    async with serving(backend.app) as url:
        model = model_at(url)
        with pytest.raises(BackEndUnavailable, match="broke off"):
            await collect(model)
        await model.aclose()


async def test_an_error_inside_a_stream_is_reported() -> None:
    backend = Backend(streaming(chunk({"content": "x"}), 'data: {"error": {"message": "engine died"}}\n\n'))
    async with serving(backend.app) as url:
        model = model_at(url)
        with pytest.raises(BadBackEndResponse, match="engine died"):
            await collect(model)
        await model.aclose()


async def test_leaving_a_stream_closes_the_connection() -> None:
    backend = Backend(streaming(*[chunk({"content": "x"})] * 100, pause_s=0.05))
    async with serving(backend.app) as url:
        model = model_at(url)
        stream = model.stream(REQUEST)
        async for _ in stream:
            break
        await stream.aclose()
        await asyncio.wait_for(backend.left.wait(), 2)
        await model.aclose()
    assert backend.left.is_set()


async def test_cancelling_the_reader_closes_the_connection() -> None:
    backend = Backend(streaming(*[chunk({"content": "x"})] * 100, pause_s=0.05))
    async with serving(backend.app) as url:
        model = model_at(url)
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.3):
                await collect(model)
        await asyncio.wait_for(backend.left.wait(), 2)
        await model.aclose()
    assert backend.left.is_set()


async def test_overload_before_the_first_piece_of_a_stream_is_tried_again() -> None:
    backend = Backend(failing(503), streaming(chunk({"content": "x"}, "stop")))
    async with serving(backend.app) as url:
        model = model_at(url)
        deltas = await collect(model)
        await model.aclose()
    assert deltas[0].text == "x"
    assert len(backend.bodies) == 2


# --- a dead server -------------------------------------------------------------------------------


def dead_url() -> str:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{probe.getsockname()[1]}"


@pytest.mark.parametrize("streamed", [False, True])
async def test_a_dead_server_is_named_with_the_remedy(streamed: bool) -> None:
    model = model_at(dead_url())
    began = time.monotonic()
    with pytest.raises(BackEndUnavailable, match="tastemaker llm up"):
        await (collect(model) if streamed else model.complete(REQUEST))
    assert time.monotonic() - began < 1
    assert not await model.health()
    await model.aclose()


async def test_the_circuit_opens_on_a_dead_server_and_closes_when_it_is_back() -> None:
    now = [0.0]
    backend = Backend(ok(), ok())
    async with serving(backend.app) as url:
        model = model_at(dead_url(), CircuitBreaker(3.0, lambda: now[0]))
        with pytest.raises(BackEndUnavailable):
            await model.complete(REQUEST)
        model._client.base_url = f"{url}/v1"
        with pytest.raises(BackEndUnavailable):
            await model.complete(REQUEST)
        assert backend.bodies == []
        now[0] = 3.1
        assert (await model.complete(REQUEST)).text == "hello"
        assert (await model.complete(REQUEST)).text == "hello"
        await model.aclose()


def test_only_one_call_tries_when_the_circuit_was_open() -> None:
    now = [0.0]
    breaker = CircuitBreaker(3.0, lambda: now[0])
    breaker.check()
    breaker.failed("down")
    now[0] = 3.1
    breaker.check()
    with pytest.raises(BackEndUnavailable, match="down"):
        breaker.check()
    breaker.worked()
    breaker.check()


async def test_health_closes_the_circuit() -> None:
    backend = Backend(ok())
    breaker = CircuitBreaker()
    breaker.failed("down")
    async with serving(backend.app) as url:
        model = model_at(url, breaker)
        assert await model.health()
        assert (await model.complete(REQUEST)).text == "hello"
        await model.aclose()


@pytest.mark.parametrize("refusal", [failing(429), failing(400), failing(504), PlainTextResponse("not JSON")])
async def test_any_answer_of_the_server_closes_the_circuit(refusal: Response) -> None:
    now = [0.0]
    breaker = CircuitBreaker(3.0, lambda: now[0])
    breaker.failed("down")
    now[0] = 3.1
    async with serving(Backend(refusal, ok()).app) as url:
        model = model_at(url, breaker, max_retries=0)
        with pytest.raises(BackEndError) as caught:
            await model.complete(REQUEST)
        assert not isinstance(caught.value, BackEndUnavailable)
        assert (await model.complete(REQUEST)).text == "hello"
        await model.aclose()


async def test_a_gateway_without_a_server_behind_it_opens_the_circuit() -> None:
    backend = Backend(failing(502), ok())
    async with serving(backend.app) as url:
        model = model_at(url, max_retries=0)
        for _ in range(2):
            with pytest.raises(BackEndUnavailable):
                await model.complete(REQUEST)
        await model.aclose()
    assert len(backend.bodies) == 1


async def test_a_proxy_of_the_environment_is_not_used_for_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", dead_url())
    monkeypatch.setenv("ALL_PROXY", dead_url())
    backend = Backend(ok())
    async with serving(backend.app) as url:
        model = model_at(url)
        assert (await model.complete(REQUEST)).text == "hello"
        await model.aclose()


# --- opening -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("profile", "served"),
    [("embedded", "smollm2-135m"), ("hub", "Qwen/Qwen3-4B"), ("gpu", "Qwen/Qwen3-8B")],
)
async def test_each_profile_has_its_model(profile: str, served: str) -> None:
    model = open_chat_model(Settings.model_validate({"profile": profile}))
    assert model.name == f"vllm:{served}"
    await model.aclose()


async def test_any_running_server_is_used_with_what_it_serves() -> None:
    backend = Backend(ok(), ok())
    async with serving(backend.app) as url:
        model = open_chat_model(Settings(llm=LLMSettings(base_url=f"{url}/v1")))
        await model.complete(REQUEST)
        await model.aclose()
        named = open_chat_model(Settings(llm=LLMSettings(base_url=f"{url}/v1", model="vllm:mine")))
        await named.complete(REQUEST)
        await named.aclose()
    assert [body["model"] for body in backend.bodies] == ["listed", "mine"]
    assert model.name == "vllm:listed"


async def test_a_server_started_again_with_another_model_is_asked_what_it_serves() -> None:
    backend = Backend(ok(), failing(404), ok(), ok())
    async with serving(backend.app) as url:
        model = open_chat_model(Settings(llm=LLMSettings(base_url=f"{url}/v1")))
        await model.complete(REQUEST)
        backend.serves = "other"
        with pytest.raises(BadBackEndResponse, match="404"):
            await model.complete(REQUEST)
        await model.complete(REQUEST)
        await model.complete(REQUEST)
        await model.aclose()
    assert [body["model"] for body in backend.bodies] == ["listed", "listed", "other", "other"]
    assert model.name == "vllm:other"
