"""Read a catalogue as the arrays that recommenders learn from, page by page and never more than a stated number of items."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from ...core.learning.interactions import ItemTable
from ...core.protocols import Catalogue, VectorColumn, Vectors
from ...core.schemas import Item

PAGE_ITEMS = 1_000
MAX_TEXT_CHARS = 1_000


async def read_items(
    catalogue: Catalogue,
    max_items: int,
    *,
    wanted: Mapping[str, float] | None = None,
    first: Sequence[str] = (),
) -> ItemTable:
    """Return the items of ``catalogue`` with their vectors, ``first`` in front and the others in its order.

    Args:
        catalogue: where the items are.
        max_items: how many are read, ``first`` included; of a larger catalogue, those wanted most, then the first ones.
        wanted: item id -> how much it was wanted.
        first: ids that keep their rows, as a model was trained with them; one that is gone has an empty record.

    Raises:
        StoreError: the catalogue cannot be read.
    """
    ids = [*first, *await _others(catalogue, max_items, wanted or {}, frozenset(first))]
    kept: list[Item] = []
    stacked: dict[VectorColumn, Vectors | None] = {"text": None, "image": None}
    for start in range(0, len(ids), PAGE_ITEMS):
        page = ids[start : start + PAGE_ITEMS]
        read = {item.item_id: _light(item) for item in await catalogue.get(page)}
        kept += [read.get(i) or Item.model_construct(item_id=i, title="", text="", attributes={}) for i in page]
        for column, matrix in stacked.items():
            found = await catalogue.vectors(column, list(read))
            stacked[column] = _fill(matrix, len(ids), start, page, found)
    return ItemTable(
        ids=tuple(ids),
        titles=tuple(i.title for i in kept),
        texts=tuple(i.text for i in kept),
        attributes=tuple(i.attributes for i in kept),
        text_vectors=stacked["text"],
        image_vectors=stacked["image"],
    )


async def _others(
    catalogue: Catalogue, max_items: int, wanted: Mapping[str, float], known: frozenset[str]
) -> list[str]:
    limit = (await catalogue.schema()).count if wanted else max_items + len(known)
    ids = [i for i in await catalogue.scan(max(1, limit)) if i not in known]
    room = max(0, max_items - len(known))
    if len(ids) <= room:
        return ids
    order = sorted(range(len(ids)), key=lambda row: (-wanted.get(ids[row], 0.0), row))[:room]
    return [ids[row] for row in sorted(order)]


def _light(item: Item) -> Item:
    return item if len(item.text) <= MAX_TEXT_CHARS else item.model_copy(update={"text": item.text[:MAX_TEXT_CHARS]})


def _fill(
    matrix: Vectors | None, rows: int, start: int, page: Sequence[str], found: Mapping[str, Vectors]
) -> Vectors | None:
    """Write the vectors of ``page`` into ``matrix``, shape (rows, dim), made when the first vector comes."""
    if not found:
        return matrix
    if matrix is None:
        matrix = np.zeros((rows, next(iter(found.values())).size), dtype=np.float32)
    for row, item_id in enumerate(page, start):
        if item_id in found:
            matrix[row] = found[item_id].reshape(-1)
    return matrix
