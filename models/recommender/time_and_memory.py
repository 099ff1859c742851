"""Count the seconds and the memory of long work that may be killed and gone on with, over all its calls."""

from __future__ import annotations

import json
import os
import resource
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from .scorers.base import Progress

WRITE_EVERY_S = 2.0
"""What a killed call has spent since it last wrote is lost to the count: this, or the time between two calls of progress."""


@dataclass
class Measured:
    """Seconds by the clock and of processor time, all threads together, over ``calls`` calls; ``done`` when one ended."""

    wall_s: float = 0.0
    cpu_s: float = 0.0
    calls: int = 0
    done: bool = False


class Spent:
    """What each part of the work took, written to ``path`` while it runs, so that the parts of killed calls count too."""

    def __init__(self, path: Path | None) -> None:
        self._path = path
        self._parts, self._peak_mib = _read(path)
        self._written = 0.0
        self._unknown: set[str] = set()

    @contextmanager
    def on(self, name: str, progress: Progress) -> Iterator[Progress]:
        """Count the block as ``name``, and yield a progress call for it; a part that was done before is counted anew."""
        earlier = self._parts.get(name, Measured())
        if earlier.done:
            earlier = Measured()
        wall, cpu = time.monotonic(), time.process_time()

        def count(*, done: bool) -> None:
            now = (earlier.wall_s + time.monotonic() - wall, earlier.cpu_s + time.process_time() - cpu)
            self._parts[name] = Measured(*now, earlier.calls + 1, done)
            self._write()

        def tell(text: str, share: float) -> None:
            if time.monotonic() - self._written >= WRITE_EVERY_S:
                count(done=False)
            progress(text, share)

        ended = False
        try:
            count(done=False)
            yield tell
            ended = True
        finally:
            count(done=ended)

    def kept(self, name: str) -> None:
        """Note that ``name`` was taken from an earlier call; what no call wrote down is named in the report."""
        if name not in self._parts:
            self._unknown.add(name.partition("/")[0])

    def report(self) -> dict[str, Any]:
        """Return seconds by the clock and of processor time, the most calls a part took, and the most memory any call held.

        Parts named ``a/1``, ``a/2`` are added up as ``a``.
        """
        wall, cpu = self._sums("wall_s"), self._sums("cpu_s")
        return {
            "seconds": {**wall, "total": round(sum(wall.values()), 1)},
            "cpu_seconds": {**cpu, "total": round(sum(cpu.values()), 1)},
            "seconds_unknown_of": sorted(self._unknown),
            "calls": max((part.calls for part in self._parts.values()), default=0),
            "peak_memory_mib": max(self._peak_mib, peak_memory_mib()),
        }

    def _sums(self, what: str) -> dict[str, float]:
        found: dict[str, float] = {}
        for name, part in self._parts.items():
            first = name.partition("/")[0]
            found[first] = found.get(first, 0.0) + float(getattr(part, what))
        return {name: round(value, 1) for name, value in found.items()}

    def _write(self) -> None:
        self._written = time.monotonic()
        if self._path is None:
            return
        self._peak_mib = max(self._peak_mib, peak_memory_mib())
        found = {"parts": {name: asdict(part) for name, part in self._parts.items()}, "peak_memory_mib": self._peak_mib}
        self._path.parent.mkdir(parents=True, exist_ok=True)
        new = self._path.with_suffix(".part")
        new.write_text(json.dumps(found), encoding="utf-8")
        os.replace(new, self._path)


def peak_memory_mib() -> float:
    """Return the most memory this process has held, in MiB."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return round(peak / (1 << 20 if sys.platform == "darwin" else 1 << 10), 1)


def _read(path: Path | None) -> tuple[dict[str, Measured], float]:
    """Return what earlier calls spent, nothing if there were none or the file is damaged."""
    if path is None:
        return {}, 0.0
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
        return {name: Measured(**part) for name, part in found["parts"].items()}, float(found["peak_memory_mib"])
    except (OSError, ValueError, TypeError, KeyError):
        return {}, 0.0
