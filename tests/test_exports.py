"""Export files of every layout are read right, or what is wrong is named; nothing is wrong in silence."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tastemaker.evals.exports.run import CASES, expected, judge

SHARED = Path(os.environ.get("TASTEMAKER_DATA", str(Path(__file__).parent.parent.parent / "shared" / "data"))).parent


@pytest.mark.parametrize("name", expected())
def test_an_export_is_read_right(name: str) -> None:
    if name.startswith(CASES) and not (SHARED / name).is_file():
        pytest.skip("the shared cases are not here")
    tally = judge(name, expected()[name], SHARED)
    assert tally.cells
    assert (tally.silent, tally.named) == ([], [])
