"""Columns whose cells are numbers beside one word that is no unit of measure."""

from __future__ import annotations

from pathlib import Path

import pytest

from tastemaker.stores.ingest.file_survey import survey
from tastemaker.stores.ingest.numbers_beside import number_beside, word_beside
from tastemaker.stores.ingest.plan import Choices


@pytest.mark.parametrize(
    ("name", "cells", "word"),
    [
        ("chapters", "12 ch.|9 ch.|30 ch.", "ch"), ("限乘人数", "4人|12人|6人", "人"), ("bandwidth", "50 Gbit/s|1 Gbit/s|2,5 Gbit/s", "Gbit/s"),
        ("berths", "1 berth|4 berths|6 berths", "berths"), ("Etage", "1. Etage|2. Etage|4. Etage", "Etage"), ("stage", "Stage 1|Stage 3|Stage 2", "Stage"),
        ("engine", "Falcon 1|Falcon 9|Falcon 5", ""), ("plug type", "Type 1|Type 2|Type 3", ""), ("network", "4G|5G|3G", ""), ("doors open", "9 Uhr|10 Uhr|20 Uhr", ""),
        ("rating", "4.5/5|3/5|2 / 5", "/5"), ("note", "7 von 10|9 von 10|10 von 10", "/10"), ("softness", "4 of 5|2 of 5|5 of 5", "/5"), ("ratio", "1/2|3/4|1/4", ""), ("mark", "7/5|3/5|9/5", ""),
        ("month", "3月|5月|11月", ""), ("place", "1st|2nd|3rd", ""), ("screws", "M4|M6|M8", ""), ("lens", "2 glass|3 plastic|4 coated", ""), ("tier", "1 star|2 gold", ""),
    ],
)  # fmt: skip
def test_one_word_beside_all_numbers_says_nothing(name: str, cells: str, word: str) -> None:
    assert word_beside(name, dict.fromkeys(cells.split("|"), 1), 0.95) == word


@pytest.mark.parametrize(
    ("text", "number"), [("1 berth", 1.0), ("4 Berths", 4.0), ("1.200 berths", 1200.0), ("4 cabins", None), ("4", None)]
)
def test_only_that_word_is_read_over(text: str, number: float | None) -> None:
    assert number_beside(text, "berths", ",") == number


def test_such_a_column_is_one_of_numbers_and_its_plan_says_so(tmp_path: Path) -> None:
    path, kept = tmp_path / "boats.csv", tmp_path / "plan.csv"
    head, rows = (
        "id,title,berths,hull\n",
        [("1 berth", "Falcon 1"), ("4 berths", "Falcon 9"), ("6 berths", "Falcon 5")] * 7,
    )
    path.write_text(
        head + "".join(f"b{n},Boat {n},{b},{h}\n" for n, (b, h) in enumerate(rows)) + "b99,Boat 99,ask us,\n"
    )
    kept.write_text(path.read_text().replace("ask us", ""))
    plan = survey(path).plan
    column = next(c for c in plan.columns if c.name == "berths")
    assert plan.types() == {"berths": "number", "hull": "text"}
    assert column.samples[:2] == ("1", "4")
    assert any("without 'berths'" in odd for odd in column.odd)
    assert any("'ask us' is no number" in odd for odd in column.odd)
    assert survey(kept, Choices(readings={"berths": "number"})).plan.types()["berths"] == "number"
