"""Batches of events: bounded, each once, unknown items named, clicks tied to the answer that showed the item."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from tastemaker.api.http.app import create_app
from tastemaker.api.service import Service
from tastemaker.core.settings import Settings
from tastemaker.stores.database import Database
from tastemaker.stores.events.exposure_log import ExposureLog

from ..shop_fixture import UnwarmedRecommender, history_url, shop_services


@pytest.fixture
async def client(tmp_path: Path) -> AsyncIterator[httpx.AsyncClient]:
    settings = Settings(home=tmp_path)
    services = shop_services(settings)
    services.exposures = ExposureLog(Database(history_url(tmp_path)), 90)

    async def opened() -> Service:
        return await UnwarmedRecommender(services=services).start()

    app = create_app(opened, settings)
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://t") as opened_client,
    ):
        yield opened_client


def event(item_id: str, kind: str = "click", **more: Any) -> dict[str, Any]:
    return {"user_id": "ada", "item_id": item_id, "kind": kind, **more}


async def send(client: httpx.AsyncClient, *events: dict[str, Any]) -> dict[str, Any]:
    answer = await client.post("/events", json={"events": list(events)})
    assert answer.status_code == 200, answer.text
    body: dict[str, Any] = answer.json()
    return body


async def test_a_batch_that_is_sent_again_is_stored_once(client: httpx.AsyncClient) -> None:
    batch = [event("i1", event_id="order-1:1"), event("i2", "purchase", event_id="order-1:2")]
    assert (await send(client, *batch))["stored"] == 2
    again = await send(client, *batch, event("i3", event_id="order-2:1"))
    assert (again["received"], again["stored"]) == (3, 1)


async def test_items_that_are_unknown_are_counted_and_named_and_kept(client: httpx.AsyncClient) -> None:
    told = await send(client, event("i1"), event("x9"), event("x9", "view"), event("x8"))
    assert (told["stored"], told["unknown_items"]) == (4, 3)
    assert "x9" in told["notes"][0]
    assert "x8" in told["notes"][0]


async def test_clicks_and_purchases_are_tied_to_the_answer_that_showed_the_item(client: httpx.AsyncClient) -> None:
    answer = (await client.post("/recommend", json={"user_id": "ada", "n": 3, "words": False})).json()
    shown = [item["item_id"] for item in answer["items"]]
    told = await send(
        client,
        event(shown[0], request_id=answer["request_id"]),
        event(shown[1], "purchase", request_id=answer["request_id"], event_id="o1"),
        event("i59", request_id=answer["request_id"]),
        event(shown[0], "view", request_id="made-up"),
        event(shown[0], "like"),
    )
    assert told["attributed"] == 2
    assert "2 of 4 events with a request_id" in told["notes"][0]


WRONG: list[tuple[Any, str]] = [
    ({"events": []}, "events"),
    ({"events": [event("i1")] * 1001}, "events"),
    ({"events": [event("")]}, "events[0].item_id"),
    ({"events": [event("i1"), event("i1", "hug")]}, "events[1].kind"),
    ({"events": [event("i1", "rating")]}, "events[0].value"),
    ({"events": [event("i1", at="2999-01-01T00:00:00Z")]}, "events[0].at"),
    ({"events": [event("i1", request_id="x" * 65)]}, "events[0].request_id"),
    ({"events": [event("i1", colour="red")]}, "events[0].colour"),
]


@pytest.mark.parametrize(("body", "field"), WRONG)
async def test_what_is_wrong_is_named(client: httpx.AsyncClient, body: Any, field: str) -> None:
    answer = await client.post("/events", json=body)
    assert answer.status_code == 422
    assert answer.json()["error"]["field"] == field


async def test_the_catalogue_says_what_conditions_can_be_about(client: httpx.AsyncClient) -> None:
    answer = (await client.get("/catalogue")).json()
    assert answer["count"] == 60
    assert "price" in [field["name"] for field in answer["fields"]]
