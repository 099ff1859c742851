"""Every door on the real recommender and graph, with constant models and stores."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import Any

import httpx
import pytest

from tastemaker.api.cli import main as cli
from tastemaker.api.client.http_client import stream_from_server
from tastemaker.api.http.app import create_app
from tastemaker.api.http.langserve import PATH, langserve_installed
from tastemaker.api.http.openapi_examples import request_examples, tiny_photo, tiny_voice
from tastemaker.api.service import Service
from tastemaker.core.protocols import Catalogue, Collaborative, History
from tastemaker.core.schemas import MediaInput, RecommendRequest, RecommendResponse
from tastemaker.core.settings import Settings
from tastemaker.evals.stand_ins import ITEMS, VECTOR, ConstantImageText, constant_services
from tastemaker.graphs.recommender import Recommender
from tastemaker.stores.catalogue.columns import ItemRow
from tastemaker.stores.catalogue.lance_catalogue import LanceCatalogue

from ..live_server import serving


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(home=tmp_path / "home")


@pytest.fixture
async def address(settings: Settings) -> AsyncIterator[str]:
    async def opened() -> Service:
        return await Recommender(services=constant_services(settings)).start()

    async with serving(create_app(opened, settings)) as base:
        yield base


async def post(url: str, body: Any) -> httpx.Response:
    async with httpx.AsyncClient(timeout=30) as client:
        return await client.post(url, json=body)


@pytest.mark.parametrize("name", ["text", "photo_and_voice", "constraints"])
async def test_the_documented_examples_are_answered(address: str, name: str) -> None:
    example = dict(request_examples()[name]["value"])
    if name == "constraints":
        example["constraints"] = example["constraints"][:1]  # the constant catalogue knows no theme
    response = await post(f"{address}/recommend", example)
    assert response.status_code == 200, response.text
    answer = RecommendResponse.model_validate(response.json())
    assert answer.items
    assert answer.user == ("stranger" if name == "text" else answer.user)


async def test_what_was_seen_is_corrected_without_sending_it_again(address: str) -> None:
    first = (await post(f"{address}/recommend", {"images": [{"data": tiny_photo()}]})).json()
    seen = next(e["evidence_id"] for e in first["evidence"] if e["kind"] == "caption")
    edit = {"thread_id": first["thread_id"], "corrections": [{"evidence_id": seen, "text": "a green teapot"}]}
    again = await post(f"{address}/recommend", edit)
    assert again.status_code == 200, again.text
    assert [(e["evidence_id"], e["content"], e["corrected"]) for e in again.json()["evidence"]] == [
        (seen, "a green teapot", True)
    ]
    assert "teapot" in again.json()["understanding"]["query"]
    wrong = await post(f"{address}/recommend", edit | {"corrections": [{"evidence_id": "caption-9", "strike": True}]})
    assert wrong.status_code == 422
    assert wrong.json()["error"]["field"].startswith("corrections")


async def test_a_photo_that_is_none_is_named(address: str) -> None:
    for door in ("/recommend", "/recommend/stream"):
        response = await post(address + door, {"images": [{"data": tiny_photo()}, {"data": "bm8gcGhvdG8="}]})
        assert response.status_code == 422
        assert response.json()["error"]["field"].startswith("images[1]")
        assert "bm8gcGhvdG8=" not in response.text


@pytest.mark.parametrize(
    "medium", [{}, {"data": "%%%"}, {"url": "https://127.0.0.1/a.png"}, {"data": "aGk=", "url": "x"}]
)
async def test_media_in_no_agreed_form_are_named(address: str, medium: dict[str, str]) -> None:
    response = await post(f"{address}/recommend", {"images": [medium]})
    assert response.status_code == 422
    assert response.json()["error"]["field"].startswith("images[0]")


@pytest.mark.parametrize(
    ("constraint", "field"),
    [
        ({"field": "flavour", "op": "<=", "value": 3}, "constraints[0]"),
        ({"field": "price", "op": "<=", "value": "cheap"}, "constraints[0].value"),
        ({"field": "price", "op": "contains", "value": "3"}, "constraints[0].op"),
    ],
)
async def test_a_constraint_that_the_catalogue_cannot_hold_is_named(
    settings: Settings, constraint: dict[str, Any], field: str
) -> None:
    catalogue = await LanceCatalogue.open(settings.catalogue_uri)
    vector = VECTOR[0]
    await catalogue.upsert([ItemRow(item=item, text_vector=vector, image_vector=vector) for item in ITEMS[:20]])

    async def stores(tenant: str) -> tuple[Catalogue, History, Collaborative]:
        _, history, collaborative = await constant_services(settings).open_stores(tenant)
        return catalogue, history, collaborative

    async def opened() -> Service:
        services = constant_services(settings)
        services.open_stores = stores
        return await Recommender(services=services).start()

    async with serving(create_app(opened, settings)) as base:
        good = await post(f"{base}/recommend", {"constraints": [{"field": "price", "op": "<=", "value": 15}], "n": 3})
        wrong = await post(f"{base}/recommend", {"constraints": [constraint]})
    assert [item["attributes"]["price"] <= 15 for item in good.json()["items"]] == [True] * 3
    assert wrong.status_code == 422, wrong.text
    assert wrong.json()["error"]["field"].startswith(field)


async def test_a_stream_ends_with_the_whole_response(address: str, tmp_path: Path) -> None:
    import base64

    photo = tmp_path / "photo.png"
    await asyncio.to_thread(photo.write_bytes, base64.b64decode(tiny_photo()))
    request = RecommendRequest(text="a print", user_id="ada", images=[MediaInput(path=str(photo))])
    events = [event async for event in stream_from_server(address, request)]
    kinds = [event.event for event in events]
    assert kinds.index("route") < kinds.index("items") < kinds.index("words") < kinds.index("done")
    done = RecommendResponse.model_validate(events[-1].data)
    items = next(event for event in events if event.event == "items").data["items"]
    assert [item["item_id"] for item in items] == [item.item_id for item in done.items]


async def test_a_form_with_a_photo_and_a_voice(address: str) -> None:
    import base64

    files = [
        ("images", ("a.png", base64.b64decode(tiny_photo()))),
        ("audio", ("a.wav", base64.b64decode(tiny_voice(0.5)))),
    ]
    async with httpx.AsyncClient(timeout=30) as client:
        response = await client.post(f"{address}/recommend/form", data={"text": "a print", "n": "2"}, files=files)
    assert response.status_code == 200, response.text
    assert len(response.json()["items"]) == 2


async def test_a_thread_goes_on(address: str) -> None:
    first = (await post(f"{address}/recommend", {"text": "a print under 50"})).json()
    second = await post(f"{address}/recommend", {"text": "cheaper", "thread_id": first["thread_id"]})
    assert second.status_code == 200
    assert second.json()["thread_id"] == first["thread_id"]
    assert second.json()["understanding"]["constraints"]


async def test_feedback_and_readiness(address: str) -> None:
    event = {"user_id": "ada", "item_id": "item-1", "kind": "click"}
    stored = await post(f"{address}/feedback", {"events": [event]})
    assert stored.status_code == 200
    async with httpx.AsyncClient() as client:
        ready = await client.get(f"{address}/ready")
    assert ready.status_code == 200
    assert set(ready.json()["slots"]) == {
        "catalogue",
        "history",
        "threads",
        "image_text",
        "captioner",
        "transcriber",
        "recommender",
        "llm",
    }


@pytest.mark.skipif(not langserve_installed(), reason="the langserve extra is not installed")
@pytest.mark.filterwarnings("ignore::pydantic.warnings.PydanticDeprecatedSince211", "ignore:.*astream_log.*")
async def test_langserve_serves_the_same_graph_and_shows_nothing_from_inside(address: str) -> None:
    body = {"input": {"text": "a print", "n": 2}}
    answer = (await post(f"{address}{PATH}/invoke", body)).json()["output"]
    assert len(RecommendResponse.model_validate(answer).items) == 2
    log = await post(f"{address}{PATH}/stream_events", body)
    names = {json.loads(line[6:]).get("name") for line in log.text.splitlines() if line.startswith('data: {"event"')}
    assert names <= {"recommend", PATH}


class SlowImageText(ConstantImageText):
    """Take long, and tell when the work was cancelled."""

    def __init__(self) -> None:
        self.started = asyncio.Event()
        self.cancelled = asyncio.Event()

    async def embed_texts(self, texts: Sequence[str]) -> Any:
        self.started.set()
        try:
            await asyncio.sleep(30)
        except asyncio.CancelledError:
            self.cancelled.set()
            raise
        return await super().embed_texts(texts)


@pytest.mark.parametrize("door", ["/recommend", "/recommend/stream"])
async def test_a_client_that_leaves_stops_the_graph(settings: Settings, door: str) -> None:
    slow = SlowImageText()

    async def opened() -> Service:
        services = constant_services(settings)
        services.image_text = slow
        services.__post_init__()
        return await _Cold(services=services).start()

    async with serving(create_app(opened, settings)) as base:
        asking = asyncio.create_task(post(base + door, {"text": "a print"}))
        await asyncio.wait_for(slow.started.wait(), 5)
        asking.cancel()
        await asyncio.wait_for(slow.cancelled.wait(), 3)


class _Cold(Recommender):
    async def warm(self) -> None:
        """Leave the slow model alone until a request comes."""


async def test_the_command_line_asks_a_running_service(
    address: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(
        sys, "argv", ["tastemaker", "recommend", "--server", address, "--text", "a print", "-n", "2", "--json"]
    )

    def ask() -> int:
        with pytest.raises(SystemExit) as stopped:
            cli.main()
        return int(stopped.value.code or 0)

    assert await asyncio.to_thread(ask) == 0
    assert len(RecommendResponse.model_validate_json(capsys.readouterr().out).items) == 2
