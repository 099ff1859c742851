"""Measure reading exports: ``tastemaker bench exports`` - columns and cells right, and what is wrong without a word.

The files of ``data/`` are made after the public documentation of each format, those under ``cases/`` repeat situations from
public reports. ``expected.json`` says of each file what an item is to be; every cell of the items named there counts, and a
column that nobody expects counts as a wrong one. A cell that is wrong is named when the plan or a warning speaks of it, else it
is a silent error, as is a thing that ``expected.json`` wants said and that is not said.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from importlib.resources import files
from pathlib import Path
from typing import Any

from ...core.errors import InvalidRequestError
from ...core.schemas import Event, Item, Variant
from ...stores.ingest.events import read_events, unknown_items
from ...stores.ingest.events_plan import plan_events
from ...stores.ingest.file_readers import Reading
from ...stores.ingest.file_survey import Survey, survey
from ...stores.ingest.report import Rejects
from ...stores.ingest.rows_to_items import RowError, to_item
from ..reporting.report import report

TARGETS = {"columns_right": 1.0, "cells_right": 1.0, "silent_errors": 0}
CASES = "cases/"
OWN = Path(str(files(__package__).joinpath("data")))
Say = Callable[[str], None]


@dataclass
class Tally:
    """What of one file is right: (item, column) of every expected cell, and what went wrong."""

    cells: dict[tuple[str, str], bool] = field(default_factory=dict)
    named: list[str] = field(default_factory=list)
    silent: list[str] = field(default_factory=list)

    def cell(self, item: str, column: str, wanted: Any, found: Any, said: str) -> None:
        """Count one cell; ``said`` is all that was said of the file."""
        right = _same(wanted, found)
        self.cells[item, column] = right
        if not right:
            self.wrong(f"{item}.{column}: {found!r} instead of {wanted!r}", column in said)

    def wrong(self, what: str, named: bool) -> None:
        """Count an error."""
        (self.named if named else self.silent).append(what)

    def columns(self) -> dict[str, bool]:
        """Return column -> whether all its cells are right."""
        found: dict[str, bool] = {}
        for (_, column), right in self.cells.items():
            found[column] = found.get(column, True) and right
        return found


async def exports_run(data: Path, say: Say) -> dict[str, Any]:
    """Return the figures of ``bench exports``; the files under ``cases/`` lie beside the data folder.

    Raises:
        InvalidRequestError: the cases are not there.
    """
    cases = data.parent / "cases"
    if not cases.is_dir():
        raise InvalidRequestError("--data", f"{cases} is not there; name the data folder that has cases/ beside it")
    tallies = {name: judge(name, wanted, cases.parent) for name, wanted in expected().items()}
    for name, tally in tallies.items():
        for what in tally.silent:
            say(f"silent: {name}: {what}")
        for what in tally.named:
            say(f"named: {name}: {what}")
    columns = [right for tally in tallies.values() for right in tally.columns().values()]
    cells = [right for tally in tallies.values() for right in tally.cells.values()]
    figures = {
        "files": len(tallies),
        "files_right": sum(all(t.cells.values()) and not t.silent for t in tallies.values()),
        "columns": len(columns),
        "columns_right": round(sum(columns) / len(columns), 4),
        "cells": len(cells),
        "cells_right": round(sum(cells) / len(cells), 4),
        "named_errors": sum(len(t.named) for t in tallies.values()),
        "silent_errors": sum(len(t.silent) for t in tallies.values()),
    }
    return report("exports", figures, n=len(tallies), targets=TARGETS)


def expected() -> dict[str, dict[str, Any]]:
    """Return file -> what is to be read in it."""
    found: dict[str, dict[str, Any]] = json.loads((OWN / "expected.json").read_text(encoding="utf-8"))
    return found


def judge(name: str, wanted: Mapping[str, Any], shared: Path) -> Tally:
    """Read one file and compare it with what is expected."""
    path = shared / name if name.startswith(CASES) else OWN / name
    try:
        return _judged_events(path, wanted) if "events" in wanted else _judged_items(path, wanted)
    except InvalidRequestError as error:
        tally = Tally()
        tally.silent.append(f"refused: {error}")
        return tally


def _judged_items(path: Path, wanted: Mapping[str, Any]) -> Tally:
    found, tally = survey(path), Tally()
    items, warnings = _items(found)
    said = "\n".join([*found.plan.oddities(), *warnings, found.plan.read_as])
    facts = {
        "layout": found.plan.layout,
        "price": found.plan.price,
        "left_out": sum(found.plan.left_out.values()),
        "rows": found.plan.rows,
    }
    for fact, value in facts.items():
        if fact in wanted and wanted[fact] != value:
            tally.wrong(f"{fact}: {value!r} instead of {wanted[fact]!r}", named=False)
    units = {c.target: c.unit for c in found.plan.attributes()}
    for attribute, unit in wanted.get("units", {}).items():
        own = units.get(attribute) or attribute.rpartition("_")[2].upper()
        if own != unit:
            tally.wrong(f"unit of {attribute}: {own!r} instead of {unit!r}", named=False)
    _judge_cells(tally, wanted, items, said)
    return _with_said(tally, wanted, said)


def _judge_cells(tally: Tally, wanted: Mapping[str, Any], items: Mapping[str, Item], said: str) -> None:
    """Count every cell of the items and of the variants that are expected."""
    for item_id, cells in wanted["items"].items():
        record = _record(items[item_id]) if item_id in items else {}
        for column in {**cells, **record}:
            tally.cell(item_id, column, cells.get(column), record.get(column), said)
    for item_id, variants in wanted.get("variants", {}).items():
        read = {v.variant_id: v for v in items[item_id].variants} if item_id in items else {}
        for variant_id, cells in variants.items():
            record = _variant_record(read[variant_id]) if variant_id in read else {}
            for column in {**cells, **record}:
                tally.cell(f"{item_id}/{variant_id}", f"variant {column}", cells.get(column), record.get(column), said)


def _items(found: Survey) -> tuple[dict[str, Item], list[str]]:
    items: dict[str, Item] = {}
    warnings: list[str] = []
    for record in found.records():
        if record.problem:
            warnings.append(f"line {record.line}: {record.problem}")
            continue
        try:
            item = to_item(record.values, found.plan, lambda column, reason: warnings.append(f"{column}: {reason}"))
            items[item.item_id] = item
        except RowError as error:
            warnings.append(f"{error.field}: {error.reason}")
    return items, warnings


def _record(item: Item) -> dict[str, Any]:
    fields = {"title": item.title, "text": item.text, "image": item.image, "url": item.url}
    return {**{name: value for name, value in fields.items() if value}, **item.attributes}


def _variant_record(variant: Variant) -> dict[str, Any]:
    own = {"in_stock": variant.in_stock, "image": variant.image, "url": variant.url}
    return {**{name: value for name, value in own.items() if value is not None}, **variant.attributes}


def _judged_events(path: Path, wanted: Mapping[str, Any]) -> Tally:
    plan, tally = plan_events(path), Tally()
    problems = _Said()
    events = [event for batch in read_events(plan, Reading(), problems) for event in batch]
    counts: dict[str, int] = {}
    for event in events:
        counts[event.item_id] = counts.get(event.item_id, 0) + 1
    notes = unknown_items(counts, wanted["known"]) if "known" in wanted else []
    said = "\n".join([*plan.notes, *notes, *problems.reasons])
    found = {tuple(_facts(event)[:2]): _facts(event) for event in events}
    rows = {(row[0], row[1]): [*row[:4], _moment(row[4])] for row in wanted["events"]}
    for key in {**rows, **found}:
        for place, column in enumerate(("user", "item", "kind", "value", "at")):
            have = found[key][place] if key in found else None
            want = rows[key][place] if key in rows else None
            tally.cell("/".join(key), column, want, have, "")
    return _with_said(tally, wanted, said)


class _Said(Rejects):
    """Keep what is said of rows in memory."""

    def __init__(self) -> None:
        super().__init__(None)
        self.reasons: list[str] = []

    def add(
        self, file: Path, line: int, *, field: str, reason: str, item_id: str = "", level: Any = "rejected"
    ) -> None:
        """Keep one problem."""
        self.reasons.append(f"line {line}, {field}: {reason}")


def _facts(event: Event) -> list[Any]:
    return [event.user_id, event.item_id, event.kind, event.value, event.at]


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text)


def _with_said(tally: Tally, wanted: Mapping[str, Any], said: str) -> Tally:
    for words in wanted.get("named", []):
        if words not in said:
            tally.wrong(f"nothing says {words!r}", named=False)
    return tally


def _same(wanted: Any, found: Any) -> bool:
    if isinstance(wanted, bool) or isinstance(found, bool):
        return wanted is found
    if isinstance(wanted, int | float) and isinstance(found, int | float):
        return abs(wanted - found) < 1e-9
    return bool(wanted == found)
