"""Measure what lists are besides right: coverage, novelty, variety, popularity lift and closeness to a user's division of taste."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ...core.learning.interactions import Interactions
from ...core.learning.metrics import ndcg
from ..reporting.intervals import mean_of

AT = 10
GROUPS = ("niche", "mixed", "mainstream")
Rows = NDArray[np.int32]
Values = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Facts:
    """What the figures need of films and training data.

    ``genres`` has shape (n, g), unit rows or zeros; ``together`` (n, n), cosines of who rated what; ``share`` (n,), the share of
    users who rated a film, at least one rating assumed; ``wanted`` (n,), how much each was wanted.
    """

    genres: NDArray[np.float32]
    together: NDArray[np.float32]
    share: Values
    wanted: Values

    @classmethod
    def of(cls, genres: Sequence[Sequence[str]], events: Interactions) -> Facts:
        """Return the facts of films with these genres and training events."""
        names = {g: c for c, g in enumerate(dict.fromkeys(g for found in genres for g in found))}
        table = np.zeros((len(genres), max(1, len(names))), dtype=np.float32)
        for row, found in enumerate(genres):
            table[row, [names[g] for g in found]] = 1.0
        rated = np.zeros((events.n_users, events.n_items), dtype=np.float32)
        rated[events.user, events.item] = 1.0
        counts = rated.sum(axis=0).astype(np.float64)
        unit = _unit(rated.T)
        share = np.maximum(counts, 1.0) / events.n_users
        wanted = np.bincount(events.item, np.maximum(events.weight, 0.0), minlength=events.n_items)
        return cls(_unit(table), unit @ unit.T, share, wanted.astype(np.float64))


@dataclass(frozen=True, eq=False)
class Shown:
    """A user's list, the wanted film's row, the films in the history (wanted ones) and the user's groups."""

    rows: Rows
    target: int
    history: Rows
    group: str


def figures(shown: Sequence[Shown], facts: Facts, seed: int) -> dict[str, object]:
    """Return every figure over users, with 95 % intervals; ``coverage`` is of the whole catalogue, over all lists."""
    seen = np.unique(np.concatenate([s.rows for s in shown]))
    return {
        "ndcg@10": mean_of(ndcg_of(shown), seed),
        "coverage": round(len(seen) / len(facts.share), 4),
        "novelty_bits": mean_of(np.array([-np.log2(facts.share[s.rows]).mean() for s in shown]), seed),
        "diversity_genres": mean_of(np.array([variety(facts.genres[s.rows]) for s in shown]), seed),
        "diversity_raters": mean_of(
            np.array([1 - off_diagonal(facts.together[np.ix_(s.rows, s.rows)]) for s in shown]), seed
        ),
        "miscalibration": mean_of(np.array([miscalibration(s, facts) for s in shown]), seed),
        "popularity_lift": {
            group: mean_of(np.array([lift(s, facts) for s in shown if s.group == group]), seed)
            for group in GROUPS
            if any(s.group == group for s in shown)
        },
    }


def ndcg_of(shown: Sequence[Shown]) -> Values:
    """Return NDCG@10 of each list, with one wanted film, shape (n,)."""
    found = [np.flatnonzero(s.rows[:AT] == s.target) for s in shown]
    return ndcg([place[0] if len(place) else AT for place in found], AT)


def variety(vectors: NDArray[np.float32]) -> float:
    """Return the mean cosine distance of all pairs (intra-list diversity: Ziegler et al., WWW 2005)."""
    return 1 - off_diagonal(vectors @ vectors.T)


def off_diagonal(similarity: NDArray[np.float32]) -> float:
    """Return the mean of a square matrix without its diagonal."""
    n = len(similarity)
    return float((similarity.sum() - np.trace(similarity)) / (n * (n - 1))) if n > 1 else 0.0


def lift(shown: Shown, facts: Facts) -> float:
    """Return by which share the list is more popular than the history (group average popularity: Abdollahpouri et al., 2019)."""
    before = facts.share[shown.history].mean()
    return float((facts.share[shown.rows].mean() - before) / before)


def miscalibration(shown: Shown, facts: Facts) -> float:
    """Return the Kullback-Leibler divergence of the list's genres from the history's, in nats (Steck, RecSys 2018)."""
    target, listed = (_division(facts.genres[rows]) for rows in (shown.history, shown.rows))
    mixed = 0.99 * listed + 0.01 * target
    known = target > 0
    return float((target[known] * np.log(target[known] / mixed[known])).sum())


def user_groups(events: Interactions, users: Sequence[int], share: Values) -> Mapping[int, str]:
    """Return user -> third by how popular what they wanted is, niche first (groups of Abdollahpouri et al., 2019)."""
    means = {u: float(share[wanted_by(events, u)].mean()) for u in users}
    low, high = np.quantile(list(means.values()), [1 / 3, 2 / 3])
    return {u: GROUPS[int(m > low) + int(m > high)] for u, m in means.items()}


def wanted_by(events: Interactions, user: int) -> Rows:
    """Return the films that the user wanted, or all they rated where there is none."""
    rows = events.of(user)
    liked = events.item[rows][events.weight[rows] >= 0.5]
    return liked if len(liked) else events.item[rows]


def _division(vectors: NDArray[np.float32]) -> Values:
    shares = (vectors > 0) / np.maximum((vectors > 0).sum(axis=1, keepdims=True), 1)
    total = shares.sum(axis=0)
    return np.asarray(total / max(float(total.sum()), 1e-12), dtype=np.float64)


def _unit(table: NDArray[np.float32]) -> NDArray[np.float32]:
    lengths = np.linalg.norm(table, axis=1, keepdims=True)
    return np.asarray(table / np.maximum(lengths, 1e-12), dtype=np.float32)
