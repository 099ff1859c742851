"""Tell days and times of day from other text: ``2026-12-05``, ``2026-12-05T20:00:00+00:00``, ``20:30``."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime
from typing import Literal

_DAY = re.compile(r"(?:1[5-9]|20|21)\d\d-\d\d-\d\d(?:[T ]\d\d:\d\d.*)?", re.IGNORECASE)
_CLOCK = re.compile(r"(?:[01]\d|2[0-4]):[0-5]\d")


def is_moment(value: object) -> bool:
    """Say whether a value is a day in ISO 8601, with or without a time, or a time of day such as ``09:30``."""
    return isinstance(value, str) and (_is_day(value) or bool(_CLOCK.fullmatch(value)))


def type_of_values(values: Sequence[str]) -> Literal["text", "date", "time"]:
    """Return what a field of text holds: days, times of day, or text."""
    if values and all(_is_day(v) for v in values):
        return "date"
    return "time" if values and all(_CLOCK.fullmatch(v) for v in values) else "text"


def _is_day(text: str) -> bool:
    """Tell whether a text is a day that the calendar has: there is no 31 February."""
    if not _DAY.fullmatch(text):
        return False
    try:
        datetime.fromisoformat(text)
    except ValueError:
        return False
    return True
