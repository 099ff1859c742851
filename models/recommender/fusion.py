"""Fuse features into one score: boosted trees, a linear model, or rank fusion while there is too little to learn from.

``choose`` picks by the number of held-out events: below ``MIN_LINEAR`` weighted reciprocal-rank fusion (Cormack et al. 2009), below
``MIN_TREES`` a linear model fitted as a softmax over each question's candidates, above it LightGBM's trees.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Protocol, Self

import numpy as np
from numpy.typing import NDArray

from ...core.errors import ConfigurationError
from ...core.learning.interactions import Floats
from .features import PER_SCORER
from .scorers.base import Arrays, Progress, silent

MIN_LINEAR, MIN_TREES = 200, 2_000
RRF_K = 60
"""The constant of Cormack et al.; it holds down the weight of the first ranks."""
L2 = 1e-3
OBJECTIVES = ("rank_xendcg", "binary")
"""XE-NDCG (Bruch 2021) and the cross-entropy of each candidate by itself."""
TREES: Mapping[str, Any] = MappingProxyType(
    {
        "learning_rate": 0.075,
        "num_leaves": 15,
        "min_data_in_leaf": 100,
        "feature_fraction": 0.6,
        "bagging_fraction": 0.7,
        "bagging_freq": 1,
        "lambda_l2": 5.0,
        "deterministic": True,
        "verbose": -1,
    }
)
ROUNDS = 200
MIN_RETRIEVED = 300
"""Fewer lists of retrieved candidates than this teach no trees of their own."""
RETRIEVED_TREES: Mapping[str, Any] = MappingProxyType({**TREES, "num_leaves": 8, "min_data_in_leaf": 50})
RETRIEVED_ROUNDS = 150
RETRIEVED_WEIGHT = 0.5
"""What the trees of retrieved candidates count beside those of random ones, both scaled alike."""
SAY_EVERY = 10


@dataclass(frozen=True, eq=False)
class Lists:
    """Questions for a fusion, one after another; in each, the first candidate is the wanted one.

    ``features`` has shape (m, f), ``sizes`` (q,) says how many candidates each question has.
    """

    features: Floats
    sizes: NDArray[np.int64]

    @property
    def starts(self) -> NDArray[np.int64]:
        """Return where each question begins, shape (q,)."""
        return np.concatenate([[0], np.cumsum(self.sizes)[:-1]]).astype(np.int64)

    @property
    def labels(self) -> NDArray[np.int8]:
        """Return 1 for the wanted candidates and 0 for the others, shape (m,)."""
        labels = np.zeros(len(self.features), np.int8)
        labels[self.starts] = 1
        return labels

    def and_also(self, others: Lists | None) -> Lists:
        """Return these questions and ``others``."""
        if others is None or not len(others.sizes):
            return self
        return Lists(np.concatenate([self.features, others.features]), np.concatenate([self.sizes, others.sizes]))


class Fusion(Protocol):
    """Turns features into scores, higher is better."""

    kind: str

    def fit(
        self,
        lists: Lists,
        names: tuple[str, ...],
        seed: int,
        progress: Progress = silent,
        *,
        retrieved: Lists | None = None,
    ) -> Self:
        """Learn from held-out questions, ``lists`` among random and ``retrieved`` among retrieved items; return itself."""
        ...

    def score(self, features: Floats) -> Floats:
        """Return one score per row of ``features``, shape (m,)."""
        ...

    def save(self) -> tuple[Arrays, dict[str, str]]:
        """Return what was learnt: arrays, and texts by file name."""
        ...

    def restore(self, arrays: Arrays, texts: Mapping[str, str]) -> Self:
        """Take what ``save`` returned and return itself."""
        ...


class RankFusion:
    """Weighted reciprocal-rank fusion of the scorers' raw scores; learns nothing, each scorer counts the same."""

    kind = "ranks"

    def fit(
        self,
        lists: Lists,
        names: tuple[str, ...],
        seed: int,
        progress: Progress = silent,
        *,
        retrieved: Lists | None = None,
    ) -> Self:
        """Learn nothing."""
        return self

    def score(self, features: Floats) -> Floats:
        """Return the sum over scorers of 1 / (60 + rank); a scorer without an opinion adds nothing."""
        scores = np.zeros(len(features), np.float32)
        for column in range(0, (features.shape[1] // PER_SCORER) * PER_SCORER, PER_SCORER):
            raw = features[:, column]
            known = np.flatnonzero(np.isfinite(raw))
            if len(known) and np.ptp(raw[known]) > 0:
                better = np.sort(-raw[known])
                scores[known] += 1.0 / (RRF_K + 1 + np.searchsorted(better, -raw[known]))
        return scores

    def save(self) -> tuple[Arrays, dict[str, str]]:
        """Return nothing."""
        return {}, {}

    def restore(self, arrays: Arrays, texts: Mapping[str, str]) -> Self:
        """Take nothing."""
        return self


@dataclass
class LinearFusion:
    """A weighted sum of standardised features, NaN counting as the mean, fitted as a softmax over each question."""

    kind: str = "linear"
    l2: float = L2
    mean: NDArray[np.float64] = field(default_factory=lambda: np.zeros(0))
    spread: NDArray[np.float64] = field(default_factory=lambda: np.zeros(0))
    weights: NDArray[np.float64] = field(default_factory=lambda: np.zeros(0))

    def fit(
        self,
        lists: Lists,
        names: tuple[str, ...],
        seed: int,
        progress: Progress = silent,
        *,
        retrieved: Lists | None = None,
    ) -> Self:
        """Minimise the mean cross-entropy of the wanted candidate, with L2, by L-BFGS."""
        from scipy.optimize import minimize

        lists = lists.and_also(retrieved)
        columns = lists.features.astype(np.float64)
        known = np.isfinite(columns)
        count = np.maximum(known.sum(axis=0), 1)
        self.mean = np.where(known, columns, 0).sum(axis=0) / count
        self.spread = np.sqrt(np.where(known, (columns - self.mean) ** 2, 0).sum(axis=0) / count) + 1e-6
        x, starts, sizes = self._standard(columns), lists.starts, lists.sizes
        owner = np.repeat(np.arange(len(sizes)), sizes)

        def loss(weights: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
            scores = x @ weights
            scores -= np.maximum.reduceat(scores, starts)[owner]
            shares = np.exp(scores)
            total = np.add.reduceat(shares, starts)
            slope = shares / total[owner]
            slope[starts] -= 1
            value = float(np.mean(np.log(total) - scores[starts])) + self.l2 * float(weights @ weights)
            return value, x.T @ slope / len(sizes) + 2 * self.l2 * weights

        self.weights = minimize(loss, np.zeros(x.shape[1]), jac=True, method="L-BFGS-B", options={"maxiter": 200}).x
        progress(self.kind, 1.0)
        return self

    def score(self, features: Floats) -> Floats:
        """Return the weighted sums, shape (m,)."""
        scores: Floats = np.einsum("ij,j->i", self._standard(features), self.weights).astype(np.float32)
        return scores

    def save(self) -> tuple[Arrays, dict[str, str]]:
        """Return the weights and the scale of the features."""
        return {"mean": self.mean, "spread": self.spread, "weights": self.weights}, {}

    def restore(self, arrays: Arrays, texts: Mapping[str, str]) -> Self:
        """Take what ``save`` returned."""
        self.mean, self.spread, self.weights = arrays["mean"], arrays["spread"], arrays["weights"]
        return self

    def _standard(self, features: NDArray[Any]) -> NDArray[np.float64]:
        x = (features - self.mean) / self.spread
        return np.where(np.isfinite(x), np.clip(x, -8, 8), 0.0)


def choose(questions: int) -> Fusion:
    """Return the fusion that so many held-out questions can teach."""
    return FUSIONS["ranks" if questions < MIN_LINEAR else "linear" if questions < MIN_TREES else "trees"]()


def restored(kind: str, arrays: Arrays, texts: Mapping[str, str]) -> Fusion:
    """Return the saved fusion.

    Raises:
        ConfigurationError: there is no fusion of that kind.
    """
    if kind not in FUSIONS:
        raise ConfigurationError(f"no fusion called {kind!r}; there are {', '.join(FUSIONS)}; train again")
    return FUSIONS[kind]().restore(arrays, texts)


class TreeFusion:
    """The sum of boosted trees of several ``OBJECTIVES``, each divided by the spread of its scores in training.

    A listwise loss orders random candidates best; the pointwise one, which compares candidates across questions, does better
    among retrieved candidates, which all look alike. Of those further trees learn what tells good candidates from good ones:
    among random items nearly everything is told by what tells good from bad.
    """

    kind = "trees"

    def __init__(self, rounds: int = ROUNDS) -> None:
        self._rounds = rounds
        self._boosters: list[Any] = []
        self._spreads = np.ones(0)

    def fit(
        self,
        lists: Lists,
        names: tuple[str, ...],
        seed: int,
        progress: Progress = silent,
        *,
        retrieved: Lists | None = None,
    ) -> Self:
        """Grow the trees."""
        import lightgbm

        columns = [name.replace(":", "_") for name in names]
        kinds = [(lists, TREES, self._rounds, 1.0)]
        if retrieved is not None and len(retrieved.sizes) >= MIN_RETRIEVED:
            rounds = min(self._rounds, RETRIEVED_ROUNDS)
            kinds.append((retrieved, RETRIEVED_TREES, rounds, RETRIEVED_WEIGHT))
        self._boosters, spreads = [], []
        for number, (asked, trees, rounds, weight) in enumerate(kinds):
            said = _part_of(progress, number, len(kinds))
            data = lightgbm.Dataset(
                asked.features, asked.labels, group=asked.sizes, feature_name=columns, free_raw_data=False
            )
            grown = _grown(data, {**trees, "seed": seed}, rounds, said)
            self._boosters += grown
            sums = [booster.predict(asked.features, num_threads=1, raw_score=True).std() + 1e-9 for booster in grown]
            spreads += [spread / weight for spread in sums]
        self._spreads = np.array(spreads)
        return self

    def score(self, features: Floats) -> Floats:
        """Return the sum of the models' scores, shape (m,)."""
        scores = np.zeros(len(features))
        for booster, spread in zip(self._boosters, self._spreads, strict=True):
            scores += booster.predict(features, num_threads=1, raw_score=True) / spread
        return scores.astype(np.float32)

    def save(self) -> tuple[Arrays, dict[str, str]]:
        """Return the spreads, and the models in LightGBM's text format."""
        texts = {f"trees-{i}.txt": booster.model_to_string() for i, booster in enumerate(self._boosters)}
        return {"spreads": self._spreads}, texts

    def restore(self, arrays: Arrays, texts: Mapping[str, str]) -> Self:
        """Take what ``save`` returned."""
        import lightgbm

        self._boosters = [lightgbm.Booster(model_str=texts[name]) for name in sorted(texts)]
        self._spreads = arrays["spreads"]
        return self


def _grown(data: Any, trees: Mapping[str, Any], rounds: int, progress: Progress) -> list[Any]:
    """Return one booster per objective."""
    import lightgbm

    boosters: list[Any] = []
    for number, objective in enumerate(OBJECTIVES):

        def tell(env: Any, done: int = number, objective: str = objective) -> None:
            if env.iteration % SAY_EVERY == 0:
                progress(f"trees: {objective}", (done + env.iteration / rounds) / len(OBJECTIVES))

        chosen = {**trees, "objective": objective}
        boosters.append(lightgbm.train(chosen, data, rounds, callbacks=[tell]))
    return boosters


def _part_of(progress: Progress, number: int, parts: int) -> Progress:
    return lambda text, share: progress(text, (number + share) / parts)


FUSIONS: Mapping[str, Callable[[], Fusion]] = MappingProxyType(
    {"ranks": RankFusion, "linear": LinearFusion, "trees": TreeFusion}
)
