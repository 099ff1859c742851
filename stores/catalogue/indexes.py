"""Build a catalogue table's indexes, and accept an approximate vector index only after measuring its recall."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from datetime import timedelta
from typing import Any, Literal

import numpy as np
import pyarrow as pa

from ...core.protocols import Vectors
from .columns import IMAGE_VECTOR, SEARCH_TEXT, TEXT_VECTOR, attribute_types, metadata_json
from .sql_filters import attribute_column, folded_column

MIN_RECALL = 0.95
RECALL_AT = 50
RECALL_QUERIES = 32
HNSW_MAX_ROWS = 100_000
"""Up to here IVF_HNSW_SQ (quicker to search); above, IVF_RQ (3.5 times quicker to build at 200,000 rows, MODELS.md)."""
BITMAP_MAX_VALUES = 1_000
INDEXED_TEXT_MAX_CHARS = 64
KEEP_VERSIONS = timedelta(hours=1)
REBUILD_GROWTH = 1.5
ANN_KEY = b"tastemaker.ann"
AnnKind = Literal["IVF_HNSW_SQ", "IVF_RQ"]
_LADDERS: dict[AnnKind, tuple[tuple[int, int | None, int | None], ...]] = {
    "IVF_HNSW_SQ": ((20, 100, 2), (20, 200, 2), (40, 400, 4), (80, 800, 8)),
    "IVF_RQ": ((20, None, 4), (40, None, 8), (80, None, 16), (200, None, 32)),
}


@dataclass(frozen=True)
class AnnPlan:
    """How to search an approximate index, and the recall@50 measured against exact search when it was accepted."""

    kind: AnnKind
    nprobes: int
    ef: int | None
    refine: int | None
    recall: float
    rows: int

    def apply(self, query: Any, fetch: int) -> Any:
        """Return ``query`` for ``fetch`` rows with this plan's effort; a graph refuses to look at fewer rows than are kept for the exact order."""
        query = query.nprobes(self.nprobes)
        query = query.ef(max(self.ef, fetch * (self.refine or 1))) if self.ef else query
        return query.refine_factor(self.refine) if self.refine else query


def read_plan(schema: pa.Schema, column: str) -> AnnPlan | None:
    """Return the plan recorded for a vector column, or None when it is searched exactly."""
    values = metadata_json(schema.field(column), ANN_KEY)
    return AnnPlan(**values) if values else None


async def create_text_index(table: Any) -> None:
    """Create the full-text index: words stemmed, accents folded, no positions."""
    from lancedb.index import FTS

    await table.create_index(SEARCH_TEXT, config=FTS(with_position=False, stem=True, ascii_folding=True))


async def build_indexes(table: Any, exact_below: int) -> None:
    """Compact ``table``, fold new rows into its indexes and create the missing ones; safe to repeat after a crash."""
    await compact(table)
    await _build_scalar_indexes(table, await _indexed(table))
    for column in (TEXT_VECTOR, IMAGE_VECTOR):
        await _refresh_ann(table, column, exact_below)


async def compact(table: Any) -> None:
    """Merge small fragments, fold new rows into the indexes, and create those of words and ids where missing."""
    from lancedb.index import BTree

    have = await _indexed(table)
    if SEARCH_TEXT not in have:
        await create_text_index(table)
    if "item_id" not in have:
        await table.create_index("item_id", config=BTree())
    await table.optimize(cleanup_older_than=KEEP_VERSIONS)


async def _indexed(table: Any) -> set[str]:
    return {column for index in await table.list_indices() for column in index.columns}


async def _build_scalar_indexes(table: Any, have: set[str]) -> None:
    for name, kind in attribute_types(await table.schema()).items():
        column = folded_column(name) if kind in ("text", "list") else attribute_column(name)
        config = None if column in have else await _scalar_config(table, column, kind)
        if config is not None:
            await table.create_index(column, config=config)


