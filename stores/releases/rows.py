"""Turn rows of the release tables into what they say."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

from ...core.schemas import Frozen

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
T = TypeVar("T", bound=Frozen)
_TIMES = {"at_us": "at", "changed_us": "changed", "ended_us": "ended"}
_JSON = frozenset(("cohort", "metrics", "detail"))


def micros(at: datetime) -> int:
    """Return microseconds since 1970, exactly."""
    return (at - EPOCH) // timedelta(microseconds=1)


def made_of(row: Mapping[Any, Any], kind: type[T], **names: str) -> T:
    """Return the value of a row; ``names`` says how columns are called in it, columns that it has not are left out."""
    said: dict[str, Any] = {}
    for column, value in row.items():
        name = names.get(column) or _TIMES.get(column) or ("by" if column == "actor" else str(column))
        if name in kind.model_fields:
            said[name] = _read(str(column), value)
    return kind.model_validate(said)


def _read(column: str, value: Any) -> Any:
    if column in _TIMES:
        return None if value is None else EPOCH + timedelta(microseconds=value)
    return json.loads(value) if column in _JSON else value
