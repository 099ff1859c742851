"""Files come in whole: mapping, types, bad rows reported and skipped, nothing doubled, pictures never trusted."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from PIL import Image

from tastemaker.api.cli.ingest import summary
from tastemaker.api.cli.options import parse_mapping
from tastemaker.core.errors import BackEndError, InvalidRequestError
from tastemaker.core.protocols import Vectors
from tastemaker.stores.catalogue.columns import ItemRow, UpsertResult, model_mark
from tastemaker.stores.catalogue.lance_catalogue import LanceCatalogue
from tastemaker.stores.events.history import SqlHistory
from tastemaker.stores.ingest import embed_and_write, pipeline
from tastemaker.stores.ingest.file_readers import read_records
from tastemaker.stores.ingest.pipeline import ingest
from tastemaker.stores.ingest.plan import Choices
from tastemaker.stores.ingest.report import IngestReport
from tests.fakes import HashImageText

from ..media_samples import png_header_of


class Shop:
    """A folder with a catalogue, a history and a rejects file."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.rejects = folder / "out" / "rejects.jsonl"
        self.embed = HashImageText()
        self.catalogue: LanceCatalogue

    async def ingest(self, file: str, content: str | bytes | None = None, **options: Any) -> IngestReport:
        path = self.folder / file
        if content is not None:
            path.write_bytes(content if isinstance(content, bytes) else content.encode())
        self.catalogue = await LanceCatalogue.open(str(self.folder / "db"))
        return await ingest(path, self.catalogue, options.pop("embed", self.embed), rejects=self.rejects, **options)

    def problems(self) -> list[tuple[int, str, str, str]]:
        if not self.rejects.exists():
            return []
        rows = [json.loads(line) for line in self.rejects.read_text().splitlines()]
        return [(r["line"], r["item_id"], r["field"], r["level"]) for r in rows]

    async def items(self) -> dict[str, dict[str, Any]]:
        ids = await self.catalogue.scan(10_000)
        assert len(ids) == len(set(ids))
        return {i.item_id: i.model_dump() for i in await self.catalogue.get(ids)}


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    return Shop(tmp_path)


def photo(path: Path, colour: str = "red") -> None:
    Image.new("RGB", (32, 32), colour).save(path)


CSV = (
    "ID,productDisplayName,description,price,tags,in_stock,zip,brand\n"
    '1,Red lamp,"A lamp, red\nand warm",39.90,home|light,yes,01234,Ikea\n'
    '2,Blue lamp,,"1,299.00",home|cold,no,99999,Ikea\n'
    "3,Vase,Tall,n/a,,,,\n"
)


async def test_a_csv_comes_in_with_types(shop: Shop) -> None:
    report = await shop.ingest("items.csv", CSV)
    assert (report.read, report.inserted, report.rejected, report.warnings, report.rejects) == (3, 3, 0, 0, None)
    items = await shop.items()
    assert items["1"]["text"] == "A lamp, red\nand warm"
    assert items["1"]["attributes"] == {
        "price": 39.9,
        "tags": ["home", "light"],
        "in_stock": True,
        "zip": "01234",
        "brand": "Ikea",
    }
    assert items["2"]["attributes"]["price"] == 1299.0
    assert items["3"]["attributes"] == {}
    price = (await shop.catalogue.schema()).price
    assert price is not None
    assert price.name == "price"
    assert shop.problems() == []
    assert summary(report).startswith("3 rows: 3 new")


async def test_again_changes_nothing_and_an_edit_changes_one(shop: Shop) -> None:
    await shop.ingest("items.csv", CSV)
    texts = shop.embed.texts
    report = await shop.ingest("items.csv")
    assert (report.inserted, report.updated, report.unchanged) == (0, 0, 3)
    assert shop.embed.texts == texts
    report = await shop.ingest("items.csv", CSV.replace("39.90", "35"))
    assert (report.inserted, report.updated, report.unchanged) == (0, 1, 2)
    assert (await shop.items())["1"]["attributes"]["price"] == 35.0


