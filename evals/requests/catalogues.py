"""Prepare the catalogues that requests are asked of: ingested once into the cache folder, with their source records."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ...api.demo.movielens import film_rows
from ...api.stock import stock
from ...core.errors import InvalidRequestError
from ...core.settings import CatalogueSettings, ExposureSettings, Settings
from ...stores.ingest.plan import Choices
from .invented_catalogues import streaming_films, tea_shop

Record = Mapping[str, Any]


@dataclass(frozen=True)
class Prepared:
    """A catalogue ready to be asked: settings whose home holds it, and the records of its source by item id."""

    settings: Settings
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


async def prepared(name: str, settings: Settings, data: Path) -> Prepared:
    """Return the catalogue ``name``, text only, ingested at most once for each state of its source. Raises as ``records_of``."""
    records = records_of(name, data)
    home = settings.cache / "bench" / f"requests-{name}"
    home.mkdir(parents=True, exist_ok=True)
    source = home / "catalogue.jsonl"
    lines = (json.dumps({**row, "image": None}, ensure_ascii=False) + "\n" for row in records.values())
    source.write_text("".join(lines), encoding="utf-8")
    (home / "threads.db").unlink(missing_ok=True)
    changed = {"home": home, "catalogue": CatalogueSettings(), "exposures": ExposureSettings(enabled=False)}
    own = settings.model_copy(update=changed)
    mapping = {"item_id": _SOURCES[name][1], **_TITLES.get(name, {})}
    await stock(own, source, choices=Choices(mapping=mapping), rejects=home / "rejects.jsonl")
    return Prepared(own, records)


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


_SOURCES: Mapping[str, tuple[Callable[[Path], Iterator[Record]], str]] = {
    "cars": (_cars, "item_id"),
    "films": (_films, "item_id"),
    "fashion": (_fashion, "id"),
    "tea": (_tea, "商品编号"),
    "streaming": (_streaming, "id"),
}
_TITLES = {"tea": {"title": "名称", "text": "描述"}}
CATALOGUES = tuple(_SOURCES)
