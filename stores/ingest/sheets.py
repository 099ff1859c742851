"""Read a sheet of a workbook as people see it: percentages and currencies by their format, merged cells in each of their rows."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from .delimited import unique_names
from .header_row import SEARCHED, header_row, with_groups
from .numbers import mark_of
from .records import Record, plain

MAX_MERGED = 100_000
"""So many cells of merged ranges are filled; what lies beyond stays empty."""
_MERGED = re.compile(rb'<mergeCell ref="([A-Z]+)(\d+):([A-Z]+)(\d+)"')
_CURRENCY = re.compile(r"[€£¥￥₹₽₩₺₴$]|\b(?:EUR|USD|GBP|CHF|JPY|CNY|SEK|NOK|DKK|PLN|CZK)\b")


def sheet_rows(sheet: Any) -> Iterator[Record]:
    """Yield the rows of an openpyxl sheet that is opened to be read; the header is the first row with two cells or more."""
    merged = _merged(sheet)
    values: dict[tuple[int, int], Any] = {}
    firsts = {*merged.values()}
    header: list[str] = []
    skipped, above = _titles(sheet)
    for number, row in enumerate(sheet.iter_rows(), start=1):
        cells = [_value(cell) for cell in row]
        for column, cell in enumerate(cells, start=1) if merged else ():
            place = (number, column)
            if place in firsts:
                values[place] = cell
            elif place in merged and header:
                cells[column - 1] = values.get(merged[place])
        filled = sum(cell is not None and str(cell).strip() != "" for cell in cells)
        if not header:
            if filled >= 2 and number > skipped:
                header = unique_names(with_groups([str(plain(cell) or "").strip() for cell in cells], above))
        elif filled:
            yield Record(number, {name: plain(cell) for name, cell in zip(header, cells, strict=False)})


def _titles(sheet: Any) -> tuple[int, list[str]]:
    """Return how many rows stand above the header, and the cells of the last of them."""
    first = [[str(plain(cell) or "") for cell in row] for row in sheet.iter_rows(max_row=SEARCHED, values_only=True)]
    place = header_row(first)
    return place, first[place - 1] if place else []


def _value(cell: Any) -> Any:
    """Return a cell's value; of a number shown as a percentage or with a currency, the words that are shown."""
    value = cell.value
    if isinstance(value, bool) or not isinstance(value, int | float):
        return value
    shape = getattr(cell, "number_format", None) or ""
    if "%" in shape:
        return f"{round(value * 100, 10):.15g} %"
    if sign := _CURRENCY.search(shape):
        text = f"{value:.15g}"
        return f"{text}{'0' if mark_of(text) == '?' else ''} {sign[0]}"
    return value


def _merged(sheet: Any) -> dict[tuple[int, int], tuple[int, int]]:
    """Return (row, column) of the cells of merged ranges below their first row -> the cell that has their value."""
    from openpyxl.utils import column_index_from_string

    found: dict[tuple[int, int], tuple[int, int]] = {}
    for left, top, right, bottom in _MERGED.findall(_after_rows(sheet)):
        first = (int(top), column_index_from_string(left.decode()))
        columns = range(first[1], column_index_from_string(right.decode()) + 1)
        if len(columns) != 1 or len(found) + int(bottom) - first[0] > MAX_MERGED:
            continue
        found.update(((row, first[1]), first) for row in range(first[0] + 1, int(bottom) + 1))
    return found


def _after_rows(sheet: Any) -> bytes:
    """Return what stands after the rows in a sheet's part of the workbook; openpyxl passes over it while it streams."""
    end = b""
    with sheet._get_source() as part:
        while block := part.read(1 << 20):
            end = (end + block)[-(1 << 21) :]
    return end.rpartition(b"</sheetData>")[2]
