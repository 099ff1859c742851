"""Draw user and item factors from their posterior by Gibbs sampling, both sides with features.

Salakhutdinov and Mnih, ICML 2008 (the Normal-Wishart prior and the factors); Simm et al., MLSP 2017 (the map from features).
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from .scorers.base import Progress

Array = NDArray[np.float64]
CHUNK = 4096
"""So many users' or items' precisions are held at once."""
MAP_PRIOR = 5.0
"""How strongly the map from features is pulled to zero."""


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
