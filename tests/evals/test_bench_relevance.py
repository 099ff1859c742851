"""The requests of ``bench relevance`` and ``personal``, the people who make them, and how a list is counted."""

from __future__ import annotations

import itertools
from pathlib import Path
from typing import Any

from tastemaker.evals.requests.fashion_shop import ENOUGH, FashionShop, Query, queries
from tastemaker.evals.requests.relevance import figures_of, likes_of_people, precision

KINDS = (("Sports Shoes", "Shoes", "Footwear"), ("Watches", "Watches", "Accessories"), ("Shirts", "Topwear", "Apparel"))
COLOURS, GENDERS, BRANDS = ("Black", "Red", "White", "Green"), ("Men", "Women"), ("Puma", "Nike")


def product(number: int, kind: tuple[str, str, str], colour: str, gender: str, brand: str) -> dict[str, Any]:
    return {
        "id": str(number),
        "articleType": kind[0],
        "subCategory": kind[1],
        "masterCategory": kind[2],
        "baseColour": colour,
        "gender": gender,
        "usage": "Casual",
        "season": "Fall",
        "productDisplayName": f"{brand} {gender} {colour} {kind[0]}",
        "price": 10.0 + number % 50,
        "image": f"images/{number}.webp",
    }


MADE = [
    product(number, *parts) for number, parts in enumerate(list(itertools.product(KINDS, COLOURS, GENDERS, BRANDS)) * 6)
]
SHOP = FashionShop({row["id"]: row for row in MADE[:-20]}, MADE[-20:], Path("shop"))


def test_every_request_has_enough_right_answers_and_the_same_seed_makes_the_same_ones() -> None:
    made = queries(SHOP, 1, 3)
    assert made == queries(SHOP, 1, 3) != queries(SHOP, 2, 3)
    assert {"plain", "price", "typo", "negation", "brand", "photo", "photo_and_words"} <= {q.group for q in made}
    for query in made:
        assert sum(query.fits(r) for r in SHOP.records.values()) >= ENOUGH
        assert query.text or query.photo


def test_a_typo_is_no_word_of_the_shop_and_a_photo_shows_what_the_shop_does_not_have() -> None:
    known = {f"{r['baseColour']} {r['articleType']}".lower() for r in MADE}
    made = queries(SHOP, 1, 8)
    typos = [q.text for q in made if q.group == "typo"]
    assert typos
    assert not known & set(typos)
    brought = {SHOP.folder / r["image"] for r in SHOP.brought}
    assert {q.photo for q in made if q.photo} <= brought


def test_people_of_another_taste_like_nothing_that_fits_and_those_of_the_same_only_that() -> None:
    query = Query("plain", "red watches", ((("articleType", "=", "Watches"), True), (("baseColour", "=", "Red"), True)))
    events = likes_of_people(query, 4, SHOP, 0)
    liked = {user: [SHOP.records[e.item_id] for e in events if e.user_id == user] for user in ("other-4", "same-4")}
    assert all(query.fits(r) for r in liked["same-4"])
    assert {r["articleType"] for r in liked["other-4"]} != {"Watches"}
    assert len({r["articleType"] for r in liked["other-4"]}) == 1
    assert not any(query.fits(r) for r in liked["other-4"])


def test_precision_counts_missing_items_as_wrong_unless_there_are_no_more() -> None:
    query = Query("plain", "x", ((("price", "<", 12.0), True),))
    right = [i for i, r in SHOP.records.items() if query.fits(r)]
    wrong = next(i for i in SHOP.records if i not in right)
    assert precision(query, right[:5], SHOP, 5) == 1.0
    assert precision(query, [*right[:4], wrong], SHOP, 5) == 0.8
    assert precision(query, right[:2], SHOP, 5) == 0.4
    assert precision(query, right, SHOP, 1000) == 1.0


def test_figures_compare_with_the_best_baseline_and_with_the_photo_alone_only_where_there_is_a_photo() -> None:
    query = Query("plain", "x", ((("price", "<", 12.0), True),))
    right = [i for i, r in SHOP.records.items() if query.fits(r)]
    lists = dict.fromkeys(("other_taste", "same_taste", "full_text", "photo", "search_with_conditions"), right[:2])
    figures = figures_of([(query, {**lists, "stranger": right[:10], "search": right[:4]})], SHOP)
    assert figures["stranger"]["precision_at_5"] == 1.0
    assert figures["above_best_baseline"] > 0
    assert "photo" not in figures
