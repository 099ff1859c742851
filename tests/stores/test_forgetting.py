"""What is deleted or forgotten is gone from every store and door, and what is not meant stays."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from pathlib import Path

import httpx
import numpy as np
import pytest
from typer.testing import CliRunner

from tastemaker.api.cli.main import build_app
from tastemaker.api.http.app import create_app
from tastemaker.core.schemas import Deleted, Event, Preference
from tastemaker.core.settings import AuthSettings, Settings
from tastemaker.graphs.recommender import Recommender
from tastemaker.graphs.shop.descriptions import FILE
from tastemaker.stores.catalogue.lance_catalogue import LanceCatalogue
from tastemaker.stores.database import Database
from tastemaker.stores.descriptions import Descriptions
from tastemaker.stores.events.history import SqlHistory
from tastemaker.stores.events.remembered_preferences import TasteStore
from tastemaker.stores.tracks import Tracks
from tastemaker.tools.sources.sounds_like import open_tracks

from ..catalogue_fixture import axis, open_catalogue, rows
from ..fake_service import FakeService
from ..shop_fixture import history_url, shop_services


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(home=tmp_path)


async def test_a_deleted_item_is_gone_from_every_store_and_its_events_stay(settings: Settings) -> None:
    tracks = open_tracks(settings.home, "default")
    width = tracks.load().features.shape[1]
    tracks.save(Tracks(("i0", "i1"), np.ones((2, width), np.float32), tracks.load().groups))
    words = Descriptions(settings.home / FILE, "default")
    await words.put("item", "i0", "d", ["a boat"])
    async with Recommender(services=shop_services(settings)) as recommender:
        shop = await recommender.services.shop("default")
        await recommender.feedback([Event(user_id="ada", item_id="i0", kind="like")])
        await shop.take_snapshot()
        assert await recommender.delete_items(["i0", "none", "i0"]) == Deleted(deleted=("i0",), unknown=("none",))
        assert await shop.catalogue.get(["i0", "i2"]) == await shop.catalogue.get(["i2"])
        assert await shop.catalogue.vectors("text", ["i0"]) == {}
        near = await shop.catalogue.search_vector("text", axis(1, 0), 99)
        found = await shop.catalogue.search_text("red boat", 99)
        assert "i0" not in {c.item_id for c in (*near, *found)}
        assert "i0" not in await shop.catalogue.scan(99)
        assert "i0" not in {item.item_id for item in shop._read_snapshot().items}
        assert (await shop.history.profile("ada")).liked == ("i0",)
        assert "i0" not in {i.item_id for i in (await recommender.recommend(n=50, words=False)).items}
        assert await recommender.delete_items(["i0"]) == Deleted(unknown=("i0",))
    assert tracks.load().ids == ("i1",)
    assert await words.find(["boat"], 5) == []
    await words.close()


async def test_remembered_preferences_are_forgotten_by_field_or_all(settings: Settings) -> None:
    services = shop_services(settings)
    services.tastes = TasteStore(Database(history_url(settings.home)))
    likes = [Preference(field="colour", value="Red"), Preference(field="price", value=9.0)]
    for tenant, user in (("default", "ada"), ("default", "bob"), ("other", "ada")):
        await services.tastes.remember(tenant, user, likes)
    async with Recommender(services=services) as recommender:
        assert await recommender.forget_preferences("ada", field="colour") == 1
        assert [p.field for p in await services.tastes.recall("default", "ada")] == ["price"]
        assert await recommender.forget_preferences("ada") == 1
        assert await recommender.forget_preferences("ada") == 0
        assert len(await services.tastes.recall("default", "bob")) == 2
        assert len(await services.tastes.recall("other", "ada")) == 2


async def test_the_http_door_deletes_and_forgets(settings: Settings) -> None:
    app = create_app(None, settings.model_copy(update={"auth": AuthSettings(mode="open")}))
    app.state.recommender = FakeService()
    transport = httpx.ASGITransport(app=app)
    async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
        gone = await client.delete("/items/print-17")
        assert gone.json() == {"deleted": ["print-17"], "unknown": []}
        assert (await client.delete("/items/a/b")).json() == {"deleted": [], "unknown": ["a/b"]}
        assert (await client.delete("/users/ada/preferences")).json() == {"forgotten": 2}
        assert (await client.delete("/users/ada/preferences", params={"field": "price"})).json() == {"forgotten": 1}
        wrong = await client.delete("/items/x", params={"tenant": "No Tenant"})
        assert wrong.status_code == 422
        assert wrong.json()["error"]["field"] == "tenant"
        assert (await client.delete(f"/items/{'x' * 129}")).status_code == 422


def test_the_command_line_deletes_and_forgets(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TASTEMAKER_HOME", str(settings.home))

    async def stock() -> None:
        await open_catalogue(settings.home / "catalogue")
        tastes = TasteStore(Database(settings.history_url))
        await tastes.remember("default", "ada", [Preference(field="colour", value="Red")])
        await tastes.close()
        history = await SqlHistory.open(settings.history_url)
        await history.add([Event(user_id="ada", item_id="i1", kind="like", at=datetime(2026, 1, 1, tzinfo=UTC))])
        await history.close()

    def run(*words: str) -> tuple[int, str]:
        result = CliRunner().invoke(build_app(words), list(words))
        return result.exit_code, result.output

    asyncio.run(stock())
    assert run("items", "delete", "i1", "i2", "zzz") == (0, "2 deleted; there is no item zzz\n")
    assert run("items", "delete", "i1", "--json") == (1, '{"deleted":[],"unknown":["i1"]}\n')
    assert run("preferences", "forget", "ada", "--field", "price") == (0, "0 forgotten\n")
    assert run("preferences", "forget", "ada") == (0, "1 forgotten\n")


async def test_two_first_ingests_at_once_store_all_items(tmp_path: Path) -> None:
    for attempt in range(3):
        uri, stock = str(tmp_path / str(attempt)), rows(40)
        both = [await LanceCatalogue.open(uri) for _ in range(4)]
        await asyncio.gather(*(c.upsert(stock[n * 10 : n * 10 + 10]) for n, c in enumerate(both)))
        await asyncio.gather(*(c.optimize() for c in both))
        for catalogue in both:
            assert await catalogue.count() == 40
            assert len(await catalogue.search_text("print", 99)) == 40
