"""Keep the distinct cells of a column while a file is read, so that they can be looked at together."""

from __future__ import annotations

import json
import zlib
from collections import Counter
from collections.abc import Callable
from typing import Any

from .column import text_of
from .values import is_error, is_unknown

MAX_DISTINCT = 4_000


class Sample:
    """The distinct cells of a column with how often each came: all of a short column, a fair choice of a long one."""

    def __init__(self) -> None:
        self.cells: dict[str, tuple[Any, int]] = {}
        self.filled = self.lists = self.typed = 0
        self.errors: Counter[str] = Counter()
        self._step = 1

    def add(self, value: Any) -> None:
        """Count a cell that says something."""
        if is_unknown(value):
            return
        if is_error(value):
            self.errors[str(value).strip()] += 1
            return
        self.filled += 1
        self.lists += isinstance(value, list)
        self.typed += isinstance(value, int | float)
        key = value if isinstance(value, str) else json.dumps(value, default=str, ensure_ascii=False)
        known = self.cells.get(key)
        if known is not None:
            self.cells[key] = (known[0], known[1] + 1)
        elif zlib.crc32(key.encode("utf-8", "replace")) % self._step == 0:
            self.cells[key] = (value, 1)
            if len(self.cells) > MAX_DISTINCT:
                self._step *= 2
                self.cells = {
                    k: v for k, v in self.cells.items() if zlib.crc32(k.encode("utf-8", "replace")) % self._step == 0
                }

    def texts(self) -> Counter[str]:
        """Return the cells as text with how often they came."""
        counts: Counter[str] = Counter()
        for value, times in self.cells.values():
            counts[text_of(value)] += times
        return counts

    def share(self, holds: Callable[[Any], bool]) -> float:
        """Return the share of the cells for which ``holds`` is true."""
        total = sum(times for _, times in self.cells.values())
        return sum(times for value, times in self.cells.values() if holds(value)) / max(1, total)
