"""Refuse by verbs that may stand before or after what they refuse, and keep what is named beside it."""

from __future__ import annotations

import pytest

from tastemaker.agents.understanding.reader import read
from tastemaker.core.language.catalogue_language import CatalogueLanguage
from tastemaker.core.predicates import TITLE

from .unseen_shops import flag, number, shop, words

ENGLISH = shop(
    number("price", 5, 40, price=True), words("kind", "Herbal tea|Green tea"), words("herb", "Camomile|Rose|Mint")
)
GERMAN = shop(
    number("preis", 5, 40, price=True),
    words("art", "Kräutertee|Grüntee"),
    words("kraut", "Kamille|Rose|Minze"),
    flag("drehbar"),
)
CHINESE = shop(number("价格", 5, 400, price=True), words("类别", "绿茶|红茶"), words("配料", "菊花|玫瑰"))


def said(text: str, language: CatalogueLanguage) -> set[tuple[str, str, object]]:
    return {(c.field, c.op, c.value) for c in read(text, language).conditions}


@pytest.mark.parametrize(
    "text",
    [
        "in green tea I avoid mint",
        "mint I avoid, green tea please",
        "mint I must avoid so green tea",
        "green tea, I react to mint",
        "mint I react to, so green tea",
        "green tea but I could do without mint",
    ],
)
def test_english_verbs(text: str) -> None:
    assert said(text, ENGLISH) == {("kind", "=", "Green tea"), ("herb", "!=", "Mint")}


@pytest.mark.parametrize(
    "text", ["Im Grüntee vermeide ich Minze", "Minze hasse ich, Grüntee bitte", "beim Grüntee hasse ich Minze"]
)
def test_german_verbs(text: str) -> None:
    assert said(text, GERMAN) == {("art", "=", "Grüntee"), ("kraut", "!=", "Minze")}


@pytest.mark.parametrize(
    "text", ["绿茶里我受不了菊花", "菊花我受不了，要绿茶", "绿茶里我不爱菊花", "绿茶，我不能喝菊花", "绿茶里喝不了菊花"]
)
def test_chinese_verbs(text: str) -> None:
    assert said(text, CHINESE) == {("类别", "=", "绿茶"), ("配料", "!=", "菊花")}


@pytest.mark.parametrize("text", ["drehbar muss er nicht sein, Grüntee", "Grüntee, muss nicht drehbar sein"])
def test_what_need_not_be_is_left_open(text: str) -> None:
    assert [(c.field, c.op, c.value) for c in read(text, GERMAN).conditions] == [("art", "=", "Grüntee")]


@pytest.mark.parametrize(
    "text",
    [
        "green tea, and please keep mint out of it",
        "take the mint out of my green tea",
        "exclude mint from the green tea list",
        "enough mint already, show me green tea",
        "green tea that hasn't got mint in it",
        "mint gives me heartburn, green tea it is",
        "I've gone off mint. green tea please",
    ],
)
def test_english_words_around_a_value(text: str) -> None:
    assert said(text, ENGLISH) == {("kind", "=", "Green tea"), ("herb", "!=", "Mint")}


@pytest.mark.parametrize(
    "text",
    [
        "von Minze krieg ich Sodbrennen, Grüntee bitte",
        "mit Minze kann man mich jagen, Grüntee",
        "Minze hab ich satt, Grüntee",
        "früher mochte ich Minze, heute nicht mehr, Grüntee",
        "lass die Minze weg beim Grüntee",
    ],
)
def test_german_words_around_a_value(text: str) -> None:
    assert said(text, GERMAN) == {("art", "=", "Grüntee"), ("kraut", "!=", "Minze")}


