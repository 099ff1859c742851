"""Below a short list stands what comes close, with what it breaks in words; nothing that refuses or is about safety is broken."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tastemaker.agents.explaining.close_items import breach, distance, may_break
from tastemaker.agents.explaining.wording import wording
from tastemaker.core.predicates import holds
from tastemaker.core.ranking.relevance import holding, is_name
from tastemaker.core.schemas import (
    Brief,
    CatalogueField,
    CatalogueSchema,
    CloseItem,
    Constraint,
    Event,
    Item,
    RecommendResponse,
)
from tastemaker.core.settings import Settings
from tastemaker.graphs.recommender import Recommender
from tastemaker.stores.catalogue.columns import ItemRow

from ..catalogue_fixture import axis
from ..shop_fixture import shop_services

COLOURS = ("Red", "Blue", "Green", "Black")
MATERIALS = ("cotton", "wool", "linen")
ALLERGENS = ("nuts", "milk", "none")


def garments() -> list[ItemRow]:
    """36 items, one for each colour, material and allergen, priced 10, 11 ... 45."""
    made = []
    for i, (colour, material, allergen) in enumerate(product(COLOURS, MATERIALS, ALLERGENS)):
        attributes = {"price": 10.0 + i, "colour": colour, "material": material, "allergens": [allergen]}
        item = Item(item_id=f"g{i}", title=f"Garment {i}", text="Plain.", attributes=attributes)
        made.append(ItemRow(item=item, text_vector=axis(1, 0), digest=str(i)))
    return made


async def ask(
    home: Path, where: Sequence[Constraint], events: Sequence[Event] = (), **fields: Any
) -> RecommendResponse:
    services = shop_services(Settings(home=home), catalogues={"default": garments()})
    async with Recommender(services=services) as recommender:
        await recommender.feedback(list(events))
        return await recommender.recommend(words=False, constraints=list(where), **fields)


def is_(field: str, value: str) -> Constraint:
    return Constraint(field=field, op="=", value=value)


def at_most(price: float) -> Constraint:
    return Constraint(field="price", op="<=", value=price)


def item_of(close: CloseItem) -> Item:
    return Item(item_id=close.item_id, title=close.title, attributes=close.attributes)


@pytest.mark.parametrize(
    "where",
    [
        (is_("colour", "Black"), at_most(38.0)),
        (is_("colour", "Green"), is_("material", "wool"), at_most(20.0)),
        (is_("colour", "Red"), Constraint(field="material", op="!=", value="wool"), at_most(13.0)),
        (is_("colour", "Black"), Constraint(field="allergens", op="contains", value="none"), at_most(30.0)),
        (Constraint(field="price", op=">=", value=44.0),),
    ],
)
async def test_the_list_keeps_every_condition_and_what_comes_close_names_all_that_it_breaks(
    tmp_path: Path, where: tuple[Constraint, ...]
) -> None:
    response = await ask(tmp_path, where, n=8)
    listed = {i.item_id for i in response.items}
    assert all(
        holds(c, Item(item_id=i.item_id, title="t", attributes=i.attributes)) for i in response.items for c in where
    )
    assert response.close
    assert [c.rank for c in response.close] == list(range(1, len(response.close) + 1))
    assert not listed & {c.item_id for c in response.close}
    for close in response.close:
        broken = [c for c in where if not holds(c, item_of(close))]
        assert [b.field for b in close.breaks] == [c.field for c in broken]
        assert broken
        assert not any(c.op == "!=" or c.field == "allergens" for c in broken), "never a refusal, never an allergen"
        assert close.reason is not None
        assert all(b.words in close.reason.text for b in close.breaks)
    assert "below" in response.message


async def test_a_list_that_is_long_enough_is_left_alone(tmp_path: Path) -> None:
    assert not (await ask(tmp_path, [is_("colour", "Red")], n=5)).close
    assert not (await ask(tmp_path, [is_("colour", "Red"), at_most(11.0)], n=2)).close


async def test_what_the_user_has_or_refused_and_what_rules_hold_back_is_not_offered(tmp_path: Path) -> None:
    rules = tmp_path / "rules" / "default.yaml"
    rules.parent.mkdir()
    rules.write_text(
        "rules:\n  - {id: none, kind: exclude, where: [{field: price, op: '=', value: 13}]}\n", encoding="utf-8"
    )
    events = [Event(user_id="ada", item_id="g4", kind="dislike", at=datetime.now(UTC))]
    events += [Event(user_id="ada", item_id="g5", kind="purchase", at=datetime.now(UTC))]
    response = await ask(tmp_path, [at_most(12.0)], events, user_id="ada", n=8)
    assert not {"g3", "g4", "g5"} & {c.item_id for c in response.close}


async def test_the_stream_sends_what_comes_close_with_the_items(tmp_path: Path) -> None:
    services = shop_services(Settings(home=tmp_path), catalogues={"default": garments()})
    async with Recommender(services=services) as recommender:
        events = [e async for e in recommender.stream(text="至多12元", constraints=[at_most(12.0)], words=False, n=8)]
    sent = next(e.data for e in events if e.event == "items")
    done = events[-1].data
    assert sent["close"] == done["close"]
    assert sent["close"][0]["breaks"][0]["words"].startswith("比您的上限贵")
    assert "比较接近" in done["message"]


@pytest.mark.parametrize(
    ("condition", "concept", "allowed"),
    [
        (at_most(10.0), "price", True),
        (is_("colour", "Red"), "colour", True),
        (is_("material", "wool"), "material", True),
        (Constraint(field="material", op="!=", value="wool"), "material", False),
        (Constraint(field="allergens", op="contains", value="none"), "allergen", False),
        (Constraint(field="min_age", op="<=", value=6.0), "age", False),
        (is_("rated", "PG"), "certificate", False),
        (is_("tags", "gluten free"), "", False),
        (Constraint(field="vegan", op="=", value=True), "", False),
        (Constraint(field="适用年龄", op="<=", value=3.0), "", False),
        (is_("标签", "不含坚果"), "", False),
        (Constraint(field="sale", op="=", value=False), "", False),
    ],
)
def test_what_may_be_broken(condition: Constraint, concept: str, allowed: bool) -> None:
    assert may_break(condition, concept) is allowed


@pytest.mark.parametrize(
    ("field", "op", "asked", "has", "english"),
    [
        ("price", "<=", 40.0, 44.0, "4 EUR over your limit"),
        ("price", ">=", 40.0, 36.0, "4 EUR below your minimum"),
        ("runtime_minutes", "<=", 100.0, 112.0, "12 minutes longer than you asked"),
        ("runtime_minutes", ">=", 100.0, 99.0, "1 minute shorter than you asked"),
        ("doors", "=", 4.0, 5.0, "1 door more than you asked"),
        ("year", ">=", 1990.0, 1988.0, "from 1988, earlier than you asked"),
        ("rating", ">=", 8.0, 7.5, "rated 7.5, 0.5 below what you asked"),
        ("price", "<", 40.0, 40.0, "exactly 40 EUR, right at your limit"),
        ("colour", "=", "Red", "Navy Blue", "navy blue instead of red"),
        ("genres", "contains", "Comedy", ["Drama", "War"], "drama and war, not comedy"),
    ],
)
def test_what_is_broken_in_words(field: str, op: Any, asked: Any, has: Any, english: str) -> None:
    condition, item = Constraint(field=field, op=op, value=asked), Item(item_id="1", title="t", attributes={field: has})
    brief = Brief(price_field="price", price_unit="EUR")
    assert breach(condition, item, brief, wording("en")).words == english
    assert breach(condition, item, brief, wording("zh")).words
    alike = dict.fromkeys(has, 0.6) if isinstance(has, list) else {}
    assert distance(condition, item, wording("en"), alike) is not None


@pytest.mark.parametrize(
    ("op", "asked", "has"), [("<=", 40.0, 60.0), (">=", 100.0, 60.0), ("<=", 40.0, None), ("<=", 40.0, 30.0)]
)
def test_what_is_far_off_unknown_or_not_broken_does_not_come_close(op: Any, asked: float, has: float | None) -> None:
    item = Item(item_id="1", title="t", attributes={} if has is None else {"price": has})
    assert distance(Constraint(field="price", op=op, value=asked), item, wording("en"), {}) is None


@pytest.mark.parametrize(
    ("titles", "words", "named"),
    [
        (["Nike Air", "Nike Zoom", "Nike Court", "Puma Suede"], ["nike"], True),
        (["Reid & Taylor Shirt", "Reid and Taylor Tie", "Arrow Shirt"], ["reid", "taylor"], True),
        (["Nike Air", "Puma Suede"], ["nike"], False),
        (["Soft Leather Belt", "Black Leather Belt", "Leather Belt", "Canvas Belt"], ["leather"], False),
        (["Nike Air"], ["zeppelin"], False),
        (["Nike Air"], [], False),
    ],
)
def test_words_are_a_name_where_titles_begin_with_them(titles: list[str], words: list[str], named: bool) -> None:
    items = [Item(item_id=str(i), title=title) for i, title in enumerate(titles)]
    assert is_name(items, holding(items, words), words) is named


async def test_a_list_ends_where_the_name_does(tmp_path: Path) -> None:
    brands = [("Nike", 3), ("Puma", 8)]
    made = [
        ItemRow(
            item=Item(
                item_id=f"{brand}{i}", title=f"{brand} shoe {i}", attributes={"colour": COLOURS[i % 4], "price": 10.0}
            ),
            text_vector=np.asarray(axis(1, 0), dtype=np.float32),
            digest=f"{brand}{i}",
        )
        for brand, count in brands
        for i in range(count)
    ]
    async with Recommender(
        services=shop_services(Settings(home=tmp_path), catalogues={"default": made})
    ) as recommender:
        response = await recommender.recommend(text="Nike", n=6, words=False)
    assert {i.item_id for i in response.items} == {"Nike0", "Nike1", "Nike2"}
    assert response.close
    assert all(c.item_id.startswith("Puma") for c in response.close)
    assert "not “nike”" in response.close[0].breaks[0].words.lower()


def test_a_field_without_words_is_compared_by_its_values() -> None:
    schema = CatalogueSchema(fields=(CatalogueField(name="colour", type="text", values=COLOURS),), count=1)
    assert schema.field("colour") is not None
    near = {"Navy": 0.9, "Green": 0.6, "Red": 0.1}
    held = [Item(item_id="1", title="t", attributes={"colour": c}) for c in ("Navy", "Green", "Red", "Unheard of")]
    navy, green, red, unknown = (distance(is_("colour", "Blue"), item, wording("en"), near) for item in held)
    assert navy is not None
    assert green is not None
    assert navy < green
    assert red is None, "nothing like what was asked for comes close"
    assert unknown is None
    assert distance(is_("colour", "Blue"), held[3], wording("en"), {}) is not None, "nothing was compared"
    listed = Item(item_id="2", title="t", attributes={"shows": ["bus", "car"]})
    assert distance(Constraint(field="shows", op="contains", value="cat"), listed, wording("en"), {}) is None
