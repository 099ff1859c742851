"""Read columns and values that say what a thing has none of: who wants no nuts is shown "nut free", never the rest."""

from __future__ import annotations

import pytest

from tastemaker.agents.understanding.reader import read

from .unseen_shops import flag, number, shop, words

FLAGS = shop(
    number("price", 2, 40, price=True),
    flag("gluten_free"),
    flag("sugar_free"),
    flag("alcohol_free"),
    flag("fragrance_free"),
    flag("free_wifi"),
    flag("towel_free"),
    flag("no_deposit"),
)
LABELS = shop(
    number("price", 2, 40, price=True),
    words(
        "labels", "Gluten-free|Sugar-free|Nut free|Alcohol-free|No deposit|Hands-free|Timeless|Free wifi", several=True
    ),
)
WANTED = [
    ("without gluten", "gluten_free"),
    ("allergic to gluten", "gluten_free"),
    ("no gluten please", "gluten_free"),
    ("nothing with gluten in it", "gluten_free"),
    ("I don't want sugar", "sugar_free"),
    ("no alcohol", "alcohol_free"),
    ("she hates fragrance", "fragrance_free"),
    ("fragrance gives me headaches", "fragrance_free"),
    ("wifi please", "free_wifi"),
    ("free wifi", "free_wifi"),
    ("a towel for nothing", "towel_free"),
    ("without a deposit", "no_deposit"),
]
LABELLED = [
    ("without gluten", "Gluten-free", True),
    ("allergic to nuts", "Nut free", True),
    ("no nuts", "Nut free", True),
    ("with nuts", "Nut free", False),
    ("I don't want sugar", "Sugar-free", True),
    ("without sugar", "Sugar-free", True),
    ("with alcohol", "Alcohol-free", False),
    ("without a deposit", "No deposit", True),
    ("hands free", "Hands-free", True),
    ("with wifi", "Free wifi", True),
]


@pytest.mark.parametrize(("text", "field"), WANTED)
def test_who_wants_none_wants_the_flag_that_says_so(text: str, field: str) -> None:
    assert [(c.field, c.op, c.value) for c in read(text, FLAGS).conditions] == [(field, "=", True)]


@pytest.mark.parametrize("text", ["with alcohol", "alcohol please"])
def test_who_wants_some_wants_the_flag_not_set(text: str) -> None:
    assert [(c.field, c.op, c.value) for c in read(text, FLAGS).conditions] == [("alcohol_free", "=", False)]


@pytest.mark.parametrize(("text", "value", "has"), LABELLED)
def test_who_wants_none_wants_the_label_that_says_so(text: str, value: str, has: bool) -> None:
    op = "contains" if has else "not contains"
    assert [(c.op, c.value) for c in read(text, LABELS).conditions] == [(op, value)]


def test_a_label_that_is_a_word_of_its_own_denies_nothing() -> None:
    assert read("no time to lose", LABELS).conditions == ()


def test_a_column_called_notes_denies_nothing() -> None:
    coffee = shop(number("price", 2, 40, price=True), words("notes", "Smoky|Nutty|Citrus", several=True))
    assert [(c.op, c.value) for c in read("not smoky", coffee).conditions] == [("not contains", "Smoky")]
    assert [(c.op, c.value) for c in read("smoky notes", coffee).conditions] == [("contains", "Smoky")]
