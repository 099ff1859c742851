"""Fit ensembles for strangers: one fusion for each number of known events, learnt on users whom the scorers never met.

Scorers are fitted on most users; the others play strangers, of whom the first events are known and later ones asked for. Then the
scorers are fitted on everybody and shared by all fusions.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from ..core.errors import InvalidRequestError
from ..core.interactions import Floats, Interactions, ItemTable, UserState
from .catalogue_fit import SURE, fit_scorers, whole_features
from .ensemble import Ensemble
from .ensemble_fit import peak_memory_mib
from .features import Features, best_of_each, raw_scores
from .fusion import LinearFusion, Lists
from .scorers.base import Progress, Scorer, silent

STRANGERS = 0.3
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
    began = time.monotonic()
    rng = np.random.default_rng([seed, 5])
    sizes = np.diff(events.starts)
    able = rng.permutation(np.flatnonzero(sizes > max(known)))
    strangers = np.sort(able[: int(STRANGERS * len(able))])
    if not len(strangers):
        raise InvalidRequestError(
            "events", f"too few users have more than {max(known)} events; cold starts cannot be learnt"
        )
    before = events.keep(~np.isin(events.user, strangers))
    early, missing = fit_scorers(items, before, scorers, lambda text, share: progress(text, 0.3 * share))
    features = whole_features(tuple(early), before, seed)
    fusions: dict[int, LinearFusion] = {}
    asked = 0
    for number, m in enumerate(known):
        asker = _Asker(events, early, features, most=max(known))
        lists = [part for user in strangers.tolist() for part in asker.ask(user, m, rng)]
        sizes = np.array([len(part) for part in lists], dtype=np.int64)
        asked += len(lists)
        fusions[m] = LinearFusion(l2=L2).fit(Lists(np.concatenate(lists), sizes), features.names, seed)
        progress(f"fusion for {m} known events", 0.3 + 0.4 * (number + 1) / len(known))
    fitted, late = fit_scorers(items, events, tuple(early), lambda text, share: progress(text, 0.7 + 0.3 * share))
    features = whole_features(tuple(early), events, seed)
    report = {
        "fusion": "linear",
        "questions": asked,
        "seconds": {"total": round(time.monotonic() - began, 1)},
        "peak_memory_mib": peak_memory_mib(),
    }
    left = {**missing, **late}
    return {
        m: Ensemble(fitted, features, fusion, n_items=len(items), missing=left, report=report)
        for m, fusion in fusions.items()
    }


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
