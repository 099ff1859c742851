"""Words that no text of a shop has are searched for by what the texts call them."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tastemaker.core.language.catalogue_language import CatalogueLanguage, compile_language
from tastemaker.core.language.said_otherwise import said_otherwise
from tastemaker.core.ranking.query import CandidateQuery
from tastemaker.core.schemas import CatalogueField, CatalogueSchema, Condition, HistoryProfile, Reading, Understanding
from tastemaker.graphs.steps.retrieve import otherwise


def shop(*texts: str) -> CatalogueLanguage:
    """Return the language of a shop of garden things with these texts."""
    kinds = CatalogueField(name="kind", type="text", values=("Seat", "Tool"))
    return compile_language(CatalogueSchema(fields=(kinds,), count=40), {}, texts)


ENGLISH = shop("A hammock for two trees.", "An umbrella against the rain.", "A folding table.", "A skillet of iron.")
GERMAN = shop("Hängematte für zwei Bäume.", "Ein Schirm gegen den Regen.", "Eine Suppe kocht darin.")
CHINESE = shop("结实的吊床。", "防雨的雨伞。")


@pytest.mark.parametrize(
    ("word", "language", "found"),
    [
        ("hängematte", ENGLISH, "hammock"),
        ("吊床", ENGLISH, "hammock"),
        ("煎锅", ENGLISH, "skillet"),
        ("klapptisch", ENGLISH, "table"),
        ("hammock", GERMAN, "Hängematte"),
        ("soup", GERMAN, "Suppe"),
        ("umbrella", CHINESE, "雨伞"),
        ("frypan", ENGLISH, "skillet"),
    ],
)
def test_a_word_is_called_what_the_texts_call_it(word: str, language: CatalogueLanguage, found: str) -> None:
    told = said_otherwise([word], language.words)
    assert found in told


@pytest.mark.parametrize("word", ["hammock", "spaceship", "xyzzy", "飞船"])
def test_what_the_texts_have_or_nobody_sells_is_called_nothing_else(word: str) -> None:
    assert said_otherwise([word], ENGLISH.words) == ()


@pytest.mark.parametrize(
    ("text", "conditions", "found"),
    [("Hängematte", {}, ("hammock",)), ("hammock", {}, ()), ("吊床煎锅", {"煎锅": "Tool"}, ("hammock",)), ("", {}, ())],
)
def test_only_words_that_remain_and_no_text_has_are_looked_up(
    text: str, conditions: dict[str, str], found: tuple[str, ...]
) -> None:
    read = tuple(
        Condition(condition_id=w, field="kind", op="=", value=value, words=w) for w, value in conditions.items()
    )
    wish = Understanding(query=text, intent="recommend", reading=Reading(conditions=read))
    query = CandidateQuery(understanding=wish, profile=HistoryProfile(user_id="u", known=False))
    told = otherwise(query, ENGLISH)
    assert told == found
    assert query.words.casefold() == text.casefold()
    assert replace(query, otherwise=told).words.split()[-len(told) :] == list(told) or not told
