"""Predict the rating a user would give: damped baselines plus Bayesian factors with side information.

Factors are drawn by Gibbs sampling (Salakhutdinov and Mnih, ICML 2008); the prior mean of a user is linear in what is known besides
(Simm et al., "Macau", MLSP 2017): which items were rated at all, as in SVD++ (Koren, KDD 2008), and the user's context; that
of an item in who rated it and its attributes. Baselines: Koren, TKDD 2010, section 2.1.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from ...core.learning.interactions import Floats, Interactions, ItemTable, Rows, UserState
from .scorers.attributes import attribute_matrix
from .scorers.base import Arrays, Progress, silent
from .scorers.matrix import one_thread, widen
from .scorers.segments import labels_of

Array = NDArray[np.float64]
MAX_LABELS = 100
MAX_ATTRIBUTES = 200
CHUNK = 4096
"""So many users' or items' precisions are held at once."""
MAP_PRIOR = 5.0
"""How strongly the map from features is pulled to zero."""


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
        with one_thread():  # a step takes many small inverses, for which several threads cost five times what one does
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


class RatingFeatures:
    """``users`` (n_users, d) and ``items`` (n_items, e), both near unit length; ``of`` makes a user's row from a state.

    The first columns are a truncated singular value decomposition, of ``rank``, of who rated what, rows of length one.
    """

    def __init__(self, rank: int = 20) -> None:
        self.rank = rank
        self.users = np.zeros((0, 0))
        self.items = np.zeros((0, 0))
        self._basis = np.zeros((0, 0))
        self._labels: dict[str, int] = {}

    def learn(self, items: ItemTable, events: Interactions, user: Rows, item: Rows, seed: int) -> Self:
        """Decompose the pairs (user, item), shape (m,), and count labels and attributes."""
        from scipy.sparse import csr_matrix
        from scipy.sparse.linalg import svds

        self._labels = _frequent(events)
        pairs = csr_matrix((np.ones(len(user)), (user, item)), shape=(events.n_users, len(items)))
        lengths = np.sqrt(np.maximum(np.asarray(pairs.sum(axis=1)).reshape(-1), 1.0))
        pairs = csr_matrix((1.0 / lengths[user], (user, item)), shape=pairs.shape)
        rank = min(self.rank, min(pairs.shape) - 1)
        if rank > 0:
            start = np.random.default_rng(seed).standard_normal(min(pairs.shape))
            _, scale, right = svds(pairs, k=rank, v0=start)
            self._basis = right[::-1].T
            spread = np.sqrt(np.maximum(scale[::-1] ** 2 / events.n_users, 1e-12))
            self._basis = self._basis / (spread * np.sqrt(rank))
        else:
            self._basis = np.zeros((len(items), 0))
        contexts = events.user_context or tuple({} for _ in range(events.n_users))
        self.users = np.concatenate([pairs @ self._basis, np.stack([self._context(c) for c in contexts])], axis=1)
        self.items = np.concatenate([_attributes(items), _scaled(self._basis)], axis=1)
        return self

    def of(self, rated: Rows, context: Mapping[str, str]) -> Array:
        """Return the features of a user who rated the distinct items ``rated``, shape (d,)."""
        part = self._basis[rated].sum(axis=0) / np.sqrt(max(len(rated), 1))
        return np.concatenate([part, self._context(context)])

    def _context(self, context: Mapping[str, str]) -> Array:
        row = np.zeros(len(self._labels))
        for label in labels_of(context):
            if label in self._labels:
                row[self._labels[label]] = 1.0
        return np.asarray(row / max(np.sqrt(row.sum()), 1.0))

    def save(self) -> Arrays:
        """Return what a user's row is made with."""
        return {"basis": self._basis, "labels": np.array(list(self._labels), dtype=np.str_)}

    def restore(self, arrays: Arrays, n_items: int) -> Self:
        """Take what ``save`` returned; an item that came later says nothing about who rated it."""
        self._basis = widen(np.asarray(arrays["basis"], dtype=np.float64), n_items, 0.0)
        self._labels = {str(label): place for place, label in enumerate(arrays["labels"])}
        return self


def _frequent(events: Interactions) -> dict[str, int]:
    often: dict[str, int] = {}
    for context in events.user_context:
        for label in labels_of(context):
            often[label] = often.get(label, 0) + 1
    kept = sorted((label for label, n in often.items() if n >= 2), key=lambda label: (-often[label], label))
    return {label: place for place, label in enumerate(kept[:MAX_LABELS])}


def _attributes(items: ItemTable) -> Array:
    matrix, _ = attribute_matrix(items)
    often = np.asarray(matrix.sum(axis=0)).reshape(-1)
    kept = np.sort(np.argsort(-often, kind="stable")[:MAX_ATTRIBUTES])
    dense = np.asarray(matrix[:, kept].todense(), dtype=np.float64).reshape(len(items), len(kept))
    return np.asarray(dense / np.maximum(np.linalg.norm(dense, axis=1, keepdims=True), 1.0))


def _scaled(rows: Array) -> Any:
    typical = np.sqrt((rows**2).sum(axis=1).mean()) if rows.size else 1.0
    return rows / max(float(typical), 1e-12)


