"""Prepare MovieLens-100k once in the cache and run the benchmarks that need it."""

from __future__ import annotations

import csv
import tempfile
from collections.abc import Mapping
from importlib.resources import files
from pathlib import Path
from typing import Any

from ...api.demo.movielens import convert
from ...api.stock import stock
from ...core.errors import InvalidRequestError
from ...core.schemas import Item
from ...core.settings import CatalogueSettings, Settings
from ...graphs.recommender import Recommender
from ...graphs.shop.services import Services
from ...stores.events.history import SqlHistory
from ...stores.ingest.plan import Choices
from . import first_item, footprint, load, soak
from . import graph_against_tool_loop as turn
from . import promises as valid

MIN_VOICE_S, MAX_VOICE_S = 5.0, 7.0
PHOTOS = 20


async def first_item_run(settings: Settings, data: Path | None, n: int, seed: int) -> dict[str, Any]:
    """Run ``first-item`` over MovieLens-100k with posters as photos and clips of about 6 s as voice."""
    folder = data or settings.data
    prepared = await movielens(settings, folder)
    return await first_item.run(prepared, posters(folder), voices(folder), n, seed)


async def footprint_run(settings: Settings, data: Path | None, n: int, seed: int) -> dict[str, Any]:
    """Run ``footprint`` over MovieLens-100k with posters as photos and clips of about 6 s as voice."""
    folder = data or settings.data
    prepared = await movielens(settings, folder)
    return await footprint.run(prepared, posters(folder), voices(folder), n, seed)


async def turn_run(settings: Settings, data: Path | None, n: int, seed: int) -> dict[str, Any]:
    """Run ``turn`` over MovieLens-100k, with posters and voice clips, against the language-model server of ``settings``."""
    folder = data or settings.data
    prepared = await movielens(settings, folder)
    async with Recommender(prepared) as recommender:
        await recommender.warm()
        return await turn.run(recommender, turn.requests_for(n, posters(folder), voices(folder), seed), seed)


async def valid_run(settings: Settings, data: Path | None, n: int, llm_requests: int, seed: int) -> dict[str, Any]:
    """Run ``valid`` over MovieLens-100k with hostile text in every tenth film."""
    folder = data or settings.data
    plain = await movielens(settings, folder)
    with tempfile.TemporaryDirectory() as scratch:
        poisoned = plain.model_copy(update={"home": Path(scratch), "catalogue": CatalogueSettings()})
        records = await poison(plain, poisoned, seed)
        genres = sorted({str(g) for i in records.values() for g in _list(i.attributes.get("genres"))})
        consumed = await _consumed(poisoned, n)
        made = valid.cases(n, genres, consumed, seed)
        services = Services.from_settings(poisoned)
        services.chat = valid.HostileChat(seed)
        services.rebuild()
        async with Recommender(poisoned, services=services) as hostile, Recommender(poisoned) as real:
            alive = await real.services.chat.health()
            return await valid.run(hostile, real if alive else None, made, records, real_n=llm_requests, seed=seed)


async def load_run(settings: Settings, seconds: float, workers: int, seed: int) -> dict[str, Any]:
    """Run ``load`` over the bundled print shop."""
    return await load.run(await prints(settings), seconds=seconds, workers=workers, seed=seed)


async def soak_run(settings: Settings, seconds: float, seed: int) -> dict[str, Any]:
    """Run ``soak`` over the bundled print shop."""
    return await soak.run(await prints(settings), seconds=seconds, seed=seed)


async def prints(settings: Settings) -> Settings:
    """Return settings whose home holds the bundled print shop."""
    source = Path(str(files("tastemaker.api.demo") / "data"))
    home = settings.cache / "bench" / "prints"
    prepared = settings.model_copy(update={"home": home, "catalogue": CatalogueSettings(media_root=str(source))})
    catalogue, interactions = source / "catalogue.csv", source / "interactions.csv"
    await stock(prepared, catalogue, media=source, interactions=interactions, rejects=home / "rejects.jsonl")
    return prepared


async def movielens(settings: Settings, data: Path) -> Settings:
    """Return settings whose home holds MovieLens-100k, ingested at most once for each state of the source.

    Raises:
        InvalidRequestError: ``data/ml100k`` is not there.
    """
    folder = data / "ml100k"
    if not folder.is_dir():
        raise InvalidRequestError("--data", f"{folder} is not there; name the folder that holds ml100k/")
    home = settings.cache / "bench" / "ml100k"
    prepared = settings.model_copy(
        update={"home": home, "catalogue": CatalogueSettings(media_root=str(folder.resolve()))}
    )
    source = convert(folder, home / "source")
    await stock(
        prepared,
        source.catalogue,
        choices=Choices(mapping=source.mapping),
        media=folder,
        interactions=source.interactions,
        rejects=home / "rejects.jsonl",
    )
    return prepared


async def poison(plain: Settings, poisoned: Settings, seed: int) -> dict[str, Item]:
    """Ingest the films with hostile text into ``poisoned`` and return the records by id, as the source has them."""
    source = plain.home / "source"
    with (source / "catalogue.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    items = valid.poisoned([Item(item_id=r["item_id"], title=r["title"], text=r["text"]) for r in rows], seed)
    target = poisoned.home / "catalogue.csv"
    with target.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, fieldnames=[k for k in rows[0] if k != "image"], extrasaction="ignore")
        writer.writeheader()
        writer.writerows({**row, "text": item.text} for row, item in zip(rows, items, strict=True))
    await stock(
        poisoned,
        target,
        media=poisoned.home,
        interactions=source / "interactions.csv",
        rejects=poisoned.home / "rejects.jsonl",
    )
    return {
        row["item_id"]: item.model_copy(update={"attributes": _facts(row)})
        for row, item in zip(rows, items, strict=True)
    }


def _facts(row: Mapping[str, str]) -> dict[str, Any]:
    year = {"year": float(row["year"])} if row["year"] else {}
    return {"genres": [g for g in row["genres"].split("|") if g], **year}


async def _consumed(settings: Settings, n: int) -> dict[str, frozenset[str]]:
    history = await SqlHistory.open(settings.history_url)
    try:
        users = [str(u) for u in range(1, min(n, 200) + 1)]
        return {u: (await history.profile(u)).consumed for u in users}
    finally:
        await history.close()


def posters(data: Path) -> list[Path]:
    """Return the first posters, as photos."""
    return sorted((data / "ml100k" / "posters").iterdir())[:PHOTOS]


def voices(data: Path) -> list[Path]:
    """Return the speech clips of about six seconds."""
    with (data / "speech" / "manifest.csv").open(encoding="utf-8", newline="") as file:
        rows = [r for r in csv.DictReader(file) if MIN_VOICE_S <= float(r["seconds"] or 0) <= MAX_VOICE_S]
    return [data / "speech" / r["file"] for r in rows]


def _list(value: object) -> list[Any]:
    return list(value) if isinstance(value, list) else []
