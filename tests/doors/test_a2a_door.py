"""The door for other agents: its card, messages of both versions of the protocol, conversations, and what is wrong."""

from __future__ import annotations

import base64
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from tastemaker.api.http.app import create_app
from tastemaker.core.settings import AuthSettings, Settings
from tastemaker.evals.stand_ins import constant_services
from tastemaker.graphs.recommender import Recommender

from ..media_samples import image_bytes

PHOTO = base64.b64encode(image_bytes()).decode()


@asynccontextmanager
async def client_at(home: Path, **auth: Any) -> AsyncIterator[httpx.AsyncClient]:
    settings = Settings(home=home, auth=AuthSettings(**auth))

    async def opened() -> Recommender:
        return await Recommender(services=constant_services(settings)).start()

    app = create_app(opened, settings)
    transport = httpx.ASGITransport(app=app)
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as client,
    ):
        yield client


@pytest.fixture
async def client(tmp_path: Path) -> AsyncIterator[httpx.AsyncClient]:
    async with client_at(tmp_path) as opened:
        yield opened


async def call(client: httpx.AsyncClient, method: str, **message: Any) -> Any:
    params = {"message": {"messageId": "m1", "role": "user", **message}}
    return (await client.post("/a2a", json={"jsonrpc": "2.0", "id": 7, "method": method, "params": params})).json()


async def test_the_card_names_the_address_that_answers(client: httpx.AsyncClient) -> None:
    card = (await client.get("/.well-known/agent-card.json")).json()
    assert {one["url"] for one in card["supportedInterfaces"]} == {card["url"]} == {"http://127.0.0.1/a2a"}
    assert [one["protocolVersion"] for one in card["supportedInterfaces"]] == ["1.0", "0.3"]
    assert card["skills"][0]["examples"]


async def test_a_conversation_goes_on_in_its_context(client: httpx.AsyncClient) -> None:
    first = (await call(client, "SendMessage", parts=[{"text": "a print under 50"}]))["result"]["message"]
    assert first["role"] == "ROLE_AGENT"
    text, whole = first["parts"]
    assert text["mediaType"] == "text/markdown"
    items = whole["data"]["items"]
    assert items
    assert items[0]["title"] in text["text"]
    more = {"contextId": first["contextId"], "parts": [{"kind": "text", "text": "another"}]}
    again = (await call(client, "message/send", **more))["result"]
    assert (again["kind"], again["role"], again["contextId"]) == ("message", "agent", first["contextId"])
    assert [c["value"] for c in again["parts"][1]["data"]["understanding"]["constraints"]] == [50]


@pytest.mark.parametrize(
    "part",
    [
        {"raw": PHOTO, "mediaType": "image/png"},
        {"kind": "file", "file": {"bytes": PHOTO, "mimeType": "image/png"}},
    ],
)
async def test_photos_are_seen(client: httpx.AsyncClient, part: dict[str, Any]) -> None:
    answer = await call(client, "SendMessage", parts=[part])
    evidence = answer["result"]["message"]["parts"][1]["data"]["evidence"]
    assert [piece["kind"] for piece in evidence] == ["caption"]


@pytest.mark.parametrize(
    ("method", "message", "code", "said"),
    [
        ("GetTask", {"parts": [{"text": "a"}]}, -32601, "no method"),
        ("SendMessage", {"parts": []}, -32602, "parts"),
        ("SendMessage", {"parts": [{"raw": "AAAA", "mediaType": "text/html"}]}, -32602, "media type"),
        ("SendMessage", {"parts": [{"text": "a"}], "contextId": "x" * 500}, -32602, "thread_id"),
        ("SendMessage", {"parts": [{"raw": PHOTO, "mediaType": "audio/wav"}] * 2}, -32602, "one voice clip"),
        ("SendMessage", {"parts": [{"url": "http://10.0.0.1/a.png", "mediaType": "image/png"}]}, -32602, "url"),
    ],
)
async def test_what_is_wrong_is_named(
    client: httpx.AsyncClient, method: str, message: dict[str, Any], code: int, said: str
) -> None:
    answer = await call(client, method, **message)
    assert answer["error"]["code"] == code
    assert said in answer["error"]["message"]
    assert answer["id"] == 7


@pytest.mark.parametrize(("body", "code"), [("{", -32700), ("[]", -32600), ('{"id": 1}', -32600), ('"a"', -32600)])
async def test_what_is_no_call_is_told(client: httpx.AsyncClient, body: str, code: int) -> None:
    assert (await client.post("/a2a", content=body)).json()["error"]["code"] == code


async def test_the_card_is_open_and_messages_need_a_key(tmp_path: Path) -> None:
    async with client_at(tmp_path, mode="on") as client:
        assert (await client.get("/.well-known/agent-card.json")).status_code == 200
        assert (await client.post("/a2a", json={"id": 1, "method": "SendMessage"})).status_code == 401
