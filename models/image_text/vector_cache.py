"""Remember the latest vectors by key, and what is made once."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable, Sequence
from typing import Generic, TypeVar

import numpy as np

from ...core.protocols import Vectors

T = TypeVar("T")


class Once(Generic[T]):
    """Make a value at its first use, by one thread; the others wait. A failure is not remembered."""

    def __init__(self, make: Callable[[], T]) -> None:
        self._make, self._lock = make, threading.Lock()
        self._made: list[T] = []

    @property
    def is_made(self) -> bool:
        """Tell whether there is a value."""
        return bool(self._made)

    def get(self) -> T:
        """Return the value."""
        if not self._made:
            with self._lock:
                if not self._made:
                    self._made.append(self._make())
        return self._made[0]


class VectorMemo:
    """Keep the ``entries`` most recently used vectors of ``dim`` values; safe to use from several threads."""

    def __init__(self, entries: int, dim: int) -> None:
        self._entries, self._dim = entries, dim
        self._kept: OrderedDict[Hashable, Vectors] = OrderedDict()
        self._lock = threading.Lock()

    def known(self, keys: Sequence[Hashable]) -> Vectors | None:
        """Return one row per key, (n, dim), if all are kept; else None."""
        with self._lock:
            if not keys or any(key not in self._kept for key in keys):
                return None
            for key in keys:
                self._kept.move_to_end(key)
            return np.stack([self._kept[key] for key in keys])

    def rows(self, keys: Sequence[Hashable], compute: Callable[[list[int]], Vectors]) -> Vectors:
        """Return one row per key, (n, dim); ``compute`` gets the positions whose keys are new, each key once."""
        with self._lock:
            found = {key: self._kept[key] for key in keys if key in self._kept}
        new: dict[Hashable, int] = {}
        for position, key in enumerate(keys):
            if key not in found:
                new.setdefault(key, position)
        if new:
            found.update(zip(new, compute(list(new.values())), strict=True))
        self._keep(found)
        return np.stack([found[key] for key in keys]) if keys else np.zeros((0, self._dim), np.float32)

    def _keep(self, rows: dict[Hashable, Vectors]) -> None:
        with self._lock:
            for key, row in rows.items():
                self._kept[key] = row
                self._kept.move_to_end(key)
            while len(self._kept) > self._entries:
                self._kept.popitem(last=False)
