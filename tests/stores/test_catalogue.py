"""The LanceDB catalogue: filters before every search, hostile words, growing columns, other processes, recall."""

from __future__ import annotations

import asyncio
import math
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tastemaker.core.errors import InvalidRequestError, StoreError
from tastemaker.core.protocols import Catalogue, Vectors
from tastemaker.core.schemas import Constraint, Item
from tastemaker.stores.catalogue.columns import ItemRow, price_role, price_unit, spaced
from tastemaker.stores.catalogue.lance_catalogue import LanceCatalogue
from tastemaker.stores.catalogue.misspelt import is_slip

DIM = 32


def c(field: str, op: str, value: Any) -> Constraint:
    return Constraint.model_validate({"field": field, "op": op, "value": value})


def vectors(n: int, seed: int = 0, dim: int = DIM) -> Vectors:
    rows = np.random.default_rng(seed).standard_normal((n, dim)).astype(np.float32)
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    return rows


def shop(n: int = 60) -> list[ItemRow]:
    text, image = vectors(n), vectors(n, seed=1)
    rows = []
    for i in range(n):
        attributes: dict[str, Any] = {"colour": ["Red", "green", "it's"][i % 3], "tags": ["Fun", f"t{i % 5}"]}
        if i % 4:
            attributes["price"] = float(i)
        item = Item(
            item_id=f"i{i}",
            title=f"Lamp number{i} 台灯",
            text="A café lamp for running readers",
            attributes=attributes,
            image=f"{i}.jpg",
            url=f"https://shop.example/{i}",
        )
        rows.append(ItemRow(item, text[i], image[i] if i % 2 else None, digest=f"d{i}"))
    return rows


async def filled(folder: Path, rows: list[ItemRow] | None = None, **options: Any) -> LanceCatalogue:
    catalogue = await LanceCatalogue.open(str(folder), **options)
    await catalogue.upsert(shop() if rows is None else rows)
    return catalogue


async def test_an_empty_catalogue_answers_with_nothing(tmp_path: Path) -> None:
    catalogue = await LanceCatalogue.open(str(tmp_path / "deep" / "folder"))
    assert isinstance(catalogue, Catalogue)
    where = [c("price", "<=", 4)]
    assert await catalogue.search_vector("text", vectors(1), 5, where) == []
    assert await catalogue.search_text("lamp", 5) == []
    assert await catalogue.get(["x"]) == []
    assert await catalogue.scan(5) == []
    assert await catalogue.vectors("image", ["x"]) == {}
    assert await catalogue.digests(["x"]) == {}
    assert (await catalogue.schema()).fields == ()
    assert await catalogue.count() == 0
    await catalogue.optimize()


async def test_items_come_back_whole_and_in_order(tmp_path: Path) -> None:
    rows = shop()
    catalogue = await filled(tmp_path, rows)
    assert await catalogue.get(["i7", "nope", "i3", "i7", "o'x", ""]) == [rows[7].item, rows[3].item]
    assert [i.item_id for i in await catalogue.get(["i7", "i3"], [c("price", "<", 5)])] == ["i3"]
    assert await catalogue.digests(["i1", "zz"]) == {"i1": "d1"}
    found = await catalogue.vectors("image", ["i1", "i2", "zz"])
    assert list(found) == ["i1"]
    image = rows[1].image_vector
    assert image is not None
    np.testing.assert_allclose(found["i1"], image, atol=1e-6)


@pytest.mark.parametrize("indexed", [False, True])
async def test_vector_search_is_exact_and_filters_first(tmp_path: Path, indexed: bool) -> None:
    rows = shop()
    catalogue = await filled(tmp_path, rows)
    if indexed:
        await catalogue.optimize()
    query = vectors(1, seed=5)
    where, exclude = [c("colour", "=", "RED"), c("price", ">=", 3)], {"i3", "i9"}
    expected = {
        r.item.item_id: float(r.text_vector @ query[0])
        for r in rows
        if r.item.attributes["colour"] == "Red" and int(r.item.item_id[1:]) >= 3 and "price" in r.item.attributes
    }
    ids = sorted((i for i in expected if i not in exclude), key=lambda i: -expected[i])
    found = await catalogue.search_vector("text", query, 8, where, exclude)
    assert [f.item_id for f in found] == ids[:8]
    assert [f.rank for f in found] == list(range(1, 9))
    for f in found:
        assert math.isclose(f.score, expected[f.item_id], abs_tol=1e-5)
    assert len(await catalogue.search_vector("text", query, 100, where, exclude)) == len(ids)
    assert {f.item_id for f in await catalogue.search_vector("image", query[0], 100)} == {
        f"i{i}" for i in range(1, 60, 2)
    }


