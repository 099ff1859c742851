"""Give the rows of a file without a column of titles or ids a title and an id: from what tells them apart.

A title is put together from the words of a row. An id is made from the title where no two rows share one, so that a new price changes the
same item, else from the whole row.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from hashlib import blake2b
from typing import Any

from .column import text_of
from .column_names import (
    INDEX_NAMES,
    is_code_name,
    is_date_name,
    is_list_name,
    is_price_name,
    is_truth_name,
    leaf,
    simple,
)
from .column_sample import Sample
from .quantities import measure_in
from .values import is_error, is_unknown, time_in, truth_in

PARTS = 4
"""A title has so many parts at most."""
MAX_PART = 40
FILLED = 0.5
"""Share of the rows that must say something in a column for it to be part of the titles."""
_TELLING = re.compile(
    r"brand|make|maker|manufacturer|model|variety|species|type|kind|marke|hersteller|modell|sorte|品牌|型号|品种|类型",
    re.IGNORECASE,
)
TOTALS = frozenset({
    "total", "totals", "grandtotal", "subtotal", "sum", "summe", "gesamt", "gesamtsumme", "zwischensumme", "somme", "totale", "合计", "总计", "小计", "итого",
})  # fmt: skip


def title_parts(samples: Mapping[str, Sample], rows: int, used: Sequence[str]) -> tuple[str, ...]:
    """Return the columns that titles are put together from: makers, models and kinds first, then other words, then numbers; no prices."""
    words: list[str] = []
    numbers: list[str] = []
    for name, sample in samples.items():
        if (
            name in used
            or sample.filled < FILLED * rows
            or simple(name) in INDEX_NAMES
            or _varies(name)
            or sample.lists
        ):
            continue
        texts = sample.texts()
        letters = sum(
            n
            for t, n in texts.items()
            if any(c.isalpha() for c in t) and truth_in(t) is None and time_in(t) is None and measure_in(t) is None
        )
        short = sum(n for t, n in texts.items() if len(t) <= MAX_PART)
        if short < 0.9 * texts.total():
            continue
        if letters >= 0.5 * texts.total():
            words.append(name)
        elif sample.share(lambda v: truth_in(v) is None) > 0.5 and len(texts) > 1:
            numbers.append(name)
    words.sort(key=lambda name: not _TELLING.search(name))
    return tuple([*words[:PARTS], *numbers][: PARTS if len(words) < 2 else max(2, min(len(words), PARTS))])


def _varies(name: str) -> bool:
    last = leaf(name)
    return any(holds(last) for holds in (is_price_name, is_date_name, is_truth_name, is_code_name, is_list_name))


def made_title(columns: Sequence[str], row: Mapping[str, Any]) -> str:
    """Return the title of a row: its words as they are, its numbers with the name of their column."""
    said = [
        (name, text_of(row[name])) for name in columns if not is_unknown(row.get(name)) and not is_error(row.get(name))
    ]
    return ", ".join(text if any(c.isalpha() for c in text) else f"{leaf(name)} {text}" for name, text in said)


def made_id(title: str, row: Mapping[str, Any], *, whole: bool = False) -> str:
    """Return an id for a row: of its title, else of all its cells."""
    said = (
        repr(sorted((name, text_of(cell)) for name, cell in row.items() if not is_unknown(cell)))
        if whole
        else " ".join(title.casefold().split())
    )
    return f"row-{blake2b(said.encode('utf-8', 'replace'), digest_size=8).hexdigest()}" if title else ""


def is_total(title: str) -> bool:
    """Return whether a title is that of a line of totals."""
    return simple(title) in TOTALS
