"""Hold questions: what can be asked, which one tells most, and what an answer does to an order."""

from __future__ import annotations

import time
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tastemaker.agents.explaining.rendered import question_in_words
from tastemaker.core.questions.answerable_facets import (
    Facet,
    _buckets,
    alternatives,
    attribute_facet,
    facets_of,
    title_facets,
)
from tastemaker.core.questions.information_gain import (
    TEMPERATURE,
    answer_model,
    answer_scores,
    beliefs,
    best_offer,
    gain_bits,
    offer_of,
    question_of,
)
from tastemaker.core.ranking.query import CandidateQuery
from tastemaker.core.ranking.stated_preferences import WORDS_FIELD
from tastemaker.core.schemas import (
    Answered,
    CatalogueField,
    CatalogueSchema,
    Choice,
    HistoryProfile,
    Item,
    Preference,
    Question,
    ThreadMemory,
    Understanding,
)
from tastemaker.core.settings import ElicitSettings
from tastemaker.graphs.steps.ask import choose_question

SCHEMA = CatalogueSchema(
    fields=(
        CatalogueField(name="price", type="number", role="price", unit="EUR"),
        CatalogueField(name="colour", type="text"),
        CatalogueField(name="objects", type="list"),
        CatalogueField(name="framed", type="bool"),
        CatalogueField(name="code", type="text"),
    )
)
ITEMS = [
    Item(
        item_id=f"i{i}",
        title=f"Print {i}",
        attributes={
            "price": float(10 + i),
            "colour": ("Red", "Blue", "Green", "Black")[i % 4],
            "objects": ["dog"] if i < 4 else ["boat", "sea"],
            "framed": i == 0,
            "code": f"c{i}",
        },
    )
    for i in range(16)
]
EVEN = np.full(16, 1 / 16)
_ANY_NUMBER = st.one_of(st.sampled_from((1.234, 19.99, 0.0, -3.0, 1e9)), st.floats(-1e15, 1e15), st.integers(-9, 9))


@settings(max_examples=60, deadline=None)
@given(st.lists(_ANY_NUMBER, min_size=1, max_size=12))
def test_the_ranges_of_any_numbers_hold_each_of_them_once(numbers: list[float]) -> None:
    """Equal numbers, and cuts that rounding puts outside the range, made a reach below zero."""
    items = [Item(item_id=str(i), title="x", attributes={"price": float(n)}) for i, n in enumerate(numbers)]
    facet = attribute_facet(items, SCHEMA.fields[0])
    ranges = _buckets([i.attributes["price"] for i in items], SCHEMA.fields[0])
    assert (np.sum([row for _, _, row in ranges], axis=0) == 1).all()
    assert all(p.reach is not None and p.reach >= 0 for _, p, _ in ranges)
    assert facet is None or len(set(numbers)) > 1


def facet(name: str) -> Facet:
    return next(f for f in facets_of(ITEMS, SCHEMA) if f.name == name)


def test_every_kind_of_field_can_be_asked_about_but_not_what_names_single_items() -> None:
    assert {f.name for f in facets_of(ITEMS, SCHEMA)} == {"price", "colour", "objects", "framed"}
    assert {f.name for f in facets_of(ITEMS, SCHEMA, {"colour", "price"})} == {"objects", "framed"}
    assert facets_of(ITEMS[:1], SCHEMA) == []
    assert facet("framed").labels == ("no", "yes")


def test_days_and_times_of_day_are_not_asked_about_and_stop_no_question() -> None:
    moments = (CatalogueField(name="released", type="date"), CatalogueField(name="doors", type="time"))
    schema = CatalogueSchema(fields=(*moments, *SCHEMA.fields))
    own = [
        item.model_copy(
            update={"attributes": {**item.attributes, "released": f"2024-01-0{1 + n % 2}", "doors": f"1{n % 2}:00"}}
        )
        for n, item in enumerate(ITEMS)
    ]
    assert [f.name for f in facets_of(own, schema)] == [f.name for f in facets_of(ITEMS, SCHEMA)]


def test_ranges_cover_every_number_once() -> None:
    prices = facet("price")
    assert list(prices.member.sum(axis=0)) == [1] * 16
    assert all("EUR" in label for label in prices.labels)


def test_title_phrases_need_no_word_list() -> None:
    titles = [f"Dragon Saga: part {n} - Blue Box {360 if n % 2 else 720}" for n in range(8)]
    titles += [f"Farm &amp; Friends: {n} (Handy)" for n in range(5)] + ["Handy cover", "Wheel for Blue Box 360"]
    found = {f.name: f for f in title_facets(titles)}
    assert set(found["title ending"].labels) == {"Blue Box 360", "Blue Box 720", "Handy"}
    assert set(found["title beginning"].labels) == {"Dragon Saga", "Farm & Friends"}
    ending = found["title ending"]
    assert ending.member[ending.labels.index("Blue Box 360"), -1]
    assert ending.member[ending.labels.index("Handy"), -2]
    assert all(isinstance(p, Preference) and p.field == "words" for p in ending.values)
    assert title_facets(["One", "Two"]) == []


def test_the_values_of_one_question_exclude_each_other() -> None:
    systems = ("Blue Box", "Handy", "Desk")
    titles = [f"Pad {n} for {systems[n % 3]} ({'Black' if n % 2 else 'White'})" for n in range(12)]
    titles += [f"Story {n} - {systems[n % 3]}" for n in range(30)]
    ending = next(f for f in title_facets(titles) if f.name == "title ending")
    assert set(ending.labels) == set(systems)
    rows = np.array([[1, 1, 1, 1, 0, 0], [1, 1, 0, 0, 0, 0], [0, 0, 0, 1, 1, 1], [0, 0, 0, 0, 0, 0]], dtype=bool)
    assert alternatives(rows) == [0]


