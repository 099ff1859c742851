"""Run ``beyond``: what every profile and every way to spread a list costs in NDCG and buys in variety, on MovieLens-100k.

Protocol: as ``ml100k``, the last rating of at least 4 by time is the target and everything earlier is history; of the ``POOL`` best
unseen films by the profile's scores a list of ten is chosen, by the same functions that the product uses. The strength of each
strategy is the greatest whose loss of NDCG@10 on the validation users, and that of every smaller one, is at most
``ALLOWED_LOSS``; the figures are of the other users. Variety is measured by genres, which the strategies see, and by who
rated films together, which they do not.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...core.learning.interactions import Interactions, ItemTable, UserState
from ...core.learning.metrics import ndcg
from ...core.ranking.diversity import MILD, Pool, less_popular, spread
from ...core.ranking.fusion import scaled
from ...core.schemas import SpreadName
from ...core.settings import Settings
from ...models.recommender.fit_whole_catalogue import fit_catalogue
from ...models.recommender.scorers.base import Progress, silent
from ...models.recommender.scorers.listing import SCORERS
from ..reporting.intervals import gain_of, mean_of
from ..reporting.report import report
from .data import Movies, read, watched_before
from .fairness import Quality, exposure, quality

SINGLE = ("popularity", "cooccurrence", "ease")
PARTS = ("popularity", "cooccurrence", "transitions", "user_knn", "ease")
"""What the profile ``ensemble`` is made of: the quick ones of ``ml100k``."""
POOL = 60
VALIDATION_SHARE = 0.4
ALLOWED_LOSS = 0.01
"""Half of what the bar allows, since a loss on other users may be greater than on these."""
BAR = 0.02
STRENGTHS = (0.02, 0.05, 0.1, 0.15, 0.2, 0.25, 0.3, 0.4, 0.5, 0.6)
WAYS: Mapping[str, SpreadName] = {"mmr": "mmr", "dpp": "dpp", "calibrated": "calibrated", "less_popular": "none"}
Score = Callable[[UserState], NDArray[np.float32]]
AT = 10
GROUPS = ("niche", "mixed", "mainstream")
Rows = NDArray[np.int32]
Values = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Asked:
    """A user's question: the best unseen films, how relevant each is from 0 to 1, and what the figures need."""

    rows: NDArray[np.int32]
    relevance: NDArray[np.float32]
    target: int
    history: NDArray[np.int32]
    group: str


async def beyond_run(settings: Settings, data: Path | None, seed: int, progress: Progress = silent) -> dict[str, Any]:
    """Return the figures of the row ``beyond``."""
    return await asyncio.to_thread(figures_of, read(settings, data), seed, progress)


def figures_of(movies: Movies, seed: int, progress: Progress = silent) -> dict[str, Any]:
    """Measure every profile without spread and with every strategy at its chosen strength."""
    targets = movies.last_liked()
    asked = targets[targets >= 0]
    training = movies.until(np.where(targets >= 0, targets, movies.events.starts[1:]))
    asked = asked[[len(watched_before(movies, int(row))) > 0 for row in asked]]
    facts = Facts.of([genres_of(a) for a in movies.items.attributes], training)
    rng = np.random.default_rng(seed)
    tuning = rng.random(len(asked)) < VALIDATION_SHARE
    profiles: dict[str, Any] = {}
    fairness: dict[str, Any] = {}
    for name, score, seconds in _profiles(movies.items, training, seed, progress):
        questions = _questions(movies, training, asked, score, facts)
        profiles[name], best = measure(questions, tuning, facts, seed)
        profiles[name]["fit_seconds"] = seconds
        progress(f"{name} measured", 1.0)
        fairness[name] = _fairness(movies, asked[~tuning], best, seed)
    figures_ = {
        "profiles": profiles,
        "fairness": fairness,
        "split": f"{int(tuning.sum())} users choose the strengths, {int((~tuning).sum())} others are reported",
        "meets": {name: found["bought"]["loss_percent"]["value"] <= 100 * BAR for name, found in profiles.items()},
    }
    return report("beyond", figures_, n=int((~tuning).sum()), targets={"loss_percent": 100 * BAR}, seed=seed)


def measure(
    questions: Sequence[Asked], tuning: NDArray[np.bool_], facts: Facts, seed: int
) -> tuple[dict[str, Any], list[Shown]]:
    """Return one profile's figures, and the lists of the strategy that buys most variety."""
    known = [q for q, t in zip(questions, tuning, strict=True) if t]
    others = [q for q, t in zip(questions, tuning, strict=True) if not t]
    plain = [listed(q, facts, "none", 0.0) for q in others]
    found: dict[str, Any] = {"none": figures(plain, facts, seed)}
    lists: dict[str, list[Shown]] = {}
    for way in WAYS:
        strength = choose(known, facts, way)
        lists[way] = [listed(q, facts, way, strength) for q in others]
        found[way] = {"strength": strength, "loss_percent": _loss(ndcg_of(lists[way]), ndcg_of(plain), seed)}
        found[way] |= figures(lists[way], facts, seed)
    usual = [listed(q, facts, MILD.strategy, MILD.strength) for q in others]
    found["deployed"] = {"strategy": MILD.strategy, "strength": MILD.strength}
    found["deployed"] |= {"loss_percent": _loss(ndcg_of(usual), ndcg_of(plain), seed), **figures(usual, facts, seed)}
    gained = {w: found[w]["diversity_genres"]["value"] - found["none"]["diversity_genres"]["value"] for w in WAYS}
    best = max(gained, key=lambda w: gained[w])
    found["bought"] = {
        "by": best,
        "strength": found[best]["strength"],
        "loss_percent": found[best]["loss_percent"],
        "diversity_genres_percent": round(100 * gained[best] / found["none"]["diversity_genres"]["value"], 2),
    }
    return found, lists[best]


