"""Hold fusion, weights, spread, repeats, preferences and cold start."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from tastemaker.core.ranking.cold_start import choose
from tastemaker.core.ranking.fusion import fuse, repeats, source_weights
from tastemaker.core.ranking.query import CandidateQuery, remaining_words
from tastemaker.core.ranking.relevance import above_least, agreement, nearness
from tastemaker.core.ranking.soft_preferences import preference_fit
from tastemaker.core.schemas import (
    Candidate,
    CatalogueField,
    CatalogueSchema,
    Condition,
    Constraint,
    HistoryProfile,
    Item,
    Order,
    Reading,
    Understanding,
)
from tastemaker.core.text.titles import is_named, title_key
from tastemaker.stores.catalogue.columns import ItemRow
from tastemaker.tools.ranking.ranker import Ranker

from ..catalogue_fixture import axis, open_catalogue, rows

STRANGER = HistoryProfile(user_id="", known=False)
FAN = HistoryProfile(user_id="u", known=True, liked=("i0",), consumed=frozenset({"i0"}), disliked=frozenset({"i2"}))
SCHEMA = CatalogueSchema(
    fields=(
        CatalogueField(name="price", type="number", role="price"),
        CatalogueField(name="colour", type="text", values=("Red", "Blue", "Green")),
        CatalogueField(name="dominantObjects", type="list", values=("boat", "dog", "cat", "car", "bus")),
        CatalogueField(name="artist", type="text", values=tuple(str(i) for i in range(99))),
    )
)


def listed(source: str, ids: Sequence[str]) -> list[Candidate]:
    return [Candidate(item_id=i, source=source, rank=r, score=1 / r) for r, i in enumerate(ids, 1)]


def test_fusion_is_the_published_formula_scaled_to_one() -> None:
    fused = fuse({"a": listed("a", "xyz"), "b": listed("b", "yx")}, {"a": 1.0, "b": 0.5})
    by_id = {f.item_id: f for f in fused}
    best = 1.5 / 61
    assert by_id["x"].score == pytest.approx((1 / 61 + 0.5 / 62) / best)
    assert by_id["y"].score == pytest.approx((1 / 62 + 0.5 / 61) / best)
    assert [f.item_id for f in fused] == ["x", "y", "z"]
    assert [(s.source, s.rank) for s in by_id["y"].sources] == [("a", 2), ("b", 1)]
    assert fuse({"a": listed("a", "x")}, {"a": 3.0})[0].score == pytest.approx(1.0)


def test_fusion_ignores_unweighted_and_empty_lists() -> None:
    assert fuse({"a": listed("a", "x"), "b": listed("b", "y"), "c": []}, {"a": 1.0, "b": 0.0, "c": 9.0})[0].score == 1
    assert fuse({"b": listed("b", "y")}, {}) == []
    assert fuse({}, {"a": 1.0}) == []


def ask(wish: Understanding, profile: HistoryProfile = STRANGER, **options: object) -> CandidateQuery:
    return CandidateQuery(understanding=wish, profile=profile, **options)  # type: ignore[arg-type]


PHOTO = axis(1)[None]


@pytest.mark.parametrize(
    "query",
    [
        ask(Understanding(query="a boat"), FAN),
        ask(Understanding(), FAN, image_vectors=PHOTO),
        ask(Understanding(query="a boat"), FAN, image_vectors=PHOTO),
        ask(Understanding(like_item_ids=("i4",)), FAN),
    ],
)
def test_the_request_outweighs_history_and_popularity_together(query: CandidateQuery) -> None:
    weights = source_weights(query)
    background = sum(weights[s] for s in ("co_occurrence", "profile_vector", "popularity"))
    assert sum(weights.values()) - background > 2 * background


def test_weights_follow_the_situation() -> None:
    trusted = source_weights(ask(Understanding(), image_vectors=PHOTO))
    doubted = source_weights(ask(Understanding(), image_vectors=PHOTO, image_weights=(0.25,)))
    ignored = source_weights(ask(Understanding(), image_vectors=PHOTO, image_weights=(0.0,)))
    assert trusted["image_vector"] > doubted["image_vector"] > ignored["image_vector"] == 0
    assert (
        source_weights(ask(Understanding(), FAN))["co_occurrence"]
        > source_weights(ask(Understanding(), FAN))["popularity"]
    )
    nothing = source_weights(ask(Understanding()))
    assert {s for s, w in nothing.items() if w} == {"popularity"}
    captioned = source_weights(ask(Understanding(query="a boat"), image_vectors=PHOTO, said=False))
    assert captioned["text_vector"] < captioned["image_vector"]
    assert source_weights(ask(Understanding(query="a boat")))["text_vector"] == 1


def test_repeats_are_dropped_but_namesakes_stay() -> None:
    items = [Item(item_id=str(i), title=t) for i, t in enumerate(("Heat (1995)", "heat 1995", "Heat (1995)", "Fargo"))]
    text = {"0": axis(1), "1": axis(1), "2": axis(1), "3": axis(1)}
    assert repeats(items, text, {}) == {1: 0, 2: 0}
    assert repeats(items, text, {"0": axis(1), "1": axis(1), "2": axis(0, 1)}) == {1: 0}
    assert title_key("???") == "???"


def test_preferences_are_scored_between_zero_and_one() -> None:
    items = [row.item for row in rows(6)]
    cheap = preference_fit(items, ("low price",), SCHEMA)
    assert list(np.argsort(-cheap)) == [0, 1, 2, 3, 4, 5]
    assert list(np.argsort(-preference_fit(items, ("high price",), SCHEMA))) == [5, 4, 3, 2, 1, 0]
    near = preference_fit(items, ("price around 13",), SCHEMA)
    assert int(near.argmax()) == 3
    assert list(preference_fit(items, ("red",), SCHEMA)) == [1, 0, 0, 1, 0, 0]
    assert list(preference_fit(items, ("boats", "low mileage"), SCHEMA)) == [0.5, 0, 0.5, 0, 0.5, 0]
    assert not preference_fit(items, (), SCHEMA).any()
    assert not preference_fit([Item(item_id="x", title="x")], ("low price", "price around 3"), SCHEMA).any()


@pytest.mark.parametrize(
    ("query", "label"),
    [
        (ask(Understanding(), FAN), None),
        (ask(Understanding()), "popular with everyone, since nothing is known yet"),
        (ask(Understanding(query="a boat")), "no history: ranked by what you said"),
        (ask(Understanding(), image_vectors=PHOTO), "no history: ranked by what you showed"),
        (ask(Understanding(query="boat"), image_vectors=PHOTO), "no history: ranked by what you said and showed"),
        (ask(Understanding(query="boat"), image_vectors=PHOTO, said=False), "no history: ranked by what you showed"),
        (
            ask(Understanding(constraints=(Constraint(field="price", op="<", value=9.0),))),
            "popular with everyone, within your requirements, since nothing is known yet",
        ),
        (
            ask(Understanding(query="boat"), HistoryProfile(user_id="u", known=True)),
            "none of your likes is known yet: ranked by what you said",
        ),
    ],
)
def test_cold_start_is_labelled(query: CandidateQuery, label: str | None) -> None:
    strategy = choose(query)
    assert (strategy and strategy.says(query)) == label


async def test_the_ranker_keeps_constraints_exclusions_and_sources(tmp_path: Path) -> None:
    catalogue = await open_catalogue(tmp_path / "items")
    under = Constraint(field="price", op="<", value=40.0)
    query = ask(Understanding(query="boat", constraints=(under,), exclude_item_ids=("i4",)), FAN)
    lists = {
        "text_vector": listed("text_vector", [f"i{i}" for i in range(60)]),
        "popularity": listed("popularity", ["i7", "gone"]),
    }
    ranked = await Ranker(catalogue)(query, lists, 50)
    ids = [r.item.item_id for r in ranked]
    assert not {"i0", "i2", "i4", "gone"} & set(ids)
    assert set(ids) == {f"i{i}" for i in range(30)} - {"i0", "i2", "i4"}
    assert [r.rank for r in ranked] == list(range(1, len(ids) + 1))
    seventh = next(r for r in ranked if r.item.item_id == "i7")
    assert [(s.source, s.rank) for s in seventh.sources] == [("text_vector", 8), ("popularity", 1)]
    assert await Ranker(catalogue)(query, {}, 10) == []


def test_named_titles() -> None:
    assert is_named("Star Wars (1977)", "star wars film")
    assert is_named("Firm, The (1993)", "The Firm")
    assert not is_named("Heat (1995)", "heater")
    assert not is_named("If.... (1968)", "if")


async def test_soft_preferences_move_items_but_remove_none(tmp_path: Path) -> None:
    catalogue = await open_catalogue(tmp_path / "items")
    lists = {"text_vector": listed("text_vector", [f"i{i}" for i in range(9)])}
    plain = await Ranker(catalogue)(ask(Understanding(query="x")), lists, 9)
    blue = await Ranker(catalogue)(ask(Understanding(query="x", preferences=("blue",))), lists, 9)
    assert {r.item.item_id for r in plain} == {r.item.item_id for r in blue}
    assert plain[0].item.item_id == "i0"
    assert [r.item.attributes["colour"] for r in blue[:3]] == ["Blue"] * 3


async def test_repeated_records_are_shown_once(tmp_path: Path) -> None:
    base = rows(4)
    twin = ItemRow(
        item=base[1].item.model_copy(update={"item_id": "twin"}),
        text_vector=base[1].text_vector,
        image_vector=base[1].image_vector,
        digest="t",
    )
    catalogue = await open_catalogue(tmp_path / "items", [*base, twin])
    ranked = await Ranker(catalogue)(
        ask(Understanding(query="x")), {"text_vector": listed("text_vector", ["twin", "i0", "i1", "i2"])}, 4
    )
    assert {r.item.item_id for r in ranked} == {"twin", "i0", "i2"}


async def test_ranking_two_hundred_candidates_is_quick(tmp_path: Path) -> None:
    catalogue = await open_catalogue(tmp_path / "items", rows(300))
    ids = [f"i{i}" for i in range(200)]
    lists = {s: listed(s, ids) for s in ("text_vector", "full_text", "popularity")}
    ranker, query = Ranker(catalogue), ask(Understanding(query="boat", preferences=("low price",)))
    await ranker(query, lists, 10)
    seconds = []
    for _ in range(10):
        start = time.perf_counter()
        await ranker(query, lists, 10)
        seconds.append(time.perf_counter() - start)
    assert min(seconds) < 0.1


def test_a_photo_that_is_pointed_at_outweighs_the_words_beside_it() -> None:
    profile = HistoryProfile(user_id="", known=False)
    pointing = Understanding(query="print for my wall", intent="similar")
    asking = pointing.model_copy(update={"intent": "recommend"})
    pointed, plain = (
        source_weights(CandidateQuery(understanding=u, profile=profile, image_vectors=PHOTO))
        for u in (pointing, asking)
    )
    words = ("text_vector", "full_text", "text_to_image")
    assert pointed["image_vector"] > sum(pointed[name] for name in words)
    assert plain["image_vector"] < sum(plain[name] for name in words)
    doubted = source_weights(
        CandidateQuery(understanding=pointing, profile=profile, image_vectors=PHOTO, image_weights=(0.25,))
    )
    assert doubted["image_vector"] < sum(doubted[name] for name in words)


def test_words_that_conditions_took_up_no_longer_lead_and_taste_does() -> None:
    red = Constraint(field="colour", op="=", value="Navy Blue")
    said = ask(Understanding(query="something navy blue please", constraints=(red,)), FAN)
    assert said.remaining == ()
    assert not said.leads
    weights, bare = source_weights(said), source_weights(ask(Understanding(constraints=(red,)), FAN))
    taste = ("co_occurrence", "profile_vector", "popularity")
    assert {s: weights[s] for s in taste} == {s: bare[s] for s in taste}
    assert max(weights[s] for s in ("text_vector", "full_text", "text_to_image")) < weights["popularity"]
    more = ask(Understanding(query="navy-blue boats for a beach", constraints=(red,)), FAN)
    assert more.remaining == ("boats", "beach")
    assert more.words == "boats beach"
    assert source_weights(more)["text_vector"] == 1
    stranger = ask(Understanding(query="something navy blue", constraints=(red,)))
    strategy = choose(stranger)
    assert strategy is not None
    assert strategy.says(stranger) == "popular with everyone, within your requirements, since nothing is known yet"
    for refused in ("!=", "not contains"):
        unwanted = Constraint.model_validate({"field": "kind", "op": refused, "value": "Formal Shoes"})
        assert remaining_words("casual shoes", [unwanted]) == ("casual", "shoes")


def test_items_agree_with_what_the_first_have_in_common_where_no_condition_settles_it() -> None:
    def made(item_id: str, colour: str, objects: list[str]) -> Item:
        return Item(item_id=item_id, title=item_id, attributes={"colour": colour, "dominantObjects": objects})

    first = [made("a", "Red", ["boat"]), made("b", "Blue", ["boat"]), made("c", "Green", ["dog", "boat"])]
    relevance = np.array([1.0, 0.9, 0.8, 0.5], dtype=np.float32)
    items = [
        made("x", "Red", ["boat"]),
        made("y", "Red", ["dog"]),
        made("z", "Green", []),
        Item(item_id="n", title="n"),
    ]
    fit = agreement(items, [*first, made("d", "Blue", ["car"])], above_least(relevance), SCHEMA)
    assert fit[0] > fit[1] > fit[3]
    assert fit[0] > fit[2]
    assert fit[3] == 0
    settled = agreement(items, first, above_least(relevance[:3]), SCHEMA, {"dominantObjects"})
    assert settled[0] == settled[1] > settled[2]
    assert not agreement(items, [], np.zeros(0, dtype=np.float32), SCHEMA).any()
    assert not agreement(items, first, above_least(np.ones(3, dtype=np.float32)), SCHEMA).any(), "none stands out"


def test_what_looks_like_a_photo_says_what_is_on_it_and_the_nearest_says_most() -> None:
    weights = nearness(np.array([0.8, 0.75, 0.7], dtype=np.float32))
    assert weights[0] == 1
    assert weights.tolist() == pytest.approx([1, np.exp(-1), np.exp(-2)], rel=1e-3)
    assert nearness(np.zeros(0, dtype=np.float32)).shape == (0,)


def test_a_word_that_was_read_as_a_value_is_taken_up_and_one_beside_it_remains() -> None:
    shoes = Constraint(field="kind", op="=", value="Sports Shoes")
    read = Condition(condition_id="c1", field="kind", op="=", value="Sports Shoes", words="trainers")
    order = Order(field="price", descending=False, words="cheapest")
    wish = Understanding(query="cheapest trainers for my dad", constraints=(shoes,))
    whole = wish.model_copy(update={"reading": Reading(conditions=(read,), order=order, for_whom="my dad")})
    assert ask(whole).remaining == ()
    longer = read.model_copy(update={"words": "trail trainers"})
    assert ask(wish.model_copy(update={"reading": Reading(conditions=(longer,))})).remaining != ()
    preferred = wish.model_copy(update={"reading": Reading(conditions=(read.model_copy(update={"must": False}),))})
    assert "trainers" in ask(preferred).remaining, "what only moves the order is not held by every candidate"


async def test_a_list_begins_at_the_place_asked_for_and_a_second_order_parts_what_the_first_holds_equal(
    tmp_path: Path,
) -> None:
    made = [
        replace(r, item=r.item.model_copy(update={"attributes": {**r.item.attributes, "decks": float(n % 3)}}))
        for n, r in enumerate(rows(30))
    ]
    catalogue = await open_catalogue(tmp_path, made)
    ids = await catalogue.scan(30)

    async def by(**order: object) -> list[Item]:
        reading = Reading(order=Order.model_validate({"descending": False, **order}))
        ranked = await Ranker(catalogue)(ask(Understanding(reading=reading)), {"popular": listed("popular", ids)}, 6)
        assert [r.rank for r in ranked] == list(range(1, len(ranked) + 1))
        return [r.item for r in ranked]

    cheapest, second = await by(field="price"), await by(field="price", rank=2)
    assert [i.item_id for i in second[:5]] == [i.item_id for i in cheapest[1:]]
    parted = await by(field="decks", then_field="price", then_descending=True)
    assert [(i.attributes["decks"], i.attributes["price"]) for i in parted] == [(0.0, 37.0 - 3 * n) for n in range(6)]


async def test_what_holds_every_word_comes_first_and_the_rest_is_said_to_come_close(tmp_path: Path) -> None:
    catalogue = await open_catalogue(tmp_path)
    ids = await catalogue.scan(30)
    words = (await catalogue.get(ids[20:21]))[0].title.split()
    wish = Understanding(query=" ".join(words), intent="recommend")
    ranked = await Ranker(catalogue)(ask(wish), {"text_vector": listed("text_vector", ids)}, 10)
    assert ids[20] in {r.item.item_id for r in ranked}
    whole = [all(w.lower() in r.item.title.lower() for w in ask(wish).remaining) for r in ranked]
    assert [not r.close for r in ranked] == whole
    assert whole == sorted(whole, reverse=True)
    assert 0 < sum(whole) < len(whole)
    nothing = Understanding(query="zeppelin", intent="recommend")
    unknown = await Ranker(catalogue)(ask(nothing), {"text_vector": listed("text_vector", ids)}, 10)
    assert unknown[0].item.item_id == ids[0]
    assert not any(r.close for r in unknown), "where none holds the words, none comes closer than another"
    pictured = ask(wish, image_vectors=PHOTO)
    assert not any(
        r.close for r in await Ranker(catalogue)(pictured, {"image_vector": listed("image_vector", ids)}, 10)
    )


def test_a_value_that_only_the_least_relevant_item_has_counts_nothing() -> None:
    schema = CatalogueSchema(fields=(CatalogueField(name="kind", type="text", values=("a", "b")),), count=2)
    bare, kind = (Item(item_id=i, title="t", attributes=a) for i, a in (("x", {}), ("y", {"kind": "a"})))
    found = agreement([kind], [bare, kind], above_least(np.array([1.0, 0.0], dtype=np.float32)), schema)
    assert found.tolist() == [0.0]
