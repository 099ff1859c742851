"""Export files of every layout are read right, or what is wrong is named; nothing is wrong in silence."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

import pytest

from tastemaker.core.schemas import Item
from tastemaker.evals.exports.run import CASES, OWN, expected, judge
from tastemaker.stores.ingest.file_survey import survey
from tastemaker.stores.ingest.mapping_file import as_toml, over, read_mapping
from tastemaker.stores.ingest.plan import Choices
from tastemaker.stores.ingest.rows_to_items import RowError, to_item

SHARED = Path(os.environ.get("TASTEMAKER_DATA", str(Path(__file__).parents[3] / "shared" / "data"))).parent


def read(path: Path, choices: Choices | None = None) -> list[Item]:
    found = survey(path, choices)
    made = []
    for record in found.records():
        with suppress(RowError):
            made.append(to_item(record.values, found.plan))
    return made


@pytest.mark.parametrize("name", [name for name, wanted in expected().items() if "items" in wanted])
def test_a_kept_plan_reads_it_the_same_way(name: str, tmp_path: Path) -> None:
    path = SHARED / name if name.startswith(CASES) else OWN / name
    if not path.is_file():
        pytest.skip("the shared cases are not here")
    kept = tmp_path / "catalogue.toml"
    kept.write_text(as_toml(survey(path).plan, Choices()), encoding="utf-8")
    assert read(path, over(read_mapping(kept).choices, Choices())) == read(path)


@pytest.mark.parametrize("name", expected())
def test_an_export_is_read_right(name: str) -> None:
    if name.startswith(CASES) and not (SHARED / name).is_file():
        pytest.skip("the shared cases are not here")
    tally = judge(name, expected()[name], SHARED)
    assert tally.cells
    assert (tally.silent, tally.named) == ([], [])
