"""Read sentences as people say them: stories, conditions with a verdict, hesitations; what cannot be told for sure is named, never turned round."""

from __future__ import annotations

from pathlib import Path

import pytest

from tastemaker.agents.understanding.reader import read
from tastemaker.core.schemas import Condition

from .english_shops import ENGLISH_SHOPS

pytestmark = pytest.mark.slow

ROWS = [
    line.split("|")
    for line in (Path(__file__).parent / "data" / "english_sentences.txt").read_text(encoding="utf-8").splitlines()
    if line and not line.startswith("#")
]


def _said(c: Condition) -> str:
    number = f"{c.value:g}" if isinstance(c.value, float) else c.value
    value = "/".join(c.value) if isinstance(c.value, list) else number
    return f"{c.field} {c.op} {value}{'' if c.must else ' (soft)'}"


@pytest.mark.parametrize(("shop", "text", "expected"), ROWS, ids=[text for _, text, _ in ROWS])
def test_sentence(shop: str, text: str, expected: str) -> None:
    reading = read(text, ENGLISH_SHOPS[shop])
    assert {_said(c) for c in reading.conditions} == set(filter(None, expected.split("; ")))
    assert reading.conditions or reading.not_applied or reading.released
