"""Every route, with another tenant's name, ids, threads and users: nothing of theirs is shown, changed or deleted.

The routes come from the application. A new one is probed with what its schema asks for; where that does not reach it, the test
fails until ``PROBES`` says what does.
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from fastapi.routing import APIRoute
from starlette.routing import Mount, Route

from tastemaker.api.auth import keys as key_module
from tastemaker.api.auth.gate import is_open
from tastemaker.api.auth.keys import create_key
from tastemaker.api.http.app import create_app
from tastemaker.api.http.openapi_examples import tiny_photo
from tastemaker.core.schemas import Event, Preference, Preferences, RecommendRequest
from tastemaker.core.schemas.cases import Case
from tastemaker.core.settings import Settings
from tastemaker.graphs.recommender import Recommender
from tastemaker.graphs.shop.services import open_exposures
from tastemaker.stores.api_keys import KeyStore
from tastemaker.stores.catalogue.columns import ItemRow
from tastemaker.stores.database import Database
from tastemaker.stores.events.remembered_preferences import TasteStore

from ..catalogue_fixture import rows
from ..shop_fixture import history_url, shop_services

pytestmark = [
    pytest.mark.filterwarnings("ignore::pydantic.warnings.PydanticDeprecatedSince211"),  # LangServe's own code
    pytest.mark.filterwarnings("ignore:.*astream_log.*"),
]
SECRET = "zanzibar"
"""In everything of theirs that no request of ours says: seeing it is a leak."""
THEIR_ITEM, THEIR_USER = "theirs-0", "their-user"
THEIR_RUN = "0" * 32
NOT_THERE = ("there is no", "has no stored case", "no trace is kept")
"""What is said of ids that are another tenant's; the studio's forms are tried by tests/studio/test_studio.py."""
OTHERS = {"/mcp", "/openapi.json"}
"""Routes outside FastAPI: MCP answers each request by the caller's own service, without sessions; tests/doors/test_mcp_door.py tries it."""
STATIC = {"/docs/assets", "/web"}
"""Mounts that serve files alone; any other needs probes of its own."""


@dataclass
class World:
    """An application with two tenants, a key of the strongest kind for ours, and what is theirs."""

    app: FastAPI
    client: httpx.AsyncClient
    recommender: Recommender
    thread: str


def theirs() -> list[ItemRow]:
    changed = []
    for n, row in enumerate(rows(20)):
        item = row.item.model_copy(update={"item_id": f"theirs-{n}", "title": f"{SECRET} {n}", "text": SECRET})
        changed.append(replace(row, item=item))
    return changed


@pytest.fixture
async def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[World]:
    from argon2 import PasswordHasher

    monkeypatch.setattr(key_module, "_HASHER", PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))
    settings = Settings(home=tmp_path)
    services = shop_services(settings, catalogues={"default": rows(), "ours": rows(), "theirs": theirs()})
    database = Database(history_url(tmp_path))
    services.exposures, services.tastes = open_exposures(settings, database), TasteStore(database)
    recommender = await Recommender(services=services).start()
    liked = Event(user_id=THEIR_USER, item_id="theirs-1", kind="like", at=datetime.now(UTC), context={"page": SECRET})
    await recommender.feedback([liked], tenant="theirs")
    wish = Preferences(values=[Preference(field="colour", value=SECRET)], remember=True)
    made = await recommender.recommend(
        user_id=THEIR_USER, tenant="theirs", text=f"a {SECRET} boat", preferences=wish, words=False
    )
    store = KeyStore.at(settings.access_url)
    _, key = await create_key(store, "ours", "test", roles=("admin",))
    await store.close()

    async def opened() -> Recommender:
        return recommender

    app = create_app(opened, settings)
    for tenant in ("theirs", "ours"):  # so that ours has the ids of the routes below, and theirs the same numbers
        text = SECRET if tenant == "theirs" else "ours"
        await app.state.desk.commit(tenant, "compose", text, "ada", message=text)
        await app.state.desk.draft(tenant, "compose", text, "ada")
    one = Case(case_id="one", request=RecommendRequest(text="a boat"))
    await app.state.evaluations.cases.put("ours", "small", [one], "ada")
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(
            transport=httpx.ASGITransport(app=app), base_url="http://test", headers={"X-API-Key": key}, timeout=60
        ) as client,
    ):
        yield World(app, client, recommender, made.thread_id)