async def _scalar_config(table: Any, column: str, kind: str) -> Any:
    from lancedb.index import Bitmap, BTree, LabelList

    if kind != "text":
        return {"number": BTree(), "bool": Bitmap(), "list": LabelList()}[kind]
    sample = (await table.query().select([column]).limit(10 * BITMAP_MAX_VALUES).to_arrow()).column(0).drop_null()
    values = sample.to_pylist()
    if not values or sum(map(len, values)) / len(values) > INDEXED_TEXT_MAX_CHARS:
        return None
    return Bitmap() if len(set(values)) <= BITMAP_MAX_VALUES else BTree()


async def _refresh_ann(table: Any, column: str, exact_below: int) -> None:
    rows = await table.count_rows(f"{column} IS NOT NULL")
    plan = read_plan(await table.schema(), column)
    if rows <= exact_below:
        if plan is not None:
            await _drop(table, column)
        return
    if plan is None or rows > plan.rows * REBUILD_GROWTH:
        await _create(table, column, rows)
        kind: AnnKind = "IVF_HNSW_SQ" if rows <= HNSW_MAX_ROWS else "IVF_RQ"
    else:
        kind = plan.kind
    accepted = await choose_plan(table, column, kind, rows)
    if accepted is None:
        await _drop(table, column)
    else:
        await _record(table, column, json.dumps(asdict(accepted)))


async def choose_plan(table: Any, column: str, kind: AnnKind, rows: int) -> AnnPlan | None:
    """Return the cheapest effort whose recall@50 reaches ``MIN_RECALL`` on sampled queries, or None if none does."""
    queries = await _sample_queries(table, column)
    truth = [await _ids(_nearest(table, column, q).bypass_vector_index()) for q in queries]
    for nprobes, ef, refine in _LADDERS[kind]:
        plan = AnnPlan(kind, nprobes, ef, refine, 0.0, rows)
        found = [await _ids(plan.apply(_nearest(table, column, q), RECALL_AT)) for q in queries]
        recall = float(np.mean([len(t & f) / max(1, len(t)) for t, f in zip(truth, found, strict=True)]))
        if recall >= MIN_RECALL:
            return AnnPlan(kind, nprobes, ef, refine, round(recall, 4), rows)
    return None


async def _create(table: Any, column: str, rows: int) -> None:
    from lancedb.index import HnswSq, IvfRq

    config = HnswSq(distance_type="cosine") if rows <= HNSW_MAX_ROWS else IvfRq(distance_type="cosine")
    await table.create_index(column, config=config, replace=True)


async def _drop(table: Any, column: str) -> None:
    for index in await table.list_indices():
        if index.columns == [column]:
            await table.drop_index(index.name)
    await _record(table, column, None)


async def _record(table: Any, column: str, plan: str | None) -> None:
    await table.update_field_metadata({"path": column, "metadata": {ANN_KEY.decode(): plan}})


async def _sample_queries(table: Any, column: str) -> list[Vectors]:
    """Return noisy copies of stored vectors: half from the column itself, half from the texts that will query it."""
    rng = np.random.default_rng(0)
    total = await table.count_rows()
    offsets = sorted(rng.choice(total, size=min(total, 4 * RECALL_QUERIES), replace=False).tolist())
    sample = await table.take_offsets(offsets).select(list({column, TEXT_VECTOR})).to_arrow()
    own = [v for v in sample.column(column).to_pylist() if v is not None][: RECALL_QUERIES // 2]
    text = sample.column(TEXT_VECTOR).to_pylist()[-RECALL_QUERIES // 2 :]
    queries = []
    for vector in own + text:
        array = np.asarray(vector, dtype=np.float32)
        noise = rng.standard_normal(array.shape).astype(np.float32)
        queries.append(array + noise * np.float32(0.3 * np.linalg.norm(array) / np.sqrt(array.size)))
    return queries


def _nearest(table: Any, column: str, vector: Vectors) -> Any:
    query = table.query().nearest_to(vector).column(column).distance_type("cosine")
    return query.select(["item_id", "_distance"]).limit(RECALL_AT)


async def _ids(query: Any) -> set[str]:
    return set((await query.to_arrow()).column("item_id").to_pylist())
