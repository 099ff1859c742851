"""Keep one tenant's items in a LanceDB table and search them exactly, approximately or by words, filters first."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from datetime import timedelta
from functools import partial
from typing import Any, TypeVar

import numpy as np
import pyarrow as pa

from ...core.errors import InvalidRequestError, StoreError
from ...core.language.catalogue_language import CatalogueLanguage
from ...core.predicates import all_hold
from ...core.protocols import Records, VectorColumn, Vectors
from ...core.schemas import Candidate, CatalogueSchema, Constraint, Item
from . import columns
from .columns import ItemRow, UpsertResult
from .field_statistics import describe
from .indexes import AnnPlan, build_indexes, compact, create_text_index
from .language_cache import LanguageCache
from .misspelt import corrected
from .search_helpers import (
    OVERFETCH,
    OVERFETCH_APPROXIMATE,
    Skip,
    candidates,
    checked,
    ids_by_value,
    read_vectors,
    terms,
)
from .search_helpers import (
    stored as _stored,
)
from .sql_filters import attribute_column, both, folded_column, ids_sql, to_sql
from .table_version import Key, View, read_key, read_view

REMOTE_CONSISTENCY = timedelta(seconds=1)
"""Another process's writes to an object store are seen after so long; those to a folder within ``LOOK_S``."""
WRITE_ATTEMPTS = 8
DELETE_IDS = 1_000
"""Items removed in one write."""
_CONTENTION = ("conflict", "already exists", "preempted")
EXACT_MATCHES = 10_000
"""With an approximate index, a filter that leaves at most so many rows is searched exactly: as quick, and complete."""
LOOK_S = 0.05
"""Seconds between two looks for another process's writes; a request asks many times, and a look takes as long as a small search."""
REFRESH_SHARE = 20
"""Another process's writes refresh the cached schema at most once in so many times the seconds a refresh takes."""
T = TypeVar("T")


