"""Columns of ISO codes are asked for by the names of countries and languages."""

from __future__ import annotations

import pytest

from tastemaker.agents.understanding.reader import read
from tastemaker.core.language.coded_values import names_of_codes

from .unseen_shops import number, shop, words

AIRPORTS = shop(
    words("name", "Keflavik|Narita|Heathrow"),
    words("country", "IS|JP|GB|US|DE|IT|IN|NO|AT|ME|FR|NZ|BE|SO"),
    number("elevation", 0, 4000, "ft"),
)
FILMS = shop(words("title", "Casablanca|Dune"), words("original_language", "en|fr|de|zh|ja|it|is|no|so"))


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ("airports in Iceland", ("country", "=", "IS")),
        ("somewhere in the UK", ("country", "=", "GB")),
        ("not in the United States", ("country", "!=", "US")),
        ("no airports in Germany please", ("country", "!=", "DE")),
        ("somewhere in Italy or Japan", ("country", "in", ["IT", "JP"])),
        ("Flughäfen in Österreich", ("country", "=", "AT")),
        ("冰岛的机场", ("country", "=", "IS")),
        ("airports in JP", ("country", "=", "JP")),
    ],
)
def test_a_country_is_asked_for_by_its_name(said: str, meant: tuple[str, str, object]) -> None:
    assert [(c.field, c.op, c.value) for c in read(said, AIRPORTS).conditions] == [meant]


@pytest.mark.parametrize(
    ("said", "op", "code"),
    [
        ("a French film", "=", "fr"),
        ("not in German", "!=", "de"),
        ("法语电影", "=", "fr"),
        ("auf Italienisch", "=", "it"),
    ],
)
def test_a_language_is_asked_for_by_its_name(said: str, op: str, code: str) -> None:
    assert [(c.op, c.value) for c in read(said, FILMS).conditions] == [(op, code)]


@pytest.mark.parametrize("said", ["is it me or is it far", "so it is no good as it is", "it is in no way for me"])
def test_everyday_words_of_two_letters_are_no_codes(said: str) -> None:
    assert read(said, AIRPORTS).conditions == ()


PLACES = shop(
    words(
        "city", "|".join([*(f"Ort{n} Airport" for n in range(150)), "Taytay Airport", "Ust-Koksa Airport", "Portete"])
    ),
    words("timezone", "America/Mexico_City|Europe/Paris|Asia/Tokyo"),
    words("country", "IS|JP|GB|MX"),
    number("population", 0, 20_000_000),
)


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ("airports in Iceland", [("country", "=", "IS")]),
        ("cities in Japan", [("country", "=", "JP")]),
        ("Städte in Mexiko", [("country", "=", "MX")]),
        ("a city in the UK", [("country", "=", "GB")]),
    ],
)
def test_what_names_are_names_of_is_none_of_them(said: str, meant: list[tuple[str, str, object]]) -> None:
    assert [(c.field, c.op, c.value) for c in read(said, PLACES).conditions] == meant


def test_the_largest_of_places_is_the_one_with_most_people() -> None:
    order = read("the largest city in Japan", PLACES).order
    assert order is not None
    assert (order.field, order.descending) == ("population", True)


def test_two_letters_are_codes_only_where_the_field_and_all_values_say_so() -> None:
    assert names_of_codes("size", ["XS", "SM", "MD"]) == {}
    assert names_of_codes("country", ["DE", "FR", "QQ"]) == {}
    assert names_of_codes("country", ["DE", "FR"]) == {}
    assert names_of_codes("us_state", ["CA", "AL", "DE"]) == {}
    assert "Germany" in names_of_codes("country_code", ["DE", "FR", "IT"])["DE"]
