"""Words that describe items, from titles and attributes: what a trained scorer learns about items beyond their ids."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Self

import numpy as np
from numpy.typing import NDArray

from ....core.learning.interactions import ItemTable, Rows
from .titles import words

MIN_ITEMS = 3
MAX_WORDS = 40_000
MAX_PER_ITEM = 40


@dataclass(frozen=True, eq=False)
class ItemWords:
    """Word numbers of each item: those of item i are ``word[start[i]:start[i + 1]]``."""

    vocabulary: tuple[str, ...]
    start: NDArray[np.int64]
    word: Rows

    @classmethod
    def learn(cls, items: ItemTable) -> Self:
        """Number the words, pairs of neighbouring words and attribute values that describe ``MIN_ITEMS`` items or more."""
        described = [_describe(items, row) for row in range(len(items))]
        found = Counter(word for part in described for word in set(part))
        common = sorted((word for word, k in found.items() if k >= MIN_ITEMS), key=lambda w: (-found[w], w))
        return cls._of(described, tuple(common[:MAX_WORDS]))

    @classmethod
    def again(cls, items: ItemTable, vocabulary: Sequence[str]) -> Self:
        """Describe ``items`` with words that were numbered before."""
        return cls._of([_describe(items, row) for row in range(len(items))], tuple(vocabulary))

    @classmethod
    def _of(cls, described: Sequence[Sequence[str]], vocabulary: tuple[str, ...]) -> Self:
        number = {word: i for i, word in enumerate(vocabulary)}
        rows = [sorted({number[w] for w in part if w in number})[:MAX_PER_ITEM] for part in described]
        start = np.concatenate([[0], np.cumsum([len(row) for row in rows])]).astype(np.int64)
        return cls(vocabulary, start, np.array([w for row in rows for w in row], dtype=np.int32))

    def padded(self) -> Rows:
        """Return the words as a table, shape (n, longest), filled up with ``len(vocabulary)``."""
        sizes = np.diff(self.start)
        table = np.full((len(sizes), max(1, int(sizes.max(initial=0)))), len(self.vocabulary), np.int32)
        table[np.arange(table.shape[1])[None] < sizes[:, None]] = self.word
        return table


def _describe(items: ItemTable, row: int) -> list[str]:
    title = words(items.titles[row]) if items.titles else []
    found = title + [f"{a} {b}" for a, b in pairwise(title)]
    for name, value in (items.attributes[row] if items.attributes else {}).items():
        for one in value if isinstance(value, list | tuple) else (value,):
            if isinstance(one, str):
                found.append(f"{name}={one.lower()}")
    return found
