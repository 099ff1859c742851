"""Measure a fusion on held-out questions it has not learnt from, with 95 % bootstrap intervals over users."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...core.learning.interactions import Floats
from ...core.learning.metrics import interval, ndcg
from .features import PER_SCORER, Features
from .fusion import Fusion
from .training_lists import Answers

GROUPS = {"cold_0": (0, 0), "cold_1_2": (1, 2), "cool_3_5": (3, 5), "warm_6_up": (6, 1 << 30)}


def check(fusion: Fusion, features: Features, answers: Answers, retrieved: Answers, seed: int) -> dict[str, Any]:
    """Return NDCG@10 x 100 of the fusion and of each scorer alone among random items, and what each scorer adds.

    ``adds`` is how much is lost when a scorer's features are taken away from the fitted fusion; ``retrieved`` is NDCG among
    retrieved items, over the questions whose wanted item is one of them. Ties count half.
    """
    own = ~answers.hard
    question, columns, sources = answers.question[own], answers.features[own], answers.sources[own]
    history = answers.history
    among = ndcg_of_first(fusion.score(columns), question)
    figures: dict[str, Any] = {"ndcg10": mean_of(among, seed), "n": len(among)}
    figures["groups"] = {
        name: mean_of(among[(history >= low) & (history <= high)], seed)
        for name, (low, high) in GROUPS.items()
        if ((history >= low) & (history <= high)).any()
    }
    if len(retrieved.question):
        values = ndcg_of_first(fusion.score(retrieved.features), retrieved.question)
        figures["retrieved"] = {**mean_of(values, seed), "n": len(values)}
    figures["scorers"] = {}
    for number, name in enumerate(features.scorers):
        alone = ndcg_of_first(np.nan_to_num(sources[:, number], nan=-1e30), question)
        without = columns.copy()
        without[:, number * PER_SCORER : (number + 1) * PER_SCORER] = np.nan
        lost = among.mean() - ndcg_of_first(fusion.score(without), question).mean()
        figures["scorers"][name] = {"alone": mean_of(alone, seed), "adds": round(float(lost), 2)}
    return figures


def ndcg_of_first(scores: Floats, question: NDArray[np.int32]) -> NDArray[np.float64]:
    """Return NDCG@10 x 100 of each question's first candidate; in a tie it takes the middle place."""
    starts = np.flatnonzero(np.r_[True, question[1:] != question[:-1]])
    owner = np.cumsum(np.r_[False, question[1:] != question[:-1]])
    wanted = scores[starts][owner]
    better = np.add.reduceat((scores > wanted).astype(np.float64), starts)
    tied = np.add.reduceat((scores == wanted).astype(np.float64), starts) - 1
    return 100.0 * ndcg(better + tied / 2)


def mean_of(values: NDArray[np.float64], seed: int) -> dict[str, float]:
    """Return the mean and its 95 % interval."""
    low, high = interval(values, [seed, 3])
    return {"mean": round(float(values.mean()), 2), "low": round(low, 2), "high": round(high, 2)}