class LanceCatalogue:
    """One tenant's catalogue; several processes may read and write it at once. Implements ``protocols.Catalogue``."""

    def __init__(self, connection: Any, tenant: str, exact_below: int) -> None:
        self._connection = connection
        self._name = f"items__{tenant}"
        self._exact_below = exact_below
        self._opened: Any = None
        self._looked: tuple[Key, float] | None = None
        self._view: View | None = None
        self._schema: tuple[Key, CatalogueSchema, float] | None = None
        self._language = LanguageCache()
        self._write = asyncio.Lock()

    @classmethod
    async def open(cls, uri: str, tenant: str = "default", exact_below: int = 20_000) -> LanceCatalogue:
        """Open the catalogue at ``uri`` (a folder, made if missing, or an object-store URL).

        Raises:
            StoreError: the place cannot be opened.
        """
        os.environ.setdefault("LANCE_LOG", "error")
        import lancedb

        interval = REMOTE_CONSISTENCY if "://" in uri else timedelta(0)
        opening = lancedb.connect_async(uri, read_consistency_interval=interval)
        return cls(await _stored(opening, f"cannot open the catalogue at {uri}"), tenant, exact_below)

    async def schema(self) -> CatalogueSchema:
        """Return the filterable fields and the count; cached until the table changes."""
        table = await self._table()
        if table is None:
            return CatalogueSchema()
        key, known = await self._key(table), self._schema
        if known and (known[0] == key or (known[0].table_id == key.table_id and time.monotonic() < known[2])):
            return known[1]
        start = time.perf_counter()
        described = await _stored(describe(table), "cannot describe the catalogue")
        again = time.monotonic() + REFRESH_SHARE * (time.perf_counter() - start)
        self._schema = (key, described, again)
        return described

    async def language(self) -> CatalogueLanguage:
        """Return the catalogue's language from all its values; compiled once for a version, by whoever asks first."""
        return await self._language.of(await self._table(), await self.schema())

    async def in_order(
        self,
        field: str,
        limit: int,
        where: Sequence[Constraint] = (),
        exclude: Iterable[str] = (),
        *,
        descending: bool = False,
    ) -> list[str]:
        """Return the ids of the ``limit`` items that satisfy ``where`` and come first by a number field; those without it never do."""
        table, about = await self._table(), (await self.schema()).field(field)
        if table is None or about is None or about.type != "number" or limit <= 0:
            return []
        column, skip = attribute_column(field), frozenset(exclude)
        filters = both(await self._sql(where), f"{column} IS NOT NULL")
        work = ids_by_value(table, column, filters, descending=descending)
        ids = await _stored(work, "cannot order the catalogue")
        return [i for i in ids if i not in skip][:limit]

    async def count(self) -> int:
        """Return the number of items."""
        table = await self._table()
        return 0 if table is None else int(await _stored(table.count_rows(), "cannot count the catalogue"))

    async def get(self, item_ids: Sequence[str], where: Sequence[Constraint] = ()) -> list[Item]:
        """Return the items of ``item_ids`` that exist and satisfy ``where``, in the given order, without repeats."""
        table = await self._table()
        if table is None or not item_ids:
            return []
        view, filters = await self._current(table), await self._sql(where)
        found = await _stored(view.records.get(table, item_ids, filters), "cannot read items")
        items = [found[i] for i in dict.fromkeys(item_ids) if i in found]
        if view.resident is None or not filters:
            return all_hold(items, where)
        passing = await _stored(view.resident.passing(table, filters), "cannot filter items")
        return [i for i in items if i.item_id in passing]

    async def search_vector(
        self,
        column: VectorColumn,
        vector: Vectors,
        limit: int,
        where: Sequence[Constraint] = (),
        exclude: Iterable[str] = (),
    ) -> list[Candidate]:
        """Return the items nearest to ``vector`` (shape (dim,) or (1, dim)); score is the cosine in [-1, 1].

        Raises:
            StoreError: the vector does not fit the catalogue, or the search failed.
        """
        table = await self._table()
        if table is None or limit <= 0:
            return []
        view = await self._current(table)
        name = f"{column}_vector"
        query_vector = checked(vector, view.schema.field(name).type.list_size)
        plan = view.plans[name]
        skip = Skip(exclude, limit, OVERFETCH if plan is None else OVERFETCH_APPROXIMATE)
        if plan is None and view.resident is not None:
            search = view.resident.search(table, name, query_vector, await self._sql(where), skip)
            return candidates(f"vector_{column}", *await _stored(search, "vector search failed"), skip)
        found: Any = None
        filters = both(await self._sql(where), skip.filter)

        def nearest() -> Any:
            query = table.query().nearest_to(query_vector).column(name).distance_type("cosine").limit(skip.fetch)
            return (query.where(filters) if filters else query).select(["item_id", "_distance"])

        if plan is not None and not (filters and await self._few(table, name, filters)):
            found = await _stored(plan.apply(nearest()).to_arrow(), "vector search failed")
        if found is None or found.num_rows < skip.fetch:
            found = await _stored(nearest().bypass_vector_index().to_arrow(), "vector search failed")
        scores = np.clip(1.0 - found.column("_distance").to_numpy(), -1.0, 1.0)
        return candidates(f"vector_{column}", found.column("item_id").to_pylist(), scores.tolist(), skip)

    async def search_text(
        self, query: str, limit: int, where: Sequence[Constraint] = (), exclude: Iterable[str] = ()
    ) -> list[Candidate]:
        """Return the items whose words match ``query`` (any text, never parsed as syntax); score is BM25."""
        from lancedb.query import MatchQuery

        words = terms(query)
        table = await self._table()
        if table is None or limit <= 0 or not words:
            return []
        skip = Skip(exclude, limit, OVERFETCH)
        filters = both(await self._sql(where), skip.filter)
        meant = corrected(table, words, (await self._current(table)).words)
        words = await _stored(meant, "text search failed")
        search = table.query().nearest_to_text(MatchQuery(words, columns.SEARCH_TEXT))
        search = search.select(["item_id", "_score"]).limit(skip.fetch)
        found = await _stored((search.where(filters) if filters else search).to_arrow(), "text search failed")
        return candidates("text", found.column("item_id").to_pylist(), found.column("_score").to_pylist(), skip)

    async def vectors(self, column: VectorColumn, item_ids: Sequence[str]) -> dict[str, Vectors]:
        """Return id -> vector of shape (dim,) of the items that have one."""
        table = await self._table()
        if table is None or not item_ids:
            return {}
        return (await self._vectors(table, item_ids, f"{column}_vector"))[0]

    async def records(self, item_ids: Sequence[str], where: Sequence[Constraint] = ()) -> Records:
        """Return what ``get`` does, with both vectors of the items that have them."""
        items, table = await self.get(item_ids, where), await self._table()
        if table is None or not items:
            return Records(items, {}, {})
        ids = [i.item_id for i in items]
        return Records(items, *(await self._vectors(table, ids, columns.TEXT_VECTOR, columns.IMAGE_VECTOR)))

    async def scan(self, limit: int, where: Sequence[Constraint] = (), exclude: Iterable[str] = ()) -> list[str]:
        """Return the ids of up to ``limit`` items that satisfy ``where``, in the order of the table."""
        table = await self._table()
        if table is None or limit <= 0:
            return []
        resident, sql = (await self._current(table)).resident, await self._sql(where)
        if resident is not None:
            return await _stored(resident.scan(table, limit, sql, frozenset(exclude)), "cannot scan the catalogue")
        skip = Skip(exclude, limit, OVERFETCH)
        filters = both(sql, skip.filter)
        query = table.query().select(["item_id"]).limit(skip.fetch)
        found = await _stored((query.where(filters) if filters else query).to_arrow(), "cannot scan the catalogue")
        return [i for i in found.column("item_id").to_pylist() if i not in skip.ids][:limit]

    async def digests(self, item_ids: Sequence[str]) -> dict[str, str]:
        """Return id -> stored content digest of the items that exist."""
        table, only = await self._table(), ids_sql(item_ids)
        if table is None or not only:
            return {}
        found = await _stored(table.query().where(only).select(["item_id", "digest"]).to_arrow(), "cannot read digests")
        return dict(zip(found.column("item_id").to_pylist(), found.column("digest").to_pylist(), strict=True))

    async def of_other_models(self, mark: str) -> int:
        """Return how many items hold vectors of another image-text model than the one of this ``columns.model_mark``."""
        table, others = await self._table(), f"digest IS NULL OR NOT (digest LIKE '%{mark}%')"
        return 0 if table is None else int(await _stored(table.count_rows(others), "cannot count items"))

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
        gone = [c for n in names for c in (attribute_column(n), folded_column(n)) if c in have]
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

    async def stored_vectors(self, column: VectorColumn, item_ids: Sequence[str]) -> dict[str, Vectors]:
        """Return as ``vectors`` does, without keeping the table's vectors in memory: for a writer, under whom it changes all the time."""
        table = await self._table()
        if table is None or not item_ids:
            return {}
        return (await _stored(read_vectors(table, [f"{column}_vector"], item_ids), "cannot read vectors"))[0]

    async def ann_plans(self) -> dict[str, AnnPlan | None]:
        """Return, for each vector column, the approximate index in use with its measured recall, or None for exact."""
        table = await self._table()
        return {} if table is None else dict((await self._current(table)).plans)

    async def _table(self) -> Any:
        if self._opened is None:
            try:
                self._opened = await self._connection.open_table(self._name)
            except (ValueError, RuntimeError, OSError) as error:
                if not isinstance(error, ValueError) or "not found" not in str(error):
                    raise StoreError(f"cannot open the catalogue: {str(error)[:300]}") from error
        return self._opened

    async def _key(self, table: Any) -> Key:
        """Return the table's state, read anew every ``LOOK_S`` seconds and after each write of this process."""
        if self._looked is None or time.monotonic() > self._looked[1]:
            key = await _stored(read_key(table), "cannot read the catalogue's version")
            self._looked = (key, time.monotonic() + LOOK_S)
        return self._looked[0]

    async def _current(self, table: Any) -> View:
        key = await self._key(table)
        if self._view is None or self._view.key != key:
            view = read_view(table, key, self._exact_below)
            self._view = await _stored(view, "cannot read the catalogue's columns")
        return self._view

    async def _vectors(self, table: Any, item_ids: Sequence[str], *names: str) -> list[dict[str, Vectors]]:
        resident = (await self._current(table)).resident
        if resident is None:
            read: list[dict[str, Vectors]] = await _stored(read_vectors(table, names, item_ids), "cannot read vectors")
            return read
        return [await _stored(resident.vectors(table, name, item_ids), "cannot read vectors") for name in names]

    async def _sql(self, where: Sequence[Constraint]) -> str:
        return to_sql(where, await self.schema()) if where else ""

    async def _few(self, table: Any, column: str, filters: str) -> bool:
        matching = await _stored(table.count_rows(both(filters, f"{column} IS NOT NULL")), "cannot count matches")
        return bool(matching <= EXACT_MATCHES)

    async def _contended(self, work: Callable[[], Awaitable[T]]) -> T:
        """Do ``work``, one writer of this process at a time, and again when another process's write came between."""
        async with self._write:
            try:
                for attempt in range(1, WRITE_ATTEMPTS):
                    try:
                        return await work()
                    except StoreError as error:
                        if not any(sign in str(error).lower() for sign in _CONTENTION):
                            raise
                    await asyncio.sleep(0.05 * attempt)
                    await _stored(self._opened.checkout_latest(), "cannot see the latest catalogue")
                return await work()
            finally:
                self._looked = self._schema = None

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
        known = columns.attribute_types(await _stored(table.schema(), "cannot read the catalogue's columns"))
        if new := columns.types_of(rows, known):
            await _stored(
                table.add_columns(pa.schema(columns.attribute_fields(new))), "cannot add columns to the catalogue"
            )
        return table


def _changed(change: Callable[[Any], Awaitable[T]], what: Any, failed: str) -> Awaitable[T]:
    return _stored(change(what), failed)
