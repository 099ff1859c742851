"""Predict the rating a user would give: damped baselines plus Bayesian factors with side information.

Factors are drawn by Gibbs sampling (Salakhutdinov and Mnih, ICML 2008); the prior mean of a user is linear in what is known besides
(Simm et al., "Macau", MLSP 2017): which items were rated at all, as in SVD++ (Koren, KDD 2008), and the user's context; that
of an item in who rated it and its attributes. Baselines: Koren, TKDD 2010, section 2.1.
"""

from __future__ import annotations

from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from ...core.learning.interactions import Floats, Interactions, ItemTable, Rows, UserState
from .ratings_features import RatingFeatures
from .ratings_sampler import Sampler, chain
from .scorers.base import Arrays, Progress, silent
from .scorers.matrix import widen

Array = NDArray[np.float64]


class Ratings:
    """Keeps ``samples`` draws of the item factors; a user is folded in by the mean of the user's factors under each draw.

    Everything of the user comes from the state: nobody needs to have been there in training. ``damping`` holds the biases of
    (items, users) back as if so many average ratings had been given.
    """

    def __init__(
        self,
        *,
        factors: int = 12,
        samples: int = 24,
        burn_in: int = 60,
        thin: int = 5,
        damping: tuple[float, float] = (10.0, 5.0),
        seed: int = 0,
    ) -> None:
        self.factors, self.samples, self.burn_in, self.thin = factors, samples, burn_in, thin
        self.damping, self.seed = damping, seed
        self._mean = 0.0
        self._range = (0.0, 0.0)
        self._disliked = 0.0
        self._bias = np.zeros(0)
        self._features = RatingFeatures()
        self._draws: dict[str, Array] = {}

    @property
    def known(self) -> bool:
        """Tell whether there were ratings to learn from."""
        return bool(self._draws)

    def fit(self, items: ItemTable, events: Interactions, progress: Progress = silent) -> Self:
        """Learn from the events that carry a rating; the last one counts where a user rated an item twice."""
        last = latest_ratings(events)
        if not last.any():
            self._draws = {}
            return self
        user, item, rating = events.user[last], events.item[last], events.rating[last].astype(np.float64)
        self._mean, self._range = float(rating.mean()), (float(rating.min()), float(rating.max()))
        low = rating[events.weight[last] < 0]
        self._disliked = float(low.mean()) if len(low) else self._range[0]
        self._bias = _damped(item, rating - self._mean, len(items), self.damping[0])
        rest = rating - self._mean - self._bias[item]
        rest -= _damped(user, rest, events.n_users, self.damping[1])[user]
        self._features = RatingFeatures().learn(items, events, user, item, self.seed)
        known = self._features
        sampler = Sampler(user, item, rest, users=known.users, items=known.items, k=self.factors, seed=self.seed)
        self._draws = chain(sampler, self.samples, self.burn_in, self.thin, progress)
        return self

    def predict(self, user: UserState, items: Rows) -> Floats:
        """Return the expected rating of each item, shape (m,), within the range seen; NaN where nothing was learnt.

        Items the state counts as disliked were rated, for all we know, as dislikes were rated on average.
        """
        if not self.known:
            return np.full(len(items), np.nan, dtype=np.float32)
        rows, rating = self._rated(user)
        rest = rating - self._mean - self._bias[rows]
        bias = float(rest.sum() / (len(rest) + self.damping[1]))
        vectors = self._fold_in(rows, rest - bias, self._features.of(rows, user.context))
        shares = np.einsum("sk,smk->m", vectors, self._draws["items"][:, items]) / len(vectors)
        told = self._mean + self._bias[items] + bias + shares
        return np.asarray(np.clip(told, *self._range), dtype=np.float32)

    def rated(self, items: Rows) -> NDArray[np.bool_]:
        """Tell, shape (m,), for which items somebody's rating was learnt from."""
        return np.asarray(self._bias[items] != 0)

    def _rated(self, user: UserState) -> tuple[Rows, Array]:
        given = np.isfinite(user.ratings) & (user.items < len(self._bias))
        disliked = np.setdiff1d(user.disliked[user.disliked < len(self._bias)], user.items[given])
        rows = np.concatenate([user.items[given], disliked]).astype(np.int32)
        rating = np.concatenate([user.ratings[given], np.full(len(disliked), self._disliked)]).astype(np.float64)
        rows, first = np.unique(rows[::-1], return_index=True)
        return rows, rating[::-1][first]

    def _fold_in(self, rows: Rows, rest: Array, features: Array) -> Array:
        """Return the mean of the user's factors under each draw, shape (samples, factors)."""
        draws = self._draws
        factors, alpha = draws["items"][:, rows], draws["noise"][:, None]
        prior = draws["user_mean"] + np.einsum("d,sdk->sk", features, draws["user_map"])
        precision = draws["user_precision"] + alpha[..., None] * np.einsum("srk,srl->skl", factors, factors)
        right = np.einsum("skl,sl->sk", draws["user_precision"], prior) + alpha * np.einsum("srk,r->sk", factors, rest)
        return np.asarray(np.linalg.solve(precision, right[..., None])[..., 0])

    def save(self) -> Arrays:
        """Return everything learnt as arrays."""
        numbers = np.array([self._mean, *self._range, self._disliked, *self.damping])
        draws = {f"draw_{name}": draw.astype(np.float32) for name, draw in self._draws.items()}
        return {"numbers": numbers, "bias": self._bias, **draws, **self._features.save()}

    def restore(self, items: ItemTable, arrays: Arrays) -> Self:
        """Take what ``save`` returned; an item that came later is an average one."""
        mean, low, high, disliked, *damping = (float(x) for x in arrays["numbers"])
        self._mean, self._range, self._disliked = mean, (low, high), disliked
        self.damping = (damping[0], damping[1])
        self._bias = widen(np.asarray(arrays["bias"], dtype=np.float64), len(items), 0.0)
        named = {name.removeprefix("draw_"): arrays[name] for name in arrays if name.startswith("draw_")}
        self._draws = {name: np.asarray(draw, dtype=np.float64) for name, draw in named.items()}
        if self._draws:
            grown = widen(self._draws["items"].swapaxes(0, 1), len(items), 0.0)
            self._draws["items"] = np.ascontiguousarray(grown.swapaxes(0, 1))
        self._features = RatingFeatures().restore(arrays, len(items))
        return self


def biases(events: Interactions, damping: float = 10.0) -> tuple[float, Array, Array]:
    """Return the mean rating and how far items and then users lie from it, shapes (n_items,) and (n_users,), damped."""
    last = latest_ratings(events)
    user, item, rating = events.user[last], events.item[last], events.rating[last].astype(np.float64)
    mean = float(rating.mean())
    of_item = _damped(item, rating - mean, events.n_items, damping)
    return mean, of_item, _damped(user, rating - mean - of_item[item], events.n_users, damping)


def latest_ratings(events: Interactions) -> NDArray[np.bool_]:
    """Return a mask, shape (m,), of each user's last rating of each item."""
    rated = np.flatnonzero(np.isfinite(events.rating))
    keys = events.user[rated].astype(np.int64) * max(events.n_items, 1) + events.item[rated]
    _, first = np.unique(keys[::-1], return_index=True)
    mask = np.zeros(len(events), dtype=bool)
    mask[rated[::-1][first]] = True
    return mask


def _damped(owner: NDArray[Any], values: Array, n: int, damping: float) -> Array:
    return np.asarray(np.bincount(owner, values, minlength=n) / (np.bincount(owner, minlength=n) + damping))
