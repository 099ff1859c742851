"""How the fields of a shop that no wording was written for are spoken of: with a verb, with their units, in the shopper's own words."""

from __future__ import annotations

from collections import Counter

import pytest

from tastemaker.agents.explaining.own_words import refused_words
from tastemaker.agents.explaining.rendered import render_composition, render_message
from tastemaker.agents.explaining.wording import wording
from tastemaker.core.language.catalogue_language import concept_of
from tastemaker.core.schemas import (
    Act,
    AttributeValue,
    Brief,
    CatalogueField,
    Condition,
    Constraint,
    Item,
    Language,
    RankedItem,
    Reading,
    Understanding,
)
from tastemaker.stores.ingest.numbers import money_in
from tastemaker.stores.ingest.price_guess import _currencies
from tastemaker.stores.ingest.values import separators_of


def number(name: str, unit: str = "", low: float = 0, high: float = 100) -> CatalogueField:
    return CatalogueField(name=name, type="number", unit=unit, minimum=low, maximum=high)


def words(name: str, *values: str) -> CatalogueField:
    return CatalogueField(name=name, type="text", values=values)


SHOP = (
    number("weight_kg"),
    number("min_age"),
    number("min_nights"),
    number("warranty_years"),
    number("baujahr", low=1890, high=2024),
    number("wohnfläche", "m²"),
    number("max_players"),
    number("doors"),
    number("laptop_size", "inch"),
    words("venue", "Kulturbrauerei"),
    words("closure", "Zip", "Buttons"),
    words("setting", "indoor", "outdoor"),
)


@pytest.mark.parametrize(
    ("field", "value", "said"),
    [
        ("weight_kg", 3.3, "weighs 3.3 kg"),
        ("min_age", 8.0, "is for ages 8 and up"),
        ("min_age", 0.0, "is for all ages"),
        ("min_nights", 2.0, "has a minimum of 2 nights"),
        ("warranty_years", 1.0, "has a warranty of 1 year"),
        ("baujahr", 1924.0, "is from 1924"),
        ("wohnfläche", 70.0, "has 70 m²"),
        ("max_players", 5.0, "takes up to 5 people"),
        ("doors", 1.0, "has 1 door"),
        ("laptop_size", 15.0, "has a laptop size of 15 inches"),
        ("price", 0.0, "is free"),
        ("venue", "Kulturbrauerei", "is at Kulturbrauerei"),
        ("closure", "Zip", "has Zip as its closure"),
        ("setting", ["outdoor", "indoor"], "is in an outdoor and indoor setting"),
    ],
)
def test_what_is_said_of_a_field_has_a_verb_and_the_unit(field: str, value: AttributeValue, said: str) -> None:
    about = Brief(price_field="price", price_unit="EUR", fields=SHOP)
    assert wording("en").about(SHOP).says(field, value, about) == said


def test_what_stays_at_its_place_is_in_a_country_and_what_is_sold_comes_from_it() -> None:
    country = words("country", "Italy")
    assert wording("en").about([country]).says("country", "Italy", Brief()) == "comes from Italy"
    assert wording("en").about([country, words("venue", "Arena")]).says("country", "Italy", Brief()) == "is in Italy"


def test_nouns_of_another_language_keep_their_capitals() -> None:
    german = [words("farbe", "Grün", "Weiß", "Natürlich", "Rot", "Kirsche")]
    assert wording("en").about(german).value("farbe", "Kirsche") == "Kirsche"
    assert wording("en").about(german).value("farbe", "Rot") == "red"
    assert wording("en").about([words("colour", "Red")]).value("colour", "Red") == "red"


