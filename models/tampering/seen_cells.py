"""See the cells of a photo through the first stages of the image tower, at the photo's own size.

What a network that was trained on whole things sees of edges and textures tells a part that does not belong, also where compression has taken
the finer traces. Ten milliseconds a photo of 384 by 256 pixels.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from ..image_text.onnx_graph import cached, open_session
from ..image_text.towers import CELL_PX, cell_tower
from ..image_text.vector_cache import Once
from ..weights.fetch import weights_folder, weights_status
from .cell_features import Floats, Pixels

WEIGHTS = "efficientnet-lite0"


class SeenCells:
    """EfficientNet-Lite0's first stages, opened at their first use.

    Args:
        cache: the user's cache folder, which holds the weights ``efficientnet-lite0`` once they are fetched.
    """

    def __init__(self, cache: Path) -> None:
        self._cache = cache
        self._session = Once(self._open)

    @property
    def missing(self) -> str:
        """Say what is missing; empty where everything is there."""
        if weights_status(self._cache)[WEIGHTS]:
            return ""
        return f"the weights {WEIGHTS} are not here; fetch them with `tastemaker setup --weights {WEIGHTS}`"

    def __call__(self, rgb: Pixels) -> Floats:
        """Return what is seen of each cell of ``rgb`` (height, width, 3): (rows, columns, ``CELL_CHANNELS``).

        Raises:
            BackEndError: the weights are not there or cannot be opened.
        """
        height, width = (side // CELL_PX * CELL_PX for side in rgb.shape[:2])
        pixels = (rgb[:height, :width].astype(np.float32) / 255 - 0.5) / 0.5
        cells = self._session.get().run(None, {"pixels": np.ascontiguousarray(pixels.transpose(2, 0, 1)[None])})[0][0]
        return np.asarray(cells.transpose(1, 2, 0), np.float32)

    def _open(self) -> Any:
        folder = weights_folder(WEIGHTS, self._cache)
        graph = cached(
            self._cache, "efficientnet-lite0-cells", folder.name, lambda: cell_tower(next(folder.glob("*.pth")))
        )
        return open_session(graph, 1)
