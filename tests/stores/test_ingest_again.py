"""Ingesting again: only what changed is embedded, types follow the file, what is gone can be removed, plans can be kept."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import pytest

from tastemaker.api.cli import main as cli
from tastemaker.core.errors import InvalidRequestError
from tastemaker.stores.catalogue.lance_catalogue import LanceCatalogue
from tastemaker.stores.events.history import SqlHistory
from tastemaker.stores.ingest.changes import Refresh, delete_items
from tastemaker.stores.ingest.events_plan import EventChoices
from tastemaker.stores.ingest.file_survey import survey
from tastemaker.stores.ingest.mapping_file import as_toml, read_mapping
from tastemaker.stores.ingest.pipeline import ingest
from tastemaker.stores.ingest.plan import Choices
from tastemaker.stores.ingest.report import IngestReport
from tests.fakes import HashImageText
from tests.stores.test_ingest import photo

ROWS = "id,title,price,stock,colour,image\na,Red lamp,10,3,red,a.png\nb,Blue lamp,20,0,blue,\nc,Rug,30,5,red,\n"


class Store:
    """A folder with a catalogue that counts what is embedded."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.embed = folder, HashImageText()
        photo(folder / "a.png")

    async def ingest(self, content: str, name: str = "items.csv", **options: Any) -> IngestReport:
        path = self.folder / name
        path.write_text(content, encoding="utf-8")
        self.embed.texts = self.embed.images = 0
        self.catalogue = await LanceCatalogue.open(str(self.folder / "db"))
        return await ingest(path, self.catalogue, self.embed, **options)

    async def attributes(self, item_id: str) -> dict[str, Any]:
        return dict((await self.catalogue.get([item_id]))[0].attributes)

    @property
    def embedded(self) -> tuple[int, int]:
        return self.embed.texts, self.embed.images


@pytest.fixture
async def store(tmp_path: Path) -> Store:
    made = Store(tmp_path)
    await made.ingest(ROWS)
    assert made.embedded == (3, 1)
    return made


async def test_a_new_price_embeds_nothing_and_keeps_the_vectors(store: Store) -> None:
    before = [await store.catalogue.vectors(c, ["a", "b"]) for c in ("text", "image")]
    report = await store.ingest(ROWS.replace("lamp,10", "lamp,11").replace("lamp,20", "lamp,21"))
    assert (report.updated, report.unchanged, store.embedded) == (2, 1, (0, 0))
    after = [await store.catalogue.vectors(c, ["a", "b"]) for c in ("text", "image")]
    assert all((old[i] == new[i]).all() for old, new in zip(before, after, strict=True) for i in old)
    assert [len(found) for found in after] == [2, 1]


async def test_new_words_embed_no_picture_and_a_new_picture_no_words(store: Store) -> None:
    await store.ingest(ROWS.replace("Red lamp", "Red desk lamp"))
    assert store.embedded == (1, 0)
    photo(store.folder / "a.png", "green")
    await store.ingest(ROWS.replace("Red lamp", "Red desk lamp"))
    assert store.embedded == (0, 1)


async def test_some_attributes_are_updated_and_the_rest_stays(store: Store) -> None:
    rows = "id,stock,price,colour\na,0,9.5,green\nz,1,1,green\nb,7,,green\n"
    report = await store.ingest(rows, "stock.csv", choices=Choices(only=("price", "stock")))
    assert (report.updated, report.warnings, store.embedded) == (2, 1, (0, 0))
    assert await store.attributes("a") == {"price": 9.5, "stock": 0.0, "colour": "red"}
    assert await store.attributes("b") == {"stock": 7.0, "colour": "blue"}
    assert await store.catalogue.vectors("image", ["a"])
    again = await store.ingest(rows, "stock.csv", choices=Choices(only=("price", "stock")))
    assert (again.updated, again.unchanged) == (0, 2)
    with pytest.raises(InvalidRequestError, match="no attribute 'weight'"):
        await store.ingest(rows, "stock.csv", choices=Choices(only=("weight",)))


