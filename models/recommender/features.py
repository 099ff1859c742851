"""Turn scorers' raw scores into one row of features per candidate, without looking at the other candidates.

Scores of different scorers, and of one scorer for different users, are not comparable. Each user's scores are therefore placed
among the scores that the same user gives to a fixed sample of the catalogue, the reference items: as a distance in standard
deviations and as the share of the reference items below. A candidate's features then do not depend on the list it is in, so
one fusion serves any list. NaN, a scorer without an opinion, stays NaN.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np

from ...core.learning.interactions import Floats, Interactions, Rows, UserState
from .scorers.base import Arrays, Scorer

REFERENCE_ITEMS = 256
PER_SCORER = 3
"""Features of one scorer: the raw score, its distance from the user's reference mean, its place among the reference items."""
CLIP = 8.0
_log = logging.getLogger(__name__)


@dataclass(frozen=True, eq=False)
class Features:
    """Which features there are. ``popularity`` (n,) is the logarithm of one plus an item's wanted events; ``reference`` (r,)."""

    scorers: tuple[str, ...]
    reference: Rows
    popularity: Floats

    @classmethod
    def of(cls, scorers: Sequence[str], events: Interactions, seed: int) -> Self:
        """Draw the reference items and count the items' events."""
        rng = np.random.default_rng(seed)
        size = min(REFERENCE_ITEMS, events.n_items)
        reference = np.sort(rng.choice(events.n_items, size, replace=False)).astype(np.int32)
        counts = np.bincount(events.item[events.weight > 0], minlength=events.n_items)
        return cls(tuple(scorers), reference, np.log1p(counts).astype(np.float32))

    @classmethod
    def without_counts(cls, scorers: Sequence[str], n_items: int) -> Self:
        """Return features for a fusion that reads the raw scores only."""
        return cls(tuple(scorers), np.zeros(1, np.int32), np.zeros(n_items, np.float32))

    @property
    def names(self) -> tuple[str, ...]:
        """Return the names of the columns, in order."""
        parts = [f"{name}:{kind}" for name in self.scorers for kind in ("raw", "z", "place")]
        return (*parts, "popularity", "history", "taste:popularity", "opinions", "seen")

    def matrix(self, raw: Floats, user: UserState, rows: Rows) -> Floats:
        """Return the features of ``rows``, shape (m, len(names)).

        Args:
            raw: scores of the candidates and then of the reference items, shape (len(scorers), m + r).
            user: whose scores they are.
            rows: the candidates, shape (m,).
        """
        m = len(rows)
        placed = np.stack([raw[:, :m], *place(raw[:, :m], raw[:, m:])], axis=1).reshape(-1, m).T
        taste = self.popularity[user.items[user.items < len(self.popularity)]]
        extra = np.empty((m, 5), np.float32)
        extra[:, 0] = self.popular(rows)
        extra[:, 1] = np.log1p(len(user.items))
        extra[:, 2] = taste.mean() if len(taste) else np.nan
        extra[:, 3] = np.isfinite(raw[:, :m]).sum(axis=0)
        extra[:, 4] = np.isin(rows, user.items)
        return np.concatenate([placed, extra], axis=1)

    def popular(self, rows: Rows) -> Floats:
        """Return the popularity of ``rows``, zero for an item that came after training."""
        known = np.minimum(rows, len(self.popularity) - 1)
        return np.where(rows < len(self.popularity), self.popularity[known], 0).astype(np.float32)

    def save(self) -> Arrays:
        """Return everything as arrays."""
        return {"scorers": np.array(self.scorers), "reference": self.reference, "popularity": self.popularity}

    @classmethod
    def restore(cls, arrays: Arrays) -> Self:
        """Take what ``save`` returned."""
        return cls(tuple(str(name) for name in arrays["scorers"]), arrays["reference"], arrays["popularity"])


def place(scores: Floats, reference: Floats) -> tuple[Floats, Floats]:
    """Return how far (S, m) scores lie from the mean of (S, r) reference scores, and the share of those below."""
    nothing = ~np.isfinite(reference)
    known = np.where(nothing, 0.0, reference)
    count = np.maximum((~nothing).sum(axis=1, keepdims=True), 1)
    mean = known.sum(axis=1, keepdims=True) / count
    variance = np.where(nothing, 0.0, (known - mean) ** 2).sum(axis=1, keepdims=True) / count
    z = np.clip((scores - mean) / np.sqrt(variance + 1e-9), -CLIP, CLIP)
    share = np.full(scores.shape, np.nan, np.float32)
    for row, values in enumerate(np.sort(np.where(nothing, np.inf, reference), axis=1)):
        below = np.searchsorted(values, scores[row], side="left") + np.searchsorted(values, scores[row], side="right")
        share[row] = np.minimum(below / 2, count[row]) / count[row]
    share[~np.isfinite(scores)] = np.nan
    return z.astype(np.float32), share


def raw_scores(
    scorers: Mapping[str, Scorer], names: Sequence[str], user: UserState, rows: Rows
) -> tuple[Floats, dict[str, str]]:
    """Return the scores of ``rows`` by every name, shape (len(names), m), and which scorers failed and why."""
    raw = np.full((len(names), len(rows)), np.nan, dtype=np.float32)
    failed: dict[str, str] = {}
    for number, name in enumerate(names):
        scorer = scorers.get(name)
        if scorer is None:
            continue
        try:
            if scorer.applies(user):
                raw[number] = scorer.score(user, rows)
        except Exception as error:  # noqa: BLE001  # one broken scorer must not take the others with it
            _log.warning("scorer %s failed: %s", name, type(error).__name__)
            failed[name] = f"{type(error).__name__}: {error}"
    raw[np.isinf(raw)] = np.nan
    return raw, failed


def best_of_each(raw: Floats, limit: int) -> Rows:
    """Return the union of the ``limit`` highest columns of each row of ``raw``, NaN never among them, ascending."""
    order = np.where(np.isfinite(raw), -raw, np.inf)
    limit = min(limit, raw.shape[1])
    best = np.argpartition(order, limit - 1, axis=1)[:, :limit]
    known = np.isfinite(np.take_along_axis(order, best, axis=1))
    return np.unique(best[known]).astype(np.int32)
