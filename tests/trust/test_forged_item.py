"""An item whose photo was forged waits for a person after the ingest and changes no answer until it is accepted, by the commands of a shop."""

from __future__ import annotations

import asyncio
import csv
import json
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from typer.testing import CliRunner

import tastemaker.api.demo
from tastemaker.api.cli.main import build_app
from tastemaker.core.settings import load_settings
from tastemaker.graphs.recommender import Recommender
from tastemaker.tools.trust import copied_region

pytestmark = pytest.mark.slow
DATA = Path(tastemaker.api.demo.__file__).parent / "data"
FORGED, COUNT = "print-forged", 12


def write(folder: Path, source: Path) -> None:
    """Write a catalogue of the demo's first prints and, under the words of one of them, its photo with a part copied over another part."""
    (folder / "photos").mkdir()
    with (DATA / "catalogue.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))[:COUNT]
    for row in rows:
        (folder / row["image"]).write_bytes((DATA / row["image"]).read_bytes())
    rows.append({**rows[3], "item_id": FORGED, "image": "photos/forged.jpg"})
    with Image.open(source) as opened:
        image = opened.convert("RGB")
    width, height = image.size
    part = image.crop((width // 8, height // 4, width // 2 - width // 16, height * 3 // 4))
    image.paste(part, (width // 2, height // 5))
    image.save(folder / "photos" / "forged.jpg", "JPEG", quality=92)
    with (folder / "prints.csv").open("w", encoding="utf-8", newline="") as file:
        table = csv.DictWriter(file, list(rows[0]))
        table.writeheader()
        table.writerows(rows)


def call(*arguments: str) -> str:
    done = CliRunner().invoke(build_app(arguments), list(arguments))
    assert done.exit_code == 0, done.stdout + done.stderr
    return done.stdout


async def answer() -> dict[str, list[Any]]:
    """Return what a request like the forged item gives, and a search for it: ids and scores."""
    async with Recommender(load_settings()) as recommender:
        found = await recommender.recommend(
            text="a print like this", n=COUNT, words=False, images=[{"path": "photos/forged.jpg"}]
        )
        hits = (await recommender.search(text="a print", n=COUNT + 1)).hits
        return {"items": [(i.item_id, round(i.score, 6)) for i in found.items], "hits": [h.item_id for h in hits]}


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("TASTEMAKER_LLM__BASE_URL", "http://127.0.0.1:9/v1")
    for step in ("RETRIEVE", "UNDERSTAND", "HISTORY", "CAPTION", "CONSISTENCY"):
        monkeypatch.setenv(f"TASTEMAKER_TIMEOUTS__{step}_S", "60")
    monkeypatch.setenv("TASTEMAKER_TRUST__REVIEW", '["copied_region"]')
    monkeypatch.chdir(tmp_path)
    write(tmp_path, DATA / "request" / "photo-pizza.jpg")
    return tmp_path


def home(shop: Path, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TASTEMAKER_HOME", str(shop / name))


def test_a_forged_photo_is_quarantined_and_changes_nothing_until_accepted(
    shop: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lines = (shop / "prints.csv").read_text(encoding="utf-8").splitlines(keepends=True)
    (shop / "without.csv").write_text("".join(line for line in lines if not line.startswith(FORGED)), encoding="utf-8")
    home(shop, "without", monkeypatch)
    assert json.loads(call("ingest", "without.csv", "--yes", "--json"))["held"] == 0
    without = asyncio.run(answer())

    home(shop, "with", monkeypatch)
    report = json.loads(call("ingest", "prints.csv", "--yes", "--json"))
    assert (report["inserted"], report["held"], report["unexamined"]) == (COUNT + 1, 1, {})
    [review] = json.loads(call("review", "list", "--json"))
    assert (review["item_id"], review["findings"][0]["check"]) == (FORGED, "copied_region")
    assert [name for name, _ in (asyncio.run(answer()))["items"]] == [name for name, _ in without["items"]]
    assert (asyncio.run(answer()))["hits"] == without["hits"]

    call("review", "accept", FORGED)
    accepted = asyncio.run(answer())
    assert FORGED in [name for name, _ in accepted["items"]]
    assert FORGED in accepted["hits"]
    call("review", "reject", FORGED)
    assert FORGED not in (asyncio.run(answer()))["hits"]


def test_a_check_that_fails_is_in_the_report_of_the_ingest(shop: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> Any:
        raise RuntimeError("a fault that nobody foresaw")

    monkeypatch.setattr(copied_region, "best_match", fail)
    home(shop, "failing", monkeypatch)
    said = call("ingest", "prints.csv", "--yes")
    assert f"! check copied_region: {COUNT + 1} items, not examined: the method failed on this file." in said
    assert "held for review" not in said
