"""Measure a trained recommender on later events it has not seen, beside popularity and the fusion that needs no training."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime

import numpy as np
from numpy.typing import NDArray

from ...core.learning import metrics
from ...core.learning.interactions import Floats, Interactions, ItemTable, Rows, Times, UserState
from ...core.learning.model_card import Figures, Validation
from ...core.learning.recipe_choice import Way
from ...core.ranking.fusion import RRF_K, source_weights, with_learned
from ...core.ranking.query import CandidateQuery
from ...core.ranking.weights import LEARNED
from ...core.schemas import HistoryProfile, Understanding
from ...stores.events.co_occurrence import HALF_LIFE_DAYS, similarity

SHARES = (0.1, 0.2, 0.35)
"""Shares of the wanted events, newest first, that are tried as the held-out part until enough users can be asked about."""
MIN_USERS, MAX_USERS = 30, 400
PER_USER = 3
"""So many first new wishes after the cut are asked about."""
MAX_CANDIDATES = 1_000
AT = 10
DEPTH = 100
"""Candidates that each source of the untrained fusion proposes, as in a request."""
DAY_S = 86_400.0
Places = NDArray[np.float64]
Name = str | Way
Ask = Callable[[UserState, Rows], Mapping[Name, Floats]]
"""Called with a user and the candidates' rows, shape (m,); returns scores by method, shape (m,) each, higher is better."""


@dataclass(frozen=True, eq=False)
class Split:
    """Events before ``cut_at`` (seconds since 1970) and questions, shape (q,): users, in order, new items they wanted after it, when."""

    before: Interactions
    cut_at: float
    users: Rows
    targets: Rows
    at: Times

    @property
    def n_users(self) -> int:
        """Return how many users are asked about."""
        return len(np.unique(self.users))

    def per_user(self, values: Places) -> Places:
        """Return each user's mean of values, one per question, shape (n_users,)."""
        _, owner = np.unique(self.users, return_inverse=True)
        return np.asarray(np.bincount(owner, values) / np.bincount(owner))


def split_by_time(events: Interactions, seed: int) -> Split | None:
    """Return the events cut at one moment; None when no moment leaves a user with wishes on both sides."""
    wanted = events.weight > 0
    best: Split | None = None
    for share in SHARES:
        cut = float(np.quantile(events.at[wanted], 1 - share)) if wanted.any() else 0.0
        before = events.keep(events.at < cut)
        known = np.bincount(before.user[before.weight > 0], minlength=events.n_users) > 0
        late = np.flatnonzero(wanted & (events.at >= cut) & known[events.user])
        users, first, counts = np.unique(events.user[late], return_index=True, return_counts=True)
        if len(users) > (best.n_users if best else 0):
            chosen = np.sort(np.random.default_rng(seed).permutation(len(users))[:MAX_USERS])
            asked = np.concatenate([late[first[u] : first[u] + min(PER_USER, counts[u])] for u in chosen])
            best = Split(before, cut, events.user[asked], events.item[asked], events.at[asked])
        if len(users) >= MIN_USERS:
            break
    return best


def places_of(split: Split, ask: Ask, n_items: int, seed: int) -> dict[Name, Places]:
    """Return where each method places the wanted item of every question, from 1, shape (q,); ties share their places."""
    rng = np.random.default_rng([seed, 7])
    ranks: dict[Name, list[float]] = {}
    for user, target, now in zip(split.users.tolist(), split.targets.tolist(), split.at.tolist(), strict=True):
        state = replace(split.before.state_of(user), now=now)
        rows = _candidates(state, target, split.targets[split.users == user], n_items, rng)
        for name, found in ask(state, rows).items():
            scores = np.nan_to_num(found, nan=-np.inf, neginf=-1e30)
            tied = float((scores == scores[0]).sum() - 1) / 2
            ranks.setdefault(name, []).append(float((scores > scores[0]).sum()) + tied + 1)
    return {name: np.array(found) for name, found in ranks.items()}


def gains_of(places: Places) -> Places:
    """Return NDCG@10 with one wanted item, shape (q,); an item beyond the first ten gains nothing."""
    return np.where(places <= AT, metrics.ndcg(places - 1), 0.0)


def figures_of(ndcg: Places, hits: Places) -> Figures:
    """Return the means over users."""
    return Figures(ndcg_10=round(float(ndcg.mean()), 4), hr_10=round(float(hits.mean()), 4))


