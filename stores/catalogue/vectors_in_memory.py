"""Hold the vectors of one version of a small catalogue table in memory and search them exactly."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence, Set
from itertools import islice
from typing import Any

import numpy as np
import pyarrow as pa

from ...core.protocols import Vectors
from .columns import unit
from .search_helpers import Skip

RESIDENT_ROWS = 10_000
"""Tables of at most so many rows are searched in memory: 15 MB a column of 384 numbers, read in about one search's time."""
INLINE_NUMBERS = 2_000_000
"""A matrix of at most so many numbers is searched in less time than a thread takes to answer."""
MAX_FILTERS = 32


class Matrix:
    """The vectors of one column: ``ids`` of n items and unit rows of shape (n, dim), in the order of the table."""

    def __init__(self, table: pa.Table, column: str) -> None:
        vectors = table.column(column).combine_chunks()
        present = vectors.is_valid()
        self.ids: list[str] = table.column("item_id").filter(present).to_pylist()
        self.rows: Vectors = _unit_rows(vectors.flatten().to_numpy().reshape(-1, vectors.type.list_size))
        self.index = {item_id: row for row, item_id in enumerate(self.ids)}

    def nearest(
        self, vector: Vectors, limit: int, allowed: Set[str] | None, exclude: Iterable[str]
    ) -> tuple[list[str], list[float]]:
        """Return ids and cosines of the ``limit`` rows nearest to ``vector``, shape (dim,), best first.

        Args:
            vector: what to look for, of any length.
            limit: how many at most.
            allowed: ids to choose from; None for all.
            exclude: ids to leave out.
        """
        scores = np.clip(np.einsum("ij,j->i", self.rows, unit(vector)), -1.0, 1.0)  # `@` waits for BLAS threads
        free = np.ones(len(self.ids), dtype=bool)
        if allowed is not None:
            free[:] = [i in allowed for i in self.ids]
        free[[self.index[i] for i in exclude if i in self.index]] = False
        order = np.argsort(-scores, kind="stable")
        best = order[free[order]][:limit]
        return [self.ids[i] for i in best], scores[best].tolist()


class Resident:
    """Searches one version of a small table in memory; errors are LanceDB's."""

    def __init__(self) -> None:
        self._lock = asyncio.Lock()
        self._matrices: dict[str, Matrix] = {}
        self._passed: dict[str, dict[str, None]] = {}

    async def search(
        self, table: Any, column: str, vector: Vectors, filters: str, skip: Skip
    ) -> tuple[list[str], list[float]]:
        """Return ids and cosines of the ``skip.limit`` items nearest to ``vector`` that pass ``filters`` and ``skip``.

        ``filters`` is SQL; empty for none.
        """
        matrix = await self._matrix(table, column)
        allowed = (await self.passing(table, filters)).keys() if filters else None
        if matrix.rows.size <= INLINE_NUMBERS:
            return matrix.nearest(vector, skip.limit, allowed, skip.ids)
        return await asyncio.to_thread(matrix.nearest, vector, skip.limit, allowed, skip.ids)

    async def vectors(self, table: Any, column: str, item_ids: Sequence[str]) -> dict[str, Vectors]:
        """Return id -> vector of shape (dim,) of the items that have one."""
        matrix = await self._matrix(table, column)
        return {i: matrix.rows[matrix.index[i]] for i in item_ids if i in matrix.index}

    async def _matrix(self, table: Any, column: str) -> Matrix:
        async with self._lock:
            if column not in self._matrices:
                read = await table.query().select(["item_id", column]).to_arrow()
                self._matrices[column] = await asyncio.to_thread(Matrix, read, column)
        return self._matrices[column]

    async def scan(self, table: Any, limit: int, filters: str, exclude: Set[str]) -> list[str]:
        """Return the ids of up to ``limit`` items that pass ``filters`` and are not excluded, in the order of the table."""
        passing = await self.passing(table, filters)
        return list(islice((i for i in passing if i not in exclude), limit))

    async def passing(self, table: Any, filters: str) -> dict[str, None]:
        """Return the ids that pass, as the keys of a dictionary in the order of the table."""
        async with self._lock:
            if filters not in self._passed:
                query = table.query().select(["item_id"])
                found = await (query.where(filters) if filters else query).to_arrow()
                if len(self._passed) >= MAX_FILTERS:
                    self._passed.clear()
                self._passed[filters] = dict.fromkeys(found.column("item_id").to_pylist())
            return self._passed[filters]


def _unit_rows(rows: Vectors) -> Vectors:
    lengths = np.linalg.norm(rows, axis=1, keepdims=True)
    scaled: Vectors = (rows / np.where(lengths > 0, lengths, 1)).astype(np.float32)
    scaled.flags.writeable = False
    return scaled
