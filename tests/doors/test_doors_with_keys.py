"""Every door with API keys: without one nobody gets in, the tenant is the key's, and another tenant or user is refused."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from argon2 import PasswordHasher

from tastemaker.api.auth import keys as module
from tastemaker.api.auth.caller import Scope
from tastemaker.api.auth.keys import create_key
from tastemaker.api.http.app import create_app
from tastemaker.core.settings import Settings
from tastemaker.stores.api_keys import KeyStore

from ..fake_service import FakeService
from ..live_server import serving

SAID = [{"role": "user", "content": "boats"}]
RUN = {"threadId": "t-1", "runId": "r-1", "state": {}, "tools": [], "context": [], "forwardedProps": {}}
EVENT = {"user_id": "ada", "item_id": "print-17", "kind": "click", "request_id": "r-1"}


def rpc(name: str, arguments: dict[str, Any]) -> dict[str, Any]:
    return {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {"name": name, "arguments": arguments}}


DOORS: dict[str, dict[str, Any]] = {
    "/v1/chat/completions": {"messages": SAID},
    "/mcp": rpc("recommend", {"text": "boats"}),
    "/agui": {**RUN, "messages": [{"id": "m1", "role": "user", "content": "boats"}]},
    "/events": {"events": [EVENT]},
}
MCP = {"Accept": "application/json, text/event-stream", "MCP-Protocol-Version": "2025-06-18"}


@pytest.fixture
async def service() -> FakeService:
    return FakeService()


@pytest.fixture
async def shop(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, service: FakeService
) -> AsyncIterator[tuple[httpx.AsyncClient, dict[str, str]]]:
    monkeypatch.setattr(module, "_HASHER", PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))
    store = KeyStore.at(f"sqlite+aiosqlite:///{tmp_path / 'access.db'}")
    allowed: dict[str, tuple[Scope, ...]] = {
        "whole": ("recommend", "feedback", "act_for_users"),
        "events": ("feedback", "act_for_users"),
        "strangers": ("recommend", "feedback"),
    }
    made = {name: (await create_key(store, "shop", name, scopes=scopes))[1] for name, scopes in allowed.items()}
    await store.close()

    async def opened() -> FakeService:
        return service

    async with (
        serving(create_app(opened, Settings(home=tmp_path))) as base,
        httpx.AsyncClient(base_url=base, trust_env=False, headers=MCP, timeout=60) as client,
    ):
        yield client, made


def bearer(key: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {key}"}


async def test_nobody_gets_in_without_a_key_and_the_tenant_is_the_keys(
    shop: tuple[httpx.AsyncClient, dict[str, str]], service: FakeService
) -> None:
    client, keys = shop
    for path, body in DOORS.items():
        assert (await client.post(path, json=body)).status_code == 401, path
        answer = await client.post(path, json=body, headers=bearer(keys["whole"]))
        assert answer.status_code == 200, (path, answer.text)
        assert "error" not in answer.text.lower() or path == "/mcp", answer.text
    assert [r.tenant for r in service.requests] == ["shop"] * 3
    assert {tenant for tenant, _ in service.stored} == {"shop"}
    assert (await client.get("/v1/models")).status_code == 401


async def test_a_key_for_events_stores_events_and_asks_for_nothing(
    shop: tuple[httpx.AsyncClient, dict[str, str]],
) -> None:
    client, keys = shop
    answers = {p: await client.post(p, json=b, headers=bearer(keys["events"])) for p, b in DOORS.items()}
    assert {p: a.status_code for p, a in answers.items()} == {p: 200 if p == "/events" else 403 for p in DOORS}
    assert answers["/v1/chat/completions"].json()["error"]["type"] == "permission_error"


async def test_other_tenants_and_users_are_refused(
    shop: tuple[httpx.AsyncClient, dict[str, str]], service: FakeService
) -> None:
    client, keys = shop
    other_shop: dict[str, dict[str, Any]] = {
        "/v1/chat/completions": {"tastemaker": {"tenant": "other"}},
        "/events": {"tenant": "other"},
    }
    for path, more in other_shop.items():
        answer = await client.post(path, json={**DOORS[path], **more}, headers=bearer(keys["whole"]))
        assert answer.status_code == 403, path
    as_ada = {"/v1/chat/completions": {**DOORS["/v1/chat/completions"], "user": "ada"}, "/events": DOORS["/events"]}
    for path, body in as_ada.items():
        assert (await client.post(path, json=body, headers=bearer(keys["strangers"]))).status_code == 403, path
    for name, arguments in {"tenant": {"tenant": "other"}, "user": {"user_id": "ada"}}.items():
        answer = await client.post("/mcp", json=rpc("recommend", arguments), headers=bearer(keys["strangers"]))
        assert answer.json()["result"]["isError"], name
    as_somebody = {**DOORS["/agui"], "state": {"user_id": "ada"}}
    run = await client.post("/agui", json=as_somebody, headers=bearer(keys["strangers"]))
    assert "RUN_ERROR" in run.text
    assert json.dumps("act_for_users")[1:-1] in run.text
    assert service.requests == []
    assert service.stored == []
