"""Turn the attributes of items into a sparse matrix of items and labels such as ``director: Lynch``."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from ....core.learning.interactions import ItemTable
from ....core.schemas import AttributeValue

MAX_SHARE = 0.5
"""A value that more than this share of the items has tells nothing."""
MAX_LENGTH = 80
"""Longer values are texts, not labels."""
DECADE = "year"


def labels_of(attributes: Mapping[str, AttributeValue]) -> Iterator[str]:
    """Yield ``name: value`` of words and lists of words, and the decade of a ``year``; other numbers are left out."""
    for name, value in attributes.items():
        if isinstance(value, bool):
            if value:
                yield name
        elif isinstance(value, float | int):
            if name == DECADE:
                yield f"decade: {int(value) // 10 * 10}"
        else:
            for word in [value] if isinstance(value, str) else value:
                if word and len(word) <= MAX_LENGTH:
                    yield f"{name}: {word}"


def attribute_matrix(items: ItemTable) -> tuple[Any, tuple[str, ...]]:
    """Return a CSR matrix of ones, shape (n_items, n_labels), and the labels that at least two items have, sorted."""
    from scipy.sparse import csr_matrix

    owners: dict[str, list[int]] = {}
    for row, attributes in enumerate(items.attributes):
        for label in dict.fromkeys(labels_of(attributes)):
            owners.setdefault(label, []).append(row)
    kept = sorted(label for label, rows in owners.items() if 2 <= len(rows) <= MAX_SHARE * len(items))
    pairs = [(row, place) for place, label in enumerate(kept) for row in owners[label]]
    where = np.array(pairs, dtype=np.int64).reshape(-1, 2).T
    matrix = csr_matrix((np.ones(len(pairs)), (where[0], where[1])), shape=(len(items), len(kept)))
    return matrix, tuple(kept)
