"""Fields whose names decide what a number or a refusal means: what things lack, durations, ages, prices of nothing."""

from __future__ import annotations

from pathlib import Path

import pytest

from tastemaker.agents.understanding.reader import read
from tastemaker.core.language.spelling import Spelling
from tastemaker.core.predicates import all_hold
from tastemaker.core.schemas import Constraint
from tastemaker.stores.catalogue.lance_catalogue import LanceCatalogue
from tastemaker.stores.ingest.pipeline import ingest

from .fakes import HashImageText
from .unseen_shops import Shops, flag, late, number, shop, words

_SHOPS = {
    "candles": late(
        number("price", 0, 90, "GBP", price=True),
        number("burning_hours", 5, 120),
        number("warranty_years", 1, 10),
        words("free_from", "Paraffin|Palm oil|Stearin|Soy", several=True),
        words("scent", "Lavender|Cedar|Vanilla|None"),
        words("kind", "Candle|Lantern|Tealight"),
        flag("refillable"),
        texts="a warm light for long evenings",
    ),
    "reitstall": late(
        number("preis", 0, 9000, "EUR", price=True),
        number("mindestalter", 4, 18, "Jahre"),
        number("dauer_h", 1, 9),
        number("teile", 1, 900),
        words("art", "Ausritt|Kurs|Puzzle"),
        words("material", "Leder|Gummi|Holz"),
        texts="ein ruhiges pferd für anfänger",
    ),
    "ponies": late(
        number("fee", 20, 900, "GBP", price=True),
        number("age_years", 1, 25),
        number("weight_kg", 60, 600),
        words("colour", "Bay|Grey|Chestnut"),
        texts="a kind pony for a first rider",
    ),
}
SHOPS = Shops(_SHOPS)


def _read(name: str, text: str) -> list[str]:
    return sorted(f"{c.field} {c.op} {c.value}" for c in read(text, SHOPS[name]).conditions)


@pytest.mark.parametrize(
    ("name", "text", "expected"),
    [
        ("candles", "without paraffin", ["free_from contains Paraffin"]),
        ("candles", "no stearin", ["free_from contains Stearin"]),
        ("candles", "paraffin-free", ["free_from contains Paraffin"]),
        ("candles", "free from palm oil", ["free_from contains Palm oil"]),
        ("candles", "I don't want soy", ["free_from contains Soy"]),
        ("candles", "with stearin", ["free_from not contains Stearin"]),
        ("candles", "ohne Paraffin", ["free_from contains Paraffin"]),
        ("candles", "at least 5 years of warranty", ["warranty_years >= 5.0"]),
        ("candles", "warranty of 2 years or more", ["warranty_years >= 2.0"]),
        ("candles", "free candles", ["kind = Candle", "price = 0.0"]),
        ("candles", "a lantern free of charge", ["kind = Lantern", "price = 0.0"]),
        ("candles", "höchstens 30 Pfund", ["price <= 30.0"]),
        ("reitstall", "kostenlos", ["preis = 0.0"]),
        ("reitstall", "ab 6 Jahren", ["mindestalter >= 6.0"]),
        ("reitstall", "nicht länger als 2 Stunden", ["dauer_h <= 2.0"]),
        ("reitstall", "mind. 200 Teile", ["teile >= 200.0"]),
        ("reitstall", "ohne Gummi unter 25 Euro", ["material != Gummi", "preis < 25.0"]),
        ("reitstall", "kein Leder über 50 Euro", ["material != Leder", "preis > 50.0"]),
        ("ponies", "no older than five", ["age_years <= 5.0"]),
        ("ponies", "older than 3", ["age_years > 3.0"]),
        ("ponies", "between 2 and 6 years old", ["age_years <= 6.0", "age_years >= 2.0"]),
        ("ponies", "eighteen months at least", ["age_years >= 1.5"]),
        ("ponies", "younger than 4", ["age_years < 4.0"]),
    ],
)
def test_the_field_decides_what_is_meant(name: str, text: str, expected: list[str]) -> None:
    assert _read(name, text) == expected


def test_the_youngest_comes_first_by_age() -> None:
    order = read("the youngest grey pony", SHOPS["ponies"]).order
    assert order is not None
    assert (order.field, order.descending) == ("age_years", False)


def test_us_is_no_country_in_lower_case() -> None:
    assert read("something that five of us can burn", SHOPS["candles"]).conditions == ()


async def test_a_refused_name_that_only_titles_hold_is_kept_out(tmp_path: Path) -> None:
    rows = [
        "id,title,kind,price",
        "a,Orbix kettle,kettle,30",
        "b,Lumo kettle,kettle,20",
        "c,Orbix toaster,toaster,40",
        "d,Lumos kettle,kettle,25",
    ]
    (tmp_path / "shop.csv").write_text("\n".join(rows), encoding="utf-8")
    catalogue = await LanceCatalogue.open(str(tmp_path / "db"))
    await ingest(tmp_path / "shop.csv", catalogue, HashImageText())
    language = await catalogue.language()
    for text, left in [
        ("a kettle, never show me Orbix", {"b", "d"}),
        ("anything but Lumo", {"a", "c"}),
        ("no Orbix or Lumo please", set()),
    ]:
        where = [Constraint(field=c.field, op=c.op, value=c.value) for c in read(text, language).conditions]
        found = await catalogue.get(["a", "b", "c", "d"], where)
        assert {i.item_id for i in found} == left, text
        assert all_hold(found, where) == found
    assert all(c.field != "title" for c in read("a kettle, no problem if it is loud", language).conditions)


def test_four_letters_are_put_right_only_where_the_finger_missed_a_key() -> None:
    spelling = Spelling(["maus", "blue", "green", "golf"])
    assert [spelling.correct(w) for w in ("mars", "bkue", "bleu", "gren", "wolf", "gulf")] == [
        None,
        "blue",
        "blue",
        "green",
        None,
        None,
    ]


@pytest.mark.parametrize(
    ("text", "op", "value"),
    [
        ("an easy one", "=", "leicht"),
        ("nothing difficult", "!=", "schwer"),
        ("moderate, please", "=", "mittel"),
        ("中等难度的", "=", "mittel"),
        ("eine mittelschwere Tour", "=", "mittel"),
    ],
)
def test_levels_are_named_in_any_of_the_languages(text: str, op: str, value: str) -> None:
    (condition,) = read(text, shop(words("schwierigkeit", "leicht|mittel|schwer"))).conditions
    assert (condition.op, condition.value) == (op, value)


def test_what_a_shop_sells_is_no_narrower_word_for_a_value() -> None:
    prints = shop(words("theme", "art|food|travel", several=True), words("subjects", "airplane|dog|boat", several=True))
    assert read("a print", prints).conditions == ()
    assert read("plan a wall with three prints", prints).conditions == ()
    assert [c.value for c in read("a plane over the sea", prints).conditions] == ["airplane"]
