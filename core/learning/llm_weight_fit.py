"""Fit how far a language model's signal may move a list, from held-out events; zero unless it was shown to help.

The weight is chosen by cross-validation with the one-standard-error rule (Breiman et al., Classification and Regression
Trees, 1984): the smallest whose gain is within one standard error of the best. It is kept only where the lower end of a
bootstrap interval over users of the cross-validated gain lies above zero. Plain NumPy, no I/O.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from ..schemas import Frozen
from .interactions import Floats
from .llm_signal import MAX_WEIGHT, moved
from .metrics import interval, ndcg

GRID = (0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.7, 1.0, 1.4, 2.0)
"""At 2 the list's own scores and the signal count about the same."""
FOLDS = 5
MIN_CASES = 30
Gains = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Case:
    """One held-out event: the list, best first, as ``base_scores`` give it, the signal, and where the wanted item stands.

    ``base`` and ``signal`` have shape (m,); ``target`` is a position; ``user`` tells which cases belong together.
    """

    base: Floats
    signal: Floats
    target: int
    user: str = ""


class FittedWeight(Frozen):
    """A weight for one user group, and what it rests on; gains are NDCG@10 x 100, on users who did not choose the weight."""

    weight: float = Field(ge=0, le=MAX_WEIGHT, description="How far the signal may move the list; 0: not at all.")
    gain: float = Field(description="Cross-validated gain in NDCG@10 x 100.")
    low: float = Field(description="Lower end of its 95 % interval.")
    high: float = Field(description="Upper end of its 95 % interval.")
    n: int = Field(ge=0, description="Held-out events.")
    why: str = Field(default="", description="Why the weight is zero, if it is.")


NOT_FITTED = FittedWeight(weight=0.0, gain=0.0, low=0.0, high=0.0, n=0, why="not fitted on this shop's events")


def value_at(case: Case, weight: float) -> float:
    """Return NDCG@10 x 100 of the list moved with ``weight``."""
    order = moved(case.base, case.signal, weight)
    return 100.0 * float(ndcg(np.flatnonzero(order == case.target)[0]))


def gains(cases: Sequence[Case], grid: Sequence[float] = GRID) -> Gains:
    """Return what each weight of the grid gains over the list as it is, shape (cases, weights)."""
    values = np.array([[value_at(c, w) for w in (0.0, *grid)] for c in cases], dtype=np.float64)
    return values[:, 1:] - values[:, :1]


def choose(table: Gains, grid: Sequence[float] = GRID) -> int:
    """Return the column of the smallest weight whose mean gain is within one standard error of the best.

    The error is that of the difference to the best weight over the same cases.
    """
    means = table.mean(axis=0)
    best = int(means.argmax())
    error = (table[:, [best]] - table).std(axis=0, ddof=1) / np.sqrt(len(table)) if len(table) > 1 else 0 * means
    near = np.flatnonzero(means >= means[best] - error).tolist()
    return int(min(near, key=lambda column: grid[column]))


def fit_weight(cases: Sequence[Case], seed: int = 0, grid: Sequence[float] = GRID) -> FittedWeight:
    """Return the weight for these held-out events, zero where it does not help significantly; needs ``MIN_CASES``."""
    if len(cases) < MIN_CASES:
        return NOT_FITTED.model_copy(update={"n": len(cases), "why": f"fewer than {MIN_CASES} held-out events"})
    table = gains(cases, grid)
    users = [c.user or str(i) for i, c in enumerate(cases)]
    held_out = _cross_validated(table, users, seed, lambda part: choose(part, grid))
    low, high = interval(held_out, seed, owners=users)
    chosen = grid[choose(table, grid)]
    helps = low > 0 and chosen > 0
    return FittedWeight(
        weight=float(chosen) if helps else 0.0,
        gain=round(float(held_out.mean()), 3),
        low=round(low, 3),
        high=round(high, 3),
        n=len(cases),
        why="" if helps else "no significant gain on held-out events",
    )


def _cross_validated(table: Gains, users: Sequence[str], seed: int, pick: Callable[[Gains], int]) -> Gains:
    """Return the gain of each case under the weight that the other folds chose; a user is never in two folds."""
    _, inverse = np.unique(np.asarray(users), return_inverse=True)
    fold_of = np.random.default_rng(seed).permutation(int(inverse.max()) + 1) % FOLDS
    fold = fold_of[inverse]
    held_out = np.zeros(len(table))
    for number in range(FOLDS):
        inside = fold == number
        if inside.any() and not inside.all():
            held_out[inside] = table[inside, pick(table[~inside])]
    return held_out
