"""Read questions for the nearest, what there is time for, ages beside "I've got", ranges in Chinese, and columns by what is before their unit."""

from __future__ import annotations

import pytest

from tastemaker.agents.understanding.reader import read

from .unseen_shops import number, shop, words

SHOPS = {
    "pools": shop(
        number("entry_price", 2, 24, price=True),
        number("miles_from_station", 1, 30),
        number("min_age", 0, 12),
        number("max_age", 6, 99),
        words("kind", "Lido|Wave pool|Paddling pool"),
    ),
    "kettles": shop(
        number("price", 15, 140, price=True),
        number("boil_min", 2, 9),
        words("finish", "Copper|Enamel"),
    ),
    "cereals": shop(
        number("price", 1, 9, price=True),
        number("fibre_g_per_100", 1, 20),
        number("starch_g_per_100", 10, 70),
        words("kind", "Muesli|Porridge|Granola"),
    ),
    "spiele": shop(
        number("preis", 5, 90, price=True),
        number("ab_alter", 3, 18),
        number("erscheinungsjahr", 1995, 2024),
        words("art", "Würfelspiel|Kartenspiel"),
    ),
    "gloves": shop(
        number("price", 8, 60, price=True),
        number("stock", 0, 40),
        words("lining", "Fleece|Silk"),
    ),
    "火锅": shop(number("人均消费", 40, 400, price=True), words("汤底", "清汤|麻辣")),
    "伞": shop(number("价格", 20, 2400, price=True), words("颜色", "红色|黑色")),
}


def said(name: str, text: str) -> set[tuple[str, str, object]]:
    return {(c.field, c.op, c.value) for c in read(text, SHOPS[name]).conditions}


def test_a_question_for_which_of_the_things_judges_none_of_them() -> None:
    found = read("which lido is nearest?", SHOPS["pools"])
    assert [(c.field, c.value) for c in found.conditions] == [("kind", "Lido")]
    assert found.order is not None
    assert (found.order.field, found.order.descending) == ("miles_from_station", False)
    assert said("pools", "what wave pools are open?") == {("kind", "=", "Wave pool")}


def test_a_column_that_begins_with_its_unit_has_it() -> None:
    assert said("pools", "no more than 8 miles") == {("miles_from_station", "<=", 8.0)}


@pytest.mark.parametrize("text", ["I've got a 13 year old", "we've got a 13-year-old who swims"])
def test_whom_somebody_has_got_is_as_old_as_that_and_no_limit(text: str) -> None:
    assert said("pools", text) == {("min_age", "<=", 13.0), ("max_age", ">=", 13.0)}


@pytest.mark.parametrize("text", ["I've only got 5 minutes", "we only got 5 minutes", "ich hab nur 5 Minuten"])
def test_the_time_that_somebody_has_is_the_most_it_may_take(text: str) -> None:
    assert said("kettles", text) == {("boil_min", "<=", 5.0)}


def test_what_is_measured_by_so_much_of_something_is_called_by_what_is_before_the_unit() -> None:
    assert said("cereals", "granola with less than 40 g of starch") == {
        ("kind", "=", "Granola"),
        ("starch_g_per_100", "<", 40.0),
    }
    order = read("the muesli with the least fibre", SHOPS["cereals"]).order
    assert order is not None
    assert (order.field, order.descending) == ("fibre_g_per_100", False)


def test_a_word_that_only_says_a_limit_names_no_column_whose_numbers_are_others() -> None:
    assert said("spiele", "Kartenspiel ab 2005") == {("art", "=", "Kartenspiel"), ("erscheinungsjahr", ">=", 2005.0)}
    assert said("spiele", "ab 6 Jahren") == {("ab_alter", ">=", 6.0)}


def test_a_thousand_is_shared_only_upwards() -> None:
    assert said("伞", "五百到一千五之间的黑色") == {
        ("价格", ">=", 500.0),
        ("价格", "<=", 1500.0),
        ("颜色", "=", "黑色"),
    }
    assert said("伞", "3到5千") == {("价格", ">=", 3000.0), ("价格", "<=", 5000.0)}


def test_what_is_counted_may_stand_between_the_number_and_its_column() -> None:
    assert said("gloves", "silk ones, at least 2 pairs in stock") == {("lining", "=", "Silk"), ("stock", ">=", 2.0)}


@pytest.mark.parametrize("text", ["清汤，人均一百以内", "清汤的，人均不超过100", "清汤，人均100块以内"])
def test_what_each_pays_is_said_without_its_noun(text: str) -> None:
    assert said("火锅", text) == {("汤底", "=", "清汤"), ("人均消费", "<=", 100.0)}
