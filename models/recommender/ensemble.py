"""All scorers and their fusion as one recommender: ask it for any user's ranking.

A scorer that cannot be fitted or loaded is left out and named in ``missing``; it never fails the whole.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from ...core.learning.interactions import Floats, Rows, UserState
from .features import Features, best_of_each, raw_scores
from .fusion import Fusion
from .scorers.base import Scorer

UNKNOWN = -1e6
"""The score of an item of which nothing is known, where the others have one scorer's."""


@dataclass(frozen=True, eq=False)
class Ranking:
    """Fused ``scores``, shape (m,), higher is better; per scorer its raw scores, NaN for no opinion; scorers that failed."""

    scores: Floats
    sources: Mapping[str, Floats]
    failed: Mapping[str, str] = field(default_factory=dict)


class Ensemble:
    """Scorers, the features made of their scores, and the fusion of the features."""

    def __init__(
        self,
        scorers: Mapping[str, Scorer],
        features: Features,
        fusion: Fusion,
        *,
        n_items: int,
        missing: Mapping[str, str],
        report: Mapping[str, Any],
    ) -> None:
        self.scorers = dict(scorers)
        self.features = features
        self.fusion = fusion
        self.n_items = n_items
        self.missing = dict(missing)
        self.report = dict(report)

    def rank(self, user: UserState, rows: Rows) -> Ranking:
        """Return the scores of ``rows``, shape (m,), for ``user``; a scorer that fails counts as having no opinion.

        Where one scorer alone knows anything of this user, its order is the answer.
        """
        rows = np.asarray(rows, dtype=np.int32)
        names = self.features.scorers
        asked = np.concatenate([rows, self.features.reference])
        raw, failed = raw_scores(self.scorers, names, user, asked)
        sources = {name: raw[i, : len(rows)] for i, name in enumerate(names) if name in self.scorers}
        if not len(rows):
            return Ranking(np.zeros(0, np.float32), sources, failed)
        told = np.flatnonzero(np.isfinite(raw).any(axis=1))
        if len(told) == 1:  # nothing to fuse
            alone = raw[told[0], : len(rows)]
            return Ranking(np.nan_to_num(alone, nan=UNKNOWN), sources, failed)
        return Ranking(self.fusion.score(self.features.matrix(raw, user, rows)), sources, failed)

    def propose(self, user: UserState, limit: int, exclude: Rows | None = None) -> Rows:
        """Return up to ``limit`` rows of the whole catalogue, best first: the scorers' best, ranked by the fusion."""
        if limit <= 0:
            return np.zeros(0, np.int32)
        rows = self.pool(user, limit, exclude)
        return rows[np.lexsort((rows, -self.rank(user, rows).scores))][:limit]

    def pool(self, user: UserState, limit: int, exclude: Rows | None = None) -> Rows:
        """Return the union of the ``limit`` best rows of each scorer, by row."""
        every = np.arange(self.n_items, dtype=np.int32)
        raw, _ = raw_scores(self.scorers, self.features.scorers, user, every)
        if exclude is not None:
            raw[:, exclude] = np.nan
        return best_of_each(raw, limit)
