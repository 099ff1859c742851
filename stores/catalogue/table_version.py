"""Cache what is known of one version of a catalogue table: its columns, search plans, items and, if small, vectors."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import pyarrow as pa

from . import columns
from .indexes import AnnPlan, read_plan
from .record_cache import Records
from .table_in_memory import RESIDENT_ROWS, Resident


class Key(NamedTuple):
    """One state of one table; a table that was deleted and made again reaches the same versions under another id."""

    table_id: str
    version: int


class View(NamedTuple):
    """What is cached of one version of the table; ``resident`` only of a small one, ``words`` as ``misspelt.corrected`` says."""

    key: Key
    schema: pa.Schema
    plans: Mapping[str, AnnPlan | None]
    records: Records
    resident: Resident | None
    words: dict[str, str]


async def read_key(table: Any) -> Key:
    """Return the table's state; the id is read first, so that what is read after this is never older than the key."""
    return Key(columns.table_id(await table.schema()), await table.version())


async def read_view(table: Any, key: Key, exact_below: int) -> View:
    """Return an empty cache for ``key``; errors are LanceDB's."""
    schema = await table.schema()
    plans = {name: read_plan(schema, name) for name in (columns.TEXT_VECTOR, columns.IMAGE_VECTOR)}
    small = await table.count_rows() <= min(RESIDENT_ROWS, exact_below)
    return View(key, schema, plans, Records(columns.item_columns(schema)), Resident() if small else None, {})
