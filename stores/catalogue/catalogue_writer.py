"""Write items to a catalogue's table, each batch in one atomic step, and keep its columns and indexes in order."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from functools import partial
from typing import Any, TypeVar

import pyarrow as pa

from ...core.errors import InvalidRequestError, StoreError
from . import columns
from .columns import ItemRow, UpsertResult
from .indexes import build_indexes, compact, create_text_index
from .lance_table import LanceTable
from .search_helpers import stored as _stored
from .sql_filters import attribute_column, folded_column, highest_column, ids_sql

DELETE_IDS = 1_000
"""Items removed in one write."""
T = TypeVar("T")


class CatalogueWriter(LanceTable):
    """The writing half of a catalogue."""

    async def upsert(self, rows: Sequence[ItemRow]) -> UpsertResult:
        """Insert or replace items by id in one atomic step; of rows with the same id the last counts.

        Raises:
            InvalidRequestError: an attribute has another type in the catalogue.
            StoreError: the write failed; nothing of it is stored.
        """
        unique = list({row.item.item_id: row for row in rows}.values())
        if not unique:
            return UpsertResult(0, 0)
        return await self._contended(lambda: self._merge(unique))

    async def optimize(self) -> None:
        """Compact the table, bring its indexes up to date, and above ``exact_below`` rows build approximate ones."""
        table = await self._table()
        if table is not None:
            await self._contended(
                lambda: _stored(build_indexes(table, self._exact_below), "cannot index the catalogue")
            )
            self._view = None

    async def compact(self) -> None:
        """Merge small pieces of the table and index the new ids, so that the next upserts stay quick."""
        table = await self._table()
        if table is not None:
            await self._contended(lambda: _stored(compact(table), "cannot compact the catalogue"))

    async def mark_price(self, name: str, unit: str = "") -> None:
        """Record that the number field ``name`` is the price, in ``unit``.

        Raises:
            InvalidRequestError: there is no such number field.
        """
        field = (await self.schema()).field(name)
        if field is None or field.type != "number":
            raise InvalidRequestError("price", f"the catalogue has no number field {name!r}")
        await self.mark_fields({name: unit}, name)

    async def mark_fields(self, units: Mapping[str, str], price: str = "") -> None:
        """Record the units of number fields, and which of them is the price (no other is it then); what is no number field is passed over."""
        table = await self._table()
        if table is None:
            return
        schema = await _stored(table.schema(), "cannot read columns")
        for update in columns.field_marks(schema, units, price):
            await self._contended(partial(_changed, table.update_field_metadata, update, "cannot mark a field"))

    async def drop_fields(self, names: Iterable[str]) -> None:
        """Remove attributes with all their values; vectors and everything else stay. One that comes again may be of another type."""
        table = await self._table()
        if table is None:
            return
        have = set((await _stored(table.schema(), "cannot read columns")).names)
        made = (attribute_column, folded_column, highest_column)
        gone = [c for n in names for column in made if (c := column(n)) in have]
        if gone:
            await self._contended(lambda: _stored(table.drop_columns(gone), "cannot remove columns"))
            self._view = None

    async def delete(self, item_ids: Sequence[str]) -> int:
        """Remove the items of ``item_ids`` and return how many there were."""
        table, removed = await self._table(), 0
        for start in range(0, len(item_ids) if table is not None else 0, DELETE_IDS):
            only = ids_sql(item_ids[start : start + DELETE_IDS])
            result = await self._contended(partial(_changed, table.delete, only, "cannot remove items"))
            removed += result.num_deleted_rows
        return removed

    async def _merge(self, rows: Sequence[ItemRow]) -> UpsertResult:
        table = await self._prepared(rows)
        schema = await _stored(table.schema(), "cannot read the catalogue's columns")
        data = await asyncio.to_thread(columns.to_arrow, rows, schema)
        merge = table.merge_insert("item_id").when_matched_update_all().when_not_matched_insert_all()
        result = await _stored(merge.execute(data, on_bad_vectors="null"), "cannot write to the catalogue")
        return UpsertResult(result.num_inserted_rows, result.num_updated_rows)

    async def _prepared(self, rows: Sequence[ItemRow]) -> Any:
        table = await self._table()
        if table is None:
            base = columns.base_schema(rows[0].text_vector.size)
            try:
                table = self._opened = await self._connection.create_table(self._name, schema=base, exist_ok=True)
            except (RuntimeError, ValueError, OSError) as error:
                if (table := await self._table()) is None:
                    raise StoreError(f"cannot create the catalogue: {str(error)[:300]}") from error
            await _stored(create_text_index(table), "cannot create the text index")
        schema = await _stored(table.schema(), "cannot read the catalogue's columns")
        new = columns.attribute_fields(columns.types_of(rows, columns.attribute_types(schema)))
        if columns.VARIANTS not in schema.names and any(row.item.variants for row in rows):
            new.append(pa.field(columns.VARIANTS, pa.utf8()))
        new += columns.highest_fields(rows, schema.names)
        if new:
            await _stored(table.add_columns(pa.schema(new)), "cannot add columns to the catalogue")
        return table


def _changed(change: Callable[[Any], Awaitable[T]], what: Any, failed: str) -> Awaitable[T]:
    return _stored(change(what), failed)
