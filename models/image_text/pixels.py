"""Read pictures with Pillow and turn them into the image tower's input."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from ...core.errors import BackEndError
from ...core.media.pictures import BROKEN, TooLarge, open_picture, size_problem, to_rgb

IMAGE_PX = 224
MAX_PX = 200_000_000
MEAN, STD = 0.5, 0.5


def read_image(path: str | Path, min_px: int = IMAGE_PX) -> Image.Image:
    """Return the picture upright, in RGB, transparent parts on white.

    A JPEG is decoded at the smallest scale whose sides are still at least twice ``min_px``.

    Raises:
        BackEndError: the file is missing, too large, or no picture that Pillow reads.
    """
    try:
        with open_picture(path) as image:
            if problem := size_problem(*image.size, MAX_PX):
                raise BackEndError(f"{Path(path).name}: {problem}", back_end="pillow")
            image.draft("RGB", (2 * min_px, 2 * min_px))
            return to_rgb(image)
    except (TooLarge, *BROKEN) as error:
        raise BackEndError(f"{Path(path).name} cannot be read as a picture: {error}", back_end="pillow") from error


def square(image: Image.Image, px: int = IMAGE_PX) -> Image.Image:
    """Return the whole picture resized to ``px`` x ``px`` (bicubic), its aspect ratio given up.

    The photos that the projection was trained on are stored like this; nothing at the edges is lost.
    """
    return image.resize((px, px), Image.Resampling.BICUBIC)


def to_pixels(path: str | Path) -> NDArray[np.float32]:
    """Return the tower's input for one picture, float32 (3, 224, 224) in -1 to 1. Raises as ``read_image``."""
    values = np.asarray(square(read_image(path))).transpose(2, 0, 1).astype(np.float32, order="C")
    values *= 1 / (255 * STD)
    values -= MEAN / STD
    return values
