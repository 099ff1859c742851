"""Keep one tenant's items in a LanceDB table and search them exactly, approximately or by words, filters first."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterable, Sequence
from functools import partial
from typing import Any

import numpy as np

from ...core.choices import all_fitting
from ...core.errors import StoreError
from ...core.language.catalogue_language import CatalogueLanguage, language_of
from ...core.predicates import MOMENTS, all_hold
from ...core.protocols import Described, Records, Search, Searches, VectorColumn, Vectors
from ...core.schemas import Candidate, Constraint, Item
from . import columns
from .catalogue_writer import CatalogueWriter
from .indexes import AnnPlan
from .misspelt import corrected
from .search_helpers import (
    OVERFETCH,
    OVERFETCH_APPROXIMATE,
    Skip,
    candidates,
    checked,
    ids_by_value,
    pairs_of,
    read_vectors,
    terms,
)
from .search_helpers import (
    stored as _stored,
)
from .sql_filters import attribute_column, both, clauses, ids_sql
from .table_version import View

log = logging.getLogger(__name__)
EXACT_MATCHES = 10_000
"""With an approximate index, a filter that leaves at most so many rows is searched exactly: as quick, and complete."""


SHORT = 6
"""A text of up to so many characters is matched by each, too: 想买茶 asks for tea."""
ORDERED = 1_000
"""Where choices differ in what a list is ordered by, so many items are ordered by the choices that fit; the rest follows the lowest."""


class LanceCatalogue(CatalogueWriter, Searches):
    """One tenant's catalogue; several processes may read and write it at once. Implements ``protocols.Catalogue``."""

    async def language(self) -> CatalogueLanguage:
        """Return the catalogue's language from all its values; compiled once for a version, by whoever asks first."""
        return await self._language.of(await self._table(), await self.schema(), self.own_words.read())

    async def described(self, wait_s: float) -> Described:
        """Return the fields, and the language from all values; that of the fields where it is not ready in ``wait_s`` seconds or cannot be read.

        Raises:
            StoreError: the fields cannot be read.
        """
        schema = await self.schema()
        if not schema.fields:
            return Described(schema, language_of(schema))
        try:
            async with asyncio.timeout(wait_s):
                own = self.own_words.read()
                return Described(schema, await self._language.of(await self._table(), schema, own))
        except (StoreError, TimeoutError) as error:
            log.warning("names beyond the schema's values are not read: %s", type(error).__name__)
            return Described(schema, language_of(schema))

    async def in_order(
        self,
        field: str,
        limit: int,
        where: Sequence[Constraint] = (),
        exclude: Iterable[str] = (),
        *,
        descending: bool = False,
    ) -> list[str]:
        """Return the ids of the ``limit`` items that satisfy ``where`` and come first by a field of numbers or dates; those without it never do."""
        table, about = await self._table(), (await self.schema()).field(field)
        if table is None or about is None or about.type not in ("number", *MOMENTS) or limit <= 0:
            return []
        column, skip = attribute_column(field), frozenset(exclude)
        filters = both(await self._sql(where), f"{column} IS NOT NULL")
        work = ids_by_value(table, column, filters, descending=descending)
        ids = [i for i in await _stored(work, "cannot order the catalogue") if i not in skip]
        if not about.choices or not where:
            return ids[:limit]
        shown = [i for i in await self.get(ids[: max(limit, ORDERED)], where) if field in i.attributes]
        shown.sort(key=lambda i: i.attributes[field], reverse=descending)
        return [i.item_id for i in shown[:limit]]

    async def count(self) -> int:
        """Return the number of items."""
        table = await self._table()
        return 0 if table is None else int(await _stored(table.count_rows(), "cannot count the catalogue"))

    async def get(self, item_ids: Sequence[str], where: Sequence[Constraint] = ()) -> list[Item]:
        """Return the items of ``item_ids`` that exist and satisfy ``where``, in the given order, without repeats.

        A product with choices is given with those that satisfy ``where`` together.
        """
        table = await self._table()
        if table is None or not item_ids:
            return []
        view, filters = await self._current(table), await self._clauses(where)
        found = await _stored(view.records.get(table, item_ids, " AND ".join(filters)), "cannot read items")
        items = [found[i] for i in dict.fromkeys(item_ids) if i in found]
        if view.resident is None or not filters:
            return all_fitting(all_hold(items, where), where)
        passing = await _stored(view.resident.passing(table, filters), "cannot filter items")
        return all_fitting([i for i in items if i.item_id in passing], where)

    async def search(self, searches: Sequence[Search]) -> list[list[Candidate] | StoreError]:
        """See Searches. A vector is searched exactly or approximately, words by BM25."""

        async def found(search: Search) -> list[Candidate] | StoreError:
            try:
                if isinstance(search.wanted, str):
                    return await self._matching(search.wanted, search)
                return await self._nearest(search.wanted, search)
            except StoreError as error:
                return error

        return list(await asyncio.gather(*map(found, searches)))

    async def _nearest(self, vector: Vectors, asked: Search) -> list[Candidate]:
        table = await self._table()
        if table is None or asked.limit <= 0:
            return []
        view = await self._current(table)
        name = f"{asked.among}_vector"
        query_vector = checked(vector, view.schema.field(name).type.list_size)
        plan = view.plans[name]
        skip = Skip(asked.exclude, asked.limit, OVERFETCH if plan is None else OVERFETCH_APPROXIMATE)
        if plan is None and view.resident is not None:
            search = view.resident.search(table, name, query_vector, await self._clauses(asked.where), skip)
            return candidates(name, *await _stored(search, "vector search failed"), skip)
        found: Any = None
        filters = both(await self._sql(asked.where), skip.filter)

        def nearest() -> Any:
            query = table.query().nearest_to(query_vector).column(name).distance_type("cosine").limit(skip.fetch)
            return (query.where(filters) if filters else query).select(["item_id", "_distance"])

        if plan is not None and not (filters and await self._few(table, name, filters)):
            found = await _stored(plan.apply(nearest(), skip.fetch).to_arrow(), "vector search failed")
        if found is None or found.num_rows < skip.fetch:
            found = await _stored(nearest().bypass_vector_index().to_arrow(), "vector search failed")
        scores = np.clip(1.0 - found.column("_distance").to_numpy(), -1.0, 1.0)
        return candidates(name, found.column("item_id").to_pylist(), scores.tolist(), skip)

    async def _matching(self, said: str, asked: Search) -> list[Candidate]:
        """Return the items that hold the words asked for.

        Chinese, Japanese and Korean are matched by pairs of characters, a short text by single ones, too: in a sentence these are parts of other words.
        """
        from lancedb.query import MatchQuery

        words = terms(said)
        if sum(map(columns.is_cjk, said)) > SHORT:
            words = pairs_of(words)
        table = await self._table()
        if table is None or asked.limit <= 0 or not words:
            return []
        skip, view = Skip(asked.exclude, asked.limit, OVERFETCH), await self._current(table)
        words = await _stored(self._meant(table, view, words), "text search failed")
        if view.resident is not None:
            found = view.resident.search_words(table, words, await self._clauses(asked.where), skip)
            return candidates("text", *await _stored(found, "text search failed"), skip)
        filters = both(await self._sql(asked.where), skip.filter)
        search = table.query().nearest_to_text(MatchQuery(words, columns.SEARCH_TEXT))
        search = search.select(["item_id", "_score"]).limit(skip.fetch)
        rows = await _stored((search.where(filters) if filters else search).to_arrow(), "text search failed")
        return candidates("text", rows.column("item_id").to_pylist(), rows.column("_score").to_pylist(), skip)

    @staticmethod
    async def _meant(table: Any, view: View, words: str) -> str:
        if view.resident is None:
            return await corrected(table, words, view.words)
        held = await view.resident.words(table)
        return await corrected(table, words, view.words, partial(held.holds, table))

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

    async def scan(
        self,
        limit: int,
        where: Sequence[Constraint] = (),
        exclude: Iterable[str] = (),
        *,
        first: Sequence[str] = (),
    ) -> list[str]:
        """Return the ids of up to ``limit`` items that satisfy ``where``: those of ``first``, then others in the order of the table."""
        table = await self._table()
        if table is None or limit <= 0:
            return []
        if first:
            exclude = frozenset(exclude)
            head = [i.item_id for i in await self.get([i for i in first if i not in exclude], where)][:limit]
            return [*head, *await self.scan(limit - len(head), where, exclude.union(head))]
        resident, kept = (await self._current(table)).resident, await self._clauses(where)
        if resident is not None:
            return await _stored(resident.scan(table, limit, kept, frozenset(exclude)), "cannot scan the catalogue")
        skip = Skip(exclude, limit, OVERFETCH)
        filters = both(*kept, skip.filter)
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

    async def products_of_variants(self) -> dict[str, str]:
        """Return the shop's own id of a choice -> id of the product that it belongs to."""
        table = await self._table()
        if table is None or columns.VARIANTS not in (await _stored(table.schema(), "cannot read columns")).names:
            return {}
        query = table.query().where(f"{columns.VARIANTS} IS NOT NULL").select(["item_id", columns.VARIANTS])
        rows = (await _stored(query.to_arrow(), "cannot read variants")).to_pylist()
        found = ((v.variant_id, row["item_id"]) for row in rows for v in columns.read_variants(row[columns.VARIANTS]))
        return {variant: item for variant, item in found if variant and variant != item}

    async def of_other_models(self, mark: str) -> int:
        """Return how many items hold vectors of another image-text model than the one of this ``columns.model_mark``."""
        table, others = await self._table(), f"digest IS NULL OR NOT (digest LIKE '%{mark}%')"
        return 0 if table is None else int(await _stored(table.count_rows(others), "cannot count items"))

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

    async def _vectors(self, table: Any, item_ids: Sequence[str], *names: str) -> list[dict[str, Vectors]]:
        resident = (await self._current(table)).resident
        if resident is None:
            read: list[dict[str, Vectors]] = await _stored(read_vectors(table, names, item_ids), "cannot read vectors")
            return read
        return [await _stored(resident.vectors(table, name, item_ids), "cannot read vectors") for name in names]

    async def _sql(self, where: Sequence[Constraint]) -> str:
        return " AND ".join(await self._clauses(where))

    async def _clauses(self, where: Sequence[Constraint]) -> list[str]:
        return clauses(where, await self.schema()) if where else []

    async def _few(self, table: Any, column: str, filters: str) -> bool:
        matching = await _stored(table.count_rows(both(filters, f"{column} IS NOT NULL")), "cannot count matches")
        return bool(matching <= EXACT_MATCHES)
