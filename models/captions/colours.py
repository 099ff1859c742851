"""Name the dominant colours of a picture from its pixels."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from ..image_text.pixels import read_image

SIDE_PX = 48
MIN_SHARE = 0.15
BACKGROUND_SPREAD = 12.0
BACKGROUND_DISTANCE = 30.0
MIN_FOREGROUND = 0.05
GREY_CHROMA, DARK, LIGHT = 24.0, 55.0, 215.0
HUES = (
    (15.0, "red"), (40.0, "orange"), (68.0, "yellow"), (165.0, "green"), (195.0, "turquoise"),
    (255.0, "blue"), (290.0, "purple"), (345.0, "pink"), (360.1, "red"),
)  # fmt: skip


def dominant_colours(path: str | Path) -> list[tuple[str, float]]:
    """Return colour names with their share of the picture (0 to 1), largest first, those of at least 0.15.

    Where the border of the picture is one even colour, as in product photos, pixels like it are left out.

    Raises:
        BackEndError: the file is no picture.
    """
    image = read_image(path, SIDE_PX).resize((SIDE_PX, SIDE_PX), Image.Resampling.BOX)
    names = _names(_foreground(np.asarray(image, dtype=np.float32)))
    labels, counts = np.unique(names, return_counts=True)
    shares = sorted(zip(labels, counts / len(names), strict=True), key=lambda pair: -pair[1])
    return [(str(label), float(share)) for label, share in shares if share >= MIN_SHARE]


def _foreground(pixels: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return (n, 3) pixels without an even background."""
    border = np.concatenate([pixels[0], pixels[-1], pixels[:, 0], pixels[:, -1]])
    middle = np.median(border, axis=0)
    flat = pixels.reshape(-1, 3)
    if np.median(np.linalg.norm(border - middle, axis=1)) > BACKGROUND_SPREAD:
        return flat
    kept = flat[np.linalg.norm(flat - middle, axis=1) > BACKGROUND_DISTANCE]
    return kept if len(kept) >= MIN_FOREGROUND * len(flat) else flat


def _names(rgb: NDArray[np.float32]) -> NDArray[np.str_]:
    """Return one colour name per pixel: grey levels by brightness, the rest by hue; dark orange is brown."""
    high, low = rgb.max(axis=1), rgb.min(axis=1)
    chroma = high - low
    names = np.empty(len(rgb), dtype="<U9")
    names[:] = [name for _, name in HUES][-1]
    hue = _hue(rgb, high, chroma)
    for limit, name in reversed(HUES):
        names[hue < limit] = name
    names[(hue >= 10) & (hue < 50) & (high < 170)] = "brown"
    names[(hue >= 15) & (hue < 60) & (high >= 170) & (chroma < 90)] = "beige"
    names[(hue >= 195) & (hue < 260) & (high < 110)] = "navy"
    grey = chroma < GREY_CHROMA
    names[grey] = "grey"
    names[grey & (low > LIGHT)] = "white"
    names[high < DARK] = "black"
    return names


def _hue(rgb: NDArray[np.float32], high: NDArray[np.float32], chroma: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the HSV hue in degrees."""
    red, green, blue = rgb.T
    safe = np.maximum(chroma, 1e-6)
    sector = np.where(
        high == red,
        ((green - blue) / safe) % 6,
        np.where(high == green, (blue - red) / safe + 2, (red - green) / safe + 4),
    )
    return np.asarray(sector * 60, np.float32)
