"""Add a file of interactions to the history; adding it again changes nothing, and what names no item is counted and named."""

from __future__ import annotations

import asyncio
import re
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple

from pydantic import ValidationError

from ...core.protocols import History
from ...core.schemas import Event, EventKind
from .column import text_of
from .column_names import simple
from .events_plan import KINDS, EventPlan, rating_in
from .file_readers import Reading, read_records
from .numbers import number_in
from .records import Record
from .report import Rejects
from .rows_to_items import RowError
from .values import is_unknown, time_in

EVENT_ROWS = 2_000
MAX_CONTEXT_CHARS = 200
AHEAD = timedelta(days=1)
"""An event so far in the future is a mistake: clocks and time zones differ by less."""
NAMED = 5
UNTIMED = datetime(2000, 1, 1, tzinfo=UTC)
"""Events of a file without times happened from here on, a second apart, so that adding the file again doubles none."""


class EventCounts(NamedTuple):
    """Rows read, events that were new, and what is to be said of them."""

    read: int
    added: int
    notes: tuple[str, ...]


async def ingest_events(
    plan: EventPlan,
    how: Reading,
    history: History,
    problems: Rejects,
    *,
    known: Collection[str],
    products: Mapping[str, str] | None = None,
) -> EventCounts:
    """Add the events of the planned file to ``history``; those that name a variant count for its product.

    Args:
        plan: what the file is taken for.
        how: how it is opened.
        history: where events go.
        problems: where rows go that cannot be used.
        known: the ids of the items that there are.
        products: id of a variant -> id of its product.

    Raises:
        StoreError: the history failed; starting again resumes.
    """
    added = variants = 0
    read: Counter[str] = Counter()
    batches = read_events(plan, how, problems)
    while (events := await asyncio.to_thread(next, batches, None)) is not None:
        named = [e if e.item_id in known else _of_product(e, products or {}) for e in events]
        variants += sum(new is not old for new, old in zip(named, events, strict=True))
        events = named
        read.update(e.item_id for e in events)
        added += await history.add(events)
    said = (f"{variants} events name a variant and count for its product",) if variants else ()
    return EventCounts(plan.rows, added, (*plan.notes, *said, *unknown_items(read, known)))


def _of_product(event: Event, products: Mapping[str, str]) -> Event:
    product = products.get(event.item_id)
    return event if product is None else event.model_copy(update={"item_id": product})


def read_events(plan: EventPlan, how: Reading, problems: Rejects) -> Iterator[list[Event]]:
    """Yield the events of the planned file in batches; what cannot be read goes to ``problems``."""
    records = read_records(plan.path, how)
    while chunk := list(islice(records, EVENT_ROWS)):
        yield _events(chunk, plan, plan.path, problems)


def unknown_items(events: Mapping[str, int], known: Collection[str]) -> list[str]:
    """Say how many events (item id -> count) name no item of ``known``, which, and whether leading zeros were lost."""
    strange = Counter({item_id: count for item_id, count in events.items() if item_id not in known})
    if not strange:
        return []
    named = ", ".join(item_id for item_id, _ in strange.most_common(NAMED)) + (", ..." if len(strange) > NAMED else "")
    said = f"{sum(strange.values())} of {sum(events.values())} events name no item of the catalogue ({named})"
    zeros = {i.lstrip("0"): len(i) for i in known if i.startswith("0")}
    widths = Counter(zeros[i] for i in strange if i in zeros)
    if widths:
        width = widths.most_common(1)[0][0]
        return [f"{said}: the file has lost the leading zeros of ids; add --map-events pad={width}"]
    return [f"{said}; they are kept for when the items come"]


def _events(chunk: Sequence[Record], plan: EventPlan, path: Path, problems: Rejects) -> list[Event]:
    events: list[Event] = []
    for record in chunk:
        if record.problem:
            problems.add(path, record.line, field="", reason=record.problem)
            continue
        try:
            events.append(_event(record.values, plan, record.line))
        except RowError as error:
            problems.add(path, record.line, field=error.field, reason=error.reason, item_id=error.item_id[:128])
    return events


def _event(values: Mapping[str, Any], plan: EventPlan, line: int) -> Event:
    columns = plan.columns
    item_id = _id(values.get(columns["item"])).rjust(plan.pad, "0") if _id(values.get(columns["item"])) else ""
    cell = values.get(columns.get("value", ""))
    kind = _kind(text_of(values.get(columns.get("kind", "")) or ""), not is_unknown(cell), plan, item_id)
    value = _rating(cell, plan, item_id) if kind == "rating" else number_in(text_of(cell)) if cell is not None else None
    used = set(columns.values())
    context = {
        name[:MAX_CONTEXT_CHARS]: text_of(cell)[:MAX_CONTEXT_CHARS]
        for name, cell in values.items()
        if name not in used and not is_unknown(cell)
    }
    try:
        return Event.model_validate(
            {
                "user_id": _id(values.get(columns["user"])),
                "item_id": item_id,
                "kind": kind,
                "at": _time(values.get(columns["at"]), plan, item_id)
                if "at" in columns
                else UNTIMED + timedelta(seconds=line - 1),
                "value": value,
                "context": context,
            }
        )
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        raise RowError(str(first["loc"][0]), first["msg"], item_id) from error


def _id(value: Any) -> str:
    """Return an id as text; of a number that a program wrote with a point, ``12.0``, the whole number."""
    return "" if is_unknown(value) else re.sub(r"^(\d+)\.0$", r"\1", text_of(value))


def _rating(cell: Any, plan: EventPlan, item_id: str) -> float:
    try:
        value = rating_in(cell, plan.scale)
    except ValueError as error:
        raise RowError("value", str(error), item_id) from error
    if value is None:
        raise RowError("value", f"{str(cell)[:40]!r} is not a number", item_id)
    return value


def _kind(word: str, rated: bool, plan: EventPlan, item_id: str) -> EventKind:
    if not word:
        return "rating" if rated else plan.usual
    kind = plan.kinds.get(word) or KINDS.get(simple(word))
    if kind is None:
        raise RowError("kind", f"{word[:40]!r} is no known kind; say which it is: --map-kind {word[:40]}=view", item_id)
    if kind == "rating" and not rated:
        raise RowError("value", "a rating without its value", item_id)
    return kind


def _time(cell: Any, plan: EventPlan, item_id: str) -> datetime:
    if is_unknown(cell):
        raise RowError("at", "missing", item_id)
    at = time_in(cell, plan.order)
    if at is None:
        raise RowError(
            "at", f"{str(cell)[:40]!r} is no time that is known: ISO 8601, a date, seconds since 1970", item_id
        )
    if at > datetime.now(UTC) + AHEAD:
        raise RowError("at", f"{str(cell)[:40]!r} lies in the future", item_id)
    return at
