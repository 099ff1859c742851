"""Ages and numbers of people over fields of the least and the most, measures joined by a cross, and what one number takes over from another."""

from __future__ import annotations

import pytest

from tastemaker.agents.understanding.reader import read

from .unseen_shops import Shops, flag, late, number, words

_SHOPS = {
    "workshops": late(
        number("price", 8, 90, price=True),
        number("age_from", 4, 16),
        number("age_to", 8, 99),
        number("min_people", 1, 6),
        number("max_people", 4, 20),
        number("hours", 1, 6),
        number("difficulty", 1, 5),
        words("craft", "Pottery|Weaving|Printing|Carving"),
        words("town", "Ghent|Lyon|Basel"),
        flag("indoors"),
        texts="xyzzy",
    ),
    "schuhe": late(
        number("preis", 20, 300, "EUR", price=True),
        words("art", "Lederschuh|Gartenschuh|Regenstiefel|Sandale"),
        words("verschluss", "Kapselknopf|Schnürung|Schnalle"),
        words("farbe", "rot|schwarz"),
        texts="xyzzy",
    ),
    "prams": late(
        number("price", 0, 900, "EUR", price=True),
        number("from_age", 0, 3),
        number("to_age", 1, 16),
        number("steam_temp", 30, 90),
        number("räder", 3, 6),
        number("章节数", 2, 40),
        number("tassen", 1, 12),
        number("delivery_days", 1, 20),
        words("for", "Boys|Girls|Unisex"),
        words("ingredients", "yoghurt|nougat|rusks", several=True),
        words("allergens", "milk|soya|egg", several=True),
        words("字幕", "德语|法语", several=True),
        words("colour", "Baby Blue|Red|Cream"),
        texts="xyzzy",
    ),
    "games": late(
        number("price", 8, 90, price=True),
        number("age_from", 3, 16),
        number("age_to", 8, 99).model_copy(update={"gaps": True}),
        number("min_players", 1, 6),
        number("max_players", 2, 20).model_copy(update={"gaps": True}),
        words("theme", "Pirates|Space|Trains"),
    ),
    "spielzeug": late(
        number("preis", 3, 200, "EUR", price=True),
        words("alter", "0-2|3-5|6-9|10+"),
        words("art", "Puzzle|Kreisel|Murmelbahn"),
        texts="xyzzy",
    ),
    "营地": late(
        number("价格", 50, 900, price=True),
        number("最小年龄", 3, 12),
        number("最大年龄", 8, 18),
        words("主题", "露营|攀岩"),
        texts="小屋",
    ),
    "panels": late(
        number("price", 5, 400, price=True),
        number("length_cm", 60, 300, "cm"),
        number("width_cm", 20, 120, "cm"),
        number("thickness_mm", 3, 40, "mm"),
        words("wood", "Oak|Ash|Spruce"),
        words("layers", "1|3|5|7"),
        texts="xyzzy",
    ),
    "moorings": late(
        number("fee", 10, 90, price=True),
        number("max_length_m", 5, 30, "m"),
        number("free_berths", 0, 12),
        number("group_max", 4, 40),
        words("kind", "Buoy|Jetty|Quay"),
        flag("showers"),
        texts="xyzzy",
    ),
    "ski": late(
        number("preis_tag", 10, 60, "EUR", price=True),
        number("länge_cm", 80, 200, "cm"),
        number("körpergröße_von", 90, 180),
        number("körpergröße_bis", 110, 210),
        words("art", "Rennski|Tourenski|Langlaufski"),
        words("bindung", "Alpin|Touren"),
        flag("helm_inklusive"),
        texts="xyzzy",
    ),
    "microscopes": late(
        number("price", 50, 3000, price=True),
        number("objective_mm", 4, 60, "mm"),
        number("ready_weeks", 0, 20),
        number("lens_count", 0, 9),
        words("stage", "Fixed|Sliding|Heated"),
        words("size", "2|4|6|8"),
        words("lid", "long|short|none"),
        flag("used"),
        flag("camera"),
        texts="xyzzy",
    ),
    "birds": late(words("species", "Finch|Canary|Budgie"), number("price", 5, 300, price=True), texts="xyzzy"),
}
SHOPS = Shops(_SHOPS)

