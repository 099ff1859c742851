"""Days and times of day: read from words in three languages, compared in the store and in memory, kept and replaced from turn to turn."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from tastemaker.agents.understanding.constraint_merge import merge
from tastemaker.agents.understanding.grammar import moments
from tastemaker.agents.understanding.reader import read
from tastemaker.core.language.catalogue_language import CatalogueLanguage, compile_language
from tastemaker.core.moment import type_of_values
from tastemaker.core.predicates import all_hold
from tastemaker.core.schemas import CatalogueField, CatalogueSchema, Constraint
from tastemaker.stores.catalogue.lance_catalogue import LanceCatalogue
from tastemaker.stores.ingest.pipeline import ingest
from tastemaker.stores.ingest.values import clock_in
from tests.fakes import HashImageText

THURSDAY = date(2026, 5, 14)
TOURS = """id,title,departure_date,start time,guide,harbour
t1,Seal watching,2026-05-15,9:00,Ida,Kiel
t2,Night sail,2026-05-16,20:30,Ole,Kiel
t3,Island day,2026-05-17,10:00,Ida,Husum
t4,Fog cruise,2026-06-02,19:00,Ole,Husum
t5,Advent lights,2026-12-12,17:00,Ida,Kiel
t6,New year's bang,2026-12-31,22:00,Ole,Husum
t7,Ice walk,2027-01-20,11:30,Ida,Kiel
"""


def language(*names: str, values: tuple[str, ...] = ()) -> CatalogueLanguage:
    days = values or ("2026-05-15", "2026-05-16", "2026-05-17", "2026-06-02", "2026-12-12", "2026-12-31", "2027-01-20")
    clocks = ("09:00", "10:00", "11:30", "17:00", "19:00", "20:30", "22:00")
    fields = [CatalogueField(name=n, type="date", values=days) for n in names or ("departure_date",)]
    fields += [
        CatalogueField(name="start time", type="time", values=clocks),
        CatalogueField(name="harbour", type="text", values=("Kiel", "Husum")),
        CatalogueField(name="price", type="number", role="price", minimum=10.0, maximum=90.0),
    ]
    return compile_language(CatalogueSchema(fields=tuple(fields), count=7), {})


@pytest.fixture(autouse=True)
def _fixed_day(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(moments, "today", lambda: THURSDAY)


def said(text: str, of: CatalogueLanguage | None = None) -> set[tuple[str, str, str]]:
    """Return the conditions on days (d) and times (t), as (field, operator, value)."""
    found = read(text, of or language()).conditions
    return {
        ("t" if c.field == "start time" else "d", c.op, str(c.value)) for c in found if isinstance(c.value, str | list)
    }


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a tour tomorrow", {("d", "=", "2026-05-15")}),
        ("eine Tour übermorgen", {("d", "=", "2026-05-16")}),
        ("明天的船", {("d", "=", "2026-05-15")}),
        ("something this weekend", {("d", ">=", "2026-05-16"), ("d", "<", "2026-05-18")}),
        ("am Wochenende", {("d", ">=", "2026-05-16"), ("d", "<", "2026-05-18")}),
        ("next weekend please", {("d", ">=", "2026-05-23"), ("d", "<", "2026-05-25")}),
        ("in June", {("d", ">=", "2026-06-01"), ("d", "<", "2026-07-01")}),
        ("im Januar", {("d", ">=", "2027-01-01"), ("d", "<", "2027-02-01")}),
        ("12月的活动", {("d", ">=", "2026-12-01"), ("d", "<", "2027-01-01")}),
        ("early June", {("d", ">=", "2026-06-01"), ("d", "<", "2026-06-11")}),
        ("before Christmas", {("d", "<", "2026-12-24")}),
        ("vor Weihnachten", {("d", "<", "2026-12-24")}),
        ("圣诞节之前", {("d", "<", "2026-12-24")}),
        ("after 2 June", {("d", ">=", "2026-06-03")}),
        ("by June 2nd", {("d", "<", "2026-06-03")}),
        ("no later than June 2nd", {("d", "<", "2026-06-03")}),
        ("not before June", {("d", ">=", "2026-06-01")}),
        ("ab dem 2. Juni", {("d", ">=", "2026-06-02")}),
        ("June 2nd or later", {("d", ">=", "2026-06-02")}),
        ("between 15 and 17 May", {("d", ">=", "2026-05-15"), ("d", "<", "2026-05-18")}),
        ("from May 15 to June 2", {("d", ">=", "2026-05-15"), ("d", "<", "2026-06-03")}),
        ("5月15日到6月2日", {("d", ">=", "2026-05-15"), ("d", "<", "2026-06-03")}),
        ("in the next two weeks", {("d", ">=", "2026-05-14"), ("d", "<", "2026-05-29")}),
        ("on Saturday night", {("d", "=", "2026-05-16"), ("t", ">=", "17:00")}),
        ("samstagabend", {("d", "=", "2026-05-16"), ("t", ">=", "17:00")}),
        ("下周六晚上", {("d", "=", "2026-05-23"), ("t", ">=", "17:00")}),
        ("after 8 pm", {("t", ">", "20:00")}),
        ("nicht nach 20 Uhr", {("t", "<=", "20:00")}),
        ("nothing before 10am", {("t", ">=", "10:00")}),
        ("晚上8点半以后", {("t", ">", "20:30")}),
        ("in the morning", {("t", ">=", "05:00"), ("t", "<", "12:00")}),
        ("not in June", {("d", "<", "2026-06-01")}),
        ("anything but tomorrow", {("d", "!=", "2026-05-15")}),
        ("not on Sundays", {("d", "not in", "['2026-05-17']")}),
        ("I can't do weekends", {("d", "not in", "['2026-05-16', '2026-05-17', '2026-12-12']")}),
        ("sonntags geht nicht", {("d", "not in", "['2026-05-17']")}),
        ("on weekdays", {("d", "in", "['2026-05-15', '2026-06-02', '2026-12-31', '2027-01-20']")}),
        ("2026-06-02", {("d", "=", "2026-06-02")}),
    ],
)
def test_words_become_days_and_times(text: str, expected: set[tuple[str, str, str]]) -> None:
    assert said(text) == expected


def test_outside_a_span_is_before_or_after_it() -> None:
    (condition,) = read("not in June", language()).conditions
    assert condition.refused
    assert [(o.op, o.value) for o in condition.either] == [(">=", "2026-07-01")]


@pytest.mark.parametrize(
    "text", ["we may go sailing", "march music", "a new day", "under 40", "the second one, 3 nights"]
)
def test_everyday_words_are_no_days(text: str) -> None:
    assert said(text) == set()


def test_a_sign_in_doubt_is_named_and_not_guessed() -> None:
    reading = read("I don't think Husum works, nor do I want it all on Saturday", language())
    assert all(not isinstance(c.value, str) or not c.value.startswith("2026") for c in reading.conditions)
    assert any("Saturday" in words for words in reading.not_applied)


def test_numbers_beside_a_day_stay_numbers() -> None:
    reading = read("on 16 May under 40", language())
    assert {(c.field, c.op, c.value) for c in reading.conditions} == {
        ("departure_date", "=", "2026-05-16"),
        ("price", "<", 40.0),
    }


def test_what_is_wanted_from_a_day_on_is_available_by_then() -> None:
    of = language("available_from")
    assert said("from June", of) == {("d", "<", "2026-07-01")}
    assert said("not before June", of) == {("d", ">=", "2026-06-01")}


def test_a_shop_of_the_past_is_asked_about_the_past() -> None:
    films = language("release_date", values=("1994-10-14", "2003-12-17", "2019-12-20"))
    assert said("released in December", films) == {("d", ">=", "2019-12-01"), ("d", "<", "2020-01-01")}
    order = read("the newest one", films).order
    assert order is not None
    assert (order.field, order.descending) == ("release_date", True)


def test_the_earliest_is_an_order_among_those_to_come() -> None:
    reading = read("the earliest tour", language())
    assert reading.order is not None
    assert (reading.order.field, reading.order.descending) == ("departure_date", False)
    assert said("the earliest tour") == {("d", ">=", "2026-05-14")}


@pytest.mark.parametrize(
    ("cell", "at"),
    [("9:30", "09:30"), ("9:30 PM", "21:30"), ("12 am", "00:00"), ("20 Uhr", "20:00"), ("20:30:00", "20:30"), ("8", None), ("25:00", None), ("soon", None)],
)  # fmt: skip
def test_cells_with_times_of_day(cell: str, at: str | None) -> None:
    assert clock_in(cell) == at


def limit(op: str, value: str, field: str = "departure_date") -> Constraint:
    return Constraint.model_validate({"field": field, "op": op, "value": value})


async def test_the_store_and_memory_agree(tmp_path: Path) -> None:
    (tmp_path / "tours.csv").write_text(TOURS, encoding="utf-8")
    catalogue = await LanceCatalogue.open(str(tmp_path / "db"))
    await ingest(tmp_path / "tours.csv", catalogue, HashImageText())
    kinds = {f.name: f.type for f in (await catalogue.schema()).fields}
    assert (kinds["departure_date"], kinds["start time"]) == ("date", "time")
    ids = [f"t{n}" for n in range(1, 8)]
    items = await catalogue.get(ids)
    for constraint, expected in [
        (limit("<", "2026-06-02"), {"t1", "t2", "t3"}),
        (limit("<=", "2026-06-02"), {"t1", "t2", "t3", "t4"}),
        (limit(">", "2026-12-12"), {"t6", "t7"}),
        (limit("=", "2026-05-16"), {"t2"}),
        (limit("!=", "2026-05-16"), {"t1", "t3", "t4", "t5", "t6", "t7"}),
        (limit(">=", "19:00", "start time"), {"t2", "t4", "t6"}),
        (limit("<=", "10:00", "start time"), {"t1", "t3"}),
    ]:
        assert {i.item_id for i in all_hold(items, [constraint])} == expected
        assert {i.item_id for i in await catalogue.get(ids, [constraint])} == expected
    assert await catalogue.in_order("departure_date", 2, descending=True) == ["t7", "t6"]


@pytest.mark.parametrize("value", ["soon", "2026-02-31", "2026-13-01", "2026-12-05T99:99", "25:00"])
def test_what_the_calendar_lacks_is_no_limit(value: str) -> None:
    with pytest.raises(ValueError, match="a day such as"):
        limit("<=", value)
    assert type_of_values((value, "2026-12-05")) == "text"


def test_a_later_turn_replaces_the_day() -> None:
    earlier = [limit(">=", "2026-12-01"), limit("<", "2027-01-01"), limit("<", "20:00", "start time")]
    kept, dropped = merge(earlier, [limit(">=", "2027-01-01"), limit("<", "2027-02-01")])
    assert {(c.op, c.value) for c in kept} == {("<", "20:00"), (">=", "2027-01-01"), ("<", "2027-02-01")}
    assert len(dropped) == 2
