"""The benchmark of load counts what came back, in time or not."""

from __future__ import annotations

import asyncio
import itertools

import pytest

from tastemaker.api.http.app import create_app
from tastemaker.core.settings import ServeSettings, Settings
from tastemaker.evals.service.load import (
    CUT,
    LATE,
    Connection,
    Sent,
    bodies_for,
    closed_loop,
    open_loop,
    overload_summary,
    send,
    summary,
)

from ..fake_service import FakeService
from ..live_server import serving


def test_only_answers_count() -> None:
    done = [*(Sent(0.001 * n, 200) for n in range(1, 102)), *(Sent(9.0, status) for status in (429, LATE, CUT, 503))]
    assert summary(done, 10.1) == {"rps": 10.0, "p50_ms": 51, "p95_ms": 96, "p99_ms": 100, "refused": 1, "lost": 3}
    overload = overload_summary(done, rate=20.8, sustained=10.4, seconds=10.1)
    assert (overload["goodput_rps"], overload["goodput_share"]) == (10.0, 0.962)
    assert [overload[name] for name in ("refused", "timed_out", "cut_off", "other")] == [1, 1, 1, 1]


async def test_an_idle_connection_that_the_server_closed_is_opened_anew_and_one_that_breaks_is_told() -> None:
    asked = 0

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal asked
        asked += 1
        await reader.readuntil(b"\r\n\r\n")
        if asked < 3:
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
        writer.close()

    async with await asyncio.start_server(answer, "127.0.0.1") as server:
        client = Connection(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}")
        found = []
        for _ in range(3):
            found.append((await send(client, "/", b"", 5.0)).status)
            await asyncio.sleep(0.05)
    assert found == [200, 200, CUT]


def test_every_request_has_words_of_its_own() -> None:
    assert len(set(itertools.islice(bodies_for(0), 100))) == 100
    assert list(itertools.islice(bodies_for(1), 5)) == list(itertools.islice(bodies_for(1), 5))


async def test_requests_go_over_http_and_refusals_are_seen() -> None:
    service = FakeService(pause_s=0.02)

    async def opened() -> FakeService:
        return service

    app = create_app(opened, Settings(serve=ServeSettings(max_active=2, max_waiting=1)))
    async with serving(app) as url:
        alone = await closed_loop(url, "/recommend", bodies_for(0), 1, 0.25)
        assert {s.status for s in alone} == {200}
        crowd = await open_loop(url, "/recommend", bodies_for(0), 120.0, 0.25)
        assert len(crowd) == 30
        assert {s.status for s in crowd} == {200, 429}
        with pytest.raises(OSError, match="9"):
            await Connection("http://127.0.0.1:9").post("/recommend", b"{}")
