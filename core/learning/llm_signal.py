"""Turn a language model's opinions of candidates into one bounded signal and move a list by it; plain NumPy, no I/O.

Candidates are put in an order of their own, by id, before they are shuffled for the model, so that the result does not
depend on the order in which they came. Opinions over several orders are averaged against position bias (permutation
self-consistency: Tang et al., NAACL 2024).
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from .interactions import Floats

COLD_EVENTS = 5
GROUPS = ("cold", "warm")
MAX_WEIGHT = 2.0


def group_of(events: int) -> str:
    """Return the user group by the number of known events: ``cold`` below five, else ``warm``."""
    return "cold" if events < COLD_EVENTS else "warm"


def seed_of(*parts: str) -> int:
    """Return a seed that the same parts always give, whatever the process."""
    joined = "\x1f".join(f"{len(p)}:{p}" for p in parts)
    return int.from_bytes(hashlib.sha256(joined.encode("utf-8", "replace")).digest()[:8], "big")


def presentations(ids: Sequence[str], orders: int, seed: int) -> list[NDArray[np.int64]]:
    """Return ``orders`` ways to present the candidates, as positions in ``ids``; the order of ``ids`` has no influence.

    The first is a shuffle; each pair holds a shuffle and its reverse, so that over a pair every candidate stands, on average,
    in the middle.
    """
    canonical = np.array(sorted(range(len(ids)), key=lambda i: ids[i]), dtype=np.int64)
    rng = np.random.default_rng(seed)
    made: list[NDArray[np.int64]] = []
    while len(made) < orders:
        shuffled = canonical[rng.permutation(len(ids))]
        made += [shuffled, shuffled[::-1]]
    return made[:orders]


def bounded(scores: Sequence[float] | Floats) -> Floats:
    """Return scores as places spread evenly over -1..1, the best at 1, ties sharing their mean; NaN (no opinion) is 0.

    Only the order of the scores counts, so that no single opinion can weigh more than another.
    """
    values = np.asarray(scores, dtype=np.float64)
    known = np.flatnonzero(~np.isnan(values))
    signal = np.zeros(len(values), dtype=np.float32)
    if len(known) < 2:
        return signal
    _, place, count = np.unique(values[known], return_inverse=True, return_counts=True)
    ends = np.cumsum(count)
    mean_place = (ends - (count + 1) / 2)[place]
    signal[known] = (2 * mean_place / (len(known) - 1) - 1).astype(np.float32)
    return signal


def mean_signal(opinions: Sequence[Sequence[float] | Floats]) -> Floats:
    """Return the mean of the bounded opinions, shape (m,); each opinion has shape (m,)."""
    return np.asarray(np.mean([bounded(o) for o in opinions], axis=0), dtype=np.float32)


def base_scores(scores: Sequence[float] | Floats) -> Floats:
    """Return the scores of a list, best first, never rising along it, with mean 0 and standard deviation 1.

    A list that was spread or pinned on purpose keeps its order: no item counts for more than the one before it. Equal scores
    all along become places.
    """
    values = np.minimum.accumulate(np.asarray(scores, dtype=np.float64))
    if not len(values):
        return np.zeros(0, dtype=np.float32)
    if np.ptp(values) < 1e-9:
        values = -np.arange(len(values), dtype=np.float64)
    deviation = float(values.std()) or 1.0
    return np.asarray((values - values.mean()) / deviation, dtype=np.float32)


def moved(base: Floats, signal: Floats, weight: float) -> NDArray[np.int64]:
    """Return the positions of a list in their new order: by ``base + weight * signal``, ties as they were.

    ``base`` comes from ``base_scores``, so an item can only pass those within ``2 * weight`` standard deviations.
    """
    if weight <= 0:
        return np.arange(len(base))
    return np.argsort(-(base + weight * np.clip(signal, -1.0, 1.0)), kind="stable")


def kendall_distance(order: Sequence[int] | NDArray[np.int64]) -> float:
    """Return the share of pairs that stand the other way round than before: 0 is the same list, 1 its reverse."""
    places = np.asarray(order)
    n = len(places)
    if n < 2:
        return 0.0
    swapped = int(np.triu(places[:, None] > places[None, :], 1).sum())
    return swapped / (n * (n - 1) / 2)


def mean_shift(order: Sequence[int] | NDArray[np.int64]) -> float:
    """Return by how many places an item moved, on average."""
    places = np.asarray(order)
    return float(np.abs(places - np.arange(len(places))).mean()) if len(places) else 0.0
