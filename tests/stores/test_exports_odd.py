"""Files as people keep them: without ids or titles, with titles above the header, and the same file again with a new price."""

from __future__ import annotations

from pathlib import Path

import pytest

from tastemaker.core.errors import InvalidRequestError
from tastemaker.core.schemas import Item
from tastemaker.stores.ingest.column import parse_reading
from tastemaker.stores.ingest.file_survey import survey
from tastemaker.stores.ingest.header_row import header_row, with_groups
from tastemaker.stores.ingest.numbers import money_in
from tastemaker.stores.ingest.plan import Choices
from tastemaker.stores.ingest.quantities import in_unit, measure_in
from tastemaker.stores.ingest.rows_to_items import RowError, to_item


def items_of(folder: Path, text: str, name: str = "x.csv", choices: Choices | None = None) -> dict[str, Item]:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    found = survey(path, choices)
    made = (to_item(record.values, found.plan) for record in found.records())
    return {item.title: item for item in made}


def test_a_new_price_changes_the_same_item_where_ids_are_made_from_titles(tmp_path: Path) -> None:
    before = items_of(tmp_path, "Wine,Price\nRioja,9.50\nMalbec,11\nChianti,8\n")
    after = items_of(tmp_path, "Wine,Price\nMalbec,11\nRioja,12.50\nChianti,8\n")
    assert {title: item.item_id for title, item in before.items()} == {t: i.item_id for t, i in after.items()}
    assert after["Rioja"].attributes["Price"] == 12.5


def test_rows_that_share_a_title_are_different_items(tmp_path: Path) -> None:
    path = tmp_path / "cars.csv"
    path.write_text("Brand,Model,Year,Price\nVW,Golf,2019,9000\nVW,Golf,2021,15000\nAudi,A4,2020,20000\n", "utf-8")
    found = survey(path)
    ids = {to_item(record.values, found.plan).item_id for record in found.records()}
    assert len(ids) == 3
    assert any("titles come twice" in note and "--prune" in note for note in found.plan.notes)


def test_a_line_of_totals_is_no_item_where_ids_are_made(tmp_path: Path) -> None:
    path = tmp_path / "list.csv"
    path.write_text("Speise;Preis\nSuppe;4,50\nBraten;12,90\nSumme;17,40\n", "utf-8")
    found = survey(path)
    with pytest.raises(RowError, match="a line of totals"):
        [to_item(record.values, found.plan) for record in found.records()]


def test_a_file_of_events_is_no_catalogue(tmp_path: Path) -> None:
    with pytest.raises(InvalidRequestError, match=r"mapping\.title"):
        items_of(tmp_path, "user_id,item_id,kind\nu1,a,view\nu2,b,like\nu1,b,view\n")


def test_columns_that_name_other_items_are_left_out(tmp_path: Path) -> None:
    rows = "".join(f"oak_table_{n},Table {n},oak_table_{(n + 3) % 8},wood\n" for n in range(8))
    path = tmp_path / "x.csv"
    path.write_text(f"id,title,looks_like,material\n{rows}", "utf-8")
    columns = {c.name: c for c in survey(path).plan.columns}
    assert columns["looks_like"].why == "names other items"
    assert columns["material"].target == "material"


def test_titles_above_the_header_are_passed_over() -> None:
    title, groups = ["Price list", "", "", ""], ["", "Summer", "", "Winter"]
    names, row = ["Code", "Price", "Stock", "Price"], ["A-1", "9.50", "3", "8"]
    assert header_row([title, ["", "", "", ""], groups, names, row]) == 3
    assert with_groups(names, groups) == ["Code", "Summer Price", "Stock", "Winter Price"]
    assert header_row([names, row, row]) == 0
    assert header_row([["id", "title", "", ""], row, row]) == 0


