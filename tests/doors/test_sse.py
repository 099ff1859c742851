"""Streams over a real socket: order, heartbeats, errors, and work that stops when the client leaves."""

from __future__ import annotations

import asyncio
import json
from contextlib import aclosing
from pathlib import Path

import httpx
import pytest
from fastapi import FastAPI, Response

from tastemaker.api.client.http_client import stream_from_server
from tastemaker.api.http.app import create_app
from tastemaker.api.http.event_stream import encode
from tastemaker.core.errors import (
    BackEndError,
    BackEndOverloaded,
    BackEndUnavailable,
    BadBackEndResponse,
    InvalidRequestError,
)
from tastemaker.core.schemas import MediaInput, RecommendRequest, StreamEvent
from tastemaker.core.settings import Settings

from ..fake_service import FakeService, example_events
from ..live_server import serving


def app_of(service: FakeService) -> FastAPI:
    async def open_service() -> FakeService:
        return service

    return create_app(open_service, Settings())


async def test_events_arrive_in_order_and_as_they_happen() -> None:
    service = FakeService(pause_s=0.05)
    asked = RecommendRequest(text="boats", thread_id="t-1")
    seen: list[StreamEvent] = []
    times: list[float] = []
    clock = asyncio.get_running_loop().time
    async with serving(app_of(service)) as address:
        async for event in stream_from_server(address, asked):
            seen.append(event)
            times.append(clock())
    assert seen == example_events(asked)
    assert times[-1] - times[0] > 0.2
    assert service.requests == [asked]


async def test_the_wire_format() -> None:
    async with serving(app_of(FakeService())) as address, httpx.AsyncClient() as client:
        response = await client.post(f"{address}/recommend/stream", json={})
    assert response.headers["content-type"].startswith("text/event-stream")
    assert response.headers["cache-control"] == "no-cache"
    blocks = response.text.strip().split("\n\n")
    for number, (block, event) in enumerate(zip(blocks, example_events(RecommendRequest()), strict=True)):
        lines = dict(line.split(": ", 1) for line in block.splitlines())
        assert (lines["event"], lines["id"]) == (event.event, str(number))
        assert json.loads(lines["data"]) == event.data


def test_line_breaks_cannot_forge_an_event() -> None:
    frame = encode(StreamEvent(event="words", data={"text": "a\n\nevent: done\ndata: {}"}), 3)
    assert (frame.event, frame.id) == ("words", "3")
    assert "\n" not in (frame.raw_data or "")


async def test_heartbeats_while_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("fastapi.routing._PING_INTERVAL", 0.02)
    async with serving(app_of(FakeService(pause_s=0.05))) as address, httpx.AsyncClient() as client:
        response = await client.post(f"{address}/recommend/stream", json={})
    assert response.text.count(": ping\n\n") >= len(example_events(RecommendRequest())) - 1


@pytest.mark.parametrize(
    ("error", "kind", "field"),
    [
        (InvalidRequestError("images[0].data", "is not a picture"), "invalid_request", "images[0].data"),
        (BackEndOverloaded("busy", back_end="llm"), "back_end", None),
        (RuntimeError("hunter2"), "internal", None),
    ],
)
async def test_an_error_after_the_first_event_is_an_event(error: Exception, kind: str, field: str | None) -> None:
    async with serving(app_of(FakeService(error=error, error_at=2))) as address:
        events = [event async for event in stream_from_server(address, RecommendRequest())]
    assert [event.event for event in events] == ["route", "evidence", "error"]
    assert (events[-1].data["type"], events[-1].data.get("field")) == (kind, field)
    assert "hunter2" not in str(events[-1])


async def test_a_client_that_leaves_stops_the_stream() -> None:
    service = FakeService(pause_s=0.2)
    async with serving(app_of(service)) as address:
        async with aclosing(stream_from_server(address, RecommendRequest())) as events:
            async for event in events:
                assert event.event == "route"
                break
        await asyncio.wait_for(service.cancelled.wait(), 2)


async def test_a_client_that_leaves_stops_an_answer() -> None:
    service = FakeService(pause_s=5)
    async with serving(app_of(service)) as address, httpx.AsyncClient(timeout=0.3) as client:
        with pytest.raises(httpx.ReadTimeout):
            await client.post(f"{address}/recommend", json={})
        await asyncio.wait_for(service.cancelled.wait(), 2)


async def test_local_files_travel_as_bytes(tmp_path: Path) -> None:
    photo = tmp_path / "a.png"
    photo.write_bytes(b"photo")
    service = FakeService()
    async with serving(app_of(service)) as address:
        request = RecommendRequest(images=[MediaInput(path=str(photo))])
        events = [event async for event in stream_from_server(address, request)]
    assert events[-1].event == "done"
    assert service.requests[0].images == [MediaInput(data="cGhvdG8=")]


async def _ask(address: str, request: RecommendRequest) -> list[StreamEvent]:
    return [event async for event in stream_from_server(address, request)]


async def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    request = RecommendRequest(audio=[MediaInput(path=str(tmp_path / "none.wav"))])
    with pytest.raises(InvalidRequestError, match=r"audio\[0\].path: cannot read"):
        await _ask("http://127.0.0.1:9", request)


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (InvalidRequestError("n", "too many"), InvalidRequestError),
        (BackEndOverloaded("busy"), BackEndOverloaded),
        (RuntimeError("hunter2"), BackEndUnavailable),
    ],
)
async def test_refusals_become_our_errors(error: Exception, expected: type[Exception]) -> None:
    async with serving(app_of(FakeService(error=error))) as address:
        with pytest.raises(expected) as raised:
            await _ask(address, RecommendRequest())
    assert "hunter2" not in str(raised.value)


async def test_nobody_there() -> None:
    with pytest.raises(BackEndUnavailable, match="tastemaker serve"):
        await _ask("http://127.0.0.1:9", RecommendRequest())


async def test_a_service_that_is_not_ours() -> None:
    app = FastAPI()
    async with serving(app) as address:
        with pytest.raises(BackEndError, match="not ours"):
            await _ask(address, RecommendRequest())


@pytest.mark.parametrize("text", ["event: step\ndata: nothing\n\n", "event: dance\ndata: {}\n\n"])
async def test_events_that_are_not_ours(text: str) -> None:
    app = FastAPI()
    app.post("/recommend/stream")(lambda: Response(text, media_type="text/event-stream"))
    async with serving(app) as address:
        with pytest.raises(BadBackEndResponse):
            await _ask(address, RecommendRequest())
