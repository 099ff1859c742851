"""What a method that looks at a whole catalogue is given and what it returns."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ...core.protocols import Vectors
from ...core.schemas import Item, ReviewFinding


@dataclass(frozen=True)
class Goods:
    """A catalogue's items with their photos' files, where they have one, and the vectors of their words and photos.

    ``new`` names those to be examined; the others are what they are compared with. Items without a vector of that kind are not in it.
    """

    items: Sequence[Item]
    photos: Mapping[str, Path]
    texts: Mapping[str, Vectors]
    images: Mapping[str, Vectors]
    new: frozenset[str]

    @cached_property
    def pictured(self) -> tuple[str, ...]:
        """The ids of the items that have both vectors, in order."""
        return tuple(item.item_id for item in self.items if item.item_id in self.texts and item.item_id in self.images)

    @cached_property
    def by_id(self) -> dict[str, Item]:
        """The items by id."""
        return {item.item_id: item for item in self.items}

    def rows(self, vectors: Mapping[str, Vectors], ids: Sequence[str]) -> NDArray[np.float32]:
        """Return the vectors of these items as unit rows, (n, dim)."""
        rows = np.stack([np.asarray(vectors[i], np.float32).ravel() for i in ids])
        return np.asarray(rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-9), np.float32)


@dataclass(frozen=True)
class ItemMethod:
    """A way to examine the items of a catalogue together: what it is called, where it comes from, what it cannot see.

    ``examine`` returns findings by item id, only of items in ``Goods.new``.
    """

    name: str
    examine: Callable[[Goods], Mapping[str, ReviewFinding]]
    source: str
    limits: str
