"""Run ``ml100k-cold-user``: films for users unseen in training, of whom 0, 1, 3 or 5 ratings and age, sex, occupation are known.

Protocol: a fifth of the users, drawn by seed, are in nobody's training data. Of each, the first m ratings by time are revealed; wanted
are the films the user later rated at least 4, the same for every m: those after the fifth rating. All films not revealed are
ranked; NDCG@10 with every wanted film counting 1.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...core.learning.interactions import Interactions, Rows, UserState
from ...core.settings import Settings
from ...models.recommender.ensemble import Ensemble
from ...models.recommender.held_out_queries import last_items
from ...models.recommender.scorers.base import Progress, silent
from ...models.recommender.scorers.popularity import Popularity
from ...models.recommender.scorers.segments import SegmentPopularity
from ..reporting.intervals import difference_of, mean_of
from ..reporting.report import report
from .baselines import item_knn
from .cold_fit import fit_cold
from .data import LIKED, Movies, read

REVEALED = (0, 1, 3, 5)
SHARE = 0.2
AT = 10
WATCHED = 0.1
"""The weight of a film rated below 4, for ours and for the baselines: what is wanted here is to be liked."""
SCORERS = ("popularity", "trend", "segments", "user_knn", "als", "graph", "cooccurrence", "ease")
Score = Callable[[UserState], NDArray[Any]]


@dataclass(frozen=True, eq=False)
class Stranger:
    """A user unseen in training: the first ratings as a state, and the films wanted after them."""

    state: UserState
    wanted: Rows

    def knows(self, m: int) -> UserState:
        """Return the user as known by the first ``m`` ratings."""
        return first_items(self.state, m)


def first_items(user: UserState, m: int) -> UserState:
    """Return ``user`` as known by the first ``m`` items; ``now`` is the time of the last one known."""
    kept = last_items(user, 0) if m == 0 else user
    return UserState(
        items=kept.items[:m],
        weights=kept.weights[:m],
        at=kept.at[:m],
        ratings=kept.ratings[:m],
        context=user.context,
        now=float(user.at[max(0, m - 1)]),
    )


async def cold_user_run(
    settings: Settings, data: Path | None, seed: int, progress: Progress = silent
) -> dict[str, Any]:
    """Return the figures of the row ``ml100k-cold-user``."""
    return await asyncio.to_thread(figures_of, read(settings, data), seed, progress)


def figures_of(movies: Movies, seed: int, progress: Progress = silent) -> dict[str, Any]:
    """Measure ours and the baselines on the same strangers at every number of revealed ratings."""
    events = replace(movies.events, weight=np.where(movies.events.rating >= LIKED, 1.0, WATCHED).astype(np.float32))
    hidden = np.random.default_rng([seed, 11]).permutation(events.n_users)[: int(SHARE * events.n_users)]
    training = events.keep(~np.isin(events.user, hidden))
    strangers = [s for s in (stranger(events, int(user)) for user in np.sort(hidden)) if len(s.wanted)]
    ours = fit_cold(movies.items, training, scorers=SCORERS, known=REVEALED, seed=seed, progress=progress)
    ways = baselines(movies, training, seed)
    methods: dict[str, Any] = {}
    above: dict[str, Any] = {}
    for m in REVEALED:
        hybrid = gains(strangers, m, _by(ours[m], events.n_items))
        found = {name: gains(strangers, m, score) for name, score in ways.items()}
        every = {"hybrid": hybrid, **found}
        methods[f"{m} revealed"] = {name: {"ndcg@10": mean_of(values, seed)} for name, values in every.items()}
        above[f"{m} revealed"] = {
            name: {"difference": difference_of(hybrid, values, seed)} for name, values in found.items()
        }
    figures = {
        "methods": methods,
        "above": above,
        "training": {
            name: ours[REVEALED[-1]].report[name] for name in ("seconds", "cpu_seconds", "peak_memory_mib", "questions")
        },
        "split": "20 % of the users by seed; first m ratings revealed; wanted: rated at least 4 after the fifth",
        "tuned_on": "draws of the same protocol with seeds 101 to 104, whose strangers overlap with another seed's by a fifth",
    }
    return report(
        "ml100k-cold-user", figures, n=len(strangers), targets={"above_each_baseline_at_each_point": 0.0}, seed=seed
    )


def stranger(events: Interactions, user: int) -> Stranger:
    """Return what is known of ``user``: the first ratings, and the liked films after them."""
    most = max(REVEALED)
    part = events.of(user)
    later = events.item[part][most:][events.rating[part][most:] >= LIKED]
    return Stranger(first_items(events.state_of(user), most), later.astype(np.int32))


def baselines(movies: Movies, training: Interactions, seed: int) -> dict[str, Score]:
    """Return popularity, demographic popularity and ItemKNN, which answers by popularity where nothing is revealed."""
    every = np.arange(training.n_items, dtype=np.int32)
    popular = Popularity().fit(movies.items, training)
    segments = SegmentPopularity().fit(movies.items, training)
    knn = item_knn(movies.items, training, seed)

    def neighbours(state: UserState) -> NDArray[Any]:
        return knn(-1, state) if len(state.items) else popular.score(state, every)

    return {
        "popularity": lambda state: popular.score(state, every),
        "demographic-popularity": lambda state: segments.score(state, every),
        "item-knn": neighbours,
    }


def gains(strangers: list[Stranger], m: int, score: Score) -> NDArray[np.float64]:
    """Return the NDCG@10 of every stranger, shape (n,)."""
    return np.array([_gain(score(one.knows(m)), one.knows(m).items, one.wanted) for one in strangers])


def _gain(scores: NDArray[Any], revealed: Rows, wanted: Rows) -> float:
    known = np.where(np.isnan(scores), -np.inf, scores).astype(np.float64)
    known[revealed] = -np.inf
    first = np.lexsort((np.arange(len(known)), -known))[:AT]
    discounts = 1.0 / np.log2(np.arange(AT) + 2.0)
    return float(discounts[np.isin(first, wanted)].sum() / discounts[: len(wanted)].sum())


def _by(ensemble: Ensemble, n_items: int) -> Score:
    every = np.arange(n_items, dtype=np.int32)
    return lambda state: ensemble.rank(state, every).scores