async def test_vectors_of_an_older_model_are_recognised_and_made_anew(shop: Shop) -> None:
    await shop.ingest("items.csv", "id,title\na,Red boat\nb,Blue boat\n")
    newer = HashImageText()
    newer.revision = "2"  # type: ignore[attr-defined]
    assert await shop.catalogue.of_other_models(model_mark(shop.embed)) == 0
    assert await shop.catalogue.of_other_models(model_mark(newer)) == 2
    again = await shop.ingest("items.csv", embed=newer)
    assert (again.updated, again.unchanged) == (2, 0)
    assert await shop.catalogue.of_other_models(model_mark(newer)) == 0
    assert (await shop.ingest("items.csv", embed=newer)).unchanged == 2


async def test_mapping_renames_joins_and_marks_the_price(shop: Shop) -> None:
    rows = "sku;Titel;a;b;kosten;farbe\nx1;Lampe;eins;zwei;€ 12,50;rot\nx2;Vase;drei;;7,00 €;blau\n"
    mapping = parse_mapping(["title=Titel", "text=a+b", "price=kosten", "colour=farbe"])
    await shop.ingest("items.csv", rows, choices=Choices(mapping=mapping))
    items = await shop.items()
    assert items["x1"]["text"] == "eins\nzwei"
    assert items["x1"]["attributes"] == {"price": 12.5, "colour": "rot"}
    price = (await shop.catalogue.schema()).price
    assert price is not None
    assert (price.unit, price.minimum) == ("EUR", 7.0)


@pytest.mark.parametrize("pairs", [["title"], ["=x"], ["a=b", "a=c"]])
def test_a_wrong_mapping_is_refused(pairs: list[str]) -> None:
    with pytest.raises(InvalidRequestError):
        parse_mapping(pairs)


async def test_every_bad_row_is_reported_and_stops_nothing(shop: Shop) -> None:
    good = [f"g{n},Good {n},{n},ök" for n in range(30)]
    bad = [
        b",No id,1,x",
        b"b1,,1,x",
        b"b2,Too few,1",
        b"b3,Too many,1,x,y",
        b"b4,Bad bytes \xff,1,x",
        b'b5,"never closed,1,x',
        b'b6,"bad"quote,1,x',
        b"b7,Not a number,cheap,x",
        b"b8," + b"t" * 501 + b",1,x",
        b"b9,Nul \x00 byte,1,x",
        b"i" * 129 + b",Long id,1,x",
    ]
    lines = [b"id,name,price,note", *[g.encode() for g in good[:15]], *bad, *[g.encode() for g in good[15:]]]
    report = await shop.ingest("items.csv", b"\n".join(lines) + b"\n", batch=4)
    items = await shop.items()
    assert sorted(items) == sorted([*(f"g{n}" for n in range(30)), "b7", "b9"])
    assert items["b7"]["attributes"] == {"note": "x"}
    assert items["b9"]["title"] == "Nul  byte"
    assert (report.rejected, report.warnings) == (len(bad) - 2, 2)
    problems = shop.problems()
    assert [line for line, *_ in problems] == list(range(17, 17 + len(bad)))
    named = {(i, field) for _, i, field, _ in problems}
    assert {("", "item_id"), ("b1", "title"), ("b7", "price"), ("b8", "title"), ("b9", "title")} <= named


async def test_the_last_of_equal_ids_counts_and_is_reported(shop: Shop) -> None:
    rows = "id,name\na,One\nb,Bee\na,Two\na,Three\nc,Sea\nc,\n"
    report = await shop.ingest("items.csv", rows, batch=1)
    assert {i: v["title"] for i, v in (await shop.items()).items()} == {"a": "Three", "b": "Bee", "c": "Sea"}
    assert [(p[0], p[3]) for p in shop.problems()] == [(2, "warning"), (4, "warning"), (7, "rejected")]
    assert (report.inserted, report.rejected, report.warnings) == (3, 1, 2)
    again = await shop.ingest("items.csv", batch=1)
    assert (again.inserted, again.updated, again.unchanged) == (0, 0, 3)
    assert len(shop.problems()) == 3


