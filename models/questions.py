"""Let scorers answer questions about held-out events, as lists of features for a fusion."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from ..core.interactions import Floats, Rows
from .features import Features, best_of_each, raw_scores
from .fusion import Lists
from .queries import Query
from .scorers.base import Scorer

HARD_ITEMS = 12
HARD_POOL = 40
"""Retrieved candidates that are not wanted are drawn from the union of the scorers' best, so many of each."""
SHARE_HARD = 0.12
"""The share of questions that also hold retrieved candidates; to find those, every scorer must score the whole catalogue."""


@dataclass(frozen=True, eq=False)
class Answers:
    """Candidates of all questions, one after another.

    ``features`` (m, f); ``sources`` (m, S) raw scores; ``question`` (m,) counts from 0; ``hard`` (m,) marks retrieved
    candidates; ``history`` (q,) is the number of items that were shown.
    """

    features: Floats
    sources: Floats
    question: NDArray[np.int32]
    hard: NDArray[np.bool_]
    history: NDArray[np.int32]

    @classmethod
    def joined(cls, parts: Sequence[Self]) -> Self:
        """Return the answers of several calls as one."""
        before = np.cumsum([0, *(len(part.history) for part in parts)])
        return cls(
            features=np.concatenate([part.features for part in parts]),
            sources=np.concatenate([part.sources for part in parts]),
            question=np.concatenate([part.question + n for part, n in zip(parts, before, strict=False)]).astype(
                np.int32
            ),
            hard=np.concatenate([part.hard for part in parts]),
            history=np.concatenate([part.history for part in parts]),
        )

    def lists(self, questions: NDArray[np.bool_]) -> Lists:
        """Return the lists of the ``questions`` (q,) that are true."""
        chosen = questions[self.question]
        sizes = np.bincount(self.question[chosen], minlength=len(questions))
        return Lists(self.features[chosen], sizes[sizes > 0].astype(np.int64))


def answer(queries: Sequence[Query], scorers: Mapping[str, Scorer], features: Features, seed: int) -> Answers:
    """Return the features of every question's candidates; some questions get retrieved candidates besides."""
    rng = np.random.default_rng([seed, 2])
    found: list[tuple[Floats, Floats]] = []
    question: list[NDArray[np.int32]] = []
    hard: list[NDArray[np.bool_]] = []
    for number, query in enumerate(queries):
        extra = np.zeros(0, np.int32)
        if rng.random() < SHARE_HARD:
            extra = _retrieved(query, scorers, features, rng)
        rows = np.concatenate([query.rows, np.setdiff1d(extra, query.rows)]).astype(np.int32)
        raw, _ = raw_scores(scorers, features.scorers, query.user, np.concatenate([rows, features.reference]))
        found.append((features.matrix(raw, query.user, rows), raw[:, : len(rows)].T))
        question.append(np.full(len(rows), number, np.int32))
        hard.append(np.arange(len(rows)) >= len(query.rows))
    return Answers(
        features=np.concatenate([matrix for matrix, _ in found]),
        sources=np.concatenate([sources for _, sources in found]),
        question=np.concatenate(question),
        hard=np.concatenate(hard),
        history=np.array([len(query.user.items) for query in queries], np.int32),
    )


def _retrieved(query: Query, scorers: Mapping[str, Scorer], features: Features, rng: np.random.Generator) -> Rows:
    every = np.arange(len(features.popularity), dtype=np.int32)
    raw, _ = raw_scores(scorers, features.scorers, query.user, every)
    pool = best_of_each(raw, HARD_POOL)
    return rng.permutation(pool[pool != query.rows[0]])[:HARD_ITEMS].astype(np.int32)
