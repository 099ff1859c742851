"""Score items by the words their titles share with the titles the user took last."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from typing import Any, Self

import numpy as np

from ....core.learning.interactions import Floats, Interactions, ItemTable, Rows, UserState
from .base import Arrays, Progress, silent
from .links import recent

LAST, DECAY = 5, 0.85
K1, B = 1.2, 0.75
_WORD = re.compile(r"\w+")


def words(text: str) -> list[str]:
    """Return the words of ``text`` in lower case."""
    return _WORD.findall(text.lower())


class Titles:
    """Okapi BM25 (Robertson and Zaragoza 2009) with the last titles as the query; a word of k titles counts k times."""

    name = "titles"

    def __init__(self) -> None:
        self._start = np.zeros(1, np.int64)
        self._word = np.zeros(0, np.int32)
        self._weight = np.zeros(0, np.float32)
        self._n_words = 0

    def fit(self, items: ItemTable, events: Interactions, progress: Progress = silent) -> Self:
        """Index the titles; interactions are not used."""
        self._index(items.titles)
        progress(self.name, 1.0)
        return self

    def applies(self, user: UserState) -> bool:
        """Tell whether there are titles and an item to compare them with."""
        return len(user.items) > 0 and self._n_words > 0

    def score(self, user: UserState, items: Rows) -> Floats:
        """Return the BM25 score of each title, shape (m,); 0 where no word is shared."""
        query = np.zeros(self._n_words, np.float32)
        for item, amount in zip(*(part.tolist() for part in recent(user, LAST, DECAY)), strict=True):
            query[self._word[self._start[item] : self._start[item + 1]]] += amount
        first = self._start[items]
        sizes = self._start[items + 1] - first
        owner = np.repeat(np.arange(len(items)), sizes)
        place = np.arange(len(owner)) + np.repeat(first - np.cumsum(sizes) + sizes, sizes)
        gained = self._weight[place] * query[self._word[place]]
        return np.bincount(owner, gained, minlength=len(items)).astype(np.float32)

    def save(self) -> Arrays:
        """Return nothing: the index is made from the titles."""
        return {}

    def restore(self, items: ItemTable, arrays: Arrays) -> Self:
        """Index the titles of the catalogue as it is now."""
        self._index(items.titles)
        return self

    def _index(self, titles: Sequence[str]) -> None:
        split = [Counter(words(title)) for title in titles]
        found = Counter(word for counts in split for word in counts)
        number = {word: i for i, word in enumerate(found)}
        n, lengths = len(split), np.array([sum(counts.values()) for counts in split], dtype=np.float32)
        mean = float(lengths.mean()) if n else 1.0
        rarity = {word: float(np.log(1 + (n - k + 0.5) / (k + 0.5))) for word, k in found.items()}
        weights: list[Any] = []
        for counts, length in zip(split, lengths.tolist(), strict=True):
            norm = K1 * (1 - B + B * length / max(mean, 1e-9))
            weights += [rarity[word] * k * (K1 + 1) / (k + norm) for word, k in counts.items()]
        self._word = np.array([number[word] for counts in split for word in counts], np.int32)
        self._weight = np.array(weights, np.float32)
        self._start = np.concatenate([[0], np.cumsum([len(counts) for counts in split])]).astype(np.int64)
        self._n_words = len(found)