@pytest.mark.parametrize(
    ("text", "amount", "currency"),
    [
        ("₹2.5 lakh", 250_000, "INR"),
        ("₹ 1.1 Cr", 11_000_000, "INR"),
        ("1,2 Mio. €", 1_200_000, "EUR"),
        ("$12k", 12_000, "USD"),
        ("3.5万元", 35_000, "CNY"),
        ("VB 245.000 €", 245_000, "EUR"),
        ("₹349/-", 349, "INR"),
        ("272 cent", 2.72, "USD"),
        ("5 kr", 5, "SEK"),
        ("15 Kč", 15, "CZK"),
    ],
)
def test_prices_in_words_of_scale(text: str, amount: float, currency: str) -> None:
    money = money_in(text, "," if "€" in text else ".")
    assert money is not None
    assert money.amount == pytest.approx(amount)
    assert money.currency == currency


@pytest.mark.parametrize(
    ("text", "number", "unit"),
    [("55 - 110 m²", 55, "m²"), ("2-4", 2, ""), ("ca. 320 m²", 320, "m²"), ("um 1905", 1905, ""), ("1.2万+", 12_000, ""), ("18.2 g/l", 18.2, "g/l"), ("12.5 % vol.", 12.5, "%")],
)  # fmt: skip
def test_measures_of_any_form(text: str, number: float, unit: str) -> None:
    found = measure_in(text)
    assert found is not None
    assert found.number == pytest.approx(number)
    assert found.unit == unit


@pytest.mark.parametrize("text", ["3-1", "sold out", "030/7654321", "A-4"])
def test_what_is_no_measure(text: str) -> None:
    assert measure_in(text) is None


def test_minutes_are_no_metres(tmp_path: Path) -> None:
    path = tmp_path / "x.csv"
    path.write_text("id,title,cooking time\n1,Soup,20 m\n2,Stew,2 h\n3,Egg,5 m\n", "utf-8")
    plan = survey(path).plan
    assert next(c for c in plan.columns if c.name == "cooking time").unit == "min"
    measured = measure_in("20 m")
    assert measured is not None
    assert in_unit(measured, "min") == 20


def test_prices_are_in_cents_where_said(tmp_path: Path) -> None:
    assert parse_reading("x", "price:cents:EUR") == {"kind": "price", "minor": True, "unit": "EUR"}
    said = Choices(readings={"cost": "price:cents:EUR"})
    assert items_of(tmp_path, "id,title,cost\n1,Mug,1250\n2,Bowl,999\n", choices=said)["Mug"].attributes["cost"] == 12.5
    named = items_of(tmp_path, "id,title,price_cents\n1,Mug,1250\n2,Bowl,999\n")
    assert named["Bowl"].attributes["price_cents"] == 9.99


@pytest.mark.parametrize(
    ("names", "price"),
    [
        ("Cost Other,Cost Repair,Cost Total $", "Cost Total $"),
        ("EK,VK,UVP", "VK"),
        ("Trade (GBP),Retail (GBP),Deposit", "Retail (GBP)"),
        ("price,total price,cost", "price"),
        ("原价,现价,成本", "price"),
        ("Anschlusspreis,Grundpreis,Bonus", "Grundpreis"),
        ("Cleaning fee price,Price per night,Deposit", "Price per night"),
    ],
)
def test_the_price_is_what_a_customer_pays(tmp_path: Path, names: str, price: str) -> None:
    path = tmp_path / "x.csv"
    path.write_text(f"id,title,{names}\n1,Chair,10,20,30\n2,Table,11,21,31\n3,Shelf,12,22,32\n", "utf-8")
    assert survey(path).plan.price == price


def test_a_member_that_is_a_list_is_one_value_on_one_line(tmp_path: Path) -> None:
    path = tmp_path / "x.jsonl"
    path.write_text('{"id": "1", "title": "Jack", "qualities": [["LIFT", 3], ["JACK", 16]]}\n', "utf-8")
    found = survey(path)
    item = to_item(next(iter(found.records())).values, found.plan)
    assert item.attributes["qualities"] == ["LIFT 3", "JACK 16"]
