"""Test the main path on real media with the real models: the photo and the voice must steer the ranking."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

import tastemaker.api.demo
from tastemaker.core.schemas import RecommendResponse
from tastemaker.core.settings import CatalogueSettings, LLMSettings, Settings
from tastemaker.graphs.recommender import Recommender
from tastemaker.models.registry import open_image_text
from tastemaker.stores.catalogue.lance_catalogue import LanceCatalogue
from tastemaker.stores.events.history import SqlHistory
from tastemaker.stores.ingest.pipeline import ingest

pytestmark = pytest.mark.slow
DATA = Path(tastemaker.api.demo.__file__).parent / "data"
TEXT = "I would like a print like this for my wall"


def request_photo(name: str) -> dict[str, str]:
    return {"path": str(DATA / "request" / name)}


def clip(name: str) -> dict[str, str]:
    return {"path": str(DATA / "voice" / name)}


async def stock(home: Path) -> Settings:
    settings = Settings(
        home=home,
        catalogue=CatalogueSettings(media_root=str(DATA)),
        llm=LLMSettings(base_url="http://127.0.0.1:9/v1"),
    )
    catalogue = await LanceCatalogue.open(settings.catalogue_uri)
    history = await SqlHistory.open(settings.history_url)
    report = await ingest(
        DATA / "catalogue.csv",
        catalogue,
        open_image_text(settings),
        media=DATA,
        interactions=DATA / "interactions.csv",
        history=history,
        rejects=home / "rejects.jsonl",
    )
    await history.close()
    assert report.rejected == 0
    return settings


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    return asyncio.run(stock(tmp_path_factory.mktemp("shop")))


@pytest.fixture
async def recommender(shop: Settings) -> AsyncIterator[Recommender]:
    async with Recommender(shop) as opened:
        yield opened


async def ask(recommender: Recommender, **fields: Any) -> RecommendResponse:
    return await recommender.recommend(words=False, n=5, **fields)


def themes(response: RecommendResponse, top: int = 3) -> set[str]:
    found: set[str] = set()
    for item in response.items[:top]:
        value = item.attributes["theme"]
        found |= set(value) if isinstance(value, list) else {str(value)}
    return found


async def test_the_photo_steers_the_ranking(recommender: Recommender) -> None:
    pizza = await ask(recommender, text=TEXT, images=[request_photo("photo-pizza.jpg")])
    bus = await ask(recommender, text=TEXT, images=[request_photo("photo-bus.jpg")])
    assert "food" in themes(pizza, 1)
    assert themes(bus, 1) & {"city", "transport"}
    assert pizza.items[0].item_id != bus.items[0].item_id
    assert any(s.source.startswith("image") for s in pizza.items[0].sources)


async def test_the_voice_steers_the_ranking_and_its_limit_is_hard(recommender: Recommender) -> None:
    animals = await ask(recommender, text="please help", audio=[clip("voice-animals.ogg")])
    food = await ask(recommender, text="please help", audio=[clip("voice-food.ogg")])
    assert "animals" in themes(animals, 1)
    assert "food" in themes(food, 1)
    for response in (animals, food):
        limit = next(c for c in response.understanding.constraints if c.field == "price")
        assert limit.value == 40
        assert limit.source.startswith("transcript")
        assert all(float(str(i.attributes["price"])) < 40 for i in response.items)


async def test_text_photo_and_voice_in_one_turn(recommender: Recommender) -> None:
    response = await ask(
        recommender,
        user_id="sim-ada",
        text="Something like this photo, please",
        images=[request_photo("photo.jpg")],
        audio=[clip("voice-animals.ogg")],
    )
    kinds = {e.kind for e in response.evidence}
    assert {"caption", "transcript", "history"} <= kinds
    assert response.user == "known"
    assert "animals" in themes(response, 1)
    assert response.degraded == ()


async def test_a_contradiction_is_seen_and_the_photo_weighs_less(recommender: Recommender) -> None:
    agreed = await ask(recommender, text="a car in the street", images=[request_photo("photo-bus.jpg")])
    contradicted = await ask(recommender, text="a pizza on a table", images=[request_photo("photo.jpg")])
    assert agreed.consistency.state == "verified"
    assert contradicted.consistency.state == "conflict"
    assert contradicted.consistency.distrusted == ("image-1",)
    assert "food" in themes(contradicted, 1)
    assert contradicted.message != agreed.message
    assert "caption-1" not in {i for item in contradicted.items if item.reason for i in item.reason.evidence_ids}


async def test_turns_of_a_thread_refine(recommender: Recommender) -> None:
    first = await ask(recommender, text="a print of a dog or a horse")
    cheaper = await ask(recommender, text="cheaper", thread_id=first.thread_id)
    price = max(float(str(i.attributes["price"])) for i in first.items)
    assert cheaper.items
    assert all(float(str(i.attributes["price"])) < price for i in cheaper.items)
    refused = await ask(recommender, text="not that one", thread_id=first.thread_id)
    assert cheaper.items[0].item_id not in {i.item_id for i in refused.items}


async def test_what_a_shopper_bought_is_not_offered_again(recommender: Recommender) -> None:
    profile = await (await recommender.services.shop("default")).history.profile("sim-ada")
    assert profile.consumed
    response = await recommender.recommend(user_id="sim-ada", words=False, n=40)
    assert not profile.consumed & {i.item_id for i in response.items}


async def test_a_stranger_with_nothing_gets_popular_items_and_a_question(recommender: Recommender) -> None:
    response = await ask(recommender)
    assert response.user == "stranger"
    assert response.cold_start
    assert response.question
    assert len(response.items) == 5
