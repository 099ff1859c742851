"""Tell which items hold the very words that a request has beyond its conditions: they match, others come close."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from ..schemas import Item
from ..text.words import stems
from .query import CandidateQuery


def coming_close(items: Sequence[Item], q: CandidateQuery) -> frozenset[str]:
    """Return the ids of the items that lack a word which others hold; none where none holds them all, or words lead not alone."""
    if q.photos or not q.said or q.understanding.intent not in ("recommend", "refine", "browse"):
        return frozenset()
    held = holding(items, q.remaining)
    return (
        frozenset(i.item_id for i, whole in zip(items, held, strict=True) if not whole) if held.any() else frozenset()
    )


def holding(items: Sequence[Item], words: Sequence[str]) -> NDArray[np.bool_]:
    """Tell of every item, shape (n,), whether its title, values and text hold all the words, by their stems; none without words."""
    wanted = stems(" ".join(words))
    return np.array([bool(wanted) and wanted <= stems(_record(item)) for item in items], dtype=np.bool_)


def _record(item: Item) -> str:
    values = [v for value in item.attributes.values() for v in (value if isinstance(value, list) else [value])]
    return " ".join([item.title, item.text, *(v for v in values if isinstance(v, str))])
