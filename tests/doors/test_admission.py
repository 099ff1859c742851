"""Overload and slow clients: a bounded queue, 429 with Retry-After, and connections that are cut off."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any

import httpx
import pytest
import uvicorn

from tastemaker.api.cli.serve import bind
from tastemaker.api.http import admission, connection
from tastemaker.api.http.app import create_app
from tastemaker.api.http.connection import MAX_HEADER_BYTES, PatientHttp
from tastemaker.core.settings import ServeSettings, Settings

from ..fake_service import FakeService
from ..live_server import PromptServer, running


@asynccontextmanager
async def serving(service: FakeService, **limits: Any) -> AsyncIterator[tuple[str, int]]:
    """Serve as `tastemaker serve` does and yield host and port."""
    settings = Settings(serve=ServeSettings(**limits))

    async def opened() -> FakeService:
        return service

    with bind(ServeSettings.model_construct(host="127.0.0.1", port=0)) as listener:
        config = uvicorn.Config(
            create_app(opened, settings),
            log_level="error",
            http=PatientHttp,
        )
        async with running(PromptServer(config), [listener]) as server:
            yield "127.0.0.1", listener.getsockname()[1]
            server.force_exit = True


async def test_what_the_queue_cannot_hold_is_a_429_at_once() -> None:
    service = FakeService(pause_s=0.03)  # 9 events
    async with (
        serving(service, max_active=2, max_waiting=3) as (host, port),
        httpx.AsyncClient(base_url=f"http://{host}:{port}", timeout=10) as client,
    ):
        answers = await asyncio.gather(*(client.post("/recommend", json={"text": str(i)}) for i in range(20)))
        by_status = {status: [a for a in answers if a.status_code == status] for status in (200, 429)}
        assert 5 <= len(by_status[200]) < 12
        assert len(by_status[200]) + len(by_status[429]) == 20
        assert len(service.requests) == len(by_status[200])
        refused = by_status[429][0]
        assert 1 <= int(refused.headers["Retry-After"]) <= 60
        assert refused.json()["error"]["type"] == "overloaded"
        assert refused.json()["error"]["retryable"]
        for path in ("/health", "/ready"):
            assert (await client.get(path)).status_code == 200
        assert (await client.post("/recommend", json={})).status_code == 200  # places are given back


async def test_nobody_waits_longer_than_that() -> None:
    async with (
        serving(FakeService(pause_s=0.08), max_active=1, max_waiting=5, max_wait_s=0.1) as (host, port),
        httpx.AsyncClient(base_url=f"http://{host}:{port}", timeout=10) as client,
    ):
        first = asyncio.create_task(client.post("/recommend", json={}))
        await asyncio.sleep(0.1)
        started = time.monotonic()
        assert (await client.post("/recommend", json={})).status_code == 429
        assert time.monotonic() - started < 1
        assert (await first).status_code == 200


@pytest.mark.parametrize("path", ["/recommend", "/recommend/stream", "/search", "/langserve/recommend/invoke"])
async def test_an_error_gives_the_place_back(path: str) -> None:
    async with (
        serving(FakeService(error=RuntimeError("no")), max_active=1, max_waiting=0) as (host, port),
        httpx.AsyncClient(base_url=f"http://{host}:{port}", timeout=10) as client,
    ):
        for content in (b"{}", b"{", b'{"input": {}}'):
            for _ in range(3):
                answer = await client.post(path, content=content, headers={"Content-Type": "application/json"})
                assert answer.status_code != 429


async def test_a_stream_gives_its_place_back_with_its_items() -> None:
    service = FakeService(pause_s=0.1)
    async with (
        serving(service, max_active=1, max_waiting=0) as (host, port),
        httpx.AsyncClient(base_url=f"http://{host}:{port}", timeout=10) as client,
        client.stream("POST", "/recommend/stream", json={}) as response,
    ):
        async for line in response.aiter_lines():
            if line == "event: words":
                break
        async with client.stream("POST", "/recommend/stream", json={}) as second:
            assert second.status_code == 200


async def answered(host: str, port: int, sent: bytes, every_s: float = 0.0, piece: bytes = b"") -> bytes:
    """Send ``sent``, then ``piece`` again and again, and return what comes until the connection is closed."""
    reader, writer = await asyncio.open_connection(host, port)
    writer.write(sent)

    async def trickle() -> None:
        while piece:
            await asyncio.sleep(every_s)
            writer.write(piece)

    task = asyncio.create_task(trickle())
    try:
        return await asyncio.wait_for(reader.read(-1), 5)
    except ConnectionResetError:
        return b""
    finally:
        task.cancel()
        writer.close()
        with suppress(OSError):
            await writer.wait_closed()


HEAD = b"POST /recommend HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\nContent-Length: 5000\r\n\r\n"


@pytest.mark.parametrize("piece", [b"", b" "])
async def test_a_slow_body_is_cut_off(monkeypatch: pytest.MonkeyPatch, piece: bytes) -> None:
    monkeypatch.setattr(admission, "BODY_S", 0.2)
    service = FakeService()
    async with serving(service, max_active=1, max_waiting=0) as (host, port):
        slow = asyncio.create_task(answered(host, port, HEAD + b"{", 0.02, piece))
        await asyncio.sleep(0.05)
        async with httpx.AsyncClient(base_url=f"http://{host}:{port}") as client:
            assert (await client.post("/recommend", json={})).status_code == 200  # meanwhile it holds no place
        answer = await slow
        assert b" 408 " in answer.split(b"\r\n")[0] or (
            piece and answer == b""
        )  # reset while it was still being sent to
    assert len(service.requests) == 1


@pytest.mark.parametrize("sent", [b"", b"GET /health HT", b"GET /health HTTP/1.1\r\nHost: 127.0.0.1\r\nX-A: "])
@pytest.mark.parametrize("piece", [b"", b"x"])
async def test_slow_headers_are_cut_off(monkeypatch: pytest.MonkeyPatch, sent: bytes, piece: bytes) -> None:
    monkeypatch.setattr(connection, "HEADERS_S", 0.2)
    async with serving(FakeService()) as (host, port):
        assert b"200" not in await answered(host, port, sent, 0.05, piece if sent else b"")


async def test_slow_headers_after_an_answer_are_cut_off(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection, "HEADERS_S", 0.3)
    async with serving(FakeService()) as (host, port):
        answer = await answered(
            host, port, b"GET /health HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\nGET /health HTTP/1.1\r\nX-A: ", 0.05, b"x"
        )
    assert answer.count(b"200 OK") == 1


LONG, GET = b"x" * (MAX_HEADER_BYTES + 1), b" /health HTTP/1.1\r\nHost: 127.0.0.1\r\n"
CHUNKED = b"POST /feedback HTTP/1.1\r\nHost: 127.0.0.1\r\nTransfer-Encoding: chunked\r\n\r\n"


@pytest.mark.parametrize(
    "sent",
    [
        b"GET" + GET + b"X-A: " + LONG,
        b"GET" + GET + b"X-A: " + LONG + b"\r\n\r\n",
        b"GET" + GET + b"X-A: 1\r\n" * MAX_HEADER_BYTES + b"\r\n",
        b"GET /" + LONG + b" HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n",
        LONG + GET,
        CHUNKED + b"0\r\nX-A: " + LONG,
        CHUNKED + b"1;a=" + LONG,
    ],
    ids=["one", "one that ends", "many", "address", "method", "trailer", "chunk extension"],
)
async def test_headers_are_bounded(sent: bytes) -> None:
    async with serving(FakeService()) as (host, port):
        answer = await answered(host, port, sent)
    assert not answer or b" 400 " in answer.split(b"\r\n")[0]


async def test_headers_within_the_bound_are_read() -> None:
    async with serving(FakeService()) as (host, port):
        sent = b"GET" + GET + b"X-A: " + LONG[: MAX_HEADER_BYTES - 100] + b"\r\nConnection: close\r\n\r\n"
        assert b" 200 " in (await answered(host, port, sent)).split(b"\r\n")[0]


async def test_an_honest_client_is_not_cut_off(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection, "HEADERS_S", 0.15)
    async with (
        serving(FakeService(pause_s=0.02)) as (host, port),  # 9 events
        httpx.AsyncClient(base_url=f"http://{host}:{port}") as client,
    ):
        for _ in range(2):
            assert (await client.post("/recommend", json={})).status_code == 200
            await asyncio.sleep(0.16)


async def test_a_client_that_does_not_read_is_cut_off(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection, "READER_S", 0.3)
    service = Flood()
    async with serving(service) as (host, port):
        reader, writer = await asyncio.open_connection(host, port, limit=1024)
        writer.write(
            b"POST /recommend/stream HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}"
        )
        await asyncio.wait_for(service.cancelled.wait(), 5)
        writer.close()
        assert reader is not None


class Flood(FakeService):
    """A service whose stream never ends."""

    async def stream(self, request: Any = None, **_: Any) -> AsyncIterator[Any]:
        from ..fake_service import example_events

        words = example_events(request)[-2].model_copy(update={"data": {"text": "x" * 100_000}})
        try:
            while True:
                yield words
                await asyncio.sleep(0)
        except (asyncio.CancelledError, GeneratorExit):
            self.cancelled.set()
            raise
