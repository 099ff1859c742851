"""Read a file once before ingesting it: how many rows, which ids come twice, and the type of every attribute."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from ...core.schemas import FieldType
from .file_readers import column_names, read_records
from .rows_to_items import Columns, ColumnStats, plan_columns


@dataclass(frozen=True)
class Survey:
    """What is known of a file before its rows are read: ``last_line`` holds the ids that come more than once."""

    rows: int
    columns: Columns
    types: Mapping[str, FieldType]
    last_line: Mapping[str, int]
    currency: str


def survey(path: Path, mapping: Mapping[str, str] | None, known: Mapping[str, FieldType], separator: str) -> Survey:
    """Survey ``path``; a type that the catalogue already has (``known``) is kept.

    Raises:
        InvalidRequestError: the file, its header or the mapping is not usable.
    """
    columns = plan_columns(column_names(path), mapping)
    stats = {name: ColumnStats() for name in columns.attributes}
    seen: set[str] = set()
    last_line: dict[str, int] = {}
    rows = 0
    for record in read_records(path):
        rows += 1
        if record.problem:
            continue
        item_id = columns.item_id(record.values)
        if item_id in seen:
            last_line[item_id] = record.line
        seen.add(item_id)
        for name, source in columns.attributes.items():
            stats[name].add(record.values.get(source), separator, name == columns.price)
    types = {name: known.get(name) or counted.kind() for name, counted in stats.items()}
    currencies = stats[columns.price].currency if columns.price else set()
    return Survey(rows, columns, types, last_line, min(currencies) if len(currencies) == 1 else "")
