"""Hold cold start: the strategy is chosen by what is known, named, and moves the list without breaking a limit."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tastemaker.core.ranking.cold_start import STRATEGIES, choose
from tastemaker.core.ranking.fusion import source_weights
from tastemaker.core.ranking.query import CandidateQuery
from tastemaker.core.ranking.stated_preferences import as_constraints, merge_stated, stated_fit, unusable
from tastemaker.core.ranking.weights import weights_of
from tastemaker.core.schemas import (
    CatalogueField,
    CatalogueSchema,
    Event,
    HistoryProfile,
    Item,
    Preference,
    Preferences,
    RecommendResponse,
    ThreadMemory,
    Understanding,
)
from tastemaker.core.settings import ColdStartSettings, Settings
from tastemaker.graphs.recommender import Recommender

from ..catalogue_fixture import ScriptedCollaborative
from ..shop_fixture import POPULAR, shop_services

STRANGER = HistoryProfile(user_id="", known=False)
SCHEMA = CatalogueSchema(
    fields=(
        CatalogueField(name="price", type="number", role="price"),
        CatalogueField(name="colour", type="text", values=("Red", "Blue")),
        CatalogueField(name="objects", type="list", values=("boat", "dog")),
        CatalogueField(name="framed", type="bool"),
    )
)


def query(**fields: Any) -> CandidateQuery:
    return CandidateQuery(**{"understanding": Understanding(), "profile": STRANGER, **fields})


def seen(*item_ids: str, kind: Any = "click", context: dict[str, str] | None = None) -> HistoryProfile:
    at = datetime(2026, 1, 1, tzinfo=UTC)
    events = tuple(Event(user_id="u", item_id=i, kind=kind, at=at, context=context or {}) for i in item_ids)
    return HistoryProfile(user_id="u", known=True, events=events)


@pytest.mark.parametrize(
    ("asked", "name"),
    [
        (query(), "popular"),
        (query(who={"segment": "students"}), "segment"),
        (query(profile=seen("i1", context={"segment": "students"}, kind="rating")), "segment"),
        (query(profile=seen("i1")), "session"),
        (query(stated=(Preference(field="colour", value="Red"),), profile=seen("i1")), "stated_preferences"),
        (query(stated_item_ids=("i1",)), "stated_preferences"),
        (query(understanding=Understanding(query="boat"), stated_item_ids=("i1",)), "said"),
        (query(understanding=Understanding(like_item_ids=("i1",))), "pointed_at"),
        (query(image_vectors=np.ones((1, 4), np.float32)), "shown"),
        (
            query(image_vectors=np.ones((1, 4), np.float32), understanding=Understanding(query="boat")),
            "said_and_shown",
        ),
        (query(profile=HistoryProfile(user_id="u", known=True, liked=("i0",))), None),
    ],
)
def test_the_strategy_follows_what_is_known(asked: CandidateQuery, name: str | None) -> None:
    strategy = choose(asked)
    assert (strategy.name if strategy else None) == name
    assert max(source_weights(asked).values()) > 0


def test_every_strategy_has_its_own_name_and_weighs_popularity() -> None:
    assert len({s.name for s in STRATEGIES}) == len(STRATEGIES)
    assert all(weights_of({s.kind: 1.0}).get("popularity", 0) > 0 for s in STRATEGIES)


def test_likes_are_taken_from_the_surest_place() -> None:
    clicked = seen("i1", "i2", "i1")
    assert query(profile=clicked).likes == ("i1", "i2")
    assert query(profile=clicked, stated_item_ids=("i9",)).likes == ("i9",)
    assert "i9" in query(profile=clicked, stated_item_ids=("i9",)).excluded
    assert query(profile=clicked.model_copy(update={"disliked": frozenset({"i1"})})).likes == ("i2",)


def test_groups_are_named_then_told_then_seen() -> None:
    profile = seen("i1", context={"segment": "old"})
    assert query(profile=profile, who={"age_group": "18-24", "segment": "new"}).segments == (
        "new",
        "age_group=18-24",
        "old",
    )


def test_stated_likes_are_soft_and_signed() -> None:
    items = [
        Item(item_id="a", title="Sea", attributes={"colour": "Red", "price": 10.0, "objects": ["dog"]}),
        Item(item_id="b", title="A dog by the sea", attributes={"colour": "Blue", "price": 30.0, "framed": True}),
    ]
    likes = (Preference(field="colour", value="red"), Preference(field="objects", value="dog", weight=-1))
    assert list(stated_fit(items, likes, SCHEMA)) == [0.0, 0.0]
    assert list(stated_fit(items, likes[:1], SCHEMA)) == [1.0, 0.0]
    assert list(stated_fit(items, (Preference(field="words", value="dog"),), SCHEMA)) == [0.0, 1.0]
    assert list(stated_fit(items, (Preference(field="price", value=27.0),), SCHEMA)) == [0.0, 1.0]
    assert list(stated_fit(items, (Preference(field="framed", value=True),), SCHEMA)) == [0.0, 1.0]
    assert not stated_fit(items, (), SCHEMA).any()


def test_what_no_field_takes_is_named() -> None:
    wrong = (Preference(field="mood", value="calm"), Preference(field="price", value="cheap"))
    assert unusable((*wrong, Preference(field="words", value="calm")), SCHEMA) == ("mood", "price")
    assert as_constraints(Preference(field="framed", value="yes"), SCHEMA) == ()


def test_a_later_statement_about_the_same_value_wins() -> None:
    memory = ThreadMemory(stated=(Preference(field="colour", value="Red"), Preference(field="objects", value="dog")))
    merged = merge_stated(memory, Preferences(values=[Preference(field="colour", value="red", weight=-1)]))
    assert [(p.field, p.weight) for p in merged] == [("colour", -1), ("objects", 1)]


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(home=tmp_path, cold_start=ColdStartSettings(profile_fields=["segment", "age_group"]))


def colours(response: RecommendResponse) -> list[object]:
    return [i.attributes["colour"] for i in response.items]


async def test_stated_preferences_lead_the_list_and_stay_in_the_thread(settings: Settings) -> None:
    likes = Preferences(values=[Preference(field="colour", value="Green"), Preference(field="objects", value="dog")])
    limit = {"field": "price", "op": "<=", "value": 40}
    async with Recommender(services=shop_services(settings)) as recommender:
        first = await recommender.recommend(preferences=likes, constraints=[limit], n=5, words=False)
        again = await recommender.recommend(thread_id=first.thread_id, n=5, words=False)
        plain = await recommender.recommend(n=5, words=False)
    assert first.strategy == again.strategy == "stated_preferences"
    assert first.cold_start
    assert "told us" in first.cold_start
    assert colours(first)[:2] == ["Green"] * 2
    assert first.items[0].attributes["objects"] == ["dog"]
    assert colours(first).count("Green") > colours(plain).count("Green")
    assert all(float(str(i.attributes["price"])) <= 40 for i in first.items)
    assert [i.item_id for i in again.items] == [i.item_id for i in first.items]
    assert plain.strategy == "popular"
    assert colours(plain) != colours(first)


async def test_the_first_click_counts_at_the_next_request(settings: Settings) -> None:
    click = Event(user_id="u", item_id="i4", kind="click", at=datetime.now(UTC))
    async with Recommender(services=shop_services(settings)) as recommender:
        before = await recommender.recommend(user_id="u", n=5, words=False)
        await recommender.feedback([click])
        after = await recommender.recommend(user_id="u", n=5, words=False)
    assert (before.strategy, after.strategy) == ("popular", "session")
    assert {"i50", "i52"} & {i.item_id for i in after.items}
    assert not {"i50", "i52"} & {i.item_id for i in before.items}


async def test_who_somebody_is_counts_only_as_far_as_allowed(settings: Settings) -> None:
    segments = {"age_group=18-24": ["i58", "i59"]}
    services = shop_services(settings, collaborative=ScriptedCollaborative(popular=POPULAR, segments=segments))
    async with Recommender(services=services) as recommender:
        allowed = await recommender.recommend(profile={"age_group": "18-24"}, n=4, words=False)
        refused = await recommender.recommend(profile={"sex": "F"}, n=4, words=False)
    assert allowed.strategy == "segment"
    assert {i.item_id for i in allowed.items[:2]} == {"i58", "i59"}
    assert refused.strategy == "popular"
    assert [d.what for d in refused.degraded] == ["profile"]
    assert "sex" in refused.degraded[0].why


async def test_words_of_taste_are_the_query_where_nothing_else_is_said(settings: Settings) -> None:
    async with Recommender(services=shop_services(settings)) as recommender:
        alone = await recommender.recommend(preferences={"words": "dog"}, n=4, words=False)
        beside = await recommender.recommend(text="a boat", preferences={"words": "dog"}, n=4, words=False)
        odd = await recommender.recommend(preferences={"values": [{"field": "mood", "value": "x"}]}, n=2, words=False)
    assert alone.understanding.query == "dog"
    assert alone.items[0].attributes["objects"] == ["dog"]
    assert beside.understanding.query != "dog"
    assert "dog" in beside.understanding.preferences
    assert [d.what for d in odd.degraded] == ["preferences"]
    assert odd.items
