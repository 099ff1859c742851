"""Spread a list: maximal marginal relevance, determinantal point process, calibration; and a weight against popularity.

Maximal marginal relevance: Carbonell and Goldstein, SIGIR 1998. Greedy MAP inference of a determinantal point process: Chen,
Zhang and Zhou, NeurIPS 2018. Calibration: Steck, RecSys 2018. All are greedy, so that the first items of a long list are
those of a short one; all are plain NumPy and take a few milliseconds for 200 candidates.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from ..predicates import fold
from ..protocols import Vectors
from ..schemas import AttributeValue, CatalogueSchema, Item, SpreadName

CALIBRATION_ALPHA = 0.01
"""Share of the target mixed into the list's distribution, so that the divergence stays finite."""
VOLUME_WEIGHT = 0.2
"""Makes a strength of the point process mean about as much as one of maximal marginal relevance."""
MAX_GROUPS = 200
_TINY = 1e-6
_FLAT = 1e-4


@dataclass(frozen=True)
class Spread:
    """How to spread a list: which strategy and, from 0 to 1, how much; ``field`` is what ``calibrated`` divides by.

    ``popularity_penalty`` is taken from the relevance of the most popular item, less from the others.
    """

    strategy: SpreadName = "mmr"
    strength: float = 0.1
    field: str = ""
    popularity_penalty: float = 0.0


MILD = Spread()


@dataclass(frozen=True, eq=False)
class Pool:
    """What a list is chosen from.

    ``relevance`` has shape (m,), on a scale of about 0 to 1; ``vectors`` (m, dim), unit rows, a zero row is similar to
    nothing; ``shares`` (m, g), how an item divides over g groups, rows sum to 1 or 0; ``target`` (g,), how the list should.
    """

    relevance: Vectors
    vectors: Vectors
    shares: Vectors = field(default_factory=lambda: np.zeros((0, 0), dtype=np.float32))
    target: Vectors = field(default_factory=lambda: np.zeros(0, dtype=np.float32))

    @property
    def has_target(self) -> bool:
        """Tell whether it is known how the list should divide over groups."""
        return len(self.target) > 0 and float(self.target.sum()) > 0


def spread(strategy: SpreadName, pool: Pool, n: int, strength: float) -> list[int]:
    """Return the positions of ``n`` items, best first. ``strength`` 0 keeps the order of relevance, 1 only spreads.

    Without a target, calibration falls back to maximal marginal relevance.
    """
    if strategy == "calibrated" and not pool.has_target:
        strategy = "mmr"
    return STRATEGIES[strategy](pool, min(n, len(pool.relevance)), strength)


def by_relevance(pool: Pool, n: int, strength: float) -> list[int]:
    """Return the positions of the ``n`` most relevant items."""
    return [int(i) for i in np.argsort(-pool.relevance, kind="stable")[:n]]


def mmr(pool: Pool, n: int, strength: float) -> list[int]:
    """Return positions by relevance less the greatest similarity to what was picked."""
    nearest = np.zeros(len(pool.relevance), dtype=np.float32)
    free = np.ones(len(pool.relevance), dtype=bool)
    picked: list[int] = []
    for _ in range(n):
        value = np.where(free, (1 - strength) * pool.relevance - strength * nearest, -np.inf)
        best = int(value.argmax())
        picked.append(best)
        free[best] = False
        nearest = np.maximum(nearest, _similarity(pool.vectors, best))
    return picked


