"""Fit how similarities between pictures and words become confidences, on pictures with human captions."""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from ...core.protocols import Vectors
from .vocabulary import Calibration, confidences

NEWTON_STEPS = 30
BINS = 10


def mentions(words: Sequence[str], captions: Sequence[Sequence[str]]) -> NDArray[np.bool_]:
    """Return (pictures, words): whether any of a picture's captions mentions the word, in singular or plural."""
    patterns = [re.compile(rf"\b{re.escape(word.lower())}(s|es)?\b") for word in words]
    texts = [" . ".join(own).lower() for own in captions]
    return np.array([[bool(pattern.search(text)) for pattern in patterns] for text in texts])


def fit_calibration(
    model: str, images: Vectors, words: Vectors, mentioned: NDArray[np.bool_], fitted: str
) -> Calibration:
    """Fit slope and intercept by logistic regression over all pairs of picture and word (Platt 1999).

    Args:
        model: name of the image-text model.
        images: unit rows (pictures, dim) of pictures that the model was not trained on.
        words: unit rows (words, dim).
        mentioned: (pictures, words) as ``mentions`` returns.
        fitted: what to note about the data.
    """
    similarity = (images @ words.T).ravel().astype(np.float64)
    slope, intercept = _logistic(similarity, mentioned.ravel().astype(np.float64))
    return Calibration(model=model, slope=round(slope, 4), intercept=round(intercept, 4), fitted=fitted)


def calibration_error(
    images: Vectors, words: Vectors, mentioned: NDArray[np.bool_], calibration: Calibration
) -> tuple[float, float]:
    """Return the expected calibration error (ten equal bins; Guo et al. 2017) and the share of surest words mentioned.

    Arguments are those of ``fit_calibration``.
    """
    scores = np.stack([confidences(image, words, calibration) for image in images])
    flat, truth = scores.ravel(), mentioned.ravel()
    bins = np.minimum((flat * BINS).astype(int), BINS - 1)
    gaps = [abs(flat[bins == b].mean() - truth[bins == b].mean()) * (bins == b).mean() for b in np.unique(bins)]
    first = mentioned[np.arange(len(images)), scores.argmax(axis=1)].mean()
    return float(np.sum(gaps)), float(first)


def _logistic(x: NDArray[np.float64], y: NDArray[np.float64]) -> tuple[float, float]:
    """Return slope and intercept of a one-variable logistic regression, by Newton's method."""
    design = np.stack([x, np.ones_like(x)], axis=1)
    beta = np.array([1.0, np.log(y.mean() / (1 - y.mean()))])
    for _ in range(NEWTON_STEPS):
        p = 1 / (1 + np.exp(-design @ beta))
        hessian = design.T @ (design * (p * (1 - p))[:, None]) + 1e-9 * np.eye(2)
        step = np.linalg.solve(hessian, design.T @ (y - p))
        beta = beta + np.clip(step, -5.0, 5.0)
    return float(beta[0]), float(beta[1])
