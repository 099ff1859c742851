"""Find a part that was brought into a photo from elsewhere, by traces of saving, resizing and cutting that differ from its surroundings.

Gradient boosting over cells of 16 pixels, trained on synthetic splices and on a research set's training half; see
``models/tampering/data/cells.md`` for its data and figures and ``tastemaker train-tamper`` for training it again.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit

from ...models.tampering.cell_model import packaged_cell_model
from .forgery_probability import packaged_calibration
from .method import Finding, Heat, Method, Photo, region_of

FINER = 8


def examine(photo: Photo) -> Finding:
    """Return a conflict where some cells are made otherwise than the rest, as hardly a product photo's are."""
    seen = packaged_cell_model()(photo.rgb)
    if seen is None:
        return Finding("no evidence", "The picture is too small to tell.")
    conflict = packaged_calibration().splice_conflict
    score, heat = float(expit(seen.score)), expit(seen.cells).astype(np.float32)
    if score < conflict:
        return Finding("no evidence", "Its parts were made alike, as far as can be seen.", score)
    part = _largest_part(heat > 0.5)
    reason = (
        f"A part of the picture ({part.mean():.0%} of it) was compressed, sharpened or resized otherwise than the rest."
    )
    return Finding("conflict", reason, score, region_of(part), _smooth(heat))


def _largest_part(mask: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Return the largest connected part of ``mask`` (rows, columns)."""
    import cv2

    count, labels, facts, _ = cv2.connectedComponentsWithStats(mask.astype(np.uint8))
    if count < 2:
        return mask
    return np.asarray(labels == 1 + facts[1:, cv2.CC_STAT_AREA].argmax())


def _smooth(heat: Heat) -> Heat:
    """Return a map of cells on a finer grid."""
    import cv2

    return np.asarray(cv2.resize(heat, None, fx=FINER, fy=FINER, interpolation=cv2.INTER_LINEAR), np.float32)


SPLICED_REGION = Method(
    "spliced_region",
    examine,
    "Gradient boosting over noise, high-pass residuals, JPEG ghosts and blocking grid (Mahdian and Saic 2009; Fridrich and Kodovsky 2012; "
    "Farid 2009; Li et al. 2009)",
    "Weak after strong compression or resizing; a sharp thing before a blurred ground can look alike.",
    when="asked",
)
