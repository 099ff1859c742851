"""Answers are in the language of the request, the thread or the shop, and every language can say everything."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from typing import Any

import pytest

from tastemaker.agents.explaining.answer_language import language_of
from tastemaker.agents.explaining.rendered import render_composition
from tastemaker.agents.explaining.wording import shipped_wording
from tastemaker.core.schemas import (
    Brief,
    CatalogueField,
    Condition,
    Constraint,
    Item,
    Language,
    RankedItem,
    Understanding,
)

PARTS = ("learnt", "sentences", "opening", "breaches", "questions", "answers", "conflicts", "conflict_effects")
FEWEST_WAYS = 5


def table(language: Language) -> dict[str, Any]:
    return tomllib.loads(shipped_wording(language))


def leaves(part: Any, path: str = "") -> Iterator[tuple[str, list[str]]]:
    if isinstance(part, dict):
        for key, value in part.items():
            yield from leaves(value, f"{path}.{key}")
    else:
        yield path, part if isinstance(part, list) else [part]


@pytest.mark.parametrize("language", ["de", "zh"])
@pytest.mark.parametrize("part", PARTS)
def test_every_language_says_everything_with_the_same_slots(language: Language, part: str) -> None:
    english, other = dict(leaves(table("en")[part])), dict(leaves(table(language)[part]))
    assert english.keys() == other.keys()
    for path, ways in other.items():
        known = {slot.lower() for way in english[path] for slot in re.findall(r"\{(\w+)\}", way)}
        assert {slot.lower() for way in ways for slot in re.findall(r"\{(\w+)\}", way)} <= known, path
        assert part != "sentences" or len(ways) >= FEWEST_WAYS, path


@pytest.mark.parametrize(
    ("text", "before", "german_shop", "language"),
    [
        ("eine rote Jacke unter 50 Euro", None, False, "de"),
        ("rote Schuhe", None, False, "de"),
        ("rote Schuhe", "en", False, "en"),
        ("a red jacket under 50 euros", None, True, "en"),
        ("und ohne Kapuze", "en", False, "de"),
        ("Adidas", "de", False, "de"),
        ("Adidas", None, True, "de"),
        ("", None, False, "en"),
        ("", "zh", False, "zh"),
        ("便宜的红色夹克", "en", False, "zh"),
    ],
)
def test_the_language_is_that_of_the_words_else_of_the_thread_else_of_the_shop(
    text: str, before: Language | None, german_shop: bool, language: Language
) -> None:
    assert language_of(text, before, german_shop=german_shop) == language


FIELDS = (
    CatalogueField(name="price", type="number", role="price", unit="EUR", minimum=5, maximum=2000),
    CatalogueField(name="colour", type="text", values=("Red", "Blue")),
    CatalogueField(name="weight_kg", type="number", unit="kg", minimum=1, maximum=30),
)


def brief(text: str, language: Language, *held: Constraint, words: str = "") -> Brief:
    item = Item(item_id="a", title="Trail 5", attributes={"price": 1049.5, "colour": "Red", "weight_kg": 7.5})
    said = tuple(Condition(condition_id="", field=c.field, op=c.op, value=c.value, words=words) for c in held)
    return Brief(
        text=text,
        understanding=Understanding(constraints=held, conditions=said, language=language),
        items=(RankedItem(item=item, rank=1, score=1),),
        price_field="price",
        price_unit="EUR",
        fields=FIELDS,
    )


def test_a_german_request_is_answered_in_german_with_german_figures() -> None:
    limit = Constraint(field="price", op="<=", value=1200, source="text")
    told = render_composition(brief("höchstens 1200 Euro", "de", limit, words="höchstens 1200 Euro"))
    assert told.message.text == (
        "Hier ist ein Vorschlag zu „höchstens 1200 Euro“. Dafür gilt, was du wolltest: höchstens 1.200 €."
    )
    assert "1.049,50 €" in told.reasons[0].text


@pytest.mark.parametrize(
    ("words", "relative", "language", "told"),
    [
        ("cheaper", True, "en", "1,100 EUR"),
        ("around 1,000", False, "en", "around 1,000"),
        ("günstiger", True, "de", "1.100 €"),
        ("便宜一点", True, "zh", "1,100 EUR"),
    ],
)
def test_no_reason_says_that_a_figure_was_set_that_nobody_named(
    words: str, relative: bool, language: Language, told: str
) -> None:
    held = Constraint(field="price", op="<", value=1100, source="text", relative=relative)
    for n in range(7):
        about = brief(words + " " * n, language, held, words=words)
        composition = render_composition(about)
        reason = composition.reasons[0].text
        assert told.casefold() in reason.casefold()
        assert not re.search(r"You set|your limit|you allowed|deine Grenze|deine \d|Grenze|上限|预算", reason), reason
    assert words in composition.message.text


def test_a_figure_that_was_named_is_the_shoppers() -> None:
    held = Constraint(field="price", op="<", value=1100, source="text")
    ways = {render_composition(brief("x" * n, "en", held, words="under 1,100")).reasons[0].text for n in range(9)}
    assert any("You set 1,100 EUR as the most" in way for way in ways)
