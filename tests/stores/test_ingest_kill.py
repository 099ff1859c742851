"""An ingest, an update or a prune killed by SIGKILL at any point and started again has every item and event exactly once."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tastemaker.stores.catalogue.lance_catalogue import LanceCatalogue
from tastemaker.stores.events.history import SqlHistory

ITEMS = 1500
WORKER = """
import asyncio, json, sys
from pathlib import Path
from tastemaker.stores.catalogue.lance_catalogue import LanceCatalogue
from tastemaker.stores.events.history import SqlHistory
from tastemaker.stores.ingest.changes import Refresh
from tastemaker.stores.ingest.pipeline import ingest
from tastemaker.stores.ingest.plan import Choices
from tests.fakes import HashImageText

async def main(folder, how):
    history = await SqlHistory.open(f"sqlite+aiosqlite:///{folder / 'h.db'}")
    report = await ingest(
        folder / "items.csv", await LanceCatalogue.open(str(folder / "db"), exact_below=500), HashImageText(0.01),
        choices=Choices(only=("price",) if how == "update" else ()), refresh=Refresh(prune=how == "prune"),
        interactions=folder / "events.csv" if how == "first" else None, history=history, rejects=folder / "rejects.jsonl", batch=32,
        progress=lambda done, total: print(done, flush=True),
    )
    await history.close()
    print(report.model_dump_json(), flush=True)

asyncio.run(main(Path(sys.argv[1]), sys.argv[2]))
"""


def prepare(folder: Path) -> None:
    rows = [f"i{n},Thing number{n},{n}.5,a|b{n % 7}" for n in range(ITEMS)]
    rows[10] = "i10,Thing number10,cheap,a"
    rows[700] = "i5,Thing number5 again,1,a"
    (folder / "items.csv").write_text("id,title,price,tags\n" + "\n".join(rows) + "\n")
    events = [f"u{n % 40},i{n % ITEMS},like,{1_700_000_000 + n}" for n in range(6000)]
    (folder / "events.csv").write_text("user_id,item_id,kind,timestamp\n" + "\n".join(events) + "\n")


def start(folder: Path, how: str = "first") -> subprocess.Popen[str]:
    root = Path(__file__).parents[2]
    paths = os.pathsep.join(filter(None, [str(root), os.environ.get("PYTHONPATH")]))
    environment = {**os.environ, "PYTHONPATH": paths, "LANCE_LOG": "error"}
    return subprocess.Popen(
        [sys.executable, "-c", WORKER, str(folder), how], stdout=subprocess.PIPE, text=True, env=environment, cwd=root
    )


def killed_at(folder: Path, rows: int, extra_s: float, how: str = "first") -> bool:
    """Kill a run once ``rows`` rows were read and ``extra_s`` seconds passed; say whether it was still running."""
    worker = start(folder, how)
    assert worker.stdout is not None
    for line in worker.stdout:
        if line.startswith("{") or int(line) >= rows:
            break
    time.sleep(extra_s)
    running = worker.poll() is None
    worker.send_signal(signal.SIGKILL)
    worker.wait(30)
    worker.stdout.close()
    return running


def finished(folder: Path, how: str = "first") -> dict[str, int]:
    output, _ = start(folder, how).communicate(timeout=120)
    report: dict[str, int] = json.loads(output.splitlines()[-1])
    return report


@pytest.mark.slow
async def test_killed_and_resumed(tmp_path: Path) -> None:
    prepare(tmp_path)
    points = [(32, 0.0), (500, 0.003), (1100, 0.02), (ITEMS, 0.1)]
    kills = sum([killed_at(tmp_path, rows, extra) for rows, extra in points])
    assert kills >= 2
    report = finished(tmp_path)
    assert report["read"] == ITEMS
    assert (report["rejected"], report["warnings"]) == (0, 2)
    assert report["inserted"] + report["unchanged"] == ITEMS - 1
    catalogue = await LanceCatalogue.open(str(tmp_path / "db"))
    expected = {f"i{n}" for n in range(ITEMS) if n != 700}
    ids = await catalogue.scan(10 * ITEMS)
    assert len(ids) == len(set(ids))
    assert set(ids) == expected
    assert (await catalogue.get(["i5"]))[0].title == "Thing number5 again"
    assert (await catalogue.search_text("number1234", 1))[0].item_id == "i1234"
    history = await SqlHistory.open(f"sqlite+aiosqlite:///{tmp_path / 'h.db'}")
    assert len(await history.all_events()) == 6000
    await history.close()
    rejects = [json.loads(line) for line in (tmp_path / "rejects.jsonl").read_text().splitlines()]
    assert sorted(r["line"] for r in rejects) == [7, 12]
    again = finished(tmp_path)
    assert (again["unchanged"], again["inserted"], again["updated"], again["events_added"]) == (ITEMS - 1, 0, 0, 0)


@pytest.mark.slow
@pytest.mark.parametrize("how", ["update", "prune"])
async def test_a_change_killed_and_begun_again_is_whole(tmp_path: Path, how: str) -> None:
    """Every price changes; with ``prune``, the last hundred items are gone from the file too."""
    prepare(tmp_path)
    finished(tmp_path)
    kept = ITEMS - 100 if how == "prune" else ITEMS
    rows = [f"i{n},Thing number{n},{n}.75,a|b{n % 7}" for n in range(kept)]
    (tmp_path / "items.csv").write_text("id,title,price,tags\n" + "\n".join(rows) + "\n")
    kills = [killed_at(tmp_path, *point, how) for point in ((32, 0.0), (1100, 0.05), (kept, 0.02))]
    assert sum(kills) >= 2
    finished(tmp_path, how)
    catalogue = await LanceCatalogue.open(str(tmp_path / "db"))
    ids = await catalogue.scan(10 * ITEMS)
    known = [f"i{n}" for n in range(kept) if how == "prune" or n != 700]
    assert sorted(ids) == sorted(known)
    items = {item.item_id: item for item in await catalogue.get(ids)}
    assert [items[i].attributes["price"] for i in known] == [float(i[1:]) + 0.75 for i in known]
    assert len(await catalogue.vectors("text", ids)) == len(ids)
    again = finished(tmp_path, how)
    assert (again["inserted"], again["updated"], again["removed"]) == (0, 0, 0)