def test_the_gain_is_the_mutual_information() -> None:
    halves = np.array([[True] * 8 + [False] * 8])
    assert gain_bits(halves, EVEN, noise=1e-9) == pytest.approx(1, abs=1e-6)
    assert gain_bits(halves, EVEN, noise=1 - 1e-9) == pytest.approx(0, abs=1e-6)
    quarters = np.eye(4, dtype=bool).repeat(4, axis=1)
    assert gain_bits(quarters, EVEN, noise=1e-9) == pytest.approx(2, abs=1e-6)
    assert np.allclose(answer_model(quarters).sum(axis=0), 1)


def test_the_question_follows_what_is_likely_now() -> None:
    assert (best := best_offer(facets_of(ITEMS, SCHEMA, {"price"}), EVEN, 6)) is not None
    assert best.facet.name == "colour"
    red = np.array([1.0 if i % 4 == 0 else 1e-9 for i in range(16)])
    among_red = best_offer(facets_of(ITEMS, SCHEMA, {"price"}), red / red.sum(), 6)
    assert among_red is not None
    assert among_red.facet.name != "colour"


def test_few_choices_are_offered_the_likeliest_first_and_none_twice() -> None:
    likely = beliefs([1.0 if i % 4 == 2 else 0.0 for i in range(16)])
    offer = offer_of(facet("colour"), likely, 2)
    assert offer is not None
    assert [offer.facet.labels[r] for r in offer.rows] == ["Green", "Black"]
    again = offer_of(facet("colour"), likely, 2, known=frozenset({"Green", "Black"}))
    assert again is not None
    assert {again.facet.labels[r] for r in again.rows} == {"Blue", "Red"}
    assert offer_of(facet("colour"), likely, 2, known=frozenset({"Green", "Black", "Blue"})) is None
    question = question_of(offer, 1)
    assert question.text == "Which colour would you like: Green, Black or something else?"
    assert [c.choice_id for c in question.choices] == ["1", "2", "other"]
    assert question_of(offer, 2, has_rest=False).text == "Which colour would you like: Green or Black?"


def test_an_answer_moves_the_order_and_rules_nothing_out() -> None:
    offered = (Preference(field="colour", value="Red"), Preference(field="colour", value="Blue"))
    red = answer_scores(ITEMS, [Answered(offered=offered, chosen=0)], SCHEMA)
    other = answer_scores(ITEMS, [Answered(offered=offered)], SCHEMA)
    assert red[0] > red[1] == red[2]
    assert other[2] == other[3] > other[0] == other[1]
    assert np.isfinite(red).all()
    assert red.max() == 0
    assert red[0] - red[1] == pytest.approx(TEMPERATURE * np.log((0.9 + 0.1 / 3) / (0.1 / 3)), rel=1e-4)
    assert not answer_scores(ITEMS, [], SCHEMA).any()
    doubted = answer_scores(ITEMS, [Answered(offered=offered, chosen=0)], SCHEMA, noise=0.5)
    assert 0 < doubted[0] - doubted[1] < red[0] - red[1]


def test_a_question_is_found_quickly() -> None:
    rng = np.random.default_rng(0)
    items = [
        Item(
            item_id=str(i),
            title=f"T {i}",
            attributes={"a": str(rng.integers(30)), "b": [str(v) for v in rng.integers(0, 99, 3)]},
        )
        for i in range(200)
    ]
    schema = CatalogueSchema(fields=(CatalogueField(name="a", type="text"), CatalogueField(name="b", type="list")))
    started = time.perf_counter()
    assert best_offer(facets_of(items, schema), beliefs(np.linspace(1, 0, 200)), 6)
    assert time.perf_counter() - started < 0.5


def test_a_catalogue_of_titles_is_asked_about_by_what_titles_share() -> None:
    items = [Item(item_id=str(n), title=f"Story {n} - {('Blue Box', 'Handy', 'Desk')[n % 3]}") for n in range(30)]
    asked = CandidateQuery(Understanding(), HistoryProfile(user_id="", known=False))
    schema = CatalogueSchema(fields=(CatalogueField(name="price", type="number"),), count=30)
    found = choose_question(items, np.linspace(1, 0.4, 30).tolist(), schema, asked, ThreadMemory(), ElicitSettings())
    assert found is not None
    assert found.about == "title ending"
    assert {c.text for c in found.choices} == {"Blue Box", "Handy", "Desk"}
    answer = Answered(offered=tuple(c.preference for c in found.choices if c.preference), chosen=1)
    again = replace(asked, answers=(answer,))
    assert choose_question(items, [0.0] * 30, schema, again, ThreadMemory(questions=1), ElicitSettings()) is None


@pytest.mark.parametrize(
    ("field", "closest"), [("colour", "Which colour would you like"), (WORDS_FIELD, "Which of these comes closest")]
)
@pytest.mark.parametrize("rest", [True, False])
def test_a_question_is_worded_by_the_phrases(field: str, closest: str, rest: bool) -> None:
    choices = [
        Choice(choice_id=str(n), text=v, preference=Preference(field=field, value=v)) for n, v in enumerate("ABC")
    ]
    more = [Choice(choice_id="other", text="")] if rest else []
    asked = Question(question_id="q1", about="colour", text="", choices=(*choices, *more), gain_bits=1)
    said = question_in_words(asked, "en")
    assert said.text.startswith(closest)
    assert said.text.endswith("A, B, C or something else?" if rest else "A, B or C?")
    assert question_in_words(asked, "zh").text.endswith("A、B、C，还是其他？" if rest else "A、B，还是C？")