async def test_words_are_stemmed_folded_and_split(tmp_path: Path) -> None:
    catalogue = await filled(tmp_path)
    for words in ("lamps", "CAFE", "reader run", "台", "灯", "fun", "café — “lamp”?"):
        assert len(await catalogue.search_text(words, 5)) == 5, words
    best = await catalogue.search_text("the lamp number17", 3)
    assert best[0].item_id == "i17"
    assert best[0].score > best[1].score
    cheap = await catalogue.search_text("lamp", 100, [c("price", "<", 10)], exclude=["i1"])
    assert {f.item_id for f in cheap} == {"i2", "i3", "i5", "i6", "i7", "i9"}
    assert spaced("lamp台灯x") == "lamp 台  灯 x 台灯"


HOSTILE = [
    '"',
    "''",
    "a AND",
    "(",
    "title:x^2~",
    "*",
    "\\",
    "😀",
    "",
    " ",
    "\x00",
    "\ud800",
    "NOT -",
    "'; DROP",
    "a" * 9000,
]


@pytest.mark.parametrize("words", HOSTILE)
async def test_no_words_can_break_text_search(tmp_path: Path, words: str) -> None:
    catalogue = await filled(tmp_path, shop(4))
    assert await catalogue.search_text(words, 5) == []
    assert len(await catalogue.search_text(words + " lamp", 5)) == 4


async def test_upsert_replaces_and_the_last_of_a_batch_wins(tmp_path: Path) -> None:
    catalogue = await filled(tmp_path, shop(5))
    row = shop(1)[0]
    newer = [ItemRow(row.item.model_copy(update={"title": t}), row.text_vector) for t in ("First", "Last")]
    assert await catalogue.upsert(newer) == (0, 1)
    assert await catalogue.count() == 5
    assert (await catalogue.get(["i0"]))[0].title == "Last"
    assert await catalogue.vectors("image", ["i0"]) == {}


async def test_new_attributes_are_added_and_types_are_kept(tmp_path: Path) -> None:
    catalogue = await filled(tmp_path, shop(5))
    await catalogue.optimize()
    extra = Item(item_id="x", title="X", attributes={"Size (cm)": 12.0, "eco": True, "colour": "blue"})
    await catalogue.upsert([ItemRow(extra, vectors(1)[0])])
    assert await catalogue.get(["x"]) == [extra]
    assert await catalogue.scan(9, [c("Size (cm)", ">", 11), c("eco", "=", True)]) == ["x"]
    assert len(await catalogue.scan(9, [c("eco", "!=", True)])) == 5
    wrong = Item(item_id="y", title="Y", attributes={"price": "cheap"})
    with pytest.raises(InvalidRequestError) as caught:
        await catalogue.upsert([ItemRow(wrong, vectors(1)[0])])
    assert caught.value.field == "attributes.price"
    assert await catalogue.count() == 6


async def test_the_schema_describes_the_fields(tmp_path: Path) -> None:
    catalogue = await filled(tmp_path)
    schema = await catalogue.schema()
    assert await catalogue.schema() is schema
    assert schema.count == 60
    assert {f.name: f.type for f in schema.fields} == {"colour": "text", "tags": "list", "price": "number"}
    tags, price = schema.field("tags"), schema.price
    assert tags is not None
    assert price is not None
    assert tags.values[0] == "Fun"
    assert (price.name, price.minimum, price.maximum) == ("price", 1.0, 59.0)
    await catalogue.mark_price("price", "EUR")
    assert (await catalogue.schema()).price == price.model_copy(update={"unit": "EUR"})
    with pytest.raises(InvalidRequestError):
        await catalogue.mark_price("colour")


def test_prices_are_known_by_name() -> None:
    assert [
        n for n in ("price", "Price (EUR)", "cost", "amount_usd", "priceless", "list price now") if price_role(n)
    ] == [
        "price",
        "Price (EUR)",
        "cost",
        "amount_usd",
    ]
    assert price_unit("Price (eur)") == "EUR"
    assert price_unit("price") == ""