def test_chinese_words_around_a_value() -> None:
    wanted = {("类别", "=", "绿茶"), ("配料", "!=", "菊花")}
    assert said("与其喝菊花不如喝绿茶", CHINESE) == wanted
    assert said("菊花再见，绿茶你好", CHINESE) == wanted
    compared = read("绿茶比菊花好，来绿茶", CHINESE)
    assert [(c.field, c.op, c.value) for c in compared.conditions] == [("类别", "=", "绿茶")]
    assert compared.not_applied == ("比菊花好",)


VACUUMS = shop(number("price", 50, 900, price=True), number("weight_kg", 3, 40, "kg"))


@pytest.mark.parametrize(
    "text",
    [
        "it can be more than 300",
        "I don't mind paying over 300",
        "I don't care if it's over 300",
        "it doesn't have to be under 300",
        "under 300 isn't a must",
        "muss nicht unter 300 sein",
        "超过300没关系",
    ],
)
def test_what_is_only_allowed_or_not_needed_binds_no_number(text: str) -> None:
    assert read(text, VACUUMS).conditions == ()


@pytest.mark.parametrize(
    ("text", "op"),
    [("mehr als 300 ist nicht drin", "<="), ("unter 300 kauf ich nicht", ">="), ("over 300 is out", "<=")],
)
def test_a_refused_comparison_is_turned_round(text: str, op: str) -> None:
    assert [(c.field, c.op, c.value) for c in read(text, VACUUMS).conditions] == [("price", op, 300.0)]


def test_what_will_do_is_asked_for() -> None:
    assert [(c.op, c.value) for c in read("at least 300 will do", VACUUMS).conditions] == [(">=", 300.0)]


FILMS = shop(
    number("year", 1950, 2024), words("genre", "Comedy|Drama"), texts="Batman and Robin Forever|Zombies at dawn"
)


@pytest.mark.parametrize(
    ("text", "titles"),
    [
        ("batman films but not batman & robin", ["batman & robin"]),
        ("batman but no batman", []),
        ("a drama with no zombies", ["zombies"]),
        ("drama without Robin or Batman", ["robin", "batman"]),
    ],
)
def test_a_refused_name_does_not_refuse_what_is_asked_for_beside_it(text: str, titles: list[str]) -> None:
    assert [c.value for c in read(text, FILMS).conditions if c.field == TITLE] == titles


SOFT = shop(
    number("price", 5, 400, price=True),
    words("kind", "Cushion|Lamp|Rug"),
    words("colour", "Red|Grey|White|Black"),
    words("material", "Leather|Wool|Cotton"),
    words("delivery_days", "Monday|Tuesday|Friday", several=True),
)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("rugs, niether white nor blak", {"kind = Rug", "colour != White", "colour != Black"}),
        ("anything exept wool", {"material != Wool"}),
        ("it isn't that I dislike red, just no red this time: a lamp", {"kind = Lamp", "colour != Red"}),
        ("it's not that I don't like wool, but tonight no wool. Rugs", {"kind = Rug", "material != Wool"}),
        (
            "I work Mondays and Fridays, so not on those days. A rug",
            {"kind = Rug", "delivery_days not contains Monday", "delivery_days not contains Friday"},
        ),
        ("rugs without the grey", {"kind = Rug", "colour != Grey"}),
        ("a rug on Monday, not those colours", {"kind = Rug", "delivery_days contains Monday"}),
    ],
)
def test_slips_concessions_and_what_points_back_keep_their_sign(text: str, expected: set[str]) -> None:
    assert {f"{c.field} {c.op} {c.value}" for c in read(text, SOFT).conditions} == expected


def test_an_unknown_character_before_a_refused_value_makes_another_thing_of_it() -> None:
    sweets = shop(number("价格", 5, 400, price=True), words("类别", "巧克力|果干"))
    reading = read("巧克力，白巧克力不要", sweets)
    assert [(c.op, c.value) for c in reading.conditions] == [("=", "巧克力")]
    assert any("白巧克力不要" in left for left in reading.not_applied)
    assert [(c.op, c.value) for c in read("巧克力不要", sweets).conditions] == [("!=", "巧克力")]
