"""Fit ensembles for strangers: one fusion for each number of known events, learnt on users whom the scorers never met.

Users are split into ``FOLDS`` groups. Each group in turn plays strangers, of whom the first events are known and later ones asked for,
before scorers fitted on the others. Then the scorers are fitted on everybody and shared by all fusions.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from ...core.errors import InvalidRequestError
from ...core.learning.interactions import Floats, Interactions, ItemTable, UserState
from ...models.recommender.ensemble import Ensemble
from ...models.recommender.features import Features, best_of_each, raw_scores
from ...models.recommender.fit_whole_catalogue import SURE, fit_scorers, whole_features
from ...models.recommender.fusion import LinearFusion, Lists
from ...models.recommender.scorers.base import Progress, Scorer, silent
from ...models.recommender.time_and_memory import peak_memory_mib

FOLDS = 3
ASKED = 8
"""So many later events of each stranger are asked for."""
L2 = 1e-2
POOL = 30
"""Candidates are the best so many of each scorer, met by the stranger or not: leaving out the ones met would teach that popular items
are unwanted, and items far down would teach nothing about the first places."""


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
