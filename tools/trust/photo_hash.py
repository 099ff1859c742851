"""Hash a photo so that copies of it, saved again or resized, have nearly the same 256 bits.

Source: PDQ, Meta 2019, "The TMK+PDQF Video-Hashing Algorithm and the PDQ Image-Hashing Algorithm": brightness, smoothed down to 64 by 64
(here by the mean of each cell in place of two passes of a tent filter), a discrete cosine transform of which the 16 by 16 lowest frequencies
without the constant are kept, each bit telling whether its frequency is above their median. A mirrored photo has the same frequencies, every
second column with the other sign.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from .method import Pixels

Bits = NDArray[np.bool_]
GRID, KEPT = 64, 16
BITS = KEPT * KEPT
SAME = 31
"""Bits by which two hashes may differ for the photos to be taken for the same; the published threshold."""
MIN_QUALITY = 0.3
"""Least mean change between neighbouring cells, in percent of the brightness, for a hash to tell anything."""


def _cosines() -> NDArray[np.float32]:
    """Return the transform's lowest frequencies but the constant, (16, 64)."""
    frequency, place = np.arange(1, KEPT + 1)[:, None], np.arange(GRID)[None]
    return np.asarray(np.sqrt(2 / GRID) * np.cos(np.pi / GRID * frequency * (place + 0.5)), np.float32)


_COSINES = _cosines()
_MIRROR = np.where(np.arange(1, KEPT + 1) % 2, -1.0, 1.0).astype(np.float32)


def photo_hash(rgb: Pixels) -> tuple[Bits, Bits, float]:
    """Return the bits of a photo (height, width, 3), those of its mirror image, (256,) each, and how much there is to hash, from 0."""
    import cv2

    grey = np.asarray(rgb @ np.array([0.299, 0.587, 0.114], np.float32), np.float32)
    cells = np.asarray(cv2.resize(grey, (GRID, GRID), interpolation=cv2.INTER_AREA), np.float32)
    frequencies = _COSINES @ cells @ _COSINES.T
    mirrored = frequencies * _MIRROR
    changes = [np.abs(np.diff(cells, axis=axis)).mean() for axis in (0, 1)]
    bits = [np.asarray(f > np.median(f)).ravel() for f in (frequencies, mirrored)]
    return bits[0], bits[1], float(np.mean(changes) / 2.55)


def distances(left: Bits, right: Bits) -> NDArray[np.int64]:
    """Return by how many bits each hash of ``left`` (n, 256) differs from each of ``right`` (m, 256)."""
    signs = [np.where(bits, 1, -1).astype(np.float32) for bits in (left, right)]
    return np.asarray(np.rint((BITS - signs[0] @ signs[1].T) / 2), np.int64)
