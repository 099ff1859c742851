"""Let scorers answer questions about held-out events, as lists of features for a fusion.

There are two kinds. ``answer`` asks among random items, to some of which retrieved ones are added. ``retrieve`` asks among what the
scorers themselves find best in the whole catalogue, and keeps only the questions whose wanted item they find: were it put among
them by hand, it would mostly be the one that no scorer likes, and a fusion would learn to distrust high scores.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from ...core.learning.interactions import Floats, Rows
from .features import Features, best_of_each, raw_scores
from .fusion import Lists
from .held_out_queries import Query
from .scorers.base import Scorer

HARD_ITEMS = 12
HARD_POOL = 40
"""Retrieved candidates that are not wanted are drawn from the union of the scorers' best, so many of each."""
SHARE_HARD = 0.12
"""The share of questions among random items that also hold retrieved ones, for which every scorer scores the catalogue."""
POOL = 10
"""A list of retrieved candidates is drawn from the union of the scorers' best, so many of each."""
LIST_ITEMS = 40


@dataclass(frozen=True, eq=False)
class Answers:
    """Candidates of all questions, one after another, the wanted one first; a question may have none.

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

    def of(self, questions: NDArray[np.bool_]) -> Self:
        """Return the answers of the ``questions`` (q,) that are true."""
        chosen, number = questions[self.question], np.cumsum(questions) - 1
        return type(self)(
            features=self.features[chosen],
            sources=self.sources[chosen],
            question=number[self.question[chosen]].astype(np.int32),
            hard=self.hard[chosen],
            history=self.history[questions],
        )

    def lists(self) -> Lists:
        """Return the questions that have candidates as lists."""
        sizes = np.bincount(self.question)
        return Lists(self.features, sizes[sizes > 0].astype(np.int64))


def answer(queries: Sequence[Query], scorers: Mapping[str, Scorer], features: Features, seed: int) -> Answers:
    """Return the features of every question's own candidates; some questions get retrieved candidates besides."""
    rng = np.random.default_rng([seed, 2])
    lists: list[Rows] = []
    for query in queries:
        extra = np.zeros(0, np.int32)
        if rng.random() < SHARE_HARD:
            extra = _drawn(rng, _pool(query, scorers, features, HARD_POOL), query.rows[:1], HARD_ITEMS)
        lists.append(np.concatenate([query.rows, np.setdiff1d(extra, query.rows)]).astype(np.int32))
    return _answers(queries, lists, scorers, features)


def retrieve(queries: Sequence[Query], scorers: Mapping[str, Scorer], features: Features, seed: int) -> Answers:
    """Return the features of ``LIST_ITEMS`` retrieved candidates besides the wanted item, where that is retrieved too."""
    rng = np.random.default_rng([seed, 2])
    lists: list[Rows] = []
    for query in queries:
        wanted, pool = query.rows[:1], _pool(query, scorers, features, POOL)
        found = np.concatenate([wanted, _drawn(rng, pool, wanted, LIST_ITEMS)])
        lists.append(found if wanted[0] in pool else pool[:0])
    return _answers(queries, lists, scorers, features)


def _pool(query: Query, scorers: Mapping[str, Scorer], features: Features, each: int) -> Rows:
    every = np.arange(len(features.popularity), dtype=np.int32)
    return best_of_each(raw_scores(scorers, features.scorers, query.user, every)[0], each)


def _drawn(rng: np.random.Generator, pool: Rows, wanted: Rows, size: int) -> Rows:
    return rng.permutation(pool[pool != wanted[0]])[:size].astype(np.int32)


def _answers(
    queries: Sequence[Query], lists: Sequence[Rows], scorers: Mapping[str, Scorer], features: Features
) -> Answers:
    found, sources = (
        [np.zeros((0, len(features.names)), np.float32)],
        [np.zeros((0, len(features.scorers)), np.float32)],
    )
    for query, rows in zip(queries, lists, strict=True):
        if len(rows):
            raw, _ = raw_scores(scorers, features.scorers, query.user, np.concatenate([rows, features.reference]))
            found.append(features.matrix(raw, query.user, rows))
            sources.append(raw[:, : len(rows)].T)
    return Answers(
        features=np.concatenate(found),
        sources=np.concatenate(sources),
        question=np.repeat(np.arange(len(lists)), [len(rows) for rows in lists]).astype(np.int32),
        hard=np.concatenate([_hard(query, rows) for query, rows in zip(queries, lists, strict=True)]),
        history=np.array([len(query.user.items) for query in queries], np.int32),
    )


def _hard(query: Query, rows: Rows) -> NDArray[np.bool_]:
    """Tell which of ``rows`` (m,) are no candidates of the question's own."""
    return np.arange(len(rows)) >= len(query.rows)
