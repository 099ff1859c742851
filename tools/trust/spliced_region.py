"""Find a part that was brought into a photo from elsewhere, by traces of saving, resizing and cutting that differ from its surroundings.

Gradient boosting over cells of 16 pixels, their traces and what the image tower sees of them, trained on forgeries of our own making; see
``models/tampering/data/cells.md`` for its data and figures and ``tastemaker train-tamper`` for training it again.
"""

from __future__ import annotations

from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit

from ...core.errors import BackEndError
from ...models.tampering.cell_features import CELL_PX
from ...models.tampering.cell_model import packaged_cell_model
from ...models.tampering.seen_cells import SeenCells
from .forgery_probability import packaged_calibration
from .method import Finding, Heat, Method, Photo, region_of

FINER, DIFFERENT = 8, 0.65
"""How much finer the map is drawn, and the score from which parts look different, which every tenth honest photo reaches."""
PLAIN_GREY, MOST_PLAIN = 1.0, 0.25
"""Spread of brightness below which a cell is plain, and the share of plain cells beside which the rest cannot be judged."""


def examine(photo: Photo, see: SeenCells) -> Finding:
    """Return a conflict where some cells are made otherwise than the rest, as hardly a clean photo's are."""
    if see.missing:
        return Finding("no evidence", f"Not examined: {see.missing}.", None)
    if _plain_share(photo.luma) > MOST_PLAIN:
        return Finding("no evidence", "Much of the picture is a plain ground, which tells nothing.", None)
    try:
        seen = packaged_cell_model()(photo.rgb, see)
    except BackEndError as error:
        return Finding("no evidence", f"Not examined: {error}.", None)
    if seen is None:
        return Finding("no evidence", "The picture is too small to tell.", None)
    conflict = packaged_calibration().splice_conflict
    score, heat = float(expit(seen.score)), expit(seen.cells).astype(np.float32)
    if score < DIFFERENT:
        return Finding("no evidence", "Its parts were made alike, as far as can be seen.", score)
    if score < conflict:
        reason = (
            "Parts of it look as if they were made otherwise than the rest, as parts of some honest photos do, too."
        )
        return Finding("no evidence", reason, score, heat=_smooth(heat))
    part = _largest_part(heat > 0.5)
    reason = (
        f"A part of the picture ({part.mean():.0%} of it) was compressed, sharpened or resized otherwise than the rest."
    )
    return Finding("conflict", reason, score, region_of(part), _smooth(heat))


def _plain_share(luma: Heat) -> float:
    """Return the share of cells of ``luma`` (height, width) that are of one brightness, as in drawings and before a studio's ground."""
    rows, columns = (side // CELL_PX for side in luma.shape)
    cells = luma[: rows * CELL_PX, : columns * CELL_PX].reshape(rows, CELL_PX, columns, CELL_PX)
    return float((cells.std(axis=(1, 3)) < PLAIN_GREY).mean()) if cells.size else 0.0


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


def spliced_region(cache: Path) -> Method:
    """Return the method, with the image tower's weights in the user's cache folder."""
    return Method(
        "spliced_region",
        partial(examine, see=SeenCells(cache)),
        "Gradient boosting over noise, high-pass residuals, JPEG ghosts, blocking grid (Mahdian and Saic 2009; Fridrich and Kodovsky 2012; "
        "Farid 2009; Li et al. 2009) and EfficientNet-Lite0's first stages (Tan and Le 2019)",
        "Weak after strong compression or resizing; a sharp thing before a blurred ground can look alike; photos before a plain ground are not judged.",
        when="asked",
    )
