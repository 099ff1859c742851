"""One row of a file, whatever its format."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any


@dataclass(frozen=True)
class Record:
    """One row: the line it starts on (from 1; else the row's number), its values, or why it cannot be read."""

    line: int
    values: Mapping[str, Any] = field(default_factory=dict)
    problem: str = ""


def plain(value: Any) -> Any:
    """Return a cell of a typed file as text, number, truth, list or mapping."""
    if isinstance(value, Decimal):
        return float(value)
    if isinstance(value, bytes):
        return value.decode("utf-8", "surrogateescape")
    if value is None or isinstance(value, str | bool | int | float | list | dict):
        return value
    return value.isoformat() if hasattr(value, "isoformat") else str(value)