SAID = [
    ("workshops", "my girls are 7 and 11, no carving", {"age_from <= 7", "age_to >= 11", "craft != Carving"}),
    ("workshops", "for my 9-year-old, in Lyon", {"age_from <= 9", "age_to >= 9", "town = Lyon"}),
    ("workshops", "she's turning 6, something with weaving", {"age_from <= 6", "age_to >= 6", "craft = Weaving"}),
    ("workshops", "für Kinder von 8 bis 12, kein Drucken", {"age_from <= 8", "age_to >= 12"}),
    ("workshops", "meine Tochter wird 10, drinnen oder in Basel", {"age_from <= 10", "age_to >= 10", "town = Basel"}),
    ("schuhe", "nichts aus Leder, in Rot", {"art != Lederschuh", "farbe = rot"}),
    ("schuhe", "keine Kapseln", {"verschluss != Kapselknopf"}),
    ("schuhe", "no capsules, black", {"verschluss != Kapselknopf", "farbe = schwarz"}),
    ("schuhe", "etwas für den Garten", {"art = Gartenschuh"}),
    ("prams", "a red one for a newborn", {"from_age <= 0", "to_age >= 0", "colour = Red"}),
    ("prams", "für Kleinkinder, nichts Rotes", {"from_age <= 2", "to_age >= 2", "colour != Red"}),
    ("prams", "给新生儿的", {"from_age <= 0", "to_age >= 0"}),
    ("prams", "baby blue please", {"colour = Baby Blue"}),
    ("prams", "for my daughter", {"for in ['Girls', 'Unisex']"}),
    ("prams", "not for boys", {"for != Boys"}),
    ("prams", "has to be free", {"price = 0"}),
    ("prams", "free ones, cream", {"price = 0", "colour = Cream"}),
    ("prams", "ones that don't cost anything", {"price = 0"}),
    ("prams", "nothing free", {"price > 0"}),
    ("prams", "steam at 60", {"steam_temp = 60"}),
    ("prams", "at least ten chapters", {"章节数 >= 10"}),
    ("prams", "no more than 6 cups", {"tassen <= 6"}),
    ("prams", "für mindestens vier Tasen", {"tassen >= 4"}),
    ("prams", "with French subtitles", {"字幕 contains 法语"}),
    ("prams", "lactose intolerant", {"ingredients not contains yoghurt", "allergens not contains milk"}),
    ("games", "pirates, my boy is 13", {"age_from <= 13", "age_to not < 13", "theme = Pirates"}),
    ("games", "für 8 Leute, keine Piraten", {"min_players <= 8", "max_players not < 8", "theme != Pirates"}),
    ("workshops", "wir sind zu sechst", {"min_people <= 6", "max_people >= 6"}),
    ("workshops", "we'd be 9 people in Ghent", {"min_people <= 9", "max_people >= 9", "town = Ghent"}),
    ("workshops", "no longer than an hour and a quarter", {"hours <= 1.25"}),
    ("workshops", "it may cost over 50, pottery please", {"craft = Pottery"}),
    ("spielzeug", "ein Puzzle, sie ist 4", {"art = Puzzle", "alter = 3-5"}),
    ("spielzeug", "für meinen 11-jährigen, bis 30 Euro", {"alter = 10+", "preis <= 30"}),
    ("营地", "适合七岁孩子的攀岩", {"最小年龄 <= 7", "最大年龄 >= 7", "主题 = 攀岩"}),
    ("panels", "oak, 240 x 60", {"wood = Oak", "length_cm = 240", "width_cm = 60"}),
    ("panels", "at least 2 m long and 40 cm wide", {"length_cm >= 200", "width_cm >= 40"}),
    ("panels", "no wider than 1 metre, no longer than 2", {"width_cm <= 100", "length_cm <= 200"}),
    ("panels", "mindestens 2 Meter lang, keine Eiche", {"length_cm >= 200", "wood != Oak"}),
    ("panels", "三层的，宽度不超过一米一", {"width_cm <= 110"}),
    ("moorings", "our boat is 11 m long, no buoys", {"max_length_m >= 11", "kind != Buoy"}),
    ("moorings", "two free berths at a jetty", {"free_berths >= 2", "kind = Jetty"}),
    ("moorings", "groups of 12 at most", {"group_max <= 12"}),
    ("moorings", "I don't need showers, a quay", {"kind = Quay"}),
    ("moorings", "no showers needed", set()),
    ("moorings", "without showers", {"showers = False"}),
    ("ski", "ich bin 1,72 m groß, keine Rennski", {"körpergröße_von <= 172", "körpergröße_bis >= 172", "art != Rennski"}),
    ("ski", "alles außer Renn- und Tourenski", {"art != Rennski", "art != Tourenski"}),
    ("ski", "Helm muss nicht dabei sein, höchstens 30 am Tag", {"preis_tag <= 30"}),
    ("moorings", "my yacht is 9 m long", {"max_length_m >= 9"}),
    ("microscopes", "I need it in six weeks", {"ready_weeks <= 6"}),
    ("microscopes", "used is absolutely fine, no heated stage", {"stage != Heated"}),
    ("microscopes", "a camera or not, sliding", {"stage = Sliding"}),
    ("microscopes", "between a size 4 and a size 8", {"size in ['4', '6', '8']"}),
    ("microscopes", "with a lid, but not a long one", {"lid = short", "lid != long"}),
    ("microscopes", "under a grand", {"price < 1000"}),
    ("microscopes", "my heated one broke, never again", {"stage != Heated"}),
    ("microscopes", "no more than one drawer", set()),
    ("workshops", "at most 40 visitors, no carving", {"craft != Carving"}),
    ("ski", "Tourenski hatte ich mal, keine Rennski", {"art != Tourenski", "art != Rennski"}),
    ("panels", "five layers at least", {"layers in ['5', '7']"}),
]  # fmt: skip