def dpp(pool: Pool, n: int, strength: float) -> list[int]:
    """Return positions that raise (1 - strength) x relevance + strength x weighted log det of similarities most, one by one.

    The kernel is (1 + cosine) / 2; its Cholesky factor grows by a row for each pick, in O(m n) a pick. When nothing adds
    volume any more the rest follows by relevance.
    """
    count = len(pool.relevance)
    known = np.einsum("ij,ij->i", pool.vectors, pool.vectors) > _TINY
    gain = np.ones(count, dtype=np.float64)
    rows = np.zeros((n, count), dtype=np.float64)
    free = np.ones(count, dtype=bool)
    picked: list[int] = []
    for step in range(n):
        volume = VOLUME_WEIGHT * np.log(np.maximum(gain, _FLAT))
        value = np.where(free, (1 - strength) * pool.relevance + strength * volume, -np.inf)
        best = int(value.argmax())
        picked.append(best)
        free[best] = False
        if gain[best] <= _FLAT:
            continue  # within the span of what was picked
        kernel = np.where(known & known[best], (1 + _similarity(pool.vectors, best)) / 2, 0.0)
        kernel[best] = 1.0
        rows[step] = (kernel - np.einsum("ki,k->i", rows[:step], rows[:step, best])) / np.sqrt(gain[best])
        gain = np.maximum(gain - rows[step] ** 2, 0.0)
    return picked


def calibrated(pool: Pool, n: int, strength: float) -> list[int]:
    """Return positions that raise (1 - strength) x relevance - strength x KL(target, list) most, one by one."""
    target = pool.target / pool.target.sum()
    seen = np.zeros(len(target), dtype=np.float64)
    free = np.ones(len(pool.relevance), dtype=bool)
    picked: list[int] = []
    for _ in range(n):
        divided = seen + pool.shares
        total = np.maximum(divided.sum(axis=1, keepdims=True), _TINY)
        mixed = (1 - CALIBRATION_ALPHA) * divided / total + CALIBRATION_ALPHA * target
        apart = np.where(target > 0, target * np.log(np.maximum(target, _TINY) / np.maximum(mixed, 1e-12)), 0.0)
        value = (1 - strength) * pool.relevance - strength * apart.sum(axis=1)
        best = int(np.where(free, value, -np.inf).argmax())
        picked.append(best)
        free[best] = False
        seen = seen + pool.shares[best]
    return picked


STRATEGIES: Mapping[SpreadName, Callable[[Pool, int, float], list[int]]] = MappingProxyType(
    {"none": by_relevance, "mmr": mmr, "dpp": dpp, "calibrated": calibrated}
)


def less_popular(relevance: Vectors, popularity: Vectors, strength: float) -> Vectors:
    """Return the relevance less ``strength`` times the popularity, shape (m,).

    ``popularity`` counts from 0; it enters as log(1 + count) divided by the greatest, so that a few hits do not drown the
    differences among the rest (a linear form of the popularity stratification of Steck, RecSys 2011).
    """
    logs = np.log1p(np.maximum(popularity, 0.0))
    most = float(logs.max()) if len(logs) else 0.0
    return np.asarray(relevance - strength * logs / most if most > 0 else relevance, dtype=np.float32)


def group_field(schema: CatalogueSchema, wanted: str) -> str | None:
    """Return the field to calibrate by: the wanted one, else the first list field, else the first text field, with few values."""
    fit = [f for f in schema.fields if f.type in ("list", "text") and 2 <= len(f.values) < MAX_GROUPS]
    if wanted:
        return wanted if any(f.name == wanted for f in schema.fields) else None
    best = min(fit, key=lambda f: f.type != "list", default=None)
    return best.name if best else None


def group_shares(items: Sequence[Item], liked: Sequence[Item], field_name: str) -> tuple[Vectors, Vectors]:
    """Return (shares, target): how the items divide over the values of a field, and how the liked ones do together."""
    values = [_values(i.attributes.get(field_name)) for i in (*items, *liked)]
    columns = {value: c for c, value in enumerate(dict.fromkeys(v for found in values for v in found))}
    shares = np.zeros((len(values), len(columns)), dtype=np.float32)
    for row, found in enumerate(values):
        for value in found:
            shares[row, columns[value]] = 1 / len(found)
    return shares[: len(items)], shares[len(items) :].sum(axis=0)


def _values(value: AttributeValue | None) -> list[str]:
    found = value if isinstance(value, list) else [value] if isinstance(value, str) else []
    return list(dict.fromkeys(fold(v) for v in found))


def _similarity(vectors: Vectors, position: int) -> NDArray[np.float32]:
    # `@` would wait for BLAS threads, longer than the product takes
    return np.asarray(np.einsum("ij,j->i", vectors, vectors[position]), dtype=np.float32)
