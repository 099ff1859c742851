"""The LangServe door over a real socket, with LangServe's own client."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx
import pytest

from tastemaker.api.http import langserve as langserve_routes
from tastemaker.api.http.app import create_app
from tastemaker.api.http.langserve import PATH
from tastemaker.api.http.langserve_runnable import MAX_BATCH, RecommendRunnable
from tastemaker.core.errors import InvalidRequestError
from tastemaker.core.schemas import RecommendRequest, RecommendResponse
from tastemaker.core.settings import Settings

from ..fake_service import FakeService, example_events
from ..live_server import serving

pytest.importorskip("langserve", reason="the langserve extra is not installed")
pytestmark = [  # LangServe's own code
    pytest.mark.filterwarnings("ignore::pydantic.warnings.PydanticDeprecatedSince211"),
    pytest.mark.filterwarnings("ignore:.*astream_log.*"),
]


@pytest.fixture
def service() -> FakeService:
    return FakeService()


@pytest.fixture
async def address(service: FakeService) -> AsyncIterator[str]:
    async def open_service() -> FakeService:
        return service

    async with serving(create_app(open_service, Settings())) as base:
        yield base + PATH


async def post(url: str, body: dict[str, Any]) -> httpx.Response:
    async with httpx.AsyncClient() as client:
        return await client.post(url, json=body)


@asynccontextmanager
async def remote(address: str) -> AsyncIterator[Any]:
    """Yield LangServe's client, closed in the loop that used it; its own finalizer would use another."""
    from langserve import RemoteRunnable

    runnable = RemoteRunnable(address)
    try:
        yield runnable
    finally:
        await runnable.async_client.aclose()
        runnable.sync_client.close()


async def test_invoke(address: str, service: FakeService) -> None:
    async with remote(address) as runnable:
        answer = await runnable.ainvoke({"text": "boats", "thread_id": "t-1"})
    assert RecommendResponse.model_validate(answer).thread_id == "t-1"
    assert service.requests == [RecommendRequest(text="boats", thread_id="t-1")]


async def test_batch(address: str) -> None:
    async with remote(address) as runnable:
        answers = await runnable.abatch([{"thread_id": f"t-{i}"} for i in range(6)])
    assert [answer["thread_id"] for answer in answers] == [f"t-{i}" for i in range(6)]


CONFIG = {"configurable": {"thread_id": "t-7", "user_id": "ada"}}
NAMED = RecommendRequest(text="boats", thread_id="t-7", user_id="ada")


async def test_a_config_names_thread_and_user(address: str, service: FakeService) -> None:
    async with remote(address) as runnable:
        assert (await runnable.ainvoke({"text": "boats"}, CONFIG))["thread_id"] == "t-7"
        events = [event async for event in runnable.astream({"text": "boats"}, CONFIG)]
        await runnable.abatch([{"text": "boats"}, {"text": "boats"}], [CONFIG, CONFIG])
    assert events[-1]["data"]["thread_id"] == "t-7"
    assert service.requests == [NAMED] * 4


@pytest.mark.parametrize("door", ["invoke", "stream", "stream_log", "stream_events", "batch"])
@pytest.mark.parametrize("name", ["thread_id", "user_id"])
async def test_another_thread_in_the_input_is_refused(address: str, service: FakeService, door: str, name: str) -> None:
    given = {name: "other"}
    body = {"inputs": [given]} if door == "batch" else {"input": given}
    response = await post(f"{address}/{door}", {**body, "config": CONFIG})
    assert f"config.configurable.{name}" in response.text
    assert response.status_code == (422 if door in {"invoke", "batch"} else 200)
    assert service.requests == []


async def test_a_config_of_no_known_form_is_a_422(address: str, service: FakeService) -> None:
    config = {"configurable": {"thread_id": "no spaces"}}
    response = await post(f"{address}/invoke", {"input": {}, "config": config})
    assert response.status_code == 422
    assert service.requests == []


async def test_stream(address: str) -> None:
    asked = RecommendRequest(thread_id="t-1")
    async with remote(address) as runnable:
        events = [event async for event in runnable.astream({"thread_id": "t-1"})]
    assert events == [event.model_dump(mode="json") for event in example_events(asked)]


@pytest.mark.parametrize("door", ["stream_log", "stream_events"])
async def test_logs_show_nothing_from_inside(address: str, door: str) -> None:
    response = await post(f"{address}/{door}", {"input": {"text": "boats"}})
    assert response.status_code == 200
    datas = [line[6:] for line in response.text.splitlines() if line.startswith("data: ")]
    assert any('"done"' in data for data in datas)
    assert "event: end" in response.text
    assert not any(name in response.text for name in ("retrieve_candidates/", "LangGraph", "ChatOpenAI"))


