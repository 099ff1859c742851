"""Put days and times of day into words: "before 24 December 2026", "start time from 20:30 on", 2026年12月5日."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING

from ...core.moment import is_moment

if TYPE_CHECKING:
    from .wording import Wording

OPS: Mapping[str, str] = {
    ">=": "moment_from",
    "<=": "moment_until",
    ">": "moment_after",
    "<": "moment_before",
    "=": "moment_on",
    "!=": "moment_on",
}
_JUST_DATES = frozenset(("date", "day", "when", "datum", "tag", "日期", "时间"))
_A_DAY = len("2026-12-05")


def moment_text(text: str, words: Wording) -> str:
    """Return a day or a time as people write it: "5 December 2026", "5 December 2026, 20:30"; other text as it is."""
    if not is_moment(text) or ":" in text[:3]:
        return text
    at = datetime.fromisoformat(text)
    clock = f"{at:%H:%M}" if len(text) > _A_DAY else ""
    if words.language == "zh":
        return f"{at.year}年{at.month}月{at.day}日{clock}"
    if words.language == "de":
        day = f"{at.day}. {words.table['months'][at.month - 1]} {at.year}"
        return f"{day}, {clock} Uhr" if clock else day
    return f"{at.day} {at:%B %Y}" + (f", {clock}" if clock else "")


def asked_moment(field: str, op: str, value: str, words: Wording) -> str:
    """Return one limit of a field of days or times in words."""
    shown = words.opening(OPS[op], value=moment_text(value, words))
    return _on(field, words.opening("not", asks=shown) if op == "!=" else shown, words)


def between_moments(field: str, low: str, high: str, words: Wording) -> str:
    """Return a first and a last day, or time, of one field in words; ``high`` is the day after the last."""
    if len(high) == _A_DAY:
        high = (date.fromisoformat(high) - timedelta(days=1)).isoformat()
    return _on(
        field, words.opening("moment_between", low=moment_text(low, words), value=moment_text(high, words)), words
    )


def _on(field: str, shown: str, words: Wording) -> str:
    """Return a span of days with its field's name, unless that says no more than that it is a date."""
    label = words.label(field)
    return shown if label in _JUST_DATES else words.opening("moment_of", label=label, value=shown)
