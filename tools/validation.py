"""Measure a trained recommender on later events it has not seen, beside popularity and the fusion that needs no training."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

import numpy as np

from ..core.candidates import CandidateQuery
from ..core.interactions import Floats, Interactions, ItemTable, Rows, UserState
from ..core.model_card import Figures, Validation
from ..core.ranking import fuse, source_weights
from ..core.schemas import Candidate, HistoryProfile, Understanding
from ..stores.collaborative import HALF_LIFE_DAYS, similarity

SHARES = (0.1, 0.2, 0.35)
"""Shares of the wanted events, newest first, that are tried as the held-out part until enough users can be asked about."""
MIN_USERS, MAX_USERS = 30, 400
MAX_CANDIDATES = 1_000
AT = 10
DEPTH = 100
"""Candidates that each source of the untrained fusion proposes, as in a request."""
DAY_S = 86_400.0
Score = Callable[[UserState, Rows], Floats]
"""Called with a user and the candidates' rows, shape (m,); returns scores, shape (m,), higher is better."""


@dataclass(frozen=True, eq=False)
class Split:
    """Events before ``cut_at`` (seconds since 1970) and, per user asked about, the first new item wanted after it."""

    before: Interactions
    cut_at: float
    users: Rows
    targets: Rows


def split_by_time(events: Interactions, seed: int) -> Split | None:
    """Return the events cut at one moment; None when no moment leaves a user with wishes on both sides."""
    wanted = events.weight > 0
    best: Split | None = None
    for share in SHARES:
        cut = float(np.quantile(events.at[wanted], 1 - share)) if wanted.any() else 0.0
        before = events.keep(events.at < cut)
        known = np.bincount(before.user[before.weight > 0], minlength=events.n_users) > 0
        late = np.flatnonzero(wanted & (events.at >= cut) & known[events.user])
        users, first = np.unique(events.user[late], return_index=True)
        if len(users) > (len(best.users) if best else 0):
            chosen = np.sort(np.random.default_rng(seed).permutation(len(users))[:MAX_USERS])
            best = Split(before, cut, users[chosen].astype(np.int32), events.item[late[first[chosen]]])
        if len(users) >= MIN_USERS:
            break
    return best


def validate(split: Split, methods: Mapping[str, Score], n_items: int, seed: int) -> Validation:
    """Return the figures of every method over the same users and candidates; ties share their places."""
    rng = np.random.default_rng([seed, 7])
    ranks: dict[str, list[float]] = {name: [] for name in methods}
    for user, target in zip(split.users.tolist(), split.targets.tolist(), strict=True):
        state = split.before.state_of(user)
        rows = _candidates(state, target, n_items, rng)
        for name, score in methods.items():
            scores = np.nan_to_num(score(state, rows), nan=-np.inf, neginf=-1e30)
            tied = float((scores == scores[0]).sum() - 1) / 2
            ranks[name].append(float((scores > scores[0]).sum()) + tied + 1)
    return Validation(
        cut_at=datetime.fromtimestamp(split.cut_at, UTC),
        n_users=len(split.users),
        n_candidates=min(n_items, MAX_CANDIDATES),
        figures={name: _figures(np.array(found)) for name, found in ranks.items()},
    )


def _candidates(state: UserState, target: int, n_items: int, rng: np.random.Generator) -> Rows:
    """Return the target and then items that the user does not know, at most ``MAX_CANDIDATES`` in all."""
    out = np.concatenate([state.items, state.disliked, np.array([target], np.int32)])
    others = np.setdiff1d(np.arange(n_items, dtype=np.int32), out)
    if len(others) >= MAX_CANDIDATES:
        others = rng.choice(others, MAX_CANDIDATES - 1, replace=False)
    return np.append(np.int32(target), others).astype(np.int32)


def _figures(ranks: np.ndarray[tuple[int], np.dtype[np.float64]]) -> Figures:
    hit = ranks <= AT
    gain = np.where(hit, 1 / np.log2(1 + ranks), 0.0)
    return Figures(ndcg_10=round(float(gain.mean()), 4), hr_10=round(float(hit.mean()), 4))


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
        self._weights = source_weights(CandidateQuery(Understanding(), profile))

    def __call__(self, user: UserState, rows: Rows) -> Floats:
        """Return the fused scores, shape (m,), minus infinity for what no source proposes."""
        found = {"popularity": self._popular(user, rows)}
        if len(user.items):
            together = np.asarray(self._similar[user.items].sum(axis=0)).reshape(-1)
            found["co_occurrence"] = together[rows].astype(np.float32)
            if self._vectors is not None:
                mean = self._vectors[user.items].mean(axis=0)
                found["profile_vector"] = np.einsum("ij,j->i", self._vectors[rows], mean)
        fused = fuse({name: _listed(name, scores) for name, scores in found.items()}, self._weights)
        scores = np.full(len(rows), -np.inf, dtype=np.float32)
        for item in fused:
            scores[int(item.item_id)] = item.score
        return scores


def _listed(source: str, scores: Floats) -> list[Candidate]:
    order = np.argsort(-scores, kind="stable")[:DEPTH]
    best = [int(i) for i in order if scores[i] > 0]
    return [Candidate(str(i), source, rank, float(scores[i])) for rank, i in enumerate(best, 1)]
