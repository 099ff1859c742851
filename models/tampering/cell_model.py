"""Tell how much each cell of a photo looks brought in from elsewhere, by gradient boosting over its traces."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ...core.errors import ConfigurationError
from .cell_features import Floats, Pixels, See, beside_the_rest, cell_traces

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
    """The boosted trees over the traces of cells.

    Args:
        trees: as LightGBM trained them.
    """

    def __init__(self, trees: lightgbm.Booster) -> None:
        self.trees = trees

    def __call__(self, rgb: Pixels, see: See) -> Suspicion | None:
        """Return the suspicion of ``rgb`` (height, width, 3), whose cells ``see`` sees; none where it is too small to tell."""
        traces = cell_traces(rgb, see)
        return None if traces is None else self.of_traces(traces)

    def of_traces(self, traces: NDArray[np.floating[Any]]) -> Suspicion:
        """Return the suspicion of a photo from the traces of its cells (rows, columns, traces)."""
        rows = beside_the_rest(traces).reshape(traces.shape[0] * traces.shape[1], -1)
        said = np.asarray(self.trees.predict(rows, raw_score=True, num_threads=1), np.float32)
        return _suspicion(said.reshape(traces.shape[:2]))


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