def choose(questions: Sequence[Asked], facts: Facts, way: str) -> float:
    """Return the greatest strength up to which no strength loses more than ``ALLOWED_LOSS`` of NDCG@10; 0 if the least does."""
    plain = float(ndcg_of([listed(q, facts, "none", 0.0) for q in questions]).mean())
    chosen = 0.0
    for strength in STRENGTHS:
        kept = float(ndcg_of([listed(q, facts, way, strength) for q in questions]).mean())
        if kept < (1 - ALLOWED_LOSS) * plain:
            break
        chosen = strength
    return chosen


def listed(asked: Asked, facts: Facts, way: str, strength: float) -> Shown:
    """Return the list of ten that one way of spreading chooses from a question's films."""
    relevance, strategy = asked.relevance, WAYS.get(way, "none")
    if way == "less_popular":
        relevance = less_popular(relevance, facts.wanted[asked.rows].astype(np.float32), strength)
    shares = facts.genres[asked.rows]
    division = shares / np.maximum(shares.sum(axis=1, keepdims=True), 1e-12)
    taste = facts.genres[asked.history]
    target = (taste / np.maximum(taste.sum(axis=1, keepdims=True), 1e-12)).sum(axis=0)
    chosen = spread(strategy, Pool(relevance, shares, division, target), AT, strength)
    return Shown(asked.rows[chosen], asked.target, asked.history, asked.group)


def genres_of(attributes: Mapping[str, Any]) -> list[str]:
    """Return a film's genres."""
    found = attributes.get("genre")
    return found if isinstance(found, list) else []


def _loss(kept: NDArray[np.float64], plain: NDArray[np.float64], seed: int) -> dict[str, float]:
    """Return by how many per cent ``kept`` is below ``plain``, with its interval."""
    gain = gain_of(kept, plain, seed)
    return {"value": round(-gain["value"], 2), "low": round(-gain["high"], 2), "high": round(-gain["low"], 2)}


def _profiles(
    items: ItemTable, training: Interactions, seed: int, progress: Progress
) -> list[tuple[str, Score, float]]:
    every = np.arange(len(items), dtype=np.int32)
    found: list[tuple[str, Score, float]] = []
    for name in SINGLE:
        began = time.monotonic()
        scorer = SCORERS[name]().fit(items, training)
        found.append((name, lambda state, s=scorer: np.nan_to_num(s.score(state, every), nan=-1e9), _since(began)))  # type: ignore[misc]
        progress(f"{name} fitted", 1.0)
    began = time.monotonic()
    ensemble = fit_catalogue(items, training, scorers=PARTS, seed=seed, progress=progress)
    found.append(("ensemble", lambda state: ensemble.rank(state, every).scores, _since(began)))
    return found


def _since(began: float) -> float:
    return round(time.monotonic() - began, 1)


def _questions(
    movies: Movies, training: Interactions, asked: NDArray[np.int64], score: Score, facts: Facts
) -> list[Asked]:
    users = [int(movies.events.user[row]) for row in asked]
    groups = user_groups(training, users, facts.share)
    found = []
    for row, user in zip(asked.tolist(), users, strict=True):
        scores = np.array(score(movies.state(row)), dtype=np.float32)
        scores[watched_before(movies, row)] = -np.inf
        rows = np.lexsort((np.arange(len(scores)), -scores))[:POOL].astype(np.int32)
        rows = rows[np.isfinite(scores[rows])]
        target = int(movies.events.item[row])
        found.append(Asked(rows, scaled(scores[rows]), target, wanted_by(training, user), groups[user]))
    return found


def _fairness(movies: Movies, asked: NDArray[np.int64], shown: Sequence[Shown], seed: int) -> dict[str, Any]:
    """Return exposure by genre and quality by sex and age of the lists of one profile."""
    genres = [genres_of(a) for a in movies.items.attributes]
    contexts = [movies.events.user_context[int(movies.events.user[row])] for row in asked]
    scores = ndcg_of(shown)
    found = [Quality({k: c[k] for k in ("sex", "age")}, float(s)) for c, s in zip(contexts, scores, strict=True)]
    lists = [[genres[row] for row in s.rows] for s in shown]
    return {"exposure": exposure(lists, genres, seed), "quality": quality(found, seed)}


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
