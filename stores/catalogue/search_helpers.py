"""Prepare a catalogue search and finish its answer: which items to leave out, safe words, a checked vector, ranks."""

from __future__ import annotations

from collections.abc import Awaitable, Iterable, Sequence
from typing import Any, TypeVar

import numpy as np
import pyarrow.compute as pc

from ...core.errors import StoreError
from ...core.protocols import Vectors
from ...core.schemas import Candidate
from .columns import is_cjk, spaced
from .sql_filters import both, ids_sql

OVERFETCH = 2_000
"""Up to so many excluded ids are dropped after fetching that many rows more, which is quicker than a filter on them."""
OVERFETCH_APPROXIMATE = 100
MAX_QUERY_TERMS = 64
T = TypeVar("T")


class Skip:
    """Leave out items: a few by fetching so many rows more, many by a filter."""

    def __init__(self, exclude: Iterable[str], limit: int, at_most: int) -> None:
        self.limit = limit
        self.ids = frozenset(exclude)
        few = len(self.ids) <= at_most
        self.fetch = limit + len(self.ids) if few else limit
        self.filter = "" if few else ids_sql(self.ids, negate=True)


def checked(vector: Vectors, dim: int) -> Vectors:
    """Return ``vector`` as a float32 array of shape (dim,).

    Raises:
        StoreError: another size, or numbers that are not finite.
    """
    flat = np.asarray(vector, dtype=np.float32).reshape(-1)
    if flat.size != dim:
        raise StoreError(f"a vector of {flat.size} numbers for a catalogue of {dim}: ingest with the model in use")
    if not np.isfinite(flat).all():
        raise StoreError("a query vector with numbers that are not finite")
    return flat


def terms(query: str) -> str:
    """Return the words of ``query`` without anything that could be syntax, each once, at most ``MAX_QUERY_TERMS``."""
    words = "".join(c if c.isalnum() or c.isspace() or c in "'’" else " " for c in spaced(query)).split()
    return " ".join(list(dict.fromkeys(words))[:MAX_QUERY_TERMS])


def pairs_of(words: str) -> str:
    """Return ``terms`` without the Chinese, Japanese and Korean characters by themselves, where pairs of them are among the terms.

    A pair is mostly a word, a character mostly a part of many.
    """
    parts = words.split()
    if not any(len(part) == 2 and is_cjk(part[0]) and is_cjk(part[1]) for part in parts):
        return words
    return " ".join(part for part in parts if len(part) > 1 or not is_cjk(part))


def candidates(source: str, ids: Sequence[str], scores: Sequence[float], skip: Skip) -> list[Candidate]:
    """Return the ids that are not skipped as candidates ranked by score, ties by id."""
    kept = ((i, score) for i, score in zip(ids, scores, strict=True) if i not in skip.ids)
    ordered = sorted(kept, key=lambda pair: (-pair[1], pair[0]))[: skip.limit]
    return [Candidate(item_id=i, source=source, rank=r, score=s) for r, (i, s) in enumerate(ordered, start=1)]


async def read_vectors(table: Any, names: Sequence[str], item_ids: Sequence[str]) -> list[dict[str, Vectors]]:
    """Return for each column of ``names`` id -> vector of shape (dim,) of the items that have one; errors are LanceDB's."""
    only = ids_sql(item_ids)
    if not only:
        return [{} for _ in names]
    some = " OR ".join(f"{name} IS NOT NULL" for name in names)
    found = await table.query().where(both(only, some)).select(["item_id", *names]).to_arrow()
    ids, read = found.column("item_id").to_pylist(), list[dict[str, Vectors]]()
    for name in names:
        column = found.column(name).to_numpy()
        read.append({i: np.asarray(v, np.float32) for i, v in zip(ids, column, strict=True) if v is not None})
    return read


async def ids_by_value(table: Any, column: str, filters: str, *, descending: bool) -> list[str]:
    """Return the ids of the rows that pass, in the order of a column, equal ones by id."""
    rows = await table.query().select(["item_id", column]).where(filters).to_arrow()
    keys = [(column, "descending" if descending else "ascending"), ("item_id", "ascending")]
    ids: list[str] = rows.take(pc.sort_indices(rows, sort_keys=keys)).column("item_id").to_pylist()
    return ids


async def stored(work: Awaitable[T], failed: str) -> T:
    """Await LanceDB's ``work``; its errors become a StoreError that begins with ``failed``."""
    try:
        return await work
    except (RuntimeError, ValueError, OSError, TypeError, KeyError) as error:
        raise StoreError(f"{failed}: {str(error)[:300]}") from error
