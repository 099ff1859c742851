"""Turn what the methods found about a photo into one probability that it was forged, calibrated on photos that nothing was trained on.

The probability holds where half of the photos are forged, as in the set it was fitted on; where fewer are, it is too high.
Source: Platt 1999, logistic regression on the scores of held-out photos.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ...core.schemas import Frozen

PACKAGED = Path(__file__).parent / "data" / "forgery.json"
FUSED = ("copied_region", "spliced_region")


class Calibration(Frozen):
    """Weights of the methods' scores, fitted on held-out photos; ``fitted`` says on what.

    ``splice_conflict``: the score of ``spliced_region`` that hardly a clean product photo reaches.
    """

    weights: dict[str, float]
    constant: float
    splice_conflict: float
    fitted: str

    def probability(self, scores: Mapping[str, float]) -> float | None:
        """Return from 0 to 1 how surely a photo with these scores, by method, was forged; none where a method did not run."""
        if any(name not in scores for name in self.weights):
            return None
        return 1 / (1 + math.exp(-self.constant - sum(w * scores[name] for name, w in self.weights.items())))


@cache
def packaged_calibration(path: Path = PACKAGED) -> Calibration:
    """Return the calibration that came along."""
    return Calibration.model_validate_json(path.read_bytes())


def fit(scores: NDArray[np.float64], forged: NDArray[np.bool_]) -> tuple[list[float], float]:
    """Return the weight of each column of ``scores`` (photos, methods) and the constant, both kinds of photo weighing half."""
    from scipy.optimize import minimize

    sign = np.where(forged, 1.0, -1.0)
    weight = np.where(forged, 0.5 / forged.sum(), 0.5 / (~forged).sum())
    spread = scores.std(axis=0) + 1e-9

    def loss(theta: NDArray[np.float64]) -> float:
        odds = (scores / spread) @ theta[:-1] + theta[-1]
        return float((weight * np.logaddexp(0, -sign * odds)).sum() + 1e-3 * (theta[:-1] ** 2).sum())

    found = minimize(loss, np.zeros(scores.shape[1] + 1), method="L-BFGS-B").x
    return [float(value) for value in found[:-1] / spread], float(found[-1])
