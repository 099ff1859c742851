"""Read a catalogue as the arrays that recommenders learn from, page by page and never more than a stated number of items."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from ..core.interactions import ItemTable
from ..core.protocols import Catalogue, VectorColumn, Vectors
from ..core.schemas import Item

PAGE_ITEMS = 1_000
MAX_TEXT_CHARS = 1_000


async def read_items(catalogue: Catalogue, max_items: int, wanted: Mapping[str, float] | None = None) -> ItemTable:
    """Return the items of ``catalogue`` with their vectors, in its order.

    Args:
        catalogue: where the items are.
        max_items: how many are read; of a larger catalogue, those wanted most, then the first ones.
        wanted: item id -> how much it was wanted.

    Raises:
        StoreError: the catalogue cannot be read.
    """
    count = (await catalogue.schema()).count
    ids = await catalogue.scan(max(1, min(count, max_items) if not wanted else count))
    if len(ids) > max_items:
        wanted = wanted or {}
        order = sorted(range(len(ids)), key=lambda row: (-wanted.get(ids[row], 0.0), row))[:max_items]
        ids = [ids[row] for row in sorted(order)]
    kept: list[Item] = []
    stacked: dict[VectorColumn, Vectors | None] = {"text": None, "image": None}
    for start in range(0, len(ids), PAGE_ITEMS):
        items = [_light(i) for i in await catalogue.get(ids[start : start + PAGE_ITEMS])]
        for column, matrix in stacked.items():
            found = await catalogue.vectors(column, [i.item_id for i in items])
            stacked[column] = _fill(matrix, len(ids), len(kept), items, found)
        kept += items
    text, image = ((m[: len(kept)] if m is not None else None) for m in (stacked["text"], stacked["image"]))
    return ItemTable(
        ids=tuple(i.item_id for i in kept),
        titles=tuple(i.title for i in kept),
        texts=tuple(i.text for i in kept),
        attributes=tuple(i.attributes for i in kept),
        text_vectors=text,
        image_vectors=image,
    )


def _light(item: Item) -> Item:
    return item if len(item.text) <= MAX_TEXT_CHARS else item.model_copy(update={"text": item.text[:MAX_TEXT_CHARS]})


def _fill(
    matrix: Vectors | None, rows: int, start: int, items: Sequence[Item], found: Mapping[str, Vectors]
) -> Vectors | None:
    """Write the vectors of ``items`` into ``matrix``, shape (rows, dim), made when the first vector comes."""
    if not found:
        return matrix
    if matrix is None:
        matrix = np.zeros((rows, next(iter(found.values())).size), dtype=np.float32)
    for row, item in enumerate(items, start):
        if item.item_id in found:
            matrix[row] = found[item.item_id].reshape(-1)
    return matrix
