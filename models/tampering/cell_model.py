"""Tell how much each cell of a photo looks brought in from elsewhere, by gradient boosting over its traces."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from ...core.errors import ConfigurationError
from .cell_features import Floats, Pixels, cell_features

if TYPE_CHECKING:
    import lightgbm

PACKAGED = Path(__file__).parent / "data" / "cells.txt"
TOP_SHARE = 0.05
LEAST_TOP = 3


class Suspicion(NamedTuple):
    """How much a photo looks spliced (log odds), and each of its cells (rows, columns)."""

    score: float
    cells: Floats


class CellModel:
    """The boosted trees over the features of cells.

    Args:
        trees: as LightGBM trained them.
    """

    def __init__(self, trees: lightgbm.Booster) -> None:
        self.trees = trees

    def __call__(self, rgb: Pixels) -> Suspicion | None:
        """Return the suspicion of ``rgb`` (height, width, 3); none where it is too small to tell."""
        features = cell_features(rgb)
        return None if features is None else self.of_features([features])[0]

    def of_features(self, photos: Sequence[Floats]) -> list[Suspicion]:
        """Return the suspicion of each photo from the features of its cells (rows, columns, features)."""
        rows = np.concatenate([f.reshape(-1, f.shape[-1]) for f in photos])
        said = np.asarray(self.trees.predict(rows, raw_score=True, num_threads=1), np.float32)
        parts = np.split(said, np.cumsum([f.shape[0] * f.shape[1] for f in photos])[:-1])
        return [_suspicion(part.reshape(f.shape[:2])) for part, f in zip(parts, photos, strict=True)]


def _suspicion(cells: Floats) -> Suspicion:
    """Smooth the cells over their neighbours; the photo is as suspicious as the mean of its most suspicious twentieth."""
    import cv2

    smooth = np.asarray(cv2.blur(cells, (3, 3)), np.float32)
    most = np.sort(smooth, axis=None)[-max(LEAST_TOP, int(smooth.size * TOP_SHARE)) :]
    return Suspicion(float(most.mean()), smooth)


@cache
def packaged_cell_model(path: Path = PACKAGED) -> CellModel:
    """Return the model that came along, or another file of that kind.

    Raises:
        ConfigurationError: the file is no such model.
    """
    import lightgbm

    try:
        return CellModel(lightgbm.Booster(model_file=str(path)))
    except (lightgbm.basic.LightGBMError, OSError) as error:
        raise ConfigurationError(f"{path} is no model of cells; make one with `tastemaker train-tamper`") from error
