"""The AG-UI door over server-sent events of a real socket, read as the protocol's own event types, as a front end reads them."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import cache
from pathlib import Path
from typing import Any

import httpx
import pytest
from ag_ui.core import Event, EventType
from fastapi import FastAPI
from httpx_sse import aconnect_sse
from pydantic import TypeAdapter

from tastemaker.api.http.app import create_app
from tastemaker.api.service import Service
from tastemaker.core.errors import InvalidRequestError
from tastemaker.core.settings import Settings
from tastemaker.evals.stand_ins import constant_services
from tastemaker.graphs.recommender import Recommender

from ..fake_service import FakeService
from ..live_server import serving

EVENTS: TypeAdapter[Any] = TypeAdapter(Event)


@cache
def app_that_serves() -> tuple[FastAPI, list[Service]]:
    opened: list[Service] = []

    async def open_it() -> Service:
        return opened[0]

    return create_app(open_it, Settings()), opened


@asynccontextmanager
async def front_end(service: Service) -> AsyncIterator[httpx.AsyncClient]:
    app, opened = app_that_serves()
    opened[:] = [service]
    async with serving(app) as base, httpx.AsyncClient(base_url=base, trust_env=False, timeout=30) as client:
        yield client


async def run(client: httpx.AsyncClient, *messages: dict[str, Any], **more: Any) -> list[Any]:
    given = {"threadId": "t-1", "runId": "r-1", "state": {}, "tools": [], "context": [], "forwardedProps": {}}
    body = {**given, "messages": list(messages), **more}
    async with aconnect_sse(client, "POST", "/agui", json=body, headers={"Accept": "text/event-stream"}) as source:
        assert source.response.status_code == 200
        return [EVENTS.validate_python(json.loads(sse.data)) async for sse in source.aiter_sse()]


def user(text: str, number: int = 1) -> dict[str, Any]:
    return {"id": f"u{number}", "role": "user", "content": text}


async def test_a_run_sends_the_protocols_events_items_before_the_message(tmp_path: Path) -> None:
    recommender = await Recommender(services=constant_services(Settings(home=tmp_path / "home"))).start()
    async with front_end(recommender) as client:
        events = await run(client, user("something under 40"))
        kinds = [e.type for e in events]
        assert kinds[0] == EventType.RUN_STARTED
        assert kinds[-1] == EventType.RUN_FINISHED
        steps = {e.step_name for e in events if e.type == EventType.STEP_STARTED}
        assert steps <= {"recommend", "__start__", "__end__"}, "the state inside is told to nobody"
        named = [e.name for e in events if e.type == EventType.CUSTOM]
        assert named.index("reading") < named.index("items") < named.index("words")
        items = next(i for i, e in enumerate(events) if e.type == EventType.CUSTOM and e.name == "items")
        text = next(e for e in events if e.type == EventType.TEXT_MESSAGE_CONTENT)
        assert items < events.index(text)
        state = [e for e in events if e.type == EventType.STATE_SNAPSHOT][-1].snapshot
        assert state["recommendation"]["items"]
        said = [e for e in events if e.type == EventType.MESSAGES_SNAPSHOT][-1].messages
        assert [m.role for m in said] == ["user", "assistant"]
        assert said[-1].content == text.delta
        answer = {"id": said[-1].id, "role": "assistant", "content": said[-1].content}
        again = await run(client, user("something under 40"), answer, user("not that one", 2), state=state, runId="r-2")
        further = [e for e in again if e.type == EventType.STATE_SNAPSHOT][-1].snapshot["recommendation"]
        assert [c["words"] for c in further["understanding"]["conditions"]] == ["under 40"]
        assert recommender._threads is not None
        assert (await recommender._threads.memory("default/t-1")).turn == 2


@pytest.mark.parametrize(
    ("error", "said"),
    [(InvalidRequestError("images[0]", "is no photo"), "images[0]: is no photo"), (RuntimeError("secret"), "failed")],
)
async def test_a_failure_is_the_protocols_error_and_tells_nothing_of_the_inside(error: Exception, said: str) -> None:
    async with front_end(FakeService(error=error)) as client:
        last = (await run(client, user("x")))[-1]
    assert last.type == EventType.RUN_ERROR
    assert said in last.message
    assert "secret" not in last.message


WRONG: list[tuple[Any, str]] = [
    ({}, "threadId"),
    ({"threadId": "t", "runId": "r", "messages": "x"}, "messages"),
    ({"threadId": "t", "runId": "r", "messages": [{"id": "1", "role": "user", "content": "x"}] * 201}, "messages"),
]


@pytest.mark.parametrize(("body", "field"), WRONG)
async def test_a_body_that_is_no_run_is_refused(body: Any, field: str) -> None:
    async with front_end(FakeService()) as client:
        answer = await client.post("/agui", json=body)
        broken = await client.post("/agui", content=b"{")
    assert answer.status_code == 422
    assert answer.json()["error"]["field"].replace("_", "").lower() == field.lower()
    assert (broken.status_code, broken.json()["error"]["field"]) == (422, "body")
