"""What is said against the list shown bounds any number: "a longer one", "lighter than the second", 再大一点."""

from __future__ import annotations

import pytest

from tastemaker.agents.understanding.by_rules import understand
from tastemaker.core.language.catalogue_language import language_of
from tastemaker.core.schemas import CatalogueField, CatalogueSchema, ShownItem, ThreadMemory, Understanding

NUMBERS = {"runtime_minutes": (60, 240), "horsepower": (60, 600), "year": (1950, 2024), "weight_kg": (1, 24)}
SCHEMA = CatalogueSchema(
    fields=(
        CatalogueField(name="price", type="number", role="price", unit="EUR", minimum=5, maximum=200),
        *(CatalogueField(name=n, type="number", minimum=a, maximum=b) for n, (a, b) in NUMBERS.items()),
        CatalogueField(name="area_sqm", type="number", unit="sqm", minimum=10, maximum=300),
    )
)
LANGUAGE = language_of(SCHEMA)


def shown(item_id: str, title: str, **numbers: float) -> ShownItem:
    return ShownItem(item_id=item_id, title=title, price=numbers.get("price"), numbers=numbers)


MEMORY = ThreadMemory(
    turn=1,
    query="things",
    shown=(
        shown("a", "Alpha One", price=40, runtime_minutes=90, horsepower=100, year=2000, weight_kg=5, area_sqm=50),
        shown("b", "Beta Two", price=80, runtime_minutes=120, horsepower=200, year=2010, weight_kg=7, area_sqm=80),
        shown("c", "Gamma", price=90, runtime_minutes=150, horsepower=300, year=2020, weight_kg=9, area_sqm=100),
    ),
)


def read(text: str) -> Understanding:
    return understand(text, (), SCHEMA, MEMORY, language=LANGUAGE)


def bounds(text: str) -> list[str]:
    return [f"{c.field} {c.op} {c.value}" for c in read(text).constraints]


@pytest.mark.parametrize(
    ("texts", "bound"),
    [
        ("a longer one|länger|再长一点的|a bit longer please|the same but longer", "runtime_minutes > 120.0"),
        ("something shorter|too long|zu lang|shorter than Beta Two", "runtime_minutes < 120.0"),
        ("more powerful|more powerful than the second|ein stärkeres Modell", "horsepower > 200.0"),
        ("a newer one|ein neueres|更新的|like the second but newer", "year > 2010.0"),
        ("older than the first", "year < 2000.0"),
        ("not as heavy|less heavy|too heavy|nicht so schwer|不要那么重|再轻一些|太重了|比第二个轻", "weight_kg < 7.0"),
        ("lighter than that", "weight_kg < 5.0"),
        ("nicht schwerer als das erste|nothing heavier than that", "weight_kg <= 5.0"),
        ("no longer than the second", "runtime_minutes <= 120.0"),
        ("bigger|größer|更大的|稍微大一点", "area_sqm > 80.0"),
        ("not bigger than these", "area_sqm <= 100.0"),
        ("cheaper|something cheaper than the second|etwas Günstigeres|便宜一点", "price < 80.0"),
    ],
)
def test_more_and_less_of_any_number_are_measured_against_what_was_shown(texts: str, bound: str) -> None:
    for text in texts.split("|"):
        assert bounds(text) == [bound], text
        assert [c.words for c in read(text).reading.conditions if c.words], text


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("longer than 2 hours", ["runtime_minutes > 120.0"]),
        ("newer than 2005", ["year > 2005.0"]),
        ("newer ones first", []),
        ("2016 or newer", ["year >= 2016.0"]),
        ("too old, 2016 or newer", ["year >= 2016.0"]),
        ("2 hours or longer", ["runtime_minutes >= 120.0"]),
        ("a bigger bag", []),
        ("not too heavy", []),
    ],
)
def test_figures_orders_and_other_things_are_no_comparison_with_the_list(text: str, expected: list[str]) -> None:
    assert bounds(text) == expected


def test_by_how_much_is_named_as_not_applied() -> None:
    assert bounds("10 kg lighter") == ["weight_kg < 7.0"]
    assert read("10 kg lighter").unparsed == ("10 kg",)