@pytest.mark.parametrize(
    ("value", "field"),
    [
        ({"n": 0}, "n"),
        ({"images": [{"path": "/etc/hostname"}]}, "images[0].path"),
        ({"constraints": [{"field": "p", "op": "~", "value": 1}]}, "constraints[0].op"),
        ({"colour": "red"}, "colour"),
    ],
)
async def test_wrong_input_is_a_422_that_names_the_field(address: str, value: dict[str, Any], field: str) -> None:
    response = await post(f"{address}/invoke", {"input": value})
    assert response.status_code == 422
    assert response.json()["error"]["field"] == field


@pytest.mark.parametrize("content", [b"{", b"\xff", b""])
async def test_a_body_that_is_no_json(address: str, content: bytes) -> None:
    async with httpx.AsyncClient() as client:
        response = await client.post(f"{address}/invoke", content=content)
    assert response.status_code == 422
    assert response.json()["error"]["message"].startswith("is not valid JSON")


async def test_a_path_in_a_stream_is_refused(address: str, service: FakeService) -> None:
    response = await post(f"{address}/stream", {"input": {"audio": [{"path": "/etc/hostname"}]}})
    data = [json.loads(line[6:]) for line in response.text.splitlines() if line.startswith("data: ")]
    assert data[-1]["event"] == "error"
    assert data[-1]["data"]["field"] == "audio[0].path"
    assert service.requests == []


async def test_an_error_shows_no_internals(address: str, service: FakeService) -> None:
    service.error = RuntimeError("hunter2")
    invoked = await post(f"{address}/invoke", {"input": {}})
    assert invoked.status_code == 500
    streamed = await post(f"{address}/stream", {"input": {}})
    assert "hunter2" not in invoked.text + streamed.text


async def test_a_batch_is_bounded(address: str) -> None:
    response = await post(f"{address}/batch", {"inputs": [{}] * (MAX_BATCH + 1)})
    assert response.status_code == 422
    assert response.json()["error"]["field"] == "inputs"


@pytest.mark.parametrize(
    ("inputs", "field"),
    [
        ([{"n": 99}, {"n": 1}], "inputs[0].n"),
        ([{"n": 1}, {"constraints": [{"field": "p", "op": "in", "value": []}]}], "inputs[1].constraints[0].value"),
        ([{}, 7], "inputs[1]"),
        ([{}, {"colour": "red"}], "inputs[1].colour"),
    ],
)
async def test_a_batch_with_a_wrong_input_is_a_422_that_names_it(
    address: str, service: FakeService, inputs: list[Any], field: str
) -> None:
    response = await post(f"{address}/batch", {"inputs": inputs})
    assert response.status_code == 422
    assert response.json()["error"]["field"] == field
    assert service.requests == []


@pytest.mark.parametrize("content", [b"{", b"[]", b'{"inputs": 7}', b"{}", b"\xff"])
async def test_a_batch_of_no_known_form_is_a_422(address: str, content: bytes) -> None:
    async with httpx.AsyncClient() as client:
        response = await client.post(f"{address}/batch", content=content)
    assert response.status_code == 422
    assert response.json()["error"]["type"] == "invalid_request"


async def test_schemas_and_playground(address: str) -> None:
    async with httpx.AsyncClient() as client:
        schema = (await client.get(f"{address}/input_schema")).json()
        assert set(schema["properties"]) == set(RecommendRequest.model_fields)
        assert '{"type": "null"}' not in json.dumps(schema)  # the playground's page stays empty otherwise
        assert (await client.get(f"{address}/output_schema")).json()["properties"]["items"]
        page = await client.get(f"{address}/playground/")
    assert page.status_code == 200
    assert "<title>Playground</title>" in page.text


def test_the_service_works_without_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(langserve_routes, "find_spec", lambda name: None)

    async def open_service() -> FakeService:
        return FakeService()

    paths = create_app(open_service, Settings()).openapi()["paths"]
    assert "/recommend" in paths
    assert not [path for path in paths if path.startswith("/langserve")]


async def test_the_runnable_in_process(service: FakeService) -> None:
    runnable = RecommendRunnable(lambda: service)
    assert (await runnable.ainvoke({"thread_id": "t-9"}))["thread_id"] == "t-9"
    with pytest.raises(InvalidRequestError, match="n: "):
        await runnable.ainvoke({"n": 99})
    asked = [{"thread_id": f"t-{i}"} for i in range(6)]
    assert [a["thread_id"] for a in await runnable.abatch(asked, {"tags": ["mine"]})] == [f"t-{i}" for i in range(6)]
    with pytest.raises(InvalidRequestError, match="config: "):
        await runnable.abatch(asked, [{}, {}])  # not cut to two answers
    with pytest.raises(TypeError, match="ainvoke"):
        runnable.invoke({})