async def test_a_vector_of_another_size_is_refused(tmp_path: Path) -> None:
    catalogue = await filled(tmp_path, shop(3))
    with pytest.raises(StoreError, match="ingest with the model in use"):
        await catalogue.search_vector("text", vectors(1, dim=8), 3)
    with pytest.raises(InvalidRequestError):
        await catalogue.search_vector("text", vectors(1), 3, [c("nope", "=", 1)])


async def test_tenants_are_apart(tmp_path: Path) -> None:
    await filled(tmp_path, shop(3))
    other = await filled(tmp_path, shop(2), tenant="other")
    assert await other.count() == 2
    assert [i.item_id for i in await other.get(["i0", "i2"])] == ["i0"]


async def test_another_process_may_ingest(tmp_path: Path) -> None:
    catalogue = await filled(tmp_path, shop(3))
    assert (await catalogue.schema()).count == 3
    script = (
        "import asyncio, numpy as np\n"
        "from tastemaker.core.schemas import Item\n"
        "from tastemaker.stores.catalogue.lance_catalogue import LanceCatalogue\n"
        "from tastemaker.stores.catalogue.columns import ItemRow\n"
        "async def main():\n"
        f"    c = await LanceCatalogue.open({str(tmp_path)!r})\n"
        f"    await c.upsert([ItemRow(Item(item_id='new', title='New', attributes={{'n': 1.0}}), np.ones({DIM}, 'f4'))])\n"
        "    await c.optimize()\n"
        "asyncio.run(main())\n"
    )
    await asyncio.to_thread(subprocess.run, [sys.executable, "-c", script], check=True, timeout=60)
    deadline = time.monotonic() + 5
    while (await catalogue.schema()).count < 4 and time.monotonic() < deadline:  # noqa: ASYNC110
        await asyncio.sleep(0.2)
    assert (await catalogue.get(["new"]))[0].attributes == {"n": 1.0}
    assert await catalogue.scan(5, [c("n", "=", 1)]) == ["new"]


