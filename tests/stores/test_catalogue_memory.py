"""What a catalogue keeps in memory gives the store's answers, and never those of an older version."""

from __future__ import annotations

import asyncio
import random
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tastemaker.core.errors import InvalidRequestError
from tastemaker.core.protocols import VectorColumn
from tastemaker.core.schemas import Constraint, Item
from tastemaker.stores.catalogue import lance_table
from tastemaker.stores.catalogue import record_cache as records
from tastemaker.stores.catalogue import table_in_memory as resident
from tastemaker.stores.catalogue.columns import ItemRow
from tastemaker.stores.catalogue.lance_catalogue import LanceCatalogue
from tastemaker.stores.catalogue.lance_table import LOOK_S, SETTLED_S
from tastemaker.stores.catalogue.table_version import read_key

DIM = 24
COLUMNS: tuple[VectorColumn, ...] = ("text", "image")


def c(field: str, op: str, value: Any) -> Constraint:
    return Constraint.model_validate({"field": field, "op": op, "value": value})


def row(number: int, **attributes: Any) -> ItemRow:
    rng = np.random.default_rng(number)
    text, image = rng.standard_normal((2, DIM)).astype(np.float32)
    item = Item(item_id=f"i{number}", title=f"Lamp {number}", attributes=attributes)
    return ItemRow(item, text, image if number % 3 else None)


def rows(count: int = 200) -> list[ItemRow]:
    colours = ("red", "Green", "blue")
    return [row(i, price=float(i % 50), colour=colours[i % 3]) for i in range(count)]


async def pair(folder: Path, made: list[ItemRow]) -> tuple[LanceCatalogue, LanceCatalogue]:
    """Return two views of one table: one that searches in memory and one that leaves everything to the store."""
    memory = await LanceCatalogue.open(str(folder))
    await memory.upsert(made)
    await memory.optimize()
    return memory, await LanceCatalogue.open(str(folder), exact_below=0)


async def test_memory_and_store_find_the_same(tmp_path: Path) -> None:
    memory, store = await pair(tmp_path, rows())
    rng = random.Random(3)
    wheres: list[list[Constraint]] = [
        [],
        [c("price", "<=", 7)],
        [c("colour", "not in", ["green"]), c("price", ">", 40)],
        [c("colour", "=", "none such")],
    ]
    for trial in range(40):
        query = np.random.default_rng(1000 + trial).standard_normal(DIM).astype(np.float32) * 3
        where, exclude = rng.choice(wheres), {f"i{rng.randrange(220)}" for _ in range(rng.choice([0, 5, 150]))}
        for column in COLUMNS:
            limit = rng.choice([1, 10, 500])
            found = await memory.search_vector(column, query, limit, where, exclude)
            wanted = await store.search_vector(column, query, limit, where, exclude)
            assert [f.item_id for f in found] == [w.item_id for w in wanted]
            np.testing.assert_allclose([f.score for f in found], [w.score for w in wanted], atol=1e-5)
        assert await memory.scan(limit, where, exclude) == await store.scan(limit, where, exclude)
    ids = ["i3", "i4", "nope", "i5"]
    kept, read = await memory.records(ids, wheres[1]), await store.records(ids, wheres[1])
    assert [i.item_id for i in kept.items] == [i.item_id for i in read.items] == ["i3", "i4", "i5"]
    for ours, theirs in ((kept.text, read.text), (kept.image, read.image)):
        assert ours.keys() == theirs.keys()
        for item_id, vector in ours.items():
            np.testing.assert_allclose(vector, theirs[item_id], atol=1e-6)
    assert "i3" not in kept.image, "it has no picture"
    for column in COLUMNS:
        ours, theirs = await memory.vectors(column, ids), await store.vectors(column, ids)
        assert list(ours) == [i for i in ids if i in theirs]
        for item_id, vector in theirs.items():
            np.testing.assert_allclose(ours[item_id], vector, atol=1e-6)