class Side:
    """The users, or the items: features (n, d), factors (n, k) and the prior of the factors."""

    def __init__(self, features: Array, k: int, rng: np.random.Generator) -> None:
        self.features = features
        self.factors = 0.1 * rng.standard_normal((len(features), k))
        self.mean, self.precision = np.zeros(k), np.eye(k)
        self.map = np.zeros((features.shape[1], k))
        self._gram = features.T @ features + MAP_PRIOR * np.eye(features.shape[1])
        self._rng = rng

    @property
    def prior(self) -> Array:
        """Return the prior mean of every row, shape (n, k)."""
        return np.asarray(self.mean + self.features @ self.map)

    def draw_prior(self) -> None:
        """Draw mean and precision given the factors, then the map given both."""
        rest = self.factors - self.features @ self.map
        n, k = rest.shape
        centre = rest.mean(axis=0)
        scatter = np.eye(k) + (rest - centre).T @ (rest - centre) + 2.0 * n / (n + 2.0) * np.outer(centre, centre)
        self.precision = self._wishart(np.linalg.inv(scatter), n + k)
        lower = np.linalg.cholesky(np.linalg.inv((n + 2.0) * self.precision))
        self.mean = n * centre / (n + 2.0) + lower @ self._rng.standard_normal(k)
        spread = np.linalg.cholesky(np.linalg.inv(self.precision))
        noisy = self.factors - self.mean + self._rng.standard_normal((n, k)) @ spread.T
        extra = np.sqrt(MAP_PRIOR) * self._rng.standard_normal(self.map.shape) @ spread.T
        self.map = np.linalg.solve(self._gram, self.features.T @ noisy + extra)

    def _wishart(self, scale: Array, freedom: int) -> Array:
        """Draw by Bartlett's decomposition."""
        k = len(scale)
        triangle = np.tril(self._rng.standard_normal((k, k)), -1)
        triangle[np.diag_indices(k)] = np.sqrt(self._rng.chisquare(freedom - np.arange(k)))
        root = np.linalg.cholesky((scale + scale.T) / 2) @ triangle
        return np.asarray(root @ root.T)

    def draw_factors(self, values: Any, given: Any, other: Array, noise: float) -> None:
        """Draw all factors given those of the other side; ``values`` and ``given`` are CSR matrices (n, m)."""
        k = self.factors.shape[1]
        pairs = (other[:, :, None] * other[:, None, :]).reshape(len(other), k * k)
        right = self.prior @ self.precision + noise * (values @ other)
        for start in range(0, len(self.factors), CHUNK):
            part = slice(start, start + CHUNK)
            precision = self.precision + noise * (given[part] @ pairs).reshape(-1, k, k)
            lower = np.linalg.cholesky(precision)
            half = np.linalg.solve(lower, right[part][..., None])
            half += self._rng.standard_normal(half.shape)
            self.factors[part] = np.linalg.solve(lower.swapaxes(1, 2), half)[..., 0]


class Sampler:
    """One chain over the ratings ``value`` of ``user`` and ``item``, shape (m,) each, baselines taken off."""

    def __init__(
        self,
        user: NDArray[Any],
        item: NDArray[Any],
        value: Array,
        *,
        users: Array,
        items: Array,
        k: int,
        seed: int,
    ) -> None:
        from scipy.sparse import csr_matrix

        rng = np.random.default_rng(seed)
        self._user, self._item, self._value, self._rng = user, item, value, rng
        self.users, self.items = Side(users, k, rng), Side(items, k, rng)
        shape = (len(users), len(items))
        self._values = csr_matrix((value, (user, item)), shape=shape)
        self._given = csr_matrix((np.ones(len(value)), (user, item)), shape=shape)
        self._values_t, self._given_t = self._values.T.tocsr(), self._given.T.tocsr()
        self.noise = 1.0 / max(float(value.var()), 1e-6)

    def step(self) -> None:
        """Draw priors, noise and factors once."""
        self.users.draw_prior()
        self.users.draw_factors(self._values, self._given, self.items.factors, self.noise)
        self.items.draw_prior()
        self.items.draw_factors(self._values_t, self._given_t, self.users.factors, self.noise)
        told = np.einsum("ij,ij->i", self.users.factors[self._user], self.items.factors[self._item])
        squares = float(((self._value - told) ** 2).sum())
        self.noise = float(self._rng.gamma(1.0 + len(told) / 2, 1.0 / (1.0 + squares / 2)))


def chain(sampler: Sampler, samples: int, burn_in: int, thin: int, progress: Progress) -> dict[str, Array]:
    """Run the chain and return what folding a user in needs, of every kept draw, first axis ``samples``."""
    kept: dict[str, list[Any]] = {name: [] for name in ("items", "noise", "user_mean", "user_precision", "user_map")}
    steps = burn_in + samples * thin
    for number in range(1, steps + 1):
        sampler.step()
        if number > burn_in and (number - burn_in) % thin == 0:
            users = sampler.users
            draw = (sampler.items.factors, sampler.noise, users.mean, users.precision, users.map)
            for name, value in zip(kept, draw, strict=True):
                kept[name].append(np.array(value))
        progress(f"ratings: draw {number} of {steps}", number / steps)
    return {name: np.stack(values) for name, values in kept.items()}
