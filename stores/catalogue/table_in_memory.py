"""Hold one version of a small catalogue table in memory, its vectors and what each word scores, and search it exactly.

LanceDB's score of some words is the sum of what each scores alone (BM25, Robertson and Zaragoza 2009); added in single precision in the
order of the words it comes out the same to the last bit, so that each word is looked up once and not in every request.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Iterable, Sequence, Set
from itertools import islice
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from ...core.protocols import Vectors
from .columns import SEARCH_TEXT, unit
from .search_helpers import Skip

RESIDENT_ROWS = 10_000
"""Tables of at most so many rows are searched in memory: 15 MB a column of 384 numbers, read in about one search's time."""
INLINE_NUMBERS = 2_000_000
"""A matrix of at most so many numbers is searched in less time than a thread takes to answer."""
MAX_PASSED = 100_000
"""Ids of rows that are remembered with the filters that they pass; the filters used longest ago are forgotten first."""
MAX_SCORES = 2_000_000
"""Scores that are remembered, 8 bytes each; the least recently used words are forgotten first."""
Posting = tuple[NDArray[np.int32], NDArray[np.float32]]
"""Rows that hold a word, and their scores."""


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
        free = np.full(len(self.ids), allowed is None)
        if allowed is not None:
            free[[self.index[i] for i in allowed if i in self.index]] = True
        free[[self.index[i] for i in exclude if i in self.index]] = False
        order = np.argsort(-scores, kind="stable")
        best = order[free[order]][:limit]
        return [self.ids[i] for i in best], scores[best].tolist()


class Words:
    """Searches the words of a table whose items are ``ids``, in its order; errors are LanceDB's."""

    def __init__(self, ids: list[str]) -> None:
        self._ids = ids
        self._index = {item_id: row for row, item_id in enumerate(ids)}
        self._postings: OrderedDict[str, Posting] = OrderedDict()
        self._scores = 0
        self._numbers: frozenset[str] | None = None
        self._lock = asyncio.Lock()

    async def search(
        self, table: Any, words: str, allowed: Set[str] | None, skip: Skip
    ) -> tuple[list[str], list[float]]:
        """Return ids and scores of the ``skip.limit`` best items that hold one of ``words``, in no order; all that tie with the last."""
        total = np.zeros(len(self._ids), np.float32)
        for word in words.split():
            rows, scores = await self._posting(table, word)
            total[rows] += scores
        if allowed is not None:
            kept, every = [self._index[i] for i in allowed if i in self._index], total
            total = np.zeros_like(every)
            total[kept] = every[kept]
        total[[self._index[i] for i in skip.ids if i in self._index]] = 0
        found = np.flatnonzero(total)
        if len(found) > skip.limit:
            least = np.partition(total[found], -skip.limit)[-skip.limit]
            found = found[total[found] >= least]
        return [self._ids[row] for row in found], total[found].tolist()

    async def holds(self, table: Any, word: str) -> bool:
        """Tell whether some item holds the word."""
        return len((await self._posting(table, word))[0]) > 0

    async def _posting(self, table: Any, word: str) -> Posting:
        async with self._lock:
            if word in self._postings:
                self._postings.move_to_end(word)
                return self._postings[word]
            read = await self._read(table, word)
            self._postings[word] = read
            self._scores += 1 + len(read[0])
            while self._scores > MAX_SCORES:
                self._scores -= 1 + len(self._postings.popitem(last=False)[1][0])
            return read

    async def _read(self, table: Any, word: str) -> Posting:
        from lancedb.query import MatchQuery

        if word.isascii() and word.isdigit():  # a request may name any number; the store need not be asked for each
            if self._numbers is None:
                texts = await table.query().select([SEARCH_TEXT]).to_arrow()
                self._numbers = await asyncio.to_thread(numbers_of, texts.column(SEARCH_TEXT))
            if word not in self._numbers:
                return np.zeros(0, np.int32), np.zeros(0, np.float32)
        search = table.query().nearest_to_text(MatchQuery(word, SEARCH_TEXT)).select(["item_id", "_score"])
        found = await search.limit(max(1, len(self._ids))).to_arrow()
        rows = np.array([self._index.get(i, -1) for i in found.column("item_id").to_pylist()], np.int32)
        known = rows >= 0  # an item that came since is in the next version's words
        return rows[known], found.column("_score").to_numpy()[known].astype(np.float32)


