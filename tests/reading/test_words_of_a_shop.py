"""What the words of a shop come to: what its things are called, scales, codes, slips of the keyboard, titles, alternatives."""

from __future__ import annotations

from pathlib import Path

import pytest

from tastemaker.agents.understanding.reader import read
from tastemaker.core.language.catalogue_things import things_called
from tastemaker.core.language.coded_values import names_of_codes
from tastemaker.core.language.scales import scale_of
from tastemaker.core.language.spelling import Spelling
from tastemaker.core.predicates import all_hold, holds
from tastemaker.core.schemas import Constraint, Item, Predicate
from tastemaker.stores.catalogue.lance_catalogue import LanceCatalogue
from tastemaker.stores.catalogue.sql_filters import to_sql
from tastemaker.stores.ingest.column_names import is_truth_name
from tastemaker.stores.ingest.pipeline import ingest

from ..fakes import HashImageText
from ..shops.loader import SHOPS


@pytest.mark.parametrize(
    ("titles", "columns", "called", "other"),
    [
        (
            "Moss wool rug|Fern jute rug|Bog silk rug|Tarn wool rug|Crag cotton rug",
            [],
            {"rug", "teppich", "地毯"},
            {"wool", "moss"},
        ),
        (
            "Stabkerze Ida|Duftkerze Ole|Schwimmkerze Ada|Duftkerze Pia|Stumpenkerze Jo",
            [],
            {"kerze", "candle", "蜡烛"},
            {"duftkerze"},
        ),
        ("Poppy|Biscuit|Rex|Tinker|Bello", ["kite_type"], {"kite"}, {"rex", "poppy"}),
        ("one|two", [], set(), {"one"}),
    ],
)
def test_titles_and_columns_tell_what_things_are_called(
    titles: str, columns: list[str], called: set[str], other: set[str]
) -> None:
    found = things_called(titles.split("|"), columns)
    assert called <= found
    assert not other & found


def test_a_scale_is_told_by_its_steps_in_any_language_and_put_in_order() -> None:
    scale = scale_of(["schwer", "leicht", "mittel"])
    assert scale is not None
    assert scale.values == ("leicht", "mittel", "schwer")
    assert scale.at(0) == ("leicht",)  # beginners are served by the easiest
    assert scale_of(["Oak", "Pine", "medium"]) is None


@pytest.mark.parametrize(
    ("name", "truth"),
    [
        ("for_outdoors", True),
        ("nachfüllbar", True),
        ("可折叠", True),
        ("bathrooms", False),
        ("mode", False),
        ("review_count", False),
        ("数量", False),
    ],
)
def test_zeros_and_ones_are_no_and_yes_where_nothing_is_counted(name: str, truth: bool) -> None:
    assert is_truth_name(name, both=True) is truth


def test_two_letters_are_codes_only_where_the_field_and_all_values_say_so() -> None:
    assert names_of_codes("size", ["XS", "SM", "MD"]) == {}
    assert names_of_codes("country", ["DE", "FR", "QQ"]) == {}
    assert names_of_codes("country", ["DE", "FR"]) == {}
    assert names_of_codes("us_state", ["CA", "AL", "DE"]) == {}
    assert "Germany" in names_of_codes("country_code", ["DE", "FR", "IT"])["DE"]


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


def test_an_alternative_holds_in_the_place_of_the_first_in_memory_and_in_the_store() -> None:
    either = Constraint(field="colour", op="=", value="Silver", either=(Predicate(field="price", op="<", value=500.0),))
    items = [
        Item(item_id=i, title=i, attributes={"colour": colour, "price": price})
        for i, colour, price in (("a", "Silver", 900.0), ("b", "Black", 400.0), ("c", "Black", 900.0))
    ]
    assert [i.item_id for i in items if holds(either, i)] == ["a", "b"]
    assert to_sql([either], SHOPS["laptops"].schema) == "((f_colour = 'silver') OR (a_price < 500.0))"


def test_how_many_are_asked_for_is_counted() -> None:
    assert read("the three cheapest laptops", SHOPS["laptops"]).count == 3
