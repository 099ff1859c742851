"""What every fusion of scores keeps to: lists of candidates in, one score for each out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol, Self

import numpy as np
from numpy.typing import NDArray

from ...core.learning.interactions import Floats
from .scorers.base import Arrays, Progress, silent


@dataclass(frozen=True, eq=False)
class Lists:
    """Questions for a fusion, one after another; in each, the first candidate is the wanted one.

    ``features`` has shape (m, f), ``sizes`` (q,) says how many candidates each question has.
    """

    features: Floats
    sizes: NDArray[np.int64]

    @property
    def starts(self) -> NDArray[np.int64]:
        """Return where each question begins, shape (q,)."""
        return np.concatenate([[0], np.cumsum(self.sizes)[:-1]]).astype(np.int64)

    @property
    def labels(self) -> NDArray[np.int8]:
        """Return 1 for the wanted candidates and 0 for the others, shape (m,)."""
        labels = np.zeros(len(self.features), np.int8)
        labels[self.starts] = 1
        return labels

    def and_also(self, others: Lists | None) -> Lists:
        """Return these questions and ``others``."""
        if others is None or not len(others.sizes):
            return self
        return Lists(np.concatenate([self.features, others.features]), np.concatenate([self.sizes, others.sizes]))


class Fusion(Protocol):
    """Turns features into scores, higher is better."""

    kind: str

    def fit(
        self,
        lists: Lists,
        names: tuple[str, ...],
        seed: int,
        progress: Progress = silent,
        *,
        retrieved: Lists | None = None,
    ) -> Self:
        """Learn from held-out questions, ``lists`` among random and ``retrieved`` among retrieved items; return itself."""
        ...

    def score(self, features: Floats) -> Floats:
        """Return one score per row of ``features``, shape (m,)."""
        ...

    def save(self) -> tuple[Arrays, dict[str, str]]:
        """Return what was learnt: arrays, and texts by file name."""
        ...

    def restore(self, arrays: Arrays, texts: Mapping[str, str]) -> Self:
        """Take what ``save`` returned and return itself."""
        ...
