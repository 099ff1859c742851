"""Measure ingesting: ``tastemaker bench ingest`` - items a second, growth, and what is left after a kill half-way.

Items are the products of ``data/fashion`` with text and picture, from files to searchable. To grow beyond them, products come
again under new ids, with their number in the title and a copy of the picture under another name, so that nothing is remembered
from the first time. The run that is killed is a process of its own, ended by SIGKILL once about half of the items are stored.
"""

from __future__ import annotations

import asyncio
import csv
import os
import shutil
import signal
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from ...core.errors import InvalidRequestError, TastemakerError
from ...core.settings import CatalogueSettings, Settings
from ...models.registry import open_image_text
from ...stores.catalogue.lance_catalogue import LanceCatalogue
from ...stores.ingest.pipeline import ingest
from ..reporting.report import report

SIZES = (1000, 4000, 10_000)
KILLED = 3000
TEXT_SIZES = (1000, 10_000, 100_000)
LOOK_EVERY_S, GIVE_UP_S = 0.2, 900.0
TARGETS = {
    "items_per_s": 60,
    "text_only_items_per_s": 400,
    "lost": 0,
    "doubled": 0,
    "slowest_to_fastest": 0.7,
    "text_only_slowest_to_fastest": 0.7,
}
Say = Callable[[str], None]


async def ingest_run(
    settings: Settings, data: Path | None, sizes: Sequence[int], texts: Sequence[int], say: Say
) -> dict[str, Any]:
    """Return the figures of ``bench ingest`` for ``sizes`` items with pictures and ``texts`` items without.

    Raises:
        InvalidRequestError: ``fashion`` is not in the data folder.
    """
    fashion = (data or settings.data) / "fashion"
    if not (fashion / "products.csv").is_file():
        raise InvalidRequestError("--data", f"{fashion} holds no products.csv; name the folder that holds fashion/")
    with tempfile.TemporaryDirectory(prefix="tastemaker-bench-") as scratch:
        grown = {}
        for size in sizes:
            say(f"{size} items")
            grown[str(size)] = await _one(settings, fashion, Path(scratch) / str(size), size)
        wordy = {}
        for size in texts:
            say(f"{size} items without pictures")
            wordy[str(size)] = await _one(settings, fashion, Path(scratch) / f"text-{size}", size, pictures=False)
        say(f"{KILLED} items, killed half-way")
        killed = await _killed(settings, fashion, Path(scratch) / "killed")
    figures = {
        **_slowest(grown),
        "by_size": grown,
        **{f"text_only_{name}": value for name, value in _slowest(wordy).items()},
        "text_only_by_size": wordy,
        "killed": killed,
        **{name: killed[name] for name in ("lost", "doubled")},
    }
    return report("ingest", figures, n=max(*sizes, *texts), targets=TARGETS)


def _slowest(runs: Mapping[str, Mapping[str, float]]) -> dict[str, float]:
    """Return the lowest speeds of runs by size, and the share of the highest that the lowest is."""
    speeds = [run["items_per_s"] for run in runs.values()]
    return {
        "items_per_s": min(speeds),
        "items_per_core_s": min(run["items_per_core_s"] for run in runs.values()),
        "slowest_to_fastest": round(min(speeds) / max(speeds), 3),
    }


async def _one(settings: Settings, fashion: Path, folder: Path, size: int, *, pictures: bool = True) -> dict[str, Any]:
    source = await asyncio.to_thread(_write, fashion, folder, size, pictures=pictures)
    store = await LanceCatalogue.open(_own(settings, folder).catalogue_uri)
    model = open_image_text(settings)
    await model.embed_texts(["warm up"])
    used = time.process_time()
    done = await ingest(source, store, model)
    found = await store.search_vector("text", (await model.embed_texts(["green flats for women"]))[0], 10)
    return {
        "items_per_s": done.items_per_s,
        "items_per_core_s": round(size / (time.process_time() - used), 1),
        "seconds": done.seconds,
        "stored": await store.count(),
        "searchable": len(found),
    }


async def _killed(settings: Settings, fashion: Path, folder: Path) -> dict[str, Any]:
    source = await asyncio.to_thread(_write, fashion, folder, KILLED)
    own = _own(settings, folder)
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tastemaker", "ingest", str(source), "--batch", "32",
        env=os.environ | {"TASTEMAKER_HOME": str(own.home), "TASTEMAKER_CATALOGUE__URI": own.catalogue_uri},
        stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.DEVNULL, cwd=folder, start_new_session=True,
    )  # fmt: skip
    at_kill = await _half_way(process, own)
    store = await LanceCatalogue.open(own.catalogue_uri)
    resumed = await ingest(source, store, open_image_text(settings))
    ids = await store.scan(10 * KILLED)
    again = await ingest(source, store, open_image_text(settings))
    return {
        "stored_at_kill": at_kill,
        "skipped_when_resumed": resumed.unchanged,
        "lost": KILLED - len(set(ids)),
        "doubled": len(ids) - len(set(ids)),
        "changed_by_a_third_run": again.inserted + again.updated,
    }


async def _half_way(process: asyncio.subprocess.Process, settings: Settings) -> int:
    """Wait until about half of the items are stored, kill the process group, and return how many there were.

    Raises:
        TastemakerError: it ended first, or took too long.
    """
    deadline = time.monotonic() + GIVE_UP_S
    try:
        while time.monotonic() < deadline and process.returncode is None:
            count = await (await LanceCatalogue.open(settings.catalogue_uri)).count()
            if count >= KILLED // 2:
                return count
            await asyncio.sleep(LOOK_EVERY_S)
    finally:
        if process.returncode is None:
            os.killpg(process.pid, signal.SIGKILL)
        await process.wait()
    raise TastemakerError(f"the ingest to be killed ended with {process.returncode} before it was half-way")


def _own(settings: Settings, folder: Path) -> Settings:
    home = folder / "home"
    return settings.model_copy(update={"home": home, "catalogue": CatalogueSettings(uri=str(home / "catalogue"))})


def _write(fashion: Path, folder: Path, size: int, *, pictures: bool = True) -> Path:
    """Write a catalogue of ``size`` products and their pictures; repeated ones get another id, title and file."""
    (folder / "images").mkdir(parents=True)
    with (fashion / "products.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    source = folder / "products.csv"
    with source.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, fieldnames=list(rows[0]))
        writer.writeheader()
        for number in range(size):
            row, turn = rows[number % len(rows)], number // len(rows)
            image = f"images/{row['id']}-{turn}.webp"
            if pictures:
                shutil.copyfile(fashion / row["image"], folder / image)
            changed = {"id": f"{row['id']}-{turn}", "image": image if pictures else ""}
            if turn:
                changed["productDisplayName"] = f"{row['productDisplayName']} No. {turn}"
            writer.writerow({**row, **changed})
    return source
