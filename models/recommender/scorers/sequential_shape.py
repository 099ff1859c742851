"""The shape of the sequential scorer's input: what training and scoring share, without torch."""

from __future__ import annotations

import numpy as np

from ....core.learning.interactions import Floats

LENGTH = 50


"""So many last items are read."""


def centred(vectors: Floats, mean: Floats) -> Floats:
    """Return text vectors less their mean, scaled to about unit variance; an item without one stays zero."""
    known = vectors.any(axis=1, keepdims=True)
    return np.where(known, (vectors - mean) * np.sqrt(vectors.shape[1]) / 4, 0).astype(np.float32)