async def test_days_and_times_are_the_same_again(store: Store) -> None:
    rows = "id,title,released,doors open\n" + "".join(f"d{n},Night {n},2026-0{n}-14,{17 + n}:30\n" for n in range(1, 5))
    await store.ingest(rows, "nights.csv")
    types = {f.name: f.type for f in (await store.catalogue.schema()).fields}
    assert (types["released"], types["doors open"]) == ("date", "time")
    again = await store.ingest(rows, "nights.csv")
    assert (again.unchanged, [note for note in again.notes if "field now" in note]) == (4, [])


async def test_a_whole_file_changes_types_with_a_notice_and_without_embedding(store: Store) -> None:
    texts = ROWS.replace(",10,", ",cheap,").replace(",20,", ",dear,").replace(",30,", ",dear,")
    report = await store.ingest(texts)
    assert any("price was a number field and is a text field" in note for note in report.notes)
    assert (await store.attributes("a"))["price"] == "cheap"
    report = await store.ingest(ROWS)
    assert any("price was a text field and is a number field" in note for note in report.notes)
    field = (await store.catalogue.schema()).price
    assert field is not None
    assert (field.name, field.minimum, report.updated) == ("price", 10.0, 3)
    assert store.embed.images == 0


async def test_a_small_file_is_read_as_the_fields_are(store: Store) -> None:
    report = await store.ingest("id,title,price\nd,Vase,cheap\n", "more.csv")
    assert any("stays a number field" in note for note in report.notes)
    assert (await store.attributes("d"), report.warnings) == ({}, 1)
    assert (await store.attributes("a"))["price"] == 10.0


async def test_what_is_gone_is_removed_within_a_limit_and_a_dry_run_writes_nothing(store: Store) -> None:
    fewer = "\n".join(ROWS.splitlines()[:3]).replace("lamp,10", "lamp,12") + "\n"
    with pytest.raises(InvalidRequestError, match=r"1 of 3 items are not in the file \(c\).*--prune-limit 0.33"):
        await store.ingest(fewer, refresh=Refresh(prune=True))
    assert await store.attributes("a") == {"price": 10.0, "stock": 3.0, "colour": "red"}
    dry = await store.ingest(fewer, refresh=Refresh(prune=True, dry_run=True))
    assert (dry.removed, dry.updated, dry.unchanged, await store.catalogue.count()) == (1, 1, 1, 3)
    done = await store.ingest(fewer, refresh=Refresh(prune=True, prune_limit=0.5))
    assert (done.removed, await store.catalogue.count()) == (1, 2)
    assert sorted(await store.catalogue.scan(9)) == ["a", "b"]


async def test_items_are_removed_by_id(store: Store) -> None:
    (store.folder / "ids.csv").write_text("id\nc\nzz\nc\n")
    assert await delete_items(store.folder / "ids.csv", store.catalogue, Choices(), dry_run=True) == (2, 1, {})
    assert await delete_items(store.folder / "ids.csv", store.catalogue, Choices()) == (2, 1, {})
    assert sorted(await store.catalogue.scan(9)) == ["a", "b"]


async def test_units_and_currencies_are_kept_with_the_fields(store: Store) -> None:
    rows = "id,title,price,weight\na,Lamp,€10,500 g\nb,Mug,$20,1.2 kg\nc,Rug,€30,300 g\n"
    report = await store.ingest(rows)
    fields = {f.name: (f.role, f.unit) for f in (await store.catalogue.schema()).fields if f.type == "number"}
    assert fields["price"] == ("price", "EUR")
    assert fields["price_usd"] == ("none", "USD")
    assert fields["weight"] == ("none", "g")
    assert await store.attributes("b") == {"price_usd": 20.0, "weight": 1200.0}
    assert any("currencies" in note for note in report.notes)


