"""Read pictures with Pillow and turn them into the image tower's input."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps

from ...core.errors import BackEndError

IMAGE_PX = 224
MEAN, STD = 0.5, 0.5


def read_image(path: str | Path, min_px: int = IMAGE_PX) -> Image.Image:
    """Return the picture upright, in RGB, transparent parts on white.

    A JPEG is decoded at the smallest scale whose sides are still at least twice ``min_px``.

    Raises:
        BackEndError: the file is missing or is no picture that Pillow reads.
    """
    try:
        with Image.open(path) as image:
            image.draft("RGB", (2 * min_px, 2 * min_px))
            return _rgb(ImageOps.exif_transpose(image))
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
        raise BackEndError(f"{Path(path).name} cannot be read as a picture: {error}", back_end="pillow") from error


def _rgb(image: Image.Image) -> Image.Image:
    if image.mode in {"RGBA", "LA", "PA"} or "transparency" in image.info:
        rgba = image.convert("RGBA")
        canvas = Image.new("RGBA", rgba.size, (255, 255, 255, 255))
        return Image.alpha_composite(canvas, rgba).convert("RGB")
    return image.convert("RGB")


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
