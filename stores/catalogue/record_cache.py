"""Remember the items last read from one version of a catalogue table."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from typing import Any

from ...core.schemas import Item
from . import columns
from .sql_filters import both, ids_sql

CAPACITY = 8_192
BULK = 1_000
"""More unknown ids than this are filtered by the store and not remembered."""


class Records:
    """Reads the items of one version of a table, each once; the least recently used are forgotten first."""

    def __init__(self, item_columns: Sequence[str], capacity: int = CAPACITY) -> None:
        self._columns = list(item_columns)
        self._capacity = capacity
        self._items: OrderedDict[str, Item | None] = OrderedDict()

    async def get(self, table: Any, item_ids: Sequence[str], filters: str) -> dict[str, Item]:
        """Return id -> item of those that exist; where many must be read, only of those that pass ``filters``.

        Errors are LanceDB's.
        """
        found = {i: self._items[i] for i in item_ids if i in self._items}
        for item_id in found:
            self._items.move_to_end(item_id)
        missing = [i for i in item_ids if i not in found]
        if only := ids_sql(missing):
            many = len(missing) > BULK
            query = table.query().where(both(only, filters) if many else only).select(self._columns)
            read = {item.item_id: item for item in columns.to_items(await query.to_arrow())}
            found |= read
            if not many:
                self._remember({i: read.get(i) for i in missing})
        return {i: item for i, item in found.items() if item is not None}

    def _remember(self, read: dict[str, Item | None]) -> None:
        self._items.update(read)
        while len(self._items) > self._capacity:
            self._items.popitem(last=False)
