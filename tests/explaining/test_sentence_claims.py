"""No sentence of a model turns round what a record says: denials, guesses, look-alikes, parts and limits are kept apart."""

from __future__ import annotations

import pytest

from tastemaker.agents.explaining.clauses import NO, OPEN, YES, clauses_of
from tastemaker.agents.explaining.sentence_check import check_words
from tastemaker.core.schemas import Brief, Evidence, Item
from tastemaker.evals.words.sentence_labels import measure


@pytest.mark.parametrize(
    ("text", "word", "state"),
    [
        ("Free from gluten.", "gluten", NO),
        ("Gluten-free oats.", "gluten", NO),
        ("Gluten-free oats.", "oats", YES),
        ("Does not fit iPhone 15.", "15", NO),
        ("Doesn't fit the old one.", "old", NO),
        ("Batteries not included.", "batteries", NO),
        ("Mattress excluded.", "mattress", NO),
        ("Not suitable for children under 36 months.", "children", NO),
        ("Without egg, mustard or soya.", "soya", NO),
        ("No perfume and no alcohol.", "alcohol", NO),
        ("Survives rain but cannot swim.", "rain", YES),
        ("Survives rain but cannot swim.", "swim", NO),
        ("May contain nuts.", "nuts", OPEN),
        ("Looks like leather but is made of cork.", "leather", OPEN),
        ("Looks like leather but is made of cork.", "cork", YES),
        ("An oak effect top.", "oak", OPEN),
        ("Faux fur.", "fur", OPEN),
        ("Coconut milk.", "milk", OPEN),
        ("Fresh milk.", "milk", YES),
        ("Flame retardant? No.", "retardant", OPEN),
        ("Not only soft but warm.", "soft", YES),
        ("Not free from nuts.", "nuts", OPEN),
        ("Front wheel drive rather than all wheel drive.", "front", YES),
        ("Front wheel drive rather than all wheel drive.", "all", NO),
    ],
)
def test_a_denial_reaches_to_the_end_of_its_clause(text: str, word: str, state: int) -> None:
    found = {w: s for c in clauses_of(text) for w, s in zip(c.words, c.states, strict=True)}
    assert found[word] == state


def judged(record: str, sentence: str, **attributes: str | float | bool | list[str]) -> str | None:
    item = Item(item_id="1", title="Thing", text=record, attributes=attributes)
    said = Evidence(evidence_id="text-1", kind="text", source="request", content=f"a thing: {sentence}", confidence=1)
    return check_words(sentence, item, Brief(text=said.content, evidence=(said,)), ())


FREE = "Free from {}. Contains {}."
NOT_FOR = "Not suitable for {}. Suitable for {}."


@pytest.mark.parametrize(
    ("one", "other"), [("gluten", "milk"), ("lactose", "egg"), ("nickel", "latex"), ("nuts", "soya")]
)
def test_what_a_record_is_free_from_is_never_said_to_be_in_it(one: str, other: str) -> None:
    record = FREE.format(one, other)
    assert judged(record, f"It contains {one}.")
    assert judged(record, f"It is free from {other}.")
    assert judged(record, f"It has {one} and {other}.")
    assert judged(record, f"It is free from {one}.") is None
    assert judged(record, f"This thing contains {other}.") is None


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("children under 36 months", "adults"),
        ("wide feet", "narrow feet"),
        ("dogs", "cats"),
        ("16 inch models", "14 inch models"),
    ],
)
def test_whom_or_what_a_record_does_not_suit_is_never_turned_round(one: str, other: str) -> None:
    record = NOT_FOR.format(one, other)
    assert judged(record, f"It is suitable for {one}.")
    assert judged(record, f"It suits {one}.")
    assert judged(record, f"It is not suitable for {other}.")
    assert judged(record, f"It is suitable for {other}.") is None
    assert judged(record, f"It is not suitable for {one}.") is None


@pytest.mark.parametrize("material", ["leather", "oak", "wool", "silk", "gold"])
def test_a_material_that_is_only_seemed_faked_or_elsewhere_is_not_claimed(material: str) -> None:
    for record in (
        f"Looks like {material}.",
        f"Faux {material} cover.",
        f"A {material} effect top.",
        f"No {material} in it.",
    ):
        assert judged(record, f"It is made of {material}."), record
        assert judged(record, f"This {material} thing is here."), record
    assert judged(f"A thing with {material} laces.", f"It is made of {material}.")
    assert judged(f"A thing with {material} laces.", f"It has {material} laces.") is None
    assert judged(f"A thing made of {material}.", f"It is made of {material}.") is None
    assert judged("A thing.", f"It is made of {material}.", material=material.title()) is None