async def test_events_that_cannot_be_mapped_stop_before_anything_is_written(tmp_path: Path) -> None:
    store = Store(tmp_path)
    history = await SqlHistory.open(f"sqlite+aiosqlite:///{tmp_path / 'h.db'}")
    (tmp_path / "e.csv").write_text("who,what,ts\nu1,a,1700000000\nu1,0a,1700000001\nu1,x,1700000002\n")
    options: dict[str, Any] = {"interactions": tmp_path / "e.csv", "history": history}
    with pytest.raises(InvalidRequestError, match="no column for user; add --map-events user=COLUMN"):
        await store.ingest(ROWS, **options)
    assert await store.catalogue.count() == 0
    chosen = EventChoices({"user": "who", "item": "what"})
    report = await store.ingest(ROWS, event_choices=chosen, **options)
    assert (report.events_read, report.events_added) == (3, 3)
    assert any("2 of 3 events name no item of the catalogue (0a, x)" in note for note in report.notes)
    await history.close()


def test_a_kept_plan_reads_the_file_the_same_way(tmp_path: Path) -> None:
    path = tmp_path / "x.csv"
    path.write_text("Artikelnummer;Name;Preis;Gewicht;Farbe;Code\n1;A;1.299;0,5;rot/blau;x9\n2;B;49;1,25;rot;x8\n")
    said = Choices(readings={"Preis": "price:EUR", "Code": "ignore"}, mapping={"farbe": "Farbe"})
    plan = survey(path, said).plan
    (tmp_path / "catalogue.toml").write_text(as_toml(plan, said), encoding="utf-8")
    kept = read_mapping(tmp_path / "catalogue.toml")
    assert kept.fits(["Artikelnummer", "Name", "Preis", "Gewicht"])
    assert not kept.fits(["id", "title"])
    again = survey(path, kept.choices).plan
    facts = [(c.name, c.target, c.kind, c.unit, c.decimal, c.separators) for c in plan.columns]
    assert [(c.name, c.target, c.kind, c.unit, c.decimal, c.separators) for c in again.columns] == facts
    assert again.price == plan.price == "Preis"


@pytest.mark.parametrize("text", ["[columns.x]\nbecomes = 1\n", "columns = 3 4", 'mapping = "x"\n'])
def test_a_mapping_file_with_mistakes_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "catalogue.toml").write_text(text)
    with pytest.raises(InvalidRequestError, match="--mapping"):
        read_mapping(tmp_path / "catalogue.toml")


@pytest.mark.parametrize("reading", ["money", "price:XYZ", "date:ymd", "list"])
def test_a_reading_is_checked(tmp_path: Path, reading: str) -> None:
    path = tmp_path / "x.csv"
    path.write_text("id,title,tags\n1,A,x y\n2,B,x\n")
    if reading == "list":
        assert survey(path, Choices(readings={"tags": reading})).plan.types() == {"tags": "list"}
        return
    with pytest.raises(InvalidRequestError, match="--as tags"):
        survey(path, Choices(readings={"tags": reading}))


def test_the_plan_is_shown_and_kept_by_the_command(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "x.csv"
    path.write_text("id,title,price\n1,Lamp,1.299 €\n2,Mug,5 €\n3,Rug,VB\n", encoding="utf-8")
    for extra in (["--json", "--save"], []):
        monkeypatch.setattr(sys, "argv", ["tastemaker", "ingest", str(path), "--plan", *extra])
        with pytest.raises(SystemExit) as stopped:
            cli.main()
        assert not stopped.value.code
        shown = capsys.readouterr().out
        if extra:
            price = next(c for c in json.loads(shown)["catalogue"]["columns"] if c["name"] == "price")
            assert (price["samples"], price["unit"], price["read"]) == (["1299", "5"], "EUR", 0.6667)
        else:
            assert "'VB' is no price; to keep them: --as 'price=text'" in " ".join(shown.split())
    assert 'as = "price:comma:EUR"' in (tmp_path / "catalogue.toml").read_text(encoding="utf-8")
