"""Run ``ml100k-cold-user``: films for users unseen in training, of whom 0, 1, 3 or 5 ratings and age, sex, occupation are known.

Protocol: a fifth of the users, drawn by seed, are in nobody's training data. Of each, the first m ratings by time are revealed; wanted
are the films the user later rated at least 4, the same for every m: those after the fifth rating. All films not revealed are
ranked; NDCG@10 with every wanted film counting 1.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...core.errors import InvalidRequestError
from ...core.learning.interactions import Floats, Interactions, ItemTable, Rows, UserState
from ...core.settings import Settings
from ...models.recommender.ensemble import Ensemble
from ...models.recommender.features import Features, best_of_each, raw_scores
from ...models.recommender.fit_whole_catalogue import SURE, fit_scorers, whole_features
from ...models.recommender.fusion import LinearFusion, Lists
from ...models.recommender.held_out_queries import last_items
from ...models.recommender.scorers.base import Progress, Scorer, silent
from ...models.recommender.scorers.popularity import Popularity
from ...models.recommender.scorers.segments import SegmentPopularity
from ...models.recommender.time_and_memory import peak_memory_mib
from ..reporting.intervals import difference_of, mean_of
from ..reporting.report import report
from .baselines import item_knn
from .data import LIKED, Movies, read

REVEALED = (0, 1, 3, 5)
SHARE = 0.2
AT = 10
WATCHED = 0.1
"""The weight of a film rated below 4, for ours and for the baselines: what is wanted here is to be liked."""
SCORERS = ("popularity", "trend", "segments", "user_knn", "als", "graph", "cooccurrence", "ease")
Score = Callable[[UserState], NDArray[Any]]
FOLDS = 3
ASKED = 8
"""So many later events of each stranger are asked for."""
L2 = 1e-2
POOL = 30
"""Candidates are the best so many of each scorer, met by the stranger or not: leaving out the ones met would teach that popular items
are unwanted, and items far down would teach nothing about the first places."""


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


def fit_cold(
    items: ItemTable,
    events: Interactions,
    *,
    scorers: Sequence[str],
    known: Sequence[int] = (0, 1, 3, 5),
    seed: int = 0,
    progress: Progress = silent,
) -> dict[int, Ensemble]:
    """Return one ensemble for each number of ``known`` events.

    Raises:
        InvalidRequestError: too few users have more than ``max(known)`` events.
    """
    began, worked = time.monotonic(), time.process_time()
    rng = np.random.default_rng([seed, 5])
    able = rng.permutation(np.flatnonzero(np.diff(events.starts) > max(known)))
    if len(able) < FOLDS:
        raise InvalidRequestError(
            "events", f"too few users have more than {max(known)} events; cold starts cannot be learnt"
        )
    lists: dict[int, list[Floats]] = {m: [] for m in known}
    names, missing = tuple(scorers), dict[str, str]()
    for fold in range(FOLDS):
        strangers = np.sort(able[fold::FOLDS])
        before = events.keep(~np.isin(events.user, strangers))
        early, left = fit_scorers(items, before, names, _part(progress, 0.8 * fold / FOLDS, 0.4 / FOLDS))
        names, missing = tuple(early), {**missing, **left}
        asker = _Asker(events, early, whole_features(names, before, seed), most=max(known))
        for m in known:
            lists[m] += [part for user in strangers.tolist() for part in asker.ask(user, m, rng)]
            progress(f"strangers, group {fold + 1} of {FOLDS}: {m} known events", 0.8 * (fold + 1) / FOLDS)
    features = whole_features(names, events, seed)
    fusions = {m: _fused(found, features, seed) for m, found in lists.items()}
    fitted, late = fit_scorers(items, events, names, _part(progress, 0.8, 0.2))
    report = {
        "fusion": "linear",
        "questions": sum(len(found) for found in lists.values()),
        "seconds": {"total": round(time.monotonic() - began, 1)},
        "cpu_seconds": {"total": round(time.process_time() - worked, 1)},
        "peak_memory_mib": peak_memory_mib(),
    }
    left = {**missing, **late}
    return {
        m: Ensemble(fitted, features, fusion, n_items=len(items), missing=left, report=report)
        for m, fusion in fusions.items()
    }


def _fused(lists: Sequence[Floats], features: Features, seed: int) -> LinearFusion:
    sizes = np.array([len(part) for part in lists], dtype=np.int64)
    return LinearFusion(l2=L2).fit(Lists(np.concatenate(lists), sizes), features.names, seed)


def _part(progress: Progress, start: float, share: float) -> Progress:
    """Return a progress call for a part of the whole."""
    return lambda text, done: progress(text, start + share * done)


@dataclass(frozen=True, eq=False)
class _Asker:
    """Asks for events after the first ``most`` of a user."""

    events: Interactions
    scorers: Mapping[str, Scorer]
    features: Features
    most: int

    def ask(self, user: int, m: int, rng: np.random.Generator) -> list[Floats]:
        """Return the features of up to ``ASKED`` wanted items, each followed by candidates the user never met."""
        part = self.events.of(user)
        item, at = self.events.item[part], self.events.at[part]
        later = item[self.most :][self.events.weight[part][self.most :] >= SURE]
        if not len(later):
            return []
        state = _known(self.events, part, m, float(at[max(0, m - 1)]))
        every = np.arange(len(self.features.popularity), dtype=np.int32)
        raw, _ = raw_scores(self.scorers, self.features.scorers, state, every)
        told = self.features.matrix(np.concatenate([raw, raw[:, self.features.reference]], axis=1), state, every)
        hidden = raw.copy()
        hidden[:, state.items] = np.nan
        pool = best_of_each(hidden, min(POOL, len(every)))
        within, others = pool[np.isin(pool, later)], pool[~np.isin(pool, later)]
        chosen = rng.choice(within, min(ASKED, len(within)), replace=False)
        return [told[np.append(wanted, others)] for wanted in chosen.tolist()]


def _known(events: Interactions, part: slice, m: int, now: float) -> UserState:
    first = slice(part.start, part.start + m)
    return UserState.of(
        events.item[first],
        at=events.at[first],
        weight=events.weight[first],
        rating=events.rating[first],
        context=events.user_context[int(events.user[part.start])] if events.user_context else {},
        now=now,
    )
