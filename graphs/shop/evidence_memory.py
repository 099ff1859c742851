"""Keep what the last turn of a thread saw and heard, without its media, so that a piece can be put right and the turn sent again.

It lives in this process's memory only, for ``KEEP_S`` seconds and at most ``MAX_THREADS`` threads; nothing of it is written down.
"""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field

from ...core.protocols import Vectors
from ...core.schemas import Evidence, ThreadMemory

KEEP_S = 1800.0
MAX_THREADS = 256
EDITED = 0.5


@dataclass(frozen=True, eq=False)
class Pictures:
    """One vector per photo and video, (m, dim), or None; with weights and the media they come from."""

    vectors: Vectors | None = None
    weights: tuple[float, ...] = ()
    media: tuple[str, ...] = ()

    def after(self, struck: frozenset[str], edited: frozenset[str]) -> Pictures:
        """Return the pictures less those struck; where a caption was edited, its picture weighs ``EDITED`` times as much."""
        if self.vectors is None:
            return self
        rows = [i for i, name in enumerate(self.media) if name not in struck]
        weights = tuple(self.weights[i] * (EDITED if self.media[i] in edited else 1.0) for i in rows)
        return Pictures(self.vectors[rows], weights, tuple(self.media[i] for i in rows)) if rows else Pictures()


@dataclass(frozen=True, eq=False)
class Sensed:
    """What a turn was made from: its text, evidence, pictures and the memory it began with; ``owner`` is a digest of its user."""

    text: str
    evidence: tuple[Evidence, ...]
    pictures: Pictures
    memory: ThreadMemory
    owner: str


@dataclass
class SensesMemory:
    """What is kept per thread, the threads used last staying; ``clock`` gives seconds."""

    clock: Callable[[], float] = time.monotonic
    _kept: OrderedDict[str, tuple[float, Sensed]] = field(default_factory=OrderedDict)

    def keep(self, thread: str, sensed: Sensed | None) -> None:
        """Keep ``sensed`` in place of what the thread had; with None only forget that."""
        self._kept.pop(thread, None)
        if sensed is not None:
            self._kept[thread] = (self.clock() + KEEP_S, sensed)
        now = self.clock()
        for name in [n for n, (until, _) in self._kept.items() if until < now]:
            del self._kept[name]
        while len(self._kept) > MAX_THREADS:
            self._kept.popitem(last=False)

    def recall(self, thread: str) -> Sensed | None:
        """Return what the thread's last turn sensed, if it is still kept."""
        until, sensed = self._kept.get(thread, (0.0, None))
        return sensed if sensed is not None and until >= self.clock() else None

    def forget(self, tenant: str, owner: str) -> None:
        """Forget what the threads of one user of a tenant sensed."""
        for name in [n for n, (_, kept) in self._kept.items() if n.startswith(f"{tenant}/") and kept.owner == owner]:
            del self._kept[name]