async def test_a_search_on_a_small_catalogue_is_quick(tmp_path: Path) -> None:
    catalogue = await filled(tmp_path, shop(1700))
    await catalogue.optimize()
    query, where = vectors(1, seed=3), [c("price", "<=", 400)]
    seconds = []
    for _ in range(30):
        start = time.perf_counter()
        assert len(await catalogue.search_vector("text", query, 50, where)) == 50
        seconds.append(time.perf_counter() - start)
    assert sorted(seconds)[len(seconds) // 2] < 0.05


async def test_writers_at_once_lose_and_double_nothing(tmp_path: Path) -> None:
    one, two = [await LanceCatalogue.open(str(tmp_path)) for _ in range(2)]
    await asyncio.gather(*[writer.upsert(shop(2)) for writer in (one, two)])
    rows = [
        ItemRow(Item(item_id=f"n{i}", title="x", attributes={f"new{i % 6}": float(i)}), vectors(1)[0])
        for i in range(60)
    ]
    await asyncio.gather(*[(one, two)[i % 2].upsert(rows[i : i + 10]) for i in range(0, 60, 5)])
    await asyncio.gather(one.optimize(), two.optimize(), one.upsert(rows[:5]), two.upsert(rows[5:9]))
    ids = await one.scan(1000)
    assert len(ids) == len(set(ids)) == 62
    assert [i.attributes for i in await two.get(["n7", "n59"])] == [{"new1": 7.0}, {"new5": 59.0}]


@pytest.mark.parametrize("excluded", [0, 20, 5000])
async def test_excluded_items_are_made_up_for(tmp_path: Path, excluded: int) -> None:
    catalogue = await filled(tmp_path)
    exclude = {*(f"i{i}" for i in range(min(excluded, 50))), *(f"x{i}" for i in range(excluded - 50))}
    expected = 60 - min(excluded, 50)
    for limit in (5, 60):
        lists = [
            [f.item_id for f in await catalogue.search_vector("text", vectors(1), limit, exclude=exclude)],
            [f.item_id for f in await catalogue.search_text("lamp", limit, exclude=exclude)],
            await catalogue.scan(limit, exclude=exclude),
        ]
        for ids in lists:
            assert len(set(ids)) == len(ids) == min(limit, expected)
            assert not exclude.intersection(ids)


@pytest.mark.slow
async def test_an_approximate_index_is_accepted_by_its_recall(tmp_path: Path) -> None:
    n = 4000
    text, image = vectors(n, dim=64), vectors(n, seed=1, dim=64)
    rows = [
        ItemRow(
            Item(item_id=f"i{i}", title=f"t{i}", attributes={"price": float(i)}), text[i], image[i] if i % 2 else None
        )
        for i in range(n)
    ]
    catalogue = await filled(tmp_path, rows, exact_below=1000)
    await catalogue.optimize()
    plans = await catalogue.ann_plans()
    for plan in plans.values():
        assert plan is not None
        assert plan.kind == "IVF_HNSW_SQ"
        assert plan.recall >= 0.95
    query = vectors(1, seed=9, dim=64)
    for where in ([], [c("price", "<", 40)], [c("price", ">=", 10)]):
        assert len(await catalogue.search_vector("image", query, 20, where)) == 20
    for limit in (300, 1000):  # more than the graph looks at by itself
        assert len(await catalogue.search_vector("text", query, limit)) == limit
    exact = np.argsort(-(text @ query[0]))[:50]
    found = {f.item_id for f in await catalogue.search_vector("text", query, 50)}
    assert len(found & {f"i{i}" for i in exact}) >= 45


def named(*titles: str) -> list[ItemRow]:
    text = vectors(len(titles))
    return [ItemRow(Item(item_id=f"i{n}", title=t), text[n], None, digest=f"d{n}") for n, t in enumerate(titles)]


@pytest.mark.parametrize(
    ("typed", "found"),
    [
        ("swaeter", {"i0", "i1"}),
        ("SWEATTER", {"i0", "i1"}),
        ("sneekers", {"i2"}),
        ("adiddas snekers", {"i2", "i3"}),
        ("wacth", {"i4"}),
        ("jaens", {"i5"}),
        ("rucksak", {"i6"}),
        ("purse", set[str]()),
        ("form", set[str]()),
        ("(wacth) OR \x00 ~2", {"i4"}),
    ],
)
async def test_a_word_that_no_item_has_is_taken_for_a_slip_of_the_nearest(
    tmp_path: Path, typed: str, found: set[str]
) -> None:
    catalogue = await filled(
        tmp_path,
        named(
            "Red sweater",
            "Two sweaters",
            "Black sneakers",
            "Adidas cap",
            "A watch",
            "Blue jeans",
            "Old rucksack",
            "Pure silk",
        ),
    )
    await catalogue.optimize()
    assert {hit.item_id for hit in await catalogue.search_text(typed, 10)} == found
    assert {hit.item_id for hit in await catalogue.search_text(typed, 10)} == found, "remembered"
    await catalogue.upsert(named("Red sweater", "Purse"))
    await catalogue.optimize()
    assert [hit.item_id for hit in await catalogue.search_text("purse", 10)] == ["i1"]


@pytest.mark.parametrize(
    ("typed", "meant", "slip"),
    [
        ("jaens", "jeans", True),
        ("walet", "wallet", True),
        ("wallett", "wallet", True),
        ("purse", "pure", False),
        ("shirt", "skirt", False),
        ("bakpack", "backpack", True),
        ("sandel", "sandal", True),
        ("sungalses", "sunglasses", True),
        ("trainers", "trousers", False),
    ],
)
def test_only_slips_of_the_keyboard_count_as_such(typed: str, meant: str, slip: bool) -> None:
    assert is_slip(typed, meant) is slip


async def test_the_language_knows_every_value_beyond_what_the_schema_lists(tmp_path: Path) -> None:
    text = vectors(400)
    people = [
        ItemRow(
            Item(item_id=f"f{i}", title=f"Film {i}", attributes={"director": f"Dana Unique{chr(97 + i % 26)}{i}"}),
            text[i],
        )
        for i in range(400)
    ]
    catalogue = await LanceCatalogue.open(str(tmp_path / "items"))
    await catalogue.upsert(people)
    schema, language = await catalogue.schema(), await catalogue.language()
    named = schema.field("director")
    assert named is not None
    assert len(named.values) == 200
    assert len(language.fields["director"].values) == 400
    assert language is await catalogue.language()
    assert "film" in language.words


async def test_items_in_order_keep_to_conditions_and_leave_out_what_has_no_value(tmp_path: Path) -> None:
    catalogue = await filled(tmp_path)
    dear = await catalogue.in_order("price", 3, descending=True)
    assert dear == ["i59", "i58", "i57"]
    assert await catalogue.in_order("price", 2, [c("colour", "=", "Red")], ["i3"]) == ["i6", "i9"]
    assert await catalogue.in_order("colour", 2) == []
    assert "i0" not in await catalogue.in_order("price", 60)
