"""Read limits between two columns, money of several columns, ages in months, floors, and the field that a superlative is about."""

from __future__ import annotations

import pytest

from tastemaker.agents.understanding.reader import read
from tastemaker.core.language.catalogue_language import CatalogueLanguage

from .unseen_shops import flag, number, shop, words

SHOPS = {
    "greenhouses": shop(
        number("price", 90, 4000, price=True),
        number("delivery_fee", 0, 240),
        number("min_temp_c", -10, 12),
        number("max_temp_c", 25, 55),
        number("weight_kg", 12, 480, "kg"),
        number("ready_weeks", 1, 14, "weeks"),
        words("glazing", "Glass|Acrylic|Film"),
        texts="a bright house for tomatoes",
    ),
    "tents": shop(
        number("hire_per_day", 8, 120, price=True),
        number("hire_per_week", 40, 600),
        number("capacity", 2, 40),
        number("floor_area_sqm", 3, 90, "sqm"),
        number("storey", 0, 3),
        words("colour", "Sand|Olive|Plum"),
        flag("porch"),
    ),
    "slings": shop(
        number("price", 15, 190, price=True),
        number("from_months", 0, 12, "months"),
        number("to_months", 9, 48, "months"),
        words("fabric", "Linen|Cotton|Hemp"),
    ),
    "ducks": shop(
        number("price", 5, 90, price=True),
        number("age_weeks", 1, 200, "weeks"),
        number("lifespan_years", 4, 20, "years"),
        number("height_cm", 18, 70, "cm"),
        words("breed", "Pekin|Call|Runner"),
    ),
    "router": shop(
        number("preis", 30, 400, price=True),
        number("einrichtungspreis", 0, 90),
        number("tempo_mbit", 50, 2500),
        number("gewicht_g", 90, 1400, "g"),
        words("farbe", "Schwarz|Weiß"),
    ),
    "拖拉机": shop(
        number("价格", 9000, 98000, price=True),
        number("车重公斤", 300, 4200),
        number("最高时速", 15, 50),
        number("功率千瓦", 9, 90),
        number("租金每天", 90, 900),
        words("颜色", "红色|绿色"),
    ),
}


def said(language: CatalogueLanguage, text: str) -> set[str]:
    """Return the conditions, order and named words of a reading as texts."""
    found = read(text, language)
    order = {f"order {found.order.field} {'desc' if found.order.descending else 'asc'}"} if found.order else set()
    return {f"{c.field} {c.op} {c.value}" for c in found.conditions} | order


@pytest.mark.parametrize(
    ("name", "text", "expected"),
    [
        ("greenhouses", "it gets to 40 degrees here", {"min_temp_c <= 40.0", "max_temp_c >= 40.0"}),
        ("greenhouses", "delivery under 50 dollars", {"delivery_fee < 50.0"}),
        ("greenhouses", "under 500 dollars", {"price < 500.0"}),
        ("greenhouses", "the quickest delivery", {"order ready_weeks asc"}),
        ("greenhouses", "the heaviest two", {"order weight_kg desc"}),
        ("tents", "no more than 30 a day, with a porch", {"hire_per_day <= 30.0", "porch = True"}),
        ("tents", "at most 200 a week", {"hire_per_week <= 200.0"}),
        ("tents", "a tent for twelve people", {"capacity >= 12.0"}),
        ("tents", "half a dozen of us", {"capacity >= 6.0"}),
        ("tents", "fewer than ten seats, plum", {"capacity < 10.0", "colour = Plum"}),
        ("slings", "my baby is nine weeks old", {"from_months <= 2.07", "to_months >= 2.07"}),
        ("slings", "a five month old, till she's at least two", {"from_months <= 5.0", "to_months >= 24.0"}),
        ("ducks", "five weeks old at most", {"age_weeks <= 5.0"}),
        ("ducks", "the longest living Runner", {"breed = Runner", "order lifespan_years desc"}),
        ("ducks", "the smallest Call", {"breed = Call", "order height_cm asc"}),
        ("router", "Einrichtung unter 20 Euro", {"einrichtungspreis < 20.0"}),
        (
            "router",
            "zwischen 5 und 40 Euro Einrichtungspreis",
            {"einrichtungspreis >= 5.0", "einrichtungspreis <= 40.0"},
        ),
        ("router", "mindestens 500 Mbit/s, nicht schwarz", {"tempo_mbit >= 500.0", "farbe != Schwarz"}),
        ("router", "the fastest one", {"order tempo_mbit desc"}),
        ("拖拉机", "最轻的三辆", {"order 车重公斤 asc"}),
        ("拖拉机", "时速不低于三十，红色的", {"最高时速 >= 30.0", "颜色 = 红色"}),
        ("拖拉机", "每天租金不超过三百", {"租金每天 <= 300.0"}),
        ("拖拉机", "höchstens 200 am Tag", {"租金每天 <= 200.0"}),
        ("拖拉机", "至少二十千瓦", {"功率千瓦 >= 20.0"}),
    ],
)
def test_a_number_or_an_end_binds_the_column_that_is_meant(name: str, text: str, expected: set[str]) -> None:
    assert said(SHOPS[name], text) == expected


@pytest.mark.parametrize(
    ("name", "text", "named"),
    [
        ("tents", "the largest", "largest"),
        ("tents", "the quickest delivery", "quickest delivery"),
        ("ducks", "my daughter is seven", "my daughter is seven"),
        ("router", "twice as heavy as the old one", "heavy"),
    ],
)
def test_where_two_fields_fit_equally_or_none_does_it_is_named(name: str, text: str, named: str) -> None:
    found = read(text, SHOPS[name])
    assert not found.conditions
    assert found.order is None
    assert any(named in words for words in found.not_applied) or any(words in named for words in found.not_applied)


def test_a_floor_is_told_by_an_ordinal() -> None:
    flats = shop(number("rent", 300, 4000, price=True), number("floor", 0, 12), words("heating", "Gas|District"))
    assert said(flats, "on the second floor or higher, gas") == {"floor >= 2.0", "heating = Gas"}
    assert said(flats, "im dritten Stock") <= {"floor = 3.0"}
