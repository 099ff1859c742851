"""Run ``ml100k``: rank all unseen films for each user's last liked one, and predict ratings on five disjoint test sets.

Protocol: the last rating of at least 4 by time is the target, everything earlier of that user is history; the target and what
follows it are in nobody's training data. All films the user has not rated before are ranked. Ours is fitted as `tastemaker train` does it.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...core.errors import InvalidRequestError
from ...core.learning.interactions import Interactions, ItemTable, UserState
from ...core.learning.metrics import interval, ndcg
from ...core.settings import Settings
from ...models.recommender.ensemble import Ensemble
from ...models.recommender.ratings import Ratings, biases
from ...models.recommender.scorers.base import Progress, silent
from ...models.recommender.scorers.listing import SCORERS
from ...models.recommender.time_and_memory import peak_memory_mib
from ...tools.trained.recipes import ChosenRecipe, Fitting, choose_recipe, part_of
from ...tools.trained.validation import split_by_time
from ..reporting.intervals import gain_of, hits, mean_of, place
from ..reporting.report import report
from .baselines import BASELINES, Fit, Score, logistic
from .data import Movies, read, watched_before

LEFT_OUT = ("sequential",)
"""What needs torch, so that the figures are the same with and without it and training stays within its target."""
GAIN_TARGET, RMSE_TARGET, TRAIN_TARGET_S = 5.0, 0.915, 300.0
Places = NDArray[np.float64]
FOLDS = 5


async def ml100k_run(
    settings: Settings, data: Path | None, seed: int, *, ratings: bool = True, progress: Progress = silent
) -> dict[str, Any]:
    """Return the figures of the row ``ml100k``."""
    return await asyncio.to_thread(figures_of, read(settings, data), seed, ratings=ratings, progress=progress)


def figures_of(movies: Movies, seed: int, *, ratings: bool = True, progress: Progress = silent) -> dict[str, Any]:
    """Measure ours and the baselines on the same targets; then the predicted ratings, if asked for."""
    targets = movies.last_liked()
    asked = targets[targets >= 0]
    training = movies.until(np.where(targets >= 0, targets, movies.events.starts[1:]))
    began, worked = time.monotonic(), time.process_time()
    ours, choice = fit_as_trained(movies.items, training, seed, progress)
    seconds, cpu_seconds = time.monotonic() - began, time.process_time() - worked
    memory = peak_memory_mib()
    hybrid = places(movies, asked, by_ensemble(ours, training.n_items))
    baselines, notes = run_baselines(movies, training, asked, seed, progress)
    best = max(baselines, key=lambda name: float(ndcg(baselines[name]).mean()))
    gain = gain_of(ndcg(hybrid), ndcg(baselines[best]), seed)
    figures: dict[str, Any] = {
        "methods": {name: summary(values, seed) for name, values in {"hybrid": hybrid, **baselines}.items()},
        "baseline_notes": notes,
        "best_baseline": best,
        "gain_percent": gain,
        "training": {
            "seconds": round(seconds, 1),
            "cpu_seconds": round(cpu_seconds, 1),
            "peak_memory_mib": memory,
            "scorers": list(ours.scorers),
            "left_out": ours.missing,
            "recipe": choice.way.recipe,
            "share": choice.way.share,
            "validation": choice.validation.model_dump(mode="json") if choice.validation else None,
            "fusion": ours.report["fusion"],
            "questions": ours.report["questions"],
        },
        "split": "per user, last rating >= 4 by time (ties in the order of the file); training data end before it",
        "tuned_on": "each user's last liked film before the target, with training data that end before that",
    }
    if ratings:
        figures["ratings"] = ratings_figures(movies, seed, progress)
    wanted = {"gain_percent": GAIN_TARGET, "rmse": RMSE_TARGET, "seconds": TRAIN_TARGET_S}
    return report("ml100k", figures, n=len(asked), targets=wanted, seed=seed)


def fit_as_trained(
    items: ItemTable, training: Interactions, seed: int, progress: Progress = silent
) -> tuple[Ensemble, ChosenRecipe]:
    """Return what `tastemaker train` fits: the recipe that is best for the newest wishes of ``training``, on all of it.

    Raises:
        InvalidRequestError: nothing can be held out, or there is too little to learn from.
    """
    split = split_by_time(training, seed)
    if split is None:
        raise InvalidRequestError("events", "no user has wishes both early and late; nothing can be held out")
    with TemporaryDirectory() as folder:
        names = tuple(name for name in SCORERS if name not in LEFT_OUT)
        work = Fitting(items, training, names, seed, Path(folder))
        choice = choose_recipe(work, split, part_of(progress, 0.0, 0.6))
        return replace(work, scorers=choice.scorers).by(choice.way.recipe, part_of(progress, 0.6, 1.0)), choice


def run_baselines(
    movies: Movies, training: Interactions, asked: NDArray[np.int64], seed: int, progress: Progress
) -> tuple[dict[str, Places], dict[str, str]]:
    """Return the places of the targets by each baseline, and a note where one could not run or another stands in."""
    found: dict[str, Places] = {}
    notes: dict[str, str] = {}
    for number, (name, fit) in enumerate(BASELINES.items()):
        progress(f"baseline {name}", number / len(BASELINES))
        try:
            found[name] = _run(fit, movies, training, asked, seed)
        except ImportError as error:
            notes[name] = f"not installed ({error})"
            if name == "lightfm":
                notes[name] += "; logistic matrix factorisation by implicit stands in, as 'logistic-mf'"
                found["logistic-mf"] = _run(logistic, movies, training, asked, seed)
    return found, notes


def _run(fit: Fit, movies: Movies, training: Interactions, asked: NDArray[np.int64], seed: int) -> Places:
    return places(movies, asked, fit(movies.items, training, seed))


def places(movies: Movies, asked: NDArray[np.int64], score: Score) -> Places:
    """Return where each target stands among the films its user had not rated, counted from 0, shape (n,)."""
    events = movies.events
    return np.array(
        [
            place(score(int(events.user[row]), movies.state(row)), int(events.item[row]), watched_before(movies, row))
            for row in asked.tolist()
        ]
    )


def by_ensemble(ensemble: Ensemble, n_items: int) -> Callable[[int, UserState], NDArray[Any]]:
    """Return a function from user and state to the fused score of every film."""
    every = np.arange(n_items, dtype=np.int32)
    return lambda _, state: ensemble.rank(state, every).scores


def summary(values: Places, seed: int) -> Mapping[str, Any]:
    """Return NDCG@10 and HR@10 with their intervals."""
    return {"ndcg@10": mean_of(ndcg(values), seed), "hr@10": mean_of(hits(values), seed)}


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
