"""Add a file of interactions to the history; adding it again changes nothing."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from ...core.errors import InvalidRequestError
from ...core.protocols import History
from ...core.schemas import Event
from .file_readers import Record, column_names, read_records
from .report import Rejects
from .rows_to_items import RowError, number_of

EVENT_ROWS = 2_000
MILLISECONDS_FROM = 1e11
"""A number above this is a time in milliseconds, below in seconds: 1e11 s is the year 5138, 1e11 ms is 1973."""
MAX_CONTEXT_CHARS = 200
_NAMES: dict[str, tuple[str, ...]] = {
    "user_id": ("user_id", "userid", "user", "customer_id", "visitor_id"),
    "item_id": ("item_id", "itemid", "item", "product_id", "article_id", "movie_id", "movieid"),
    "kind": ("kind", "event", "event_type", "type", "action"),
    "value": ("rating", "value", "score", "stars"),
    "at": ("timestamp", "at", "time", "datetime", "date", "ts"),
}
_KINDS = {
    "view": "view",
    "click": "click",
    "like": "like",
    "dislike": "dislike",
    "skip": "skip",
    "skipped": "skip",
    "purchase": "purchase",
    "rating": "rating",
    "impression": "view",
    "favorite": "like",
    "favourite": "like",
    "buy": "purchase",
    "bought": "purchase",
    "order": "purchase",
    "transaction": "purchase",
    "rate": "rating",
}


async def ingest_events(path: Path, history: History, problems: Rejects) -> tuple[int, int]:
    """Add the events of ``path`` to ``history``; return how many rows were read and how many events were new.

    Raises:
        InvalidRequestError: the file has no user, item or time column; names ``interactions``.
        StoreError: the history failed; starting again resumes.
    """
    names = await asyncio.to_thread(column_names, path)
    columns = _columns(names)
    records = read_records(path)
    read = added = 0
    while chunk := await asyncio.to_thread(lambda: list(islice(records, EVENT_ROWS))):
        read += len(chunk)
        events = await asyncio.to_thread(_events, chunk, columns, path, problems)
        added += await history.add(events)
    return read, added


def _columns(names: Sequence[str]) -> dict[str, str]:
    plain = {name.split(":", maxsplit=1)[0].strip().lower(): name for name in reversed(names)}
    found = {target: next((plain[n] for n in known if n in plain), "") for target, known in _NAMES.items()}
    for target in ("user_id", "item_id", "at"):
        if not found[target]:
            wanted = " or ".join(_NAMES[target])
            raise InvalidRequestError("interactions", f"no column {wanted}; there are: {', '.join(names[:30])}")
    return {target: name for target, name in found.items() if name}


def _events(chunk: Sequence[Record], columns: Mapping[str, str], path: Path, problems: Rejects) -> list[Event]:
    events: list[Event] = []
    for record in chunk:
        if record.problem:
            problems.add(path, record.line, field="", reason=record.problem)
            continue
        try:
            events.append(_event(record.values, columns))
        except RowError as error:
            problems.add(path, record.line, field=error.field, reason=error.reason, item_id=error.item_id[:128])
    return events


def _event(values: Mapping[str, Any], columns: Mapping[str, str]) -> Event:
    item_id = _cell(values, columns, "item_id")
    value = _value(values.get(columns.get("value", "")), item_id)
    used = set(columns.values())
    context = {
        name[:MAX_CONTEXT_CHARS]: str(cell)[:MAX_CONTEXT_CHARS]
        for name, cell in values.items()
        if name not in used and cell not in (None, "")
    }
    try:
        return Event.model_validate(
            {
                "user_id": _cell(values, columns, "user_id"),
                "item_id": item_id,
                "kind": _kind(_cell(values, columns, "kind"), value, item_id),
                "at": _time(_cell(values, columns, "at"), item_id),
                "value": value,
                "context": context,
            }
        )
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        raise RowError(str(first["loc"][0]), first["msg"], item_id) from error


def _cell(values: Mapping[str, Any], columns: Mapping[str, str], target: str) -> str:
    value = values.get(columns.get(target, ""))
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return "" if value is None else str(value).strip()


def _value(cell: Any, item_id: str) -> float | None:
    if cell is None or cell == "" or (isinstance(cell, float) and math.isnan(cell)):
        return None
    value = number_of(cell)
    if value is None:
        raise RowError("value", f"{str(cell)[:40]!r} is not a number", item_id)
    return value


def _kind(word: str, value: float | None, item_id: str) -> str:
    if not word:
        return "view" if value is None else "rating"
    kind = _KINDS.get(word.lower())
    if kind is None:
        raise RowError("kind", f"{word[:40]!r} is none of {', '.join(_KINDS)}", item_id)
    if kind == "rating" and value is None:
        raise RowError("value", "a rating without its value", item_id)
    return kind


def _time(text: str, item_id: str) -> datetime:
    if not text:
        raise RowError("at", "missing", item_id)
    try:
        number = number_of(text)
        if number is not None:
            return datetime.fromtimestamp(number / 1000 if abs(number) >= MILLISECONDS_FROM else number, tz=UTC)
        at = datetime.fromisoformat(text)
    except (ValueError, OverflowError, OSError) as error:
        raise RowError("at", f"{text[:40]!r} is no ISO 8601 time nor seconds since 1970", item_id) from error
    return (at if at.tzinfo else at.replace(tzinfo=UTC)).astimezone(UTC)
