"""Hold that a taste carries over from one catalogue to another, only where the settings allow it."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from tastemaker.core.ranking.taste_from_other_shops import shared_likes
from tastemaker.core.schemas import CatalogueField, CatalogueSchema, Event, Item, RecommendResponse
from tastemaker.core.settings import CrossDomainSettings, Settings
from tastemaker.graphs.recommender import Recommender
from tastemaker.stores.catalogue.columns import ItemRow

from ..catalogue_fixture import ScriptedCollaborative, axis, rows
from ..shop_fixture import shop_services

BOATS = tuple(f"i{n}" for n in range(0, 60, 2))


def film(number: int, genre: str) -> ItemRow:
    vector = axis(0, 1) if genre == "dog" else axis(1, 0)
    item = Item(item_id=f"f{number}", title=f"Film {number}", attributes={"genre": [genre, "drama"], "price": 1.0})
    return ItemRow(item=item, text_vector=vector, image_vector=None, digest=str(number))


async def ask(home: Path, sources: dict[str, list[str]], user_id: str = "ada", **fields: Any) -> RecommendResponse:
    settings = Settings(home=home, cross_domain=CrossDomainSettings(sources=sources))
    films = [film(n, "dog" if n < 5 else "boat") for n in range(10)]
    services = shop_services(
        settings,
        collaborative=ScriptedCollaborative(popular=BOATS),
        catalogues={"prints": rows(), "films": films, "empty": []},
    )
    at = datetime(2026, 1, 1, tzinfo=UTC)
    async with Recommender(services=services) as recommender:
        likes = [Event(user_id="ada", item_id=f"f{n}", kind="like", at=at) for n in range(4)]
        await recommender.feedback(likes, tenant="films")
        return await recommender.recommend(tenant="prints", user_id=user_id, n=8, words=False, **fields)


def dogs(response: RecommendResponse) -> list[int]:
    return [i.rank for i in response.items if i.attributes["objects"] == ["dog"]]


async def test_a_taste_in_films_leads_to_prints_that_popularity_does_not_show(tmp_path: Path) -> None:
    informed = await ask(tmp_path, {"prints": ["films"]})
    assert informed.strategy == "other_domain"
    assert informed.cold_start == "no history: ranked by what you liked elsewhere"
    assert dogs(informed)[:4] == [1, 2, 3, 4]
    assert not any("Film" in e.content for e in informed.evidence)
    assert all(i.reason for i in informed.items)
    closed = await ask(tmp_path, {})
    assert closed.strategy == "popular"
    assert dogs(closed) == []


async def test_only_listed_tenants_are_read_and_only_for_this_user(tmp_path: Path) -> None:
    assert (await ask(tmp_path, {"films": ["prints"], "default": ["films"]})).strategy == "popular"
    assert (await ask(tmp_path, {"prints": ["films"]}, user_id="bob")).strategy == "popular"
    assert (await ask(tmp_path, {"prints": ["prints"]})).strategy == "popular"


async def test_limits_hold_and_a_tenant_that_fails_is_labelled(tmp_path: Path) -> None:
    limit = {"field": "price", "op": "<=", "value": 30}
    within = await ask(tmp_path, {"prints": ["films"]}, constraints=[limit])
    assert dogs(within)
    assert all(float(str(i.attributes["price"])) <= 30 for i in within.items)
    gone = await ask(tmp_path, {"prints": ["empty", "films"]})
    assert gone.strategy == "other_domain"
    assert [d.what for d in gone.degraded] == ["other_domain"]


@pytest.mark.parametrize(
    ("values", "found"),
    [
        ({"genre": ["Dog", "drama"]}, [("theme", "dogs")]),
        ({"theme": "dogs", "genre": ["drama"]}, [("theme", "dogs")]),
        ({"colour": "red", "price": 3.0}, [("colour", "Red")]),
        ({"theme": "Red"}, [("colour", "Red")]),
        ({"genre": ["drama"]}, []),
    ],
)
def test_values_are_found_in_the_other_catalogue_whatever_the_field(
    values: dict[str, str | float | list[str]], found: list[tuple[str, str]]
) -> None:
    schema = CatalogueSchema(
        fields=(
            CatalogueField(name="price", type="number"),
            CatalogueField(name="colour", type="text", values=("Red", "Blue")),
            CatalogueField(name="theme", type="list", values=("dogs", "sea")),
        )
    )
    liked = [Item(item_id="a", title="A", attributes=values)]
    assert [(p.field, p.value) for p in shared_likes(liked, schema)] == found


def test_what_few_likes_share_does_not_count() -> None:
    schema = CatalogueSchema(fields=(CatalogueField(name="theme", type="text", values=("sea", "dogs")),))
    liked = [Item(item_id=str(n), title="A", attributes={"theme": "sea" if n else "dogs"}) for n in range(8)]
    assert [(p.value, p.weight) for p in shared_likes(liked, schema)] == [("sea", 0.875)]
