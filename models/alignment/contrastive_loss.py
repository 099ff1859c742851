"""The contrastive loss of the projection, and which other pictures a text may mean besides its own, in NumPy."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]
Labels = NDArray[np.int32]
NO_LABELS: Labels = np.zeros((0, 0), np.int32)
UNKNOWN = -1
MAX_SCALE = 100.0


@dataclass(frozen=True, slots=True)
class Kinship:
    """How alike pictures are by the values of a shop's own fields.

    ``labels`` (images, fields) are numbers of values, -1 where unknown; ``weights``, of the same shape, are how rare the value
    is, log(images / images with it), and 0 for a value that nothing else has. A rare value that two pictures share, such as
    the type of an article, thus tells more than a common one, such as a season.
    """

    labels: Labels
    weights: Floats

    @classmethod
    def of(cls, labels: Labels) -> Kinship:
        """Return the kinship by these labels."""
        weights = np.zeros(labels.shape, np.float32)
        for own, column in zip(weights.T, labels.T, strict=True):
            _, place, counts = np.unique(column, return_inverse=True, return_counts=True)
            shared = (column != UNKNOWN) & (counts[place] > 1)
            own[shared] = np.log(len(column) / counts[place][shared])
        return cls(labels, weights)

    def among(self, chosen: NDArray[np.int64]) -> Floats:
        """Return the share of their values' weight that each two of the chosen images have in common, 0 to 1, (m, m)."""
        labels, weights = self.labels[chosen], self.weights[chosen]
        common = np.zeros((len(chosen), len(chosen)), np.float32)
        for values, own in zip(labels.T, weights.T, strict=True):
            common += (values[:, None] == values[None]) * own[:, None]
        whole = weights.sum(axis=1)
        return np.asarray(common / np.maximum(np.maximum(whole[:, None], whole[None]), np.float32(1e-6)), np.float32)


def softened(target: Floats, share: float, alike: Floats, scale: float) -> Floats:
    """Return a target (m, m) of which ``share`` goes to what is alike, by the softmax of ``scale * alike``.

    A picture's own text stays right and those of its kin are less wrong (Gao et al. 2024, SoftCLIP; the kin by labels are
    the positives of Khosla et al. 2020, supervised contrastive learning).
    """
    return np.asarray((1 - share) * target + share * softmax((scale * alike).astype(np.float32)), np.float32)


def contrastive(images: Floats, texts: Floats, log_scale: float, target: Floats) -> tuple[float, Floats, float]:
    """Return the loss both ways of unit rows, its gradient by the images and by the logarithm of the scale.

    CLIP's symmetric cross-entropy (Radford et al. 2021) against ``target`` (m, m): row i says which texts image i means.
    """
    scale = min(math.exp(log_scale), MAX_SCALE)
    logits = (scale * (images @ texts.T)).astype(np.float32)
    by_image, by_text = softmax(logits), softmax(logits.T).T
    gradient = (by_image - target + by_text - target.T) * np.float32(0.5 / len(images))
    own = np.diag(by_image), np.diag(by_text)
    loss = -0.5 * float(sum(np.log(np.maximum(chance, 1e-12)).mean() for chance in own))
    return loss, (np.float32(scale) * (gradient @ texts)).astype(np.float32), float((gradient * logits).sum())


def softmax(rows: Floats) -> Floats:
    """Return each row's softmax."""
    raised = np.exp(rows - rows.max(axis=1, keepdims=True))
    return np.asarray(raised / raised.sum(axis=1, keepdims=True), np.float32)