def numbers_of(texts: pa.ChunkedArray) -> frozenset[str]:
    """Return the numbers that stand alone in ``texts``, as LanceDB's tokenizer parts them: anything but letters and digits parts."""
    tokens = pc.list_flatten(pc.split_pattern_regex(texts, r"[^\pL\pN]+"))
    numbers = tokens.filter(pc.match_substring_regex(tokens, r"^[0-9]+$"))
    return frozenset(pc.unique(numbers).to_pylist())


class Resident:
    """Searches one version of a small table in memory; errors are LanceDB's."""

    def __init__(self) -> None:
        self._lock = asyncio.Lock()
        self._matrices: dict[str, Matrix] = {}
        self._words: Words | None = None
        self._passed: OrderedDict[str, dict[str, None]] = OrderedDict()
        self._held = 0

    async def search(
        self, table: Any, column: str, vector: Vectors, filters: Sequence[str], skip: Skip
    ) -> tuple[list[str], list[float]]:
        """Return ids and cosines of the ``skip.limit`` items nearest to ``vector`` that pass all ``filters``, which are SQL, and ``skip``."""
        matrix = await self._matrix(table, column)
        allowed = (await self.passing(table, filters)).keys() if filters else None
        if matrix.rows.size <= INLINE_NUMBERS:
            return matrix.nearest(vector, skip.limit, allowed, skip.ids)
        return await asyncio.to_thread(matrix.nearest, vector, skip.limit, allowed, skip.ids)

    async def search_words(
        self, table: Any, words: str, filters: Sequence[str], skip: Skip
    ) -> tuple[list[str], list[float]]:
        """Return ids and scores of the items that hold one of ``words`` and pass, as ``Words.search`` does."""
        allowed = (await self.passing(table, filters)).keys() if filters else None
        return await (await self.words(table)).search(table, words, allowed, skip)

    async def words(self, table: Any) -> Words:
        """Return what the table's words score."""
        if self._words is None:
            ids = list(await self.passing(table, []))
            self._words = self._words or Words(ids)
        return self._words

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

    async def scan(self, table: Any, limit: int, filters: Sequence[str], exclude: Set[str]) -> list[str]:
        """Return the ids of up to ``limit`` items that pass ``filters`` and are not excluded, in the order of the table."""
        passing = await self.passing(table, filters)
        return list(islice((i for i in passing if i not in exclude), limit))

    async def passing(self, table: Any, filters: Sequence[str]) -> dict[str, None]:
        """Return the ids that pass all filters, as the keys of a dictionary in the order of the table.

        Each is looked up by itself and remembered: requests share conditions more often than all of them.
        """
        found = [await self._passing(table, one) for one in filters or [""]]
        if len(found) == 1:
            return found[0]
        fewest = min(found, key=len)
        return {i: None for i in fewest if all(i in other for other in found)}

    async def _passing(self, table: Any, one: str) -> dict[str, None]:
        if one in self._passed:
            self._passed.move_to_end(one)
            return self._passed[one]
        async with self._lock:
            if one not in self._passed:
                query = table.query().select(["item_id"])
                read = await (query.where(one) if one else query).to_arrow()
                self._passed[one] = found = dict.fromkeys(read.column("item_id").to_pylist())
                self._held += 1 + len(found)
                while self._held > MAX_PASSED and len(self._passed) > 1:
                    self._held -= 1 + len(self._passed.popitem(last=False)[1])
            return self._passed[one]


def _unit_rows(rows: Vectors) -> Vectors:
    lengths = np.linalg.norm(rows, axis=1, keepdims=True)
    scaled: Vectors = (rows / np.where(lengths > 0, lengths, 1)).astype(np.float32)
    scaled.flags.writeable = False
    return scaled
