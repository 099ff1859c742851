"""The Python clients against a real service: the same methods both ways, typed answers, errors by their kind."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI

from tastemaker import AsyncClient, Client
from tastemaker.api.http.app import create_app
from tastemaker.api.http.openapi_examples import tiny_photo
from tastemaker.api.service import Service
from tastemaker.core.errors import BackEndUnavailable, BadBackEndResponse, InvalidRequestError
from tastemaker.core.schemas import Event, RecommendRequest
from tastemaker.core.settings import Settings
from tastemaker.graphs.recommender import Recommender

from ..live_server import serving
from ..shop_fixture import UnwarmedRecommender, shop_services


@pytest.fixture
async def server(tmp_path: Path) -> AsyncIterator[str]:
    async def opened() -> Service:
        return await UnwarmedRecommender(services=shop_services(Settings(home=tmp_path))).start()

    async with serving(create_app(opened, Settings(home=tmp_path))) as base:
        yield base


def public(kind: type) -> dict[str, inspect.Signature]:
    return {n: inspect.signature(m) for n, m in inspect.getmembers(kind, callable) if not n.startswith("_")}


def test_both_clients_have_the_same_methods_with_the_same_parameters_and_those_of_the_recommender() -> None:
    sync, later = public(Client), public(AsyncClient)
    assert {n: list(s.parameters) for n, s in sync.items()} == {n: list(s.parameters) for n, s in later.items()}
    same = {
        "recommend",
        "stream",
        "search",
        "feedback",
        "why_not",
        "rules",
        "check_rules",
        "forget_preferences",
        "health",
    }
    assert same <= set(sync) & set(public(Recommender))


def used(client: Client) -> dict[str, Any]:
    """Call every method once."""
    photo = {"data": tiny_photo()}
    answer = client.recommend(text="something under 40", user_id="ada", n=3)
    event = Event(
        user_id="ada", item_id=answer.items[0].item_id, kind="click", context={"request_id": answer.request_id}
    )
    return {
        "recommend": answer,
        "again": client.recommend(RecommendRequest(text="not that one", user_id="ada", thread_id=answer.thread_id)),
        "stream": [e.event for e in client.stream(text="boats")],
        "search": client.search(text="boats", n=2),
        "check": client.check(text="a boat", images=[photo]),
        "why_not": client.why_not("i59", text="something under 40"),
        "events": client.events([event]),
        "feedback": client.feedback([event.model_copy(update={"kind": "like"})]),
        "rules": client.rules(),
        "check_rules": client.check_rules({"rules": [{"id": "x", "kind": "no such"}]}),
        "catalogue": client.catalogue(),
        "health": client.health(),
        "forget_preferences": client.forget_preferences("ada"),
        "delete_item": client.delete_item("i59"),
    }


async def used_later(client: AsyncClient) -> dict[str, Any]:
    """Call every method of the asynchronous client by driving the synchronous list through it."""
    photo = {"data": tiny_photo()}
    answer = await client.recommend(text="something under 40", user_id="ada", n=3)
    event = Event(
        user_id="ada", item_id=answer.items[0].item_id, kind="click", context={"request_id": answer.request_id}
    )
    return {
        "recommend": answer,
        "again": await client.recommend(
            RecommendRequest(text="not that one", user_id="ada", thread_id=answer.thread_id)
        ),
        "stream": [e.event async for e in client.stream(text="boats")],
        "search": await client.search(text="boats", n=2),
        "check": await client.check(text="a boat", images=[photo]),
        "why_not": await client.why_not("i59", text="something under 40"),
        "events": await client.events([event]),
        "feedback": await client.feedback([event.model_copy(update={"kind": "like"})]),
        "rules": await client.rules(),
        "check_rules": await client.check_rules({"rules": [{"id": "x", "kind": "no such"}]}),
        "catalogue": await client.catalogue(),
        "health": await client.health(),
        "forget_preferences": await client.forget_preferences("ada"),
        "delete_item": await client.delete_item("i59"),
    }


def synchronously(server: str) -> dict[str, Any]:
    with Client(server) as client:
        return used(client)


@pytest.mark.parametrize("way", ["sync", "async"])
async def test_every_method_answers_with_its_type(server: str, way: str) -> None:
    if way == "sync":
        got = await asyncio.to_thread(synchronously, server)
    else:
        async with AsyncClient(server) as client:
            got = await used_later(client)
    assert len(got["recommend"].items) == 3
    assert got["again"].thread_id == got["recommend"].thread_id
    assert got["stream"].index("items") < got["stream"].index("words")
    assert got["stream"][-1] == "done"
    assert len(got["search"].hits) == 2
    assert got["check"].media
    assert got["why_not"].item_id == "i59"
    assert (got["events"].stored, got["events"].unknown_items, got["feedback"]) == (1, 0, 1)
    assert not got["rules"].problems
    assert got["check_rules"]
    assert got["catalogue"].count == 60
    assert got["health"]["catalogue"]["state"] == "ok"
    assert got["forget_preferences"] == 0
    assert got["delete_item"].deleted == ("i59",)


def failing(call: Callable[[Client], Any], server: str) -> str:
    with Client(server) as client, pytest.raises(InvalidRequestError) as wrong:
        call(client)
    return wrong.value.field


WRONG: list[tuple[Callable[[Client], Any], str]] = [
    (lambda c: c.recommend(n=0), "n"),
    (lambda c: c.recommend(images=[{"path": "/no/such/photo"}]), "images[0].path"),
    (lambda c: c.recommend(constraints=[{"field": "no such", "op": "=", "value": 1}]), "constraints[0]"),
    (lambda c: list(c.stream(n=51)), "n"),
    (lambda c: c.check(images=[{}], text="x"), "images[0]"),
    (lambda c: c.search(n=0), "n"),
]


@pytest.mark.parametrize(("call", "field"), WRONG)
async def test_wrong_input_names_its_field_whoever_finds_it(
    server: str, call: Callable[[Client], Any], field: str
) -> None:
    assert (await asyncio.to_thread(failing, call, server)).startswith(field)


async def test_what_is_not_our_service_is_said_to_be_none(server: str) -> None:
    with pytest.raises(BackEndUnavailable, match="tastemaker serve"), Client("http://127.0.0.1:9") as nobody:
        nobody.health()
    async with AsyncClient(f"{server}/docs") as other:
        with pytest.raises(BackEndUnavailable, match="404"):
            await other.rules()
    page = FastAPI()
    page.get("/rules")(lambda: "no rules here")
    async with serving(page) as base, AsyncClient(base) as stranger:
        with pytest.raises(BadBackEndResponse):
            await stranger.rules()