def asked(thread: str, **more: Any) -> dict[str, Any]:
    return {"user_id": THEIR_USER, "thread_id": thread, "text": "more", "words": False, **more}


def probes(path: str, thread: str, tenant: dict[str, str]) -> Any:
    """Return the body that reaches a route, with theirs wherever an id goes; None: made from the schema."""
    request = asked(thread, **tenant)
    event = {"user_id": THEIR_USER, "item_id": THEIR_ITEM, "kind": "like", "event_id": "their-event"}
    known: dict[str, Any] = {
        "/recommend": request,
        "/recommend/stream": request,
        "/recommend/form": {k: str(v).lower() if isinstance(v, bool) else v for k, v in request.items()},
        "/search": {"text": "boat", **tenant},
        "/why-not": {"item_id": THEIR_ITEM, "request": request},
        "/feedback": {"events": [event], **tenant},
        "/check": {"text": "boat", "images": [{"data": tiny_photo()}], **tenant},
        "/rules/check": {"rules": [], **tenant},
        "/agui": {
            "threadId": thread,
            "runId": "run-1",
            "state": {"user_id": THEIR_USER},
            "messages": [{"id": "1", "role": "user", "content": "more"}],
            "tools": [],
            "context": [],
            "forwardedProps": {"user_id": THEIR_USER},
        },
        "/releases/{name}/versions": {"body": "text"},
        "/evaluations": {"name": "compose", "version": "r1", "case_set": "small"},
        "/cases/{case_set}": {"case_id": "one", "request": {"user_id": THEIR_USER, "text": "boat"}},
        "/traces/{request_id}/replay": {"versions": {"compose": "r1"}},
        "/console/rules/try": {"rules": "rules: []", "text": "boat", "user_id": THEIR_USER, **tenant},
    }
    if path.startswith("/langserve"):
        return {"inputs": [request]} if path.endswith("/batch") else {"input": request}
    return known.get(path)


def generated(schema: dict[str, Any], parts: dict[str, Any], thread: str, tenant: dict[str, str]) -> Any:
    """Return a value that fits a JSON schema, with theirs where a field is named so."""
    if "$ref" in schema:
        return generated(parts[schema["$ref"].rsplit("/", 1)[-1]], parts, thread, tenant)
    for many in ("anyOf", "oneOf", "allOf"):
        if many in schema:
            return generated(schema[many][0], parts, thread, tenant)
    if schema.get("type") == "object" or "properties" in schema:
        named = {"user_id": THEIR_USER, "user": THEIR_USER, "item_id": THEIR_ITEM, "thread_id": thread, **tenant}
        fields = schema.get("properties", {})
        needed = {n: generated(f, parts, thread, tenant) for n, f in fields.items() if n in schema.get("required", ())}
        return {**needed, **{n: v for n, v in named.items() if n in fields}}
    if "examples" in schema or "enum" in schema or "const" in schema:
        return schema.get("const", (schema.get("examples") or schema.get("enum") or [None])[0])
    if schema.get("type") == "array":
        return [generated(schema["items"], parts, thread, tenant)] if schema.get("minItems") else []
    return {"integer": 1, "number": 1.0, "boolean": False}.get(schema.get("type", ""), "boat")


def address_of(path: str) -> str:
    """Return a path with theirs wherever an id goes, and with the ids that both tenants have."""
    ids = {"user_id": THEIR_USER, "item_id:path": THEIR_ITEM, "item_id": THEIR_ITEM}
    ids |= {"name": "compose", "number": "1", "draft_id": "2", "label": "candidate", "action": "candidate"}
    ids |= {"number:int": "1", "ref": "r1", "case_set": "print-shop", "case_id": "theirs", "rollout_id": "1"}
    ids |= {"run_id": THEIR_RUN, "base": THEIR_RUN, "request_id": "their-request"}
    for name, value in ids.items():
        path = path.replace(f"{{{name}}}", value)
    return path


