"""A small real catalogue on disk and a scripted collaborative store, shared by the tests of sources and ranking."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from tastemaker.core.protocols import Vectors
from tastemaker.core.schemas import Item
from tastemaker.stores.catalogue.columns import ItemRow
from tastemaker.stores.catalogue.lance_catalogue import LanceCatalogue

DIM = 16
COLOURS = ("Red", "Blue", "Green")
KINDS = ("boat", "dog")


def axis(*weights: float) -> Vectors:
    vector = np.zeros(DIM, dtype=np.float32)
    vector[: len(weights)] = weights
    return np.asarray(vector / np.linalg.norm(vector), dtype=np.float32)


def rows(count: int = 60) -> list[ItemRow]:
    """Items ``i0`` ...: even ones are boats (axis 0), odd ones dogs (axis 1); colour cycles; price rises from 10."""
    rng = np.random.default_rng(7)
    made = []
    for i in range(count):
        kind = KINDS[i % 2]
        noise = rng.normal(0, 0.15, DIM).astype(np.float32)
        vector = axis(1, 0) if kind == "boat" else axis(0, 1)
        vector = np.asarray((vector + noise) / np.linalg.norm(vector + noise), dtype=np.float32)
        item = Item(
            item_id=f"i{i}",
            title=f"{COLOURS[i % 3]} {kind} {i}",
            text=f"A print of a {kind}.",
            attributes={"price": float(10 + i), "colour": COLOURS[i % 3], "objects": [kind]},
        )
        made.append(ItemRow(item=item, text_vector=vector, image_vector=vector if i % 10 else None, digest=str(i)))
    return made


async def open_catalogue(folder: Path, items: Sequence[ItemRow] | None = None) -> LanceCatalogue:
    catalogue = await LanceCatalogue.open(str(folder))
    await catalogue.upsert(items if items is not None else rows())
    await catalogue.mark_price("price", "EUR")
    await catalogue.optimize()
    return catalogue


class ScriptedCollaborative:
    """Lists given beforehand; remembers what was asked."""

    def __init__(
        self, near: Sequence[str] = (), popular: Sequence[str] = (), segments: dict[str, list[str]] | None = None
    ) -> None:
        self._near = list(near)
        self._popular = list(popular)
        self._segments = segments or {}
        self.asked: list[int] = []

    async def similar(self, item_ids: Sequence[str], limit: int) -> list[tuple[str, float]]:
        self.asked.append(limit)
        return [(i, 1.0 / r) for r, i in enumerate(self._near, 1)][:limit]

    async def popular(self, limit: int, segment: str | None = None) -> list[tuple[str, float]]:
        self.asked.append(limit)
        listed = self._segments.get(segment, []) if segment else self._popular
        return [(i, 1.0 / r) for r, i in enumerate(listed, 1)][:limit]