def test_attributes_deny_as_texts_do() -> None:
    assert judged("A thing.", "It is waterproof.", waterproof=False)
    assert judged("A thing.", "It is waterproof.", waterproof="no")
    assert judged("A thing.", "It is waterproof.", waterproof=True) is None
    assert judged("A thing.", "It contains dairy.", free_from=["Dairy"])
    assert judged("A thing.", "It is free from dairy.", free_from=["Dairy"]) is None


def test_limits_keep_their_direction() -> None:
    record = "Carries up to 20 kg. For ages over 6 years."
    assert judged(record, "It carries over 20 kg.")
    assert judged(record, "It is for ages under 6 years.")
    assert judged(record, "It carries up to 20 kg.") is None


def test_no_false_sentence_of_the_labelled_sets_is_let_through_and_few_true_ones_are_refused() -> None:
    found, kept = measure("dev"), measure("held_out")
    assert found["wrong"]["false_accepts"] == kept["wrong"]["false_accepts"] == []
    assert found["false_reject_share"] <= 0.1


STOOL = (
    "Stool with a walnut seat and a padded back. Legs of steel, a wide footrest. Do not sand. Height from 55 to 75 cm."
)
HOB = "Pan with a lid. Suitable for gas and electric hobs, not for induction hobs. The lid is included and cannot be used in ovens."
STALL = "Smoked over alder. Spiced with cumin, no added salt. Steel tin, no key needed. Keep away from heat. Folds away after use."
TALE = "A baker finds a parrot in her cellar and hides it from the mayor. There is no ghost in it."


@pytest.mark.parametrize(
    ("record", "sentence"),
    [
        (STOOL, "The back is padded."),
        (STOOL, "It has a padded back and a walnut seat."),
        (STOOL, "It has steel legs and a wide footrest."),
        (HOB, "It suits electric hobs."),
        (HOB, "The lid is included."),
        (HOB, "It is suitable for gas, as you asked."),
        (STALL, "It is smoked over alder."),
        (STALL, "You asked for no added salt, and it is spiced with cumin."),
        (STALL, "It comes in a steel tin."),
        (STALL, "It folds away after use."),
    ],
)
def test_a_record_may_be_said_in_other_words(record: str, sentence: str) -> None:
    assert judged(record, sentence) is None


@pytest.mark.parametrize(
    ("record", "sentence"),
    [
        (STOOL, "The seat is padded."),
        (STOOL, "The back is walnut."),
        (STOOL, "It has a walnut back and a padded seat."),
        (STOOL, "It has walnut legs and a padded footrest."),
        (STOOL, "The footrest is steel."),
        (STOOL, "You can sand it."),
        (HOB, "It suits induction hobs."),
        (HOB, "The lid is used in ovens."),
        (HOB, "The lid is not included."),
        (STALL, "It is made of alder."),
        (STALL, "You asked for salt, and it has added salt."),
        (STALL, "It needs a key."),
        (STALL, "You asked for no cumin, and it suits that."),
        (STALL, "It stands heat."),
        ("Lactose: none. Nuts, none. Egg: no.", "It has lactose and nuts."),
        ("Lactose: none. Nuts, none. Egg: no.", "It has egg."),
        ("Suede and nylon are not used.", "It has suede."),
        ("Cod, lemon and dill. For fishing trips.", "It is for trips with fish."),
        ("Skirt in viscose that falls like silk.", "This skirt is in silk."),
    ],
)
def test_other_words_never_give_a_thing_what_the_record_gives_to_another(record: str, sentence: str) -> None:
    assert judged(record, sentence) is not None


def test_a_story_is_about_what_its_text_tells() -> None:
    assert judged(TALE, "It is a comedy about a baker.", genres=["Comedy"]) is None
    assert judged(TALE, "It is a comedy about a ghost.", genres=["Comedy"]) is not None
    assert judged(TALE, "It is a comedy about a mayor.", genres=["Drama"]) is not None


def test_a_unit_is_spelled_out_only_as_itself() -> None:
    assert judged("A barrel.", "It holds 30 litres.", volume_l=30.0) is None
    assert judged("A barrel.", "It holds 30 kilograms.", volume_l=30.0) is not None


def test_as_you_asked_takes_no_material_along() -> None:
    item = Item(item_id="1", title="Pot", text="A red clay pot. Red steel lid.", attributes={})
    said = Evidence(evidence_id="text-1", kind="text", source="request", content="something red", confidence=1)
    assert check_words("It has a red steel lid, as you asked.", item, Brief(text=said.content, evidence=(said,)), ())