def routes(app: FastAPI) -> list[tuple[str, str]]:
    """Return (method, path) of every route that is not open to everybody."""
    found = []
    for route in app.routes:
        if isinstance(route, Mount):
            assert route.path in STATIC, f"{route.path} is mounted: probe it here, then list it"
        elif type(route) is Route:
            assert is_open(route.path) or route.path in OTHERS, f"{route.path} is no API route: probe it, then list it"
        if isinstance(route, APIRoute) and not is_open(route.path):
            found += [(method, route.path) for method in sorted((route.methods or set()) - {"HEAD"})]
    return found


def body_of(world: World, method: str, path: str, tenant: dict[str, str]) -> dict[str, Any]:
    """Return the keywords of a request that reaches a route."""
    if method == "GET":
        return {}
    given = probes(path, world.thread, tenant)
    if path.endswith("/form"):
        return {"data": given}
    if given is not None:
        return {"json": given}
    openapi = world.app.openapi()
    operation = openapi["paths"].get(path, {}).get(method.lower(), {})
    schema = operation.get("requestBody", {}).get("content", {}).get("application/json", {}).get("schema")
    return {} if schema is None else {"json": generated(schema, openapi["components"]["schemas"], world.thread, tenant)}


async def test_no_route_gives_or_takes_anything_of_another_tenant(world: World) -> None:
    before = (await world.recommender.export_user(THEIR_USER, "theirs")).model_dump_json()
    listed = routes(world.app)
    assert ("POST", "/recommend") in listed
    assert ("DELETE", "/users/{user_id}") in listed
    for method, path in listed:
        address = address_of(path)
        for tenant in ({}, {"tenant": "theirs"}):
            sent = body_of(world, method, path, tenant)
            answer = await world.client.request(method, address, params=tenant, **sent)
            where = f"{method} {path} with {tenant}: {answer.status_code} {answer.text[:300]}"
            assert SECRET not in answer.text.lower(), where
            assert answer.status_code < 500, where
            if not tenant:
                reached = path.startswith("/studio") or any(told in answer.text for told in NOT_THERE)
                assert answer.status_code not in (405, 422) or reached, f"PROBES must say how to reach {where}"
            elif '"tenant"' in json.dumps(sent) or _takes_tenant(world.app, method, path):
                refused = answer.status_code == 403 or '"forbidden"' in answer.text
                assert refused, where
    assert (await world.recommender.export_user(THEIR_USER, "theirs")).model_dump_json() == before
    async with world.recommender.services.lend("theirs") as shop:
        assert (await shop.catalogue.schema()).count == 20


def _takes_tenant(app: FastAPI, method: str, path: str) -> bool:
    operation = app.openapi()["paths"].get(path.replace(":path", ""), {}).get(method.lower(), {})
    return any(p["name"] == "tenant" for p in operation.get("parameters", ()))


async def test_every_route_asks_who_calls(world: World) -> None:
    world.client.headers.pop("X-API-Key")
    for method, path in routes(world.app):
        answer = await world.client.request(method, path, **body_of(world, method, path, {}))
        page = method == "GET" and path.startswith("/studio")
        assert answer.status_code == (303 if page else 401), f"{method} {path}"
        assert not page or answer.headers["location"].startswith("/studio/sign-in?")


async def test_the_key_of_one_tenant_does_not_open_a_thread_of_anothers_user_of_the_same_name(world: World) -> None:
    answer = await world.client.post("/recommend", json=asked(world.thread))
    said = answer.json()
    assert answer.status_code == 200
    assert said["understanding"]["constraints"] == []
    assert {i["item_id"].split("-")[0] for i in said["items"]} != {"theirs"}
    kept = await world.recommender.export_user(THEIR_USER, "theirs")
    assert kept.threads[0]["turn"] == 1