def _said(name: str, text: str) -> set[str]:
    return {
        f"{c.field} {c.op} {c.value:g}" if isinstance(c.value, float) else f"{c.field} {c.op} {c.value}"
        for c in read(text, SHOPS[name]).conditions
    }


@pytest.mark.parametrize(("name", "text", "expected"), SAID, ids=[text for _, text, _ in SAID])
def test_people_and_measures_bind_the_fields_that_they_are_told_for(name: str, text: str, expected: set[str]) -> None:
    assert _said(name, text) == expected


def test_a_superlative_keeps_the_field_that_it_is_about() -> None:
    reading = read("the biggest objective under 900", SHOPS["microscopes"])
    assert reading.order is not None
    assert (reading.order.field, reading.order.descending) == ("objective_mm", True)
    assert [f"{c.field} {c.op} {c.value:g}" for c in reading.conditions] == ["price < 900"]


def test_fewest_last_turns_an_order_round() -> None:
    order = read("oak, cheapest last", SHOPS["panels"]).order
    assert order is not None
    assert (order.field, order.descending) == ("price", True)


def test_too_much_of_something_asks_for_less() -> None:
    reading = read("the oak ones are too thick, ash please", SHOPS["panels"])
    assert [f"{c.field} {c.op} {c.value}" for c in reading.conditions] == ["wood = Ash"]
    assert "oak" in " ".join(reading.not_applied)


def test_a_measure_of_what_somebody_has_is_named_where_more_or_less_may_be_meant() -> None:
    reading = read("my shelf is 90 cm long, oak", SHOPS["panels"])
    assert [f"{c.field} {c.op} {c.value}" for c in reading.conditions] == ["wood = Oak"]
    assert "90" in " ".join(reading.not_applied)


@pytest.mark.parametrize("text", ["a finch, my boys are 7 and 10", "einen Kanarienvogel, sie ist 9"])
def test_ages_that_no_field_takes_are_named(text: str) -> None:
    said = " ".join(read(text, SHOPS["birds"]).not_applied)
    assert "10" in said or "9" in said


def test_the_hardest_and_the_thinnest_are_orders() -> None:
    hardest, thinnest = (
        read("the hardest one in Basel", SHOPS["workshops"]).order,
        read("the thinnest oak", SHOPS["panels"]).order,
    )
    assert hardest is not None
    assert (hardest.field, hardest.descending) == ("difficulty", True)
    assert thinnest is not None
    assert (thinnest.field, thinnest.descending) == ("thickness_mm", False)