async def test_json_lines_and_parquet_say_the_same(shop: Shop) -> None:
    rows: list[dict[str, Any]] = [
        {"item_id": "a", "title": "Alpha", "year": 1995, "tags": ["x", "y"], "eco": True, "extra": {"k": 1}},
        {"item_id": "b", "title": "Beta", "year": None, "tags": [], "eco": False},
    ]
    await shop.ingest("x.jsonl", "\n\n".join(json.dumps(r) for r in rows) + "\nnot json\n[1]\n{}\n")
    first = await shop.items()
    assert first["a"]["attributes"] == {"year": 1995.0, "tags": ["x", "y"], "eco": True, "k": 1.0}
    assert [(p[0], p[2]) for p in shop.problems()] == [(4, ""), (5, ""), (6, "item_id")]
    for row in rows:
        row.pop("extra", None)
    pq.write_table(pa.Table.from_pylist(rows), shop.folder / "x.parquet")
    report = await shop.ingest("x.parquet")
    assert (report.updated, report.unchanged) == (1, 1)
    assert (await shop.items())["a"]["attributes"] == {"year": 1995.0, "tags": ["x", "y"], "eco": True}


async def test_bad_pictures_are_warned_about_and_the_items_stay(shop: Shop) -> None:
    media = shop.folder / "media"
    media.mkdir()
    photo(media / "ok.png")
    photo(shop.folder / "outside.png")
    whole = media / "whole.jpg"
    Image.effect_noise((200, 200), 90).save(whole)
    (media / "cut.jpg").write_bytes(whole.read_bytes()[:4000])
    (media / "text.png").write_text("no picture")
    (media / "bomb.png").write_bytes(png_header_of(30_000, 30_000))
    names = [
        "ok.png",
        "missing.png",
        "../outside.png",
        "cut.jpg",
        "text.png",
        "bomb.png",
        "https://x.example/a.png",
        "",
        ".",
    ]
    rows = "id,name,image\n" + "".join(f"i{n},Thing {n},{name}\n" for n, name in enumerate(names))
    report = await shop.ingest("items.csv", rows, media=media)
    assert (report.inserted, report.rejected, report.warnings) == (9, 0, 7)
    assert {i for i, item in (await shop.items()).items() if item["image"]} == {"i0"}
    assert list(await shop.catalogue.vectors("image", [f"i{n}" for n in range(9)])) == ["i0"]
    problems = sorted(shop.problems())
    assert "30000 x 30000" in shop.rejects.read_text() or "pixels" in shop.rejects.read_text()
    again = await shop.ingest("items.csv", media=media)
    assert (again.unchanged, again.warnings) == (9, 7)
    assert sorted(shop.problems()) == problems
    photo(media / "missing.png")
    photo(media / "cut.jpg", "blue")
    mended = await shop.ingest("items.csv", media=media)
    assert (mended.updated, mended.unchanged, mended.warnings) == (2, 7, 5)


class Broken(HashImageText):
    """Fails at the third batch."""

    calls = 0

    async def embed_texts(self, texts: Any) -> Vectors:
        self.calls += 1
        if self.calls > 2:
            raise BackEndError("the model is gone")
        return await super().embed_texts(texts)


async def test_a_failing_model_is_raised_and_the_next_run_resumes(shop: Shop) -> None:
    rows = "id,name\n" + "".join(f"i{n},Thing {n}\n" for n in range(700))
    with pytest.raises(BackEndError, match="gone"):
        await shop.ingest("items.csv", rows, batch=300, embed=Broken())
    report = await shop.ingest("items.csv")
    assert report.inserted + report.unchanged == 700
    assert await shop.catalogue.count() == 700


class Meeting(HashImageText):
    """Embed texts only while pictures are embedded too."""

    def __init__(self) -> None:
        super().__init__()
        self.pictures_began = asyncio.Event()

    async def embed_texts(self, texts: Any) -> Vectors:
        await asyncio.wait_for(self.pictures_began.wait(), 5)
        return await super().embed_texts(texts)

    async def embed_images(self, paths: Any) -> Vectors:
        self.pictures_began.set()
        return await super().embed_images(paths)


