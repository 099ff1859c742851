"""Prepare the catalogues that requests are asked of: ingested once into the cache folder, with their source records."""

from __future__ import annotations

import contextlib
import csv
import json
import tempfile
from collections.abc import AsyncGenerator, Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any

from ...api.demo.movielens import film_rows
from ...api.stock import stock
from ...core.errors import InvalidRequestError
from ...core.settings import CatalogueSettings, ExposureSettings, Settings
from ...graphs.recommender import Recommender
from ...stores.ingest.plan import Choices
from .invented_catalogues import streaming_films, tea_shop

Record = Mapping[str, Any]


@dataclass(frozen=True)
class Shop:
    """A catalogue that can be asked, with the records of its source by item id."""

    recommender: Recommender
    records: Mapping[str, Record]


def records_of(name: str, data: Path) -> dict[str, Record]:
    """Return the source records of a catalogue by item id, in the order of the source.

    Raises:
        InvalidRequestError: there is no such catalogue, or its folder is not in ``data``.
    """
    if name not in _SOURCES:
        raise InvalidRequestError("catalogue", f"{name!r} is not one of: {', '.join(_SOURCES)}")
    rows, identifier = _SOURCES[name]
    try:
        return {str(row[identifier]): row for row in rows(data)}
    except FileNotFoundError as error:
        raise InvalidRequestError("--data", f"{error.filename} is not there; name the folder that holds it") from error


def as_written(record: Record) -> dict[str, Any]:
    """Return a record as its shop's export has it: ``written`` holds the notations ("1.299,00 €", "75cl")."""
    return {name: value for name, value in {**record, **record.get("written", {})}.items() if name != "written"}


@contextlib.asynccontextmanager
async def open_shop(name: str, settings: Settings, data: Path) -> AsyncGenerator[Shop]:
    """Yield the shop of a catalogue, text only and warm. Raises as ``records_of``."""
    records = records_of(name, data)
    mapping = {"item_id": _SOURCES[name][1], **_TITLES.get(name, {})}
    rows = ({**as_written(row), "image": None} for row in records.values())
    async with opened(f"requests-{name}", rows, settings, Choices(mapping=mapping)) as recommender:
        yield Shop(recommender, records)


@contextlib.asynccontextmanager
async def opened(
    name: str, rows: Iterable[Record], settings: Settings, choices: Choices | None = None, media: Path | None = None
) -> AsyncGenerator[Recommender]:
    """Yield a warm recommender over ``rows``, ingested at most once for each state of theirs into the cache folder.

    Threads and events live in a folder of their own that goes when the run ends, so that runs do not meet.
    """
    kept = settings.cache / "bench" / name
    kept.mkdir(parents=True, exist_ok=True)
    source = kept / "catalogue.jsonl"
    text = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
    if not source.is_file() or source.read_text(encoding="utf-8") != text:
        source.write_text(text, encoding="utf-8")
    with tempfile.TemporaryDirectory(prefix="tastemaker-bench-") as scratch:
        changed = {
            "home": Path(scratch),
            "catalogue": CatalogueSettings(uri=str(kept / "catalogue"), media_root=str(media or "")),
            "exposures": ExposureSettings(enabled=False),
        }
        own = settings.model_copy(update=changed)
        await stock(own, source, choices=choices, media=media, rejects=kept / "rejects.jsonl")
        async with Recommender(own) as recommender:
            await recommender.warm()
            yield recommender


def _cars(data: Path) -> Iterator[Record]:
    for line in (data / "cars" / "cars.jsonl").read_text(encoding="utf-8").splitlines():
        yield json.loads(line)


def _fashion(data: Path) -> Iterator[Record]:
    with (data / "fashion" / "products.csv").open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            yield {**row, "year": int(row["year"])}


def _films(data: Path) -> Iterator[Record]:
    for row in film_rows(data / "ml100k"):
        yield {**row, "genres": [g for g in row["genres"].split("|") if g], "year": int(row["year"] or 0) or None}


def _tea(_: Path) -> Iterator[Record]:
    yield from tea_shop()


def _streaming(_: Path) -> Iterator[Record]:
    yield from streaming_films()


def _shop(name: str) -> Callable[[Path], Iterator[Record]]:
    def rows(_: Path) -> Iterator[Record]:
        text = (files(__package__) / "data" / "shops" / f"{name}.jsonl").read_text(encoding="utf-8")
        yield from map(json.loads, text.splitlines())

    return rows


# Small shops that do not exist, as files: who reads requests never saw them.
_SHOPS = {
    "laptops": "sku",
    "wines": "id",
    "recipes": "id",
    "boardgames": "id",
    "flats": "ref",
    "moebel": "artikelnr",
    "shouji": "编号",
    "holidays": "ref",
    "bikes": "id",
    "courses": "code",
    "chongwu": "编号",
    "garten": "artikel",
    "instruments": "id",
    "shelter": "ref",
    "toys": "sku",
    "wandern": "tour",
    "hufu": "编号",
    "campers": "id",
    "cheese": "id",
    "werkzeug": "artikelnr",
    "yanchu": "编号",
    "watches": "id",
    "paints": "code",
    "prams": "ref",
    "sheetmusic": "cat_no",
    "guanshangyu": "编号",
    "jianshen": "编号",
    "handytarife": "tarifnr",
    "shoes": "sku",
    "groceries": "product_id",
    "daysout": "ref",
    "hoerbuecher": "artikel",
    "canguan": "编号",
    "erji": "编号",
    "podcasts": "id",
    "kidswear": "sku",
    "takeaway": "dish_id",
    "juji": "编号",
    "dangao": "编号",
    "kaffeemaschinen": "artikelnr",
    "vinyl": "Cat No",
    "venues": "Ref",
    "yarn": "Art no",
    "huiben": "货号",
    "ayi": "工号",
    "jacken": "Artikelnr",
}
_SOURCES: Mapping[str, tuple[Callable[[Path], Iterator[Record]], str]] = {
    "cars": (_cars, "item_id"),
    "films": (_films, "item_id"),
    "fashion": (_fashion, "id"),
    "tea": (_tea, "商品编号"),
    "streaming": (_streaming, "id"),
    **{name: (_shop(name), identifier) for name, identifier in _SHOPS.items()},
}
_TITLES = {
    "tea": {"title": "名称", "text": "描述"},
    "handytarife": {"title": "tarif"},
    "jianshen": {"title": "课名"},
    "vinyl": {"title": "Album"},
    "ayi": {"title": "姓名"},
}
CATALOGUES = tuple(name for name in _SOURCES if name not in _SHOPS)
