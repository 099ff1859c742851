"""Find the row that names the columns, where a title, a date or the names of groups stand above it."""

from __future__ import annotations

from collections.abc import Sequence

from .numbers import money_in
from .quantities import quantity_in

SEARCHED = 20
"""So many first rows are looked at."""
MIN_NAMES = 3
"""Columns that a table must have before a row above its names is passed over."""


def header_row(rows: Sequence[Sequence[str]]) -> int:
    """Return which of the first rows names the columns: the first, or one below it that is fuller, all words, and stands above a row as full.

    A first row of which more than half is filled is the header, whatever follows.
    """
    filled = [sum(bool(cell.strip()) for cell in row) for row in rows[:SEARCHED]]
    width = max(filled, default=0)
    if width < MIN_NAMES or 2 * filled[0] > width:
        return 0
    for place, row in enumerate(rows[: len(filled) - 1]):
        names = [cell for cell in row if cell.strip()]
        if 2 * filled[place] > width:
            return place if all(map(_is_name, names)) and 2 * filled[place + 1] > width else 0
    return 0


def _is_name(cell: str) -> bool:
    return money_in(cell) is None and quantity_in(cell) is None


def with_groups(names: Sequence[str], above: Sequence[str]) -> list[str]:
    """Return the names, those that come twice with the group above them: "Summer price" and "Winter price" under two seasons."""
    group, made = "", []
    for place, name in enumerate(names):
        group = (above[place].strip() if place < len(above) else "") or group
        again = name and sum(other == name for other in names) > 1
        made.append(f"{group} {name}" if again and group else name)
    return made