def validation_of(split: Split, n_items: int, figures: Mapping[str, Figures]) -> Validation:
    """Return what was measured, with how."""
    return Validation(
        cut_at=datetime.fromtimestamp(split.cut_at, UTC),
        n_users=split.n_users,
        n_questions=len(split.users),
        n_candidates=min(n_items, MAX_CANDIDATES),
        figures=dict(figures),
    )


def _candidates(state: UserState, target: int, wanted: Rows, n_items: int, rng: np.random.Generator) -> Rows:
    """Return the target and then items that the user neither knows nor wanted later, at most ``MAX_CANDIDATES`` in all."""
    out = np.concatenate([state.items, state.disliked, wanted])
    others = np.setdiff1d(np.arange(n_items, dtype=np.int32), out)
    if len(others) >= MAX_CANDIDATES:
        others = rng.choice(others, MAX_CANDIDATES - 1, replace=False)
    return np.append(np.int32(target), others).astype(np.int32)


class Popular:
    """Scores by how often an item was wanted."""

    def __init__(self, events: Interactions, half_life_days: float | None = None) -> None:
        weight = np.maximum(events.weight, 0).astype(np.float64)
        if half_life_days and len(events):
            weight *= 0.5 ** ((events.at.max() - events.at) / (DAY_S * half_life_days))
        self._counts = np.bincount(events.item, weight, minlength=events.n_items).astype(np.float32)

    def __call__(self, user: UserState, rows: Rows) -> Floats:
        """Return the counts, shape (m,)."""
        return self._counts[rows]


class Untrained:
    """Ranks a bare request as it is ranked without training: co-occurrence, nearness to the likes and popularity, fused by rank."""

    def __init__(self, items: ItemTable, events: Interactions) -> None:
        wanted = events.weight > 0
        shape = (events.n_users, events.n_items)
        self._similar = similarity(
            events.user[wanted].tolist(), events.item[wanted].tolist(), events.weight[wanted].tolist(), shape
        )
        self._vectors = items.text_vectors
        self._popular = Popular(events, HALF_LIFE_DAYS)
        profile = HistoryProfile(user_id="", known=True, liked=("anything",))
        self._bare = CandidateQuery(Understanding(), profile)

    def lists(self, user: UserState, rows: Rows) -> dict[str, Rows]:
        """Return, per source, the positions of what it proposes of ``rows``, best first."""
        found = {"popularity": self._popular(user, rows)}
        if len(user.items):
            together = np.asarray(self._similar[user.items].sum(axis=0)).reshape(-1)
            found["co_occurrence"] = together[rows].astype(np.float32)
            if self._vectors is not None:
                mean = self._vectors[user.items].mean(axis=0)
                found["profile_vector"] = np.einsum("ij,j->i", self._vectors[rows], mean)
        return {name: _listed(scores) for name, scores in found.items()}

    def alone(self, lists: Mapping[str, Rows], m: int) -> Floats:
        """Return the fused scores of m candidates, minus infinity for what no source proposes."""
        return fused_places(lists, source_weights(self._bare), m)

    def beside(self, lists: Mapping[str, Rows], learned: Floats, share: float) -> Floats:
        """Return the fused scores of the lists and of what was learnt, shape (m,), which counts by ``share`` as in a request."""
        order = np.argsort(-learned, kind="stable").astype(np.int32)
        weights = with_learned(source_weights(self._bare), self._bare, share)
        return fused_places({**lists, LEARNED: order}, weights, len(learned))


def fused_places(lists: Mapping[str, Rows], weights: Mapping[str, float], m: int) -> Floats:
    """Return the scores that ``core.ranking.fuse`` gives m candidates, up to a factor; minus infinity for those in no list."""
    scores = np.full(m, -np.inf)
    for name, found in lists.items():
        if weights.get(name, 0.0) > 0:
            told = weights[name] / (RRF_K + 1 + np.arange(len(found)))
            scores[found] = np.where(np.isfinite(scores[found]), scores[found], 0.0) + told
    return scores.astype(np.float32)


def _listed(scores: Floats) -> Rows:
    order = np.argsort(-scores, kind="stable")[:DEPTH]
    return order[scores[order] > 0].astype(np.int32)