async def test_another_process_is_seen_soon_and_this_one_at_once(tmp_path: Path) -> None:
    ours, theirs = await pair(tmp_path, rows(30))
    cheap = [c("price", "<", 5)]
    query = row(3).text_vector
    assert [i.item_id for i in await ours.get(["i3", "i99"], cheap)] == ["i3"]
    assert (await ours.search_vector("text", query, 1, cheap))[0].item_id == "i3"
    dearer = Item(item_id="i3", title="Dearer lamp", attributes={"price": 40.0})
    await theirs.upsert([ItemRow(dearer, -query), row(99, price=1.0)])
    await asyncio.sleep(LOOK_S)
    assert [i.item_id for i in await ours.get(["i3", "i99"], cheap)] == ["i99"]
    assert [i.title for i in await ours.get(["i3"])] == ["Dearer lamp"]
    found = [f.item_id for f in await ours.search_vector("text", query, 100, cheap)]
    assert "i99" in found
    assert "i3" not in found
    assert (await ours.search_vector("text", -query, 1))[0].item_id == "i3"
    assert float((await ours.vectors("text", ["i3"]))["i3"] @ query) < 0
    await ours.upsert([row(3, price=2.0)])
    assert [i.attributes for i in await ours.get(["i3"], cheap)] == [{"price": 2.0}]
    assert "i3" in await ours.scan(100, cheap)


@pytest.mark.slow
@pytest.mark.parametrize("bulk", [0, 1_000])
async def test_remembered_items_obey_every_constraint(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, bulk: int
) -> None:
    monkeypatch.setattr(records, "BULK", bulk)
    catalogue, _ = await pair(tmp_path, rows(60))
    ids = [f"i{n}" for n in range(70)]
    for where in ([], [c("price", "<=", 7)], [c("colour", "=", "GREEN")], [c("colour", "not contains", "e")]):
        for _ in range(2):
            found = [i.item_id for i in await catalogue.get(ids, where)]
            assert found == [i for i in ids if i in set(await catalogue.scan(100, where))]
    with pytest.raises(InvalidRequestError, match="no field"):
        await catalogue.get(["i1"], [c("nope", "=", 1)])


async def test_items_are_read_once_and_the_oldest_forgotten(tmp_path: Path) -> None:
    catalogue, _ = await pair(tmp_path, rows(20))
    table = await catalogue._connection.open_table(catalogue._name)
    asked: list[str] = []

    class Counting:
        def query(self) -> Any:
            query = table.query()
            where = query.where

            def noted(only: str) -> Any:
                asked.append(only)
                return where(only)

            query.where = noted
            return query

    kept = records.Records(["item_id", "title", "text", "image", "url"], capacity=3)
    assert sorted(await kept.get(Counting(), ["i1", "i2", "nope"], "")) == ["i1", "i2"]
    assert sorted(await kept.get(Counting(), ["i1", "nope"], "")) == ["i1"]
    assert len(asked) == 1
    assert sorted(await kept.get(Counting(), ["i3", "i1"], "")) == ["i1", "i3"]
    assert sorted(await kept.get(Counting(), ["i2"], "")) == ["i2"]
    assert asked[1:] == ["item_id IN ('i3')", "item_id IN ('i2')"]


async def test_words_score_in_memory_what_they_score_in_the_store(tmp_path: Path) -> None:
    said = ("running", "runs", "café", "Ökologie", "4k", "42", "m²", "7-day", "don't", "灯", "red_lamp", "ed")
    rng = random.Random(5)
    made = [row(n, price=float(n % 50)) for n in range(90)]
    texts = [" ".join(rng.choices(said, k=6)) for _ in made]
    lamps = [ItemRow(r.item.model_copy(update={"text": t}), r.text_vector) for r, t in zip(made, texts, strict=True)]
    memory, store = await pair(tmp_path, lamps)
    for trial in range(40):
        words = " ".join(rng.sample((*said, "lamp", "7", "99", "runnin", "cafe", "12"), k=rng.choice([1, 4, 9])))
        where, exclude = [c("price", "<=", 20)][: trial % 2], {f"i{n}" for n in rng.sample(range(90), k=trial % 3)}
        limit = rng.choice([1, 10, 500])
        found = await memory.search_text(words, limit, where, exclude)
        wanted = await store.search_text(words, limit, where, exclude)
        assert [f.score for f in found] == [w.score for w in wanted], words
        cut = (
            found[-1].score if len(found) == limit else -1
        )  # of equal scores the store keeps any, memory the first ids
        assert [f for f in found if f.score > cut] == [w for w in wanted if w.score > cut]


