"""Benchmarks `games`, `games-retrieved` and `games-cold`: rank candidates for users of a games shop; NDCG@10 x 100.

The users whose questions are asked take no part in training, neither in the scorers nor in the fusion, so that statistics come
from other users only and the same trained ensemble answers all three.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...core.errors import ConfigurationError
from ...core.learning.interactions import Interactions, ItemTable, Rows, UserState
from ...core.settings import Settings
from ...models.recommender.ensemble import Ensemble
from ...models.recommender.ensemble_files import load_ensemble, save_ensemble
from ...models.recommender.fit import digest, fit_ensemble
from ...models.recommender.held_out_queries import last_items, unseen
from ..reporting.intervals import mean_of
from ..reporting.report import percentiles, report
from .baselines import Baselines
from .data import Question, read_histories, read_items, read_questions, with_text_vectors

RANDOM, RETRIEVED = "dev_random20.tsv", "dev_retrieved21.tsv"
AT = 10
CUTS = (0, 1, 2, 3, 5, 10)
TIMED_USERS, TIMED_ITEMS = 300, 200
SCORERS = (
    "popularity",
    "user_knn",
    "als",
    "cooccurrence",
    "transitions",
    "ease",
    "titles",
    "text-vectors",
    "sequential",
)
"""The scorers that find what they need here: no times, no contexts, no pictures."""
TARGETS: Mapping[str, Mapping[str, Any]] = {
    "games": {"ndcg10": ">= 80"},
    "games-retrieved": {"ndcg10": "> 5.6"},
    "games-cold": {"gain_over_blend": ">= 3 at every m >= 1", "rank_200_p95_ms": "<= 30"},
}
Say = Callable[[str, float], None]
Scores = Mapping[str, NDArray[np.float32]]


async def games_run(settings: Settings, name: str, data: Path | None, seed: int, say: Say) -> dict[str, Any]:
    """Run one of the rows and return its report; trains first, once for all rows, if nothing is kept from before.

    Raises:
        InvalidRequestError: a data file is missing.
    """
    return await asyncio.to_thread(_run, settings, name, data or settings.data, seed, say)


def _run(settings: Settings, name: str, data: Path, seed: int, say: Say) -> dict[str, Any]:
    cache = settings.cache / "bench" / "games"
    items = with_text_vectors(read_items(data), settings, cache)
    every = read_histories(data, len(items))
    asked = np.unique([q.user for file in (RANDOM, RETRIEVED) for q in read_questions(data, file)])
    others = every.keep(~np.isin(every.user, asked))
    ensemble = trained(items, others, cache, seed, say)
    ranker = _Ranker(ensemble, Baselines(items, others), every)
    questions = read_questions(data, RETRIEVED if name == "games-retrieved" else RANDOM)
    figures = _cold(ranker, questions, seed) if name == "games-cold" else _warm(ranker, questions, seed)
    figures["rank_200"] = _timed(ensemble, every, questions, seed)
    figures["training"] = {key: value for key, value in ensemble.report.items() if key != "validation"}
    figures["training_validation"] = ensemble.report["validation"]
    figures["left_out"] = ensemble.missing
    figures["split"] = f"{len(asked)} asked users took no part in training"
    return report(name, figures, n=len(questions), targets=TARGETS[name], seed=seed)


def trained(items: ItemTable, events: Interactions, cache: Path, seed: int, say: Say) -> Ensemble:
    """Return the ensemble for these events, loaded from ``cache`` or fitted and kept there."""
    folder = cache / f"ensemble-{digest(items, events, seed, SCORERS)}"
    try:
        return load_ensemble(folder, items)
    except ConfigurationError:
        pass
    ensemble = fit_ensemble(items, events, scorers=SCORERS, seed=seed, progress=say, folder=cache / "parts")
    save_ensemble(ensemble, folder)
    return ensemble


class _Ranker:
    """Scores of one question's candidates by everything that is compared."""

    def __init__(self, ensemble: Ensemble, baselines: Baselines, every: Interactions) -> None:
        self._ensemble, self._baselines, self._every = ensemble, baselines, every

    def user(self, question: Question, last: int | None) -> UserState:
        user = self._every.state_of(question.user)
        return user if last is None else last_items(user, last)

    def scores(self, question: Question, last: int | None = None) -> dict[str, Any]:
        user = self.user(question, last)
        ranking = self._ensemble.rank(user, question.rows)
        alone = {f"alone:{name}": values for name, values in ranking.sources.items()}
        return {"hybrid": ranking.scores, **self._baselines.scores(user, question.rows), **alone}

    def ranks(self, questions: Sequence[Question], last: int | None = None) -> dict[str, NDArray[np.float64]]:
        """Return the rank of each question's target by every method, infinite where it is not among the candidates."""
        found: dict[str, list[float]] = {}
        for question in questions:
            for method, scores in self.scores(question, last).items():
                found.setdefault(method, []).append(rank_of(scores, question))
        return {method: np.array(ranks) for method, ranks in found.items()}


def rank_of(scores: NDArray[np.float32], question: Question) -> float:
    """Return the target's rank from 1, the middle of its ties; infinite if it is no candidate. NaN ranks last."""
    places = np.flatnonzero(question.rows == question.target)
    if not len(places):
        return float("inf")
    known = np.where(np.isnan(scores), -np.inf, scores)
    wanted = known[places[0]]
    return float((known > wanted).sum() + ((known == wanted).sum() - 1) / 2 + 1)


def gains(ranks: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return each question's NDCG@10 x 100."""
    found: NDArray[np.float64] = np.where(ranks <= AT, 100 / np.log2(np.minimum(ranks, AT) + 1), 0.0)
    return found


def _warm(ranker: _Ranker, questions: Sequence[Question], seed: int) -> dict[str, Any]:
    ranks = ranker.ranks(questions)
    return {"ndcg10": mean_of(gains(ranks["hybrid"]), seed), "methods": _table(ranks, seed)}


def _cold(ranker: _Ranker, questions: Sequence[Question], seed: int) -> dict[str, Any]:
    rows: dict[str, Any] = {}
    for m in CUTS:
        ranks = ranker.ranks(questions, m)
        gain = gains(ranks["hybrid"]) - gains(ranks["blend"])
        rows[str(m)] = {"gain_over_blend": mean_of(gain, seed), "methods": _table(ranks, seed)}
    return {"last_items_visible": rows}


def _table(ranks: Mapping[str, NDArray[np.float64]], seed: int) -> dict[str, Any]:
    return {
        method: {"ndcg10": mean_of(gains(values), seed), "hr10": mean_of(np.where(values <= AT, 100.0, 0.0), seed)}
        for method, values in ranks.items()
    }


def _timed(ensemble: Ensemble, every: Interactions, questions: Sequence[Question], seed: int) -> dict[str, float]:
    """Return the milliseconds to rank 200 candidates for a user, features included: by the clock, and of processor time."""
    rng = np.random.default_rng([seed, 4])
    seconds, busy = [], []
    for question in questions[:TIMED_USERS]:
        user = every.state_of(question.user)
        rows: Rows = unseen(rng, every.n_items, user.items, TIMED_ITEMS)
        began, began_busy = time.perf_counter(), time.process_time()
        ensemble.rank(user, rows)
        seconds.append(time.perf_counter() - began)
        busy.append(time.process_time() - began_busy)
    return {**percentiles(seconds), "processor_p95_ms": percentiles(busy)["p95_ms"]}