@pytest.mark.parametrize(
    ("language", "typed", "constraint", "said"),
    [
        ("en", "zipped", Constraint(field="closure", op="=", value="Zip"), "zipped"),
        ("en", "zips", Constraint(field="closure", op="!=", value="Zip"), "not zips"),
        ("en", "no zips", Constraint(field="closure", op="!=", value="Zip"), "no zips"),
        ("en", "oily skin", Constraint(field="适用肤质", op="contains", value="油性"), "oily skin"),
        ("en", "", Constraint(field="min_age", op="<=", value=9), "for age 9"),
        ("en", "", Constraint(field="age_to", op="not <", value=9), "for age 9"),
        ("de", "", Constraint(field="alter_bis", op="not <", value=9), "für 9-Jährige"),
        ("zh", "", Constraint(field="最多人数", op=">=", value=6), "适合6人"),
        ("zh", "防水", Constraint(field="waterproof", op="=", value=True), "防水"),
        ("zh", "黑色", Constraint(field="colour", op="!=", value="Black"), "不要黑色"),
    ],
)
def test_a_condition_is_repeated_in_the_shopper_s_own_words(
    language: Language, typed: str, constraint: Constraint, said: str
) -> None:
    held = Condition(condition_id="c1", field=constraint.field, op=constraint.op, value=constraint.value, words=typed)
    about = Brief(understanding=Understanding(constraints=(constraint,), reading=Reading(conditions=(held,))))
    assert wording(language).asks(constraint, about) == said


def listed(text: str, act: Act = "ask", unparsed: tuple[str, ...] = ()) -> Brief:
    items = [Item(item_id=str(i), title=f"Bag {i}", attributes={"closure": "Zip", "price": 10.0 + i}) for i in (1, 2)]
    return Brief(
        text=text,
        understanding=Understanding(unparsed=unparsed, reading=Reading(act=act)),
        items=tuple(RankedItem(item=item, rank=i, score=1.0) for i, item in enumerate(items, 1)),
        fields=SHOP,
        price_field="price",
    )


@pytest.mark.parametrize(
    ("text", "act", "said"),
    [
        ("show me more", "more", "Here are 2 more."),
        ("undo", "undo", "Back to where you were, with 2 items."),
        ("start again", "start again", "Starting afresh, here are 2 items."),
        ("还有吗", "more", "再给您看 2 件。"),
    ],
)
def test_a_turn_about_the_list_is_not_quoted_as_a_wish(text: str, act: Act, said: str) -> None:
    assert render_message(listed(text, act)).text == said


def test_what_was_not_applied_is_said_in_the_sentence_that_presents_the_list() -> None:
    said = render_message(listed("a bag for a plane", unparsed=("plane",))).text
    assert said.split(". ")[0] == "Here are 2 items for “a bag for a plane”, though I could not apply “plane”."


def test_a_second_sentence_is_left_out_where_it_answers_nothing() -> None:
    held = Constraint(field="price", op="<=", value=50.0)
    about = listed("a bag under 50").model_copy(update={"understanding": Understanding(constraints=(held,))})
    assert not any("Zip" in reason.text for reason in render_composition(about).reasons)


def test_a_number_of_years_is_no_year() -> None:
    assert concept_of(number("warranty_years", high=10)) is None
    assert (found := concept_of(number("years", low=1950, high=2020)))
    assert found.name == "year"


def test_a_fraction_is_one_size_and_no_list() -> None:
    assert separators_of(Counter(["4/4", "3/4", "1/2", "3/4", "1/4", "1/2"])) == ()
    assert separators_of(Counter(["40/41", "40/42", "41/42", "40/41/42"])) == ("/",)


def test_the_thing_refused_is_called_as_the_shopper_calls_it() -> None:
    held = Constraint(field="colour", op="!=", value="black")
    said = Condition(condition_id="c1", field="colour", op="!=", value="black", words="不要 黑色")
    assert refused_words(held, Understanding(reading=Reading(conditions=(said,)))) == "黑色"


@pytest.mark.parametrize(
    ("name", "texts", "currency"),
    [("价格", ("¥387", "¥52"), "CNY"), ("価格", ("¥387", "¥52"), "JPY"), ("price", ("¥387", "12元"), "CNY")],
)
def test_a_yen_sign_is_the_yuan_in_a_column_that_is_named_in_chinese(
    name: str, texts: tuple[str, ...], currency: str
) -> None:
    assert list(_currencies(name, dict.fromkeys(texts, 1), {text: money_in(text) for text in texts})) == [currency]


def test_a_chinese_field_named_with_its_unit_has_the_unit_after_the_number() -> None:
    battery = CatalogueField(name="续航小时", type="number", minimum=4, maximum=60)
    assert wording("zh").about([battery]).says("续航小时", 10.0, Brief(fields=(battery,))) == "续航10小时"
