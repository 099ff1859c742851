"""Every construct over values of every kind: joined by marks, with signs, one within another, words of grammar, single letters."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

import pytest

from tastemaker.agents.understanding.reader import read
from tastemaker.core.language.catalogue_language import CatalogueLanguage

from ..shops.loader import number, shop, words

KINDS = (
    "Soft|Medium Firm|Firm|Extra Firm",
    "Left-handed|Right-handed|Ambidextrous",
    "Indoor|Outdoor|Indoor/Outdoor",
    "Gas|Electric|Gas & Electric",
    "2-pack|4-pack|12-pack",
    "Grade A|Grade B|Grade C",
    "Level 1|Level 2|Level 3",
    "In stock|Out of stock|Pre-order",
    "New|Used - good|Used - fair|Refurbished",
    "A+++|A++|A+",
    "€€|€€€|€€€€",
    "USB-C|USB-A|Micro-USB",
    "Cat 5|Cat 6|Cat 7",
    "<1h|1-2h|>2h",
    "Mon-Fri|Weekends",
    "Machine washable|Hand wash only|Dry clean only",
    "Basic|Premium|Premium Plus",
    "Slim fit|Regular fit|Relaxed fit",
    "Full-time|Part-time|Temporary",
    "Remote|Hybrid|On-site",
)
WANTED = ("{v}", "{v} please", "I need {v}", "the {v} one", "{v} only", "it has to be {v}")
REFUSED = ("not {v}", "no {v}", "anything but {v}", "I don't want {v}", "it mustn't be {v}", "NOT {v}")
LETTERS = ("S|M|XL", "U|PG|12A", "AM|PM|Night", "Basic|Plus|Premium")
"""Values that are letters or words of grammar: they count beside another one of their field."""


def _shop(values: str) -> CatalogueLanguage:
    return shop(words("product", "Widget|Gadget"), words("option", values), number("price", 1, 900, "USD", price=True))


def _allowed(text: str, language: CatalogueLanguage) -> set[str]:
    """Return the values of ``option`` that the conditions of a text leave."""
    left = set(language.fields["option"].values)
    for c in read(text, language).conditions:
        named = set(c.value) if isinstance(c.value, list | tuple) else {str(c.value)}
        left = left & named if c.op in ("=", "in") else left - named
    return left


def _within(value: str, values: list[str]) -> set[str]:
    """Return the values in which one stands as a word, which may be meant with it."""
    return {v for v in values if value.casefold() in v.casefold() or v.casefold() in value.casefold()}


def _wrong(values: str, *, low: bool) -> Iterator[str]:
    language, listed = _shop(values), values.split("|")
    for value in listed:
        said = value.lower() if low else value
        near = _within(value, listed)
        for way in WANTED:
            left = _allowed(way.format(v=said), language)
            if value not in left or not left <= near:
                yield f"{way.format(v=said)}: leaves {sorted(left)}"
        for way in REFUSED:
            left = _allowed(way.format(v=said), language)
            if value in left or not set(listed) - near <= left:
                yield f"{way.format(v=said)}: leaves {sorted(left)}"


@pytest.mark.parametrize("values", KINDS)
@pytest.mark.parametrize("low", [False, True], ids=["as written", "in lower case"])
def test_a_value_is_wanted_and_refused_as_it_is_written(values: str, *, low: bool) -> None:
    assert not list(_wrong(values, low=low))


@pytest.mark.parametrize("values", LETTERS)
@pytest.mark.parametrize("low", [False, True], ids=["as written", "in lower case"])
def test_a_value_that_is_a_word_of_grammar_counts_beside_another_one(values: str, *, low: bool) -> None:
    language, listed = _shop(values), values.split("|")
    for one, other in pairwise(listed):
        a, b = (one.lower(), other.lower()) if low else (one, other)
        assert _allowed(f"{a} or {b}", language) == {one, other}
        assert not {one, other} & _allowed(f"neither {a} nor {b}", language)


@pytest.mark.parametrize(
    ("values", "text", "left"),
    [
        ("Basic|Plus|Premium", "premium, not plus", {"Premium"}),
        ("S|M|XL", "m, not s", {"M"}),
        ("S|M|XL", "sizes s and m", {"S", "M"}),
        ("Gas|Electric|Gas & Electric", "Gas & Electric, not Gas", {"Gas & Electric"}),
        ("Gas|Electric|Gas & Electric", "gas & electric, though not electric only", {"Gas & Electric"}),
        ("AM|PM|Night", "i am after night", {"Night"}),
        ("€|€€|€€€", "10€ or €€€", {"€€€"}),
    ],
)
def test_values_beside_each_other(values: str, text: str, left: set[str]) -> None:
    assert _allowed(text, _shop(values)) == left