async def test_texts_and_pictures_of_a_batch_are_embedded_at_once(shop: Shop) -> None:
    photo(shop.folder / "a.png")
    report = await shop.ingest("items.csv", "id,name,image\n1,Lamp,a.png\n", embed=Meeting())
    assert (report.inserted, report.warnings) == (1, 0)
    assert await shop.catalogue.vectors("image", ["1"])


@pytest.mark.parametrize(
    ("file", "content", "field"),
    [
        ("x.csv", "", "source"),
        ("x.csv", "a,a\n1,2\n", "mapping.item_id"),
        ("x.csv", "foo,bar\n1,2\n", "mapping.item_id"),
        ("x.csv", "id,bar\n1,2\n", "mapping.title"),
        ("x.xlsx", "id", "source"),
        ("x.doc", "id", "source"),
        ("x.parquet", "no parquet", "source"),
        ("missing.csv", None, "source"),
    ],
)
async def test_an_unusable_file_says_why(shop: Shop, file: str, content: str | None, field: str) -> None:
    with pytest.raises(InvalidRequestError) as caught:
        await shop.ingest(file, content)
    assert caught.value.field == field


async def test_interactions_are_added_once(shop: Shop) -> None:
    history = await SqlHistory.open(f"sqlite+aiosqlite:///{shop.folder / 'h.db'}")
    events = (
        "user_id,item_id,rating,timestamp,page\nada,1,5,881250949,home\nada,2,,1999-01-02T03:04:05Z,\n"
        "bob,1,bad,881250949,\nbob,,3,881250949,\nbob,1,3,yesterday,\nbob,1,2,881250949000,\n"
    )
    (shop.folder / "events.csv").write_text(events)
    for added in (3, 0):
        report = await shop.ingest("items.csv", CSV, interactions=shop.folder / "events.csv", history=history)
        assert (report.events_read, report.events_added, report.rejected) == (6, added, 3)
    assert sorted(p[2] for p in shop.problems()) == ["at", "item_id", "value"]
    profile = await history.profile("ada")
    assert profile.liked == ("1",)
    assert [e.kind for e in profile.events] == ["view", "rating"]
    assert profile.events[1].context == {"page": "home"}
    assert (await history.profile("bob")).events[0].at == profile.events[1].at
    await history.close()


def test_an_open_quote_hides_no_other_row(tmp_path: Path) -> None:
    path = tmp_path / "x.csv"
    rows = [f'{n},"t ""{n}"" x"' for n in range(2000)]
    rows[5] = '5,"open'
    rows[700] = '700,"two\nlines"'
    path.write_text("id,t\n" + "\n".join(rows) + "\n")
    records = list(read_records(path))
    assert [r.line for r in records if r.problem] == [7]
    assert len(records) == 2000
    assert {r.values["id"]: r.values["t"] for r in records if not r.problem}["700"] == "two\nlines"


def test_tabs_may_hold_stray_quotes(tmp_path: Path) -> None:
    path = tmp_path / "x.tsv"
    path.write_text('\ufeffid\tname\n1\t"Quoted" name\n2\t12" disc\n3\t"open\n')
    assert [r.values["name"] for r in read_records(path)] == ['"Quoted" name', '12" disc', '"open']


async def test_writing_does_not_grow_with_what_is_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(embed_and_write, "WRITE_ROWS", 20)
    monkeypatch.setattr(embed_and_write, "WRITE_S", 1e9)
    source = tmp_path / "items.csv"
    source.write_text("id,title\n" + "".join(f"{n},Thing {n}\n" for n in range(1200)), encoding="utf-8")
    catalogue = await LanceCatalogue.open(str(tmp_path / "db"))
    sizes: list[int] = []
    upsert = catalogue.upsert

    async def counted(rows: Sequence[ItemRow]) -> UpsertResult:
        sizes.append(len(rows))
        return await upsert(rows)

    monkeypatch.setattr(catalogue, "upsert", counted)
    await pipeline.ingest(source, catalogue, HashImageText(), batch=20)
    assert sum(sizes) == 1200
    assert len(sizes) <= 35  # 60 writes of 20 rows otherwise
