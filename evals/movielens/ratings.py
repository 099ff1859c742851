"""Measure predicted ratings on u1 to u5: five disjoint test sets of a fifth of the ratings each.

GroupLens's ``mku.sh`` cuts the file of ratings into five blocks of 20,000 lines. It was run on another order of the lines than the
one ``u.data`` has now (``u1.test`` of the original holds users 1 to 462 only), so where the folder does not hold the original
files the same cut is made of ``u.data`` as it is, which is in random order.
"""

from __future__ import annotations

import time
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...core.learning.metrics import interval
from ...models.recommender.ratings import Ratings, biases
from ...models.recommender.scorers.base import Progress
from .data import Movies

FOLDS = 5


def ratings_figures(movies: Movies, seed: int, progress: Progress) -> dict[str, Any]:
    """Return RMSE and MAE over the five test sets, of ours and of the baselines (mean, biases), per set and overall."""
    events = movies.events
    block = movies.lines * FOLDS // len(movies.lines)
    errors: dict[str, list[NDArray[np.float64]]] = {"ours": [], "mean": [], "biases": []}
    owners: list[NDArray[np.int32]] = []
    began = time.monotonic()
    for fold in range(FOLDS):
        progress(f"ratings: test set u{fold + 1}", fold / FOLDS)
        rows = np.flatnonzero(block == fold)
        for name, told in _predict(movies, block != fold, rows, seed).items():
            errors[name].append(told - events.rating[rows])
        owners.append(events.user[rows])
    user = np.concatenate(owners)
    figures = {name: _errors(parts, user, seed) for name, parts in errors.items()}
    return {
        **figures,
        "seconds": round(time.monotonic() - began, 1),
        "split": "u.data cut into five blocks of lines as by mku.sh; the original u1-u5 are of another order of the lines",
        "published": {"surprise svd": {"rmse": 0.934, "mae": 0.737}, "surprise svd++": {"rmse": 0.920, "mae": 0.722}},
    }


def _predict(
    movies: Movies, train: NDArray[np.bool_], rows: NDArray[np.int64], seed: int
) -> dict[str, NDArray[np.float64]]:
    known = movies.events.keep(train)
    # every rating of the training part counts as given, low ones too
    model = Ratings(seed=seed).fit(movies.items, known)
    told = np.zeros(len(rows))
    user = movies.events.user[rows]
    for one in np.unique(user):
        mine = user == one
        told[mine] = model.predict(known.state_of(int(one)), movies.events.item[rows[mine]])
    mean, film, person = biases(known)
    plain = np.clip(mean + film[movies.events.item[rows]] + person[user], 1, 5)
    return {"ours": told, "mean": np.full(len(rows), mean), "biases": plain}


def _errors(parts: list[NDArray[np.float64]], user: NDArray[np.int32], seed: int) -> dict[str, Any]:
    """Return root mean square and mean absolute error; the intervals draw users again, not ratings."""
    every = np.concatenate(parts)
    squares, sizes = (np.array(interval(values, seed, owners=user)) for values in (every**2, np.abs(every)))
    return {
        "rmse": _figure(float(np.sqrt((every**2).mean())), np.sqrt(squares)),
        "mae": _figure(float(np.abs(every).mean()), sizes),
        "rmse_per_set": [round(float(np.sqrt((part**2).mean())), 4) for part in parts],
    }


def _figure(value: float, ends: NDArray[np.float64]) -> dict[str, float]:
    low, high = ends
    return {"value": round(value, 4), "low": round(float(low), 4), "high": round(float(high), 4)}
