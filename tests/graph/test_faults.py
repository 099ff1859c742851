"""Every dependency broken under light load: the bench of faults, a part of it."""

from __future__ import annotations

import pytest

from tastemaker.evals.service import faults

pytestmark = pytest.mark.slow


@pytest.mark.parametrize("kind", ["killed", "hung", "corrupt"])
async def test_a_broken_part_costs_no_answer(kind: faults.Kind) -> None:
    figures = await faults.run(kinds=[kind], pairs=False)
    rows = {row["fault"]: row for row in figures["rows"]}
    assert {name: figures[name] for name in faults.TARGETS} == faults.TARGETS, rows
    if kind == "hung":
        assert "captioner" in rows["captioner hung"]["degraded"]
        assert "history" in rows["history hung"]["degraded"]
    if kind == "corrupt":
        assert "captioner" in rows["captioner corrupt"]["degraded"]
        assert "transcriber" in rows["transcriber corrupt"]["degraded"]
