"""The MCP door with the official client: in process, over HTTP to a real socket, and over the standard input of the real command."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI
from mcp import Client, MCPError, StdioServerParameters

from tastemaker.api.http.app import create_app
from tastemaker.api.http.openapi_examples import tiny_photo
from tastemaker.api.mcp.server import build_server
from tastemaker.api.mcp.tools import TOOLS, part_of
from tastemaker.api.service import Service
from tastemaker.core.errors import BackEndUnavailable
from tastemaker.core.schemas import CatalogueField, CatalogueSchema, Item, RecommendRequest, RecommendResponse
from tastemaker.core.settings import Settings
from tastemaker.evals.stand_ins import constant_services
from tastemaker.graphs.recommender import Recommender

from ..fake_service import FakeService
from ..live_server import serving


@cache
def app_that_serves() -> tuple[FastAPI, list[Service]]:
    opened: list[Service] = []

    async def open_it() -> Service:
        return opened[0]

    return create_app(open_it, Settings()), opened


@asynccontextmanager
async def over_http(service: Service) -> AsyncIterator[Client]:
    app, opened = app_that_serves()
    opened[:] = [service]
    async with serving(app) as base, Client(f"{base}/mcp") as client:
        yield client


@asynccontextmanager
async def in_process(service: Service) -> AsyncIterator[Client]:
    async with Client(build_server(lambda: service, lambda: "default")) as client:
        yield client


@pytest.fixture
def fake() -> FakeService:
    service = FakeService()
    service.stock = (Item(item_id="print-17", title="Boats"),)
    service.schema = CatalogueSchema(fields=(CatalogueField(name="price", type="number", role="price"),), count=1)
    return service


async def test_every_tool_is_described_by_the_schemas_of_requests_and_answers(fake: FakeService) -> None:
    async with in_process(fake) as client:
        tools = {tool.name: tool for tool in (await client.list_tools()).tools}
    assert set(tools) == {"recommend", "search", "why_not", "feedback", "check"}
    for tool in tools.values():
        assert tool.description
        assert "tenant" not in tool.input_schema["properties"]
        assert tool.output_schema is not None
        assert tool.output_schema["type"] == "object"
    assert tools["recommend"].input_schema["properties"]["n"]["maximum"] == 50
    assert tools["recommend"].annotations is not None
    assert tools["recommend"].annotations.read_only_hint
    assert tools["feedback"].annotations is not None
    assert not tools["feedback"].annotations.read_only_hint


@pytest.mark.parametrize("door", [in_process, over_http])
async def test_items_come_in_words_and_as_data(tmp_path: Path, door: Any) -> None:
    recommender = await Recommender(services=constant_services(Settings(home=tmp_path / "home"))).start()
    async with door(recommender) as client:
        first = await client.call_tool("recommend", {"text": "something under 40", "n": 2})
        assert not first.is_error, first.content
        answer = RecommendResponse.model_validate(first.structured_content)
        assert len(answer.items) == 2
        assert [c.words for c in answer.understanding.conditions] == ["under 40"]
        assert "under 40" in first.content[0].text
        again = await client.call_tool("recommend", {"text": "not that one", "thread_id": answer.thread_id})
        further = RecommendResponse.model_validate(again.structured_content)
        assert [c.words for c in further.understanding.conditions] == ["under 40"]
    if door is in_process:
        await recommender.close()


CALLS: list[tuple[str, dict[str, Any]]] = [
    ("search", {"text": "boats"}),
    ("why_not", {"item_id": "print-17", "request": {"text": "boats"}}),
    ("feedback", {"events": [{"user_id": "ada", "item_id": "print-17", "kind": "like", "request_id": "r-1"}]}),
    ("check", {"text": "a boat", "images": [{"data": tiny_photo()}]}),
]


@pytest.mark.parametrize(("name", "arguments"), CALLS, ids=[name for name, _ in CALLS])
async def test_every_tool_answers_over_http(fake: FakeService, name: str, arguments: dict[str, Any]) -> None:
    async with over_http(fake) as client:
        result = await client.call_tool(name, arguments)
    assert not result.is_error, result.content
    assert result.structured_content


WRONG: list[tuple[str, dict[str, Any], str]] = [
    ("recommend", {"n": 51}, "n: "),
    ("recommend", {"text": "x", "tenant": "other"}, "tenant: "),
    ("recommend", {"constraints": [{"field": "price", "op": "<=", "value": "x"}]}, "constraints[0].value: "),
    ("recommend", {"images": [{"path": "/etc/passwd"}]}, "images[0].path: "),
    ("recommend", {"user_id": "a\nb"}, "user_id: "),
    ("search", {"n": 0}, "n: "),
    ("why_not", {"request": {}}, "item_id: "),
    ("feedback", {"events": [{"user_id": "a", "item_id": "i", "kind": "rating"}]}, "events[0].value: "),
    ("feedback", {"events": []}, "events: "),
    ("check", {"text": "a boat"}, "request: "),
    ("nothing", {}, "name: "),
]


@pytest.mark.parametrize(("name", "arguments", "said"), WRONG)
async def test_what_is_wrong_is_an_error_of_the_tool_that_names_the_field(
    fake: FakeService, name: str, arguments: dict[str, Any], said: str
) -> None:
    async with in_process(fake) as client:
        result = await client.call_tool(name, arguments)
    assert result.is_error
    assert result.content[0].text.startswith(said)  # type: ignore[union-attr]


@pytest.mark.parametrize("error", [RuntimeError("secret /etc"), BackEndUnavailable("secret /etc", back_end="llm")])
async def test_a_failure_tells_nothing_of_the_inside(error: Exception) -> None:
    async with in_process(FakeService(error=error)) as client:
        result = await client.call_tool("recommend", {"text": "x"})
    assert result.is_error
    assert "secret" not in str(result.content)


@pytest.mark.parametrize("door", [in_process, over_http])
async def test_items_and_the_catalogue_are_resources(fake: FakeService, door: Any) -> None:
    async with door(fake) as client:
        assert [r.uri for r in (await client.list_resources()).resources] == ["tastemaker://catalogue"]
        assert [t.name for t in (await client.list_resource_templates()).resource_templates] == ["item"]
        fields = json.loads((await client.read_resource("tastemaker://catalogue")).contents[0].text)
        assert fields["fields"][0]["name"] == "price"
        item = json.loads((await client.read_resource("tastemaker://items/print-17")).contents[0].text)
        assert item["title"] == "Boats"
        for unknown in ("tastemaker://items/no%20such%2Fitem", "tastemaker://nothing", "file:///etc/passwd"):
            with pytest.raises(MCPError):
                await client.read_resource(unknown)


def test_a_part_of_a_schema_defines_what_it_names_and_nothing_else() -> None:
    part = part_of(RecommendRequest, "text", "images")
    assert set(part["properties"]) == {"text", "images"}
    assert set(part["$defs"]) == {"MediaInput"}
    for tool in TOOLS.values():
        named = {ref.rpartition("/")[2] for ref in _refs(tool.takes)}
        assert named == set(tool.takes.get("$defs", {}))


def _refs(schema: Any) -> set[str]:
    if isinstance(schema, dict):
        own = {schema["$ref"]} if isinstance(schema.get("$ref"), str) else set()
        return own.union(*(_refs(v) for v in schema.values()))
    return set().union(*(_refs(v) for v in schema)) if isinstance(schema, list) else set()


@pytest.mark.slow
async def test_the_command_serves_an_agent_that_starts_it(tmp_path: Path) -> None:
    environment = {**os.environ, "TASTEMAKER_HOME": str(tmp_path), "TASTEMAKER_LLM__BASE_URL": "http://127.0.0.1:9/v1"}
    command = StdioServerParameters(command=sys.executable, args=["-m", "tastemaker", "mcp"], env=environment)
    async with Client(command, read_timeout_seconds=60) as client:
        assert len((await client.list_tools()).tools) == 5
        result = await client.call_tool("recommend", {"text": "a dog", "words": False})
        assert not result.is_error
        assert "catalogue" in [d["what"] for d in result.structured_content["degraded"]]