async def test_words_not_searched_for_lately_are_forgotten(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(resident, "MAX_SCORES", 100)
    memory, store = await pair(tmp_path, rows(80))
    for words in ("lamp", "lamp 3", "3", "lamp 5"):
        assert await memory.search_text(words, 500) == await store.search_text(words, 500)


async def test_searches_at_once_and_in_threads_agree(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(resident, "INLINE_NUMBERS", 0)
    monkeypatch.setattr(resident, "MAX_PASSED", 1)
    memory, store = await pair(tmp_path, rows(80))
    query = row(7).text_vector
    wheres = [[c("price", "<", n)] for n in (5, 10, 20, 30)]
    wheres += [[c("price", "<", n), c("price", ">=", n - 8)] for n in (10, 20, 30)]
    found = await asyncio.gather(*(memory.search_vector("text", query, 9, w) for w in wheres))
    for got, where in zip(found, wheres, strict=True):
        assert [f.item_id for f in got] == [w.item_id for w in await store.search_vector("text", query, 9, where)]


async def test_a_column_without_vectors_finds_nothing(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    plain = [ItemRow(Item(item_id=f"p{i}", title="p"), rng.standard_normal(DIM).astype(np.float32)) for i in range(9)]
    memory, _ = await pair(tmp_path, plain)
    assert await memory.search_vector("image", plain[0].text_vector, 5) == []
    assert await memory.vectors("image", ["p1"]) == {}
    assert len(await memory.search_vector("text", plain[0].text_vector, 5)) == 5


async def test_a_table_made_again_with_the_same_version_is_never_answered_from_memory(tmp_path: Path) -> None:
    folder = tmp_path / "catalogue"

    async def ingested(price: float) -> tuple[LanceCatalogue, int]:
        catalogue = await LanceCatalogue.open(str(folder))
        await catalogue.upsert([row(n, price=price + n, colour="red") for n in range(30)])
        await catalogue.optimize()
        return catalogue, await (await catalogue._table()).version()

    async def read(catalogue: LanceCatalogue) -> tuple[Any, ...]:
        item = (await catalogue.get(["i3"]))[0]
        price = next(f for f in (await catalogue.schema()).fields if f.name == "price")
        found = await catalogue.search_vector(
            "text", row(3).text_vector, 1, [c("price", "=", item.attributes["price"])]
        )
        return item.attributes["price"], price.minimum, [f.item_id for f in found]

    first, version = await ingested(10.0)
    assert await read(first) == (13.0, 10.0, ["i3"])
    shutil.rmtree(folder)
    second, version_again = await ingested(500.0)
    assert version_again == version
    await asyncio.sleep(LOOK_S)
    assert await read(first) == (503.0, 500.0, ["i3"]) == await read(second)


async def test_the_first_writer_names_the_table(tmp_path: Path) -> None:
    ours, theirs = [await LanceCatalogue.open(str(tmp_path)) for _ in range(2)]
    await asyncio.gather(ours.upsert(rows(5)), theirs.upsert(rows(9)))
    await ours.mark_price("price", "EUR")
    keys = [await read_key(await catalogue._table()) for catalogue in (ours, theirs)]
    assert keys[0] == keys[1]
    assert len(keys[0].table_id) == 32
    assert await ours.count() == 9


async def test_a_table_that_did_not_change_is_not_read_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ours, theirs = await pair(tmp_path, rows(30))
    looks: list[Any] = []

    async def counted(table: Any) -> Any:
        looks.append(table)
        return await read_key(table)

    monkeypatch.setattr(lance_table, "read_key", counted)
    await asyncio.sleep(2 * SETTLED_S)
    for _ in range(4):
        await asyncio.sleep(LOOK_S)
        await ours.get(["i3"])
    assert len(looks) == 1
    await theirs.delete(["i3"])
    await asyncio.sleep(LOOK_S)
    assert await ours.get(["i3"]) == []
    await ours.delete(["i4"])
    assert await ours.get(["i4"]) == []


async def test_a_condition_is_looked_up_once_whatever_stands_beside_it(tmp_path: Path) -> None:
    memory, store = await pair(tmp_path, rows(80))
    query = row(7).text_vector
    pairs = [[c("price", "<", n), c("price", ">=", m)] for n in (10, 20, 30) for m in (2, 5, 8)]
    for where in pairs:
        got = [f.item_id for f in await memory.search_vector("text", query, 9, where)]
        assert got == [w.item_id for w in await store.search_vector("text", query, 9, where)]
        assert await memory.scan(40, where) == await store.scan(40, where)
    view = await memory._current(await memory._table())
    assert view.resident is not None
    assert len(view.resident._passed.keys() - {""}) == 6
