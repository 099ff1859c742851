"""Fuse features with boosted trees, LightGBM's: some learn to find good items, others to tell good ones from good ones."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from ...core.learning.interactions import Floats
from .scorers.base import Arrays, Progress, silent

if TYPE_CHECKING:
    from .fusion_contract import Lists

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
