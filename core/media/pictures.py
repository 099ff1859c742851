"""Open pictures of every format that phones and catalogues bring, within bounds, and make them upright 8-bit RGB."""

from __future__ import annotations

import struct
import zlib
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from PIL import Image

FORMATS = ("JPEG", "PNG", "WEBP", "GIF", "BMP", "TIFF", "AVIF", "HEIF")
MAX_SIDE_PX = 30_000
MAX_ASPECT = 100
BROKEN = (
    OSError,
    SyntaxError,
    ValueError,
    EOFError,
    LookupError,
    TypeError,
    ArithmeticError,
    RuntimeError,
    MemoryError,
    struct.error,
    zlib.error,
)
"""What Pillow and its codecs raise on files that cannot be decoded."""
_DEEP = {"I", "I;16", "I;16B", "I;16L", "I;16N", "F"}


class TooLarge(Exception):
    """Say that a picture has more pixels than Pillow ever decodes."""


def open_picture(source: str | Path | bytes) -> Image.Image:
    """Return the picture, its header read and nothing decoded; the caller closes it.

    Raises:
        TooLarge: it has more pixels than Pillow ever decodes. Below that its size is for ``size_problem`` to judge.
        Any of ``BROKEN``: it is no picture in one of ``FORMATS``.
    """
    from PIL import Image

    _heif()
    try:
        return Image.open(BytesIO(source) if isinstance(source, bytes) else source, formats=FORMATS)
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise TooLarge("the picture has too many pixels") from error


def size_problem(width: int, height: int, max_px: int) -> str:
    """Say why a picture of this size is not decoded, or return an empty string.

    A side counts by itself, because decoders keep some memory for each row: 1 x 39,999,999 pixels take gigabytes.
    """
    if width * height > max_px:
        return f"the picture has {width} x {height} pixels; at most {max_px} pixels are allowed"
    if max(width, height) > MAX_SIDE_PX:
        return f"the picture has {width} x {height} pixels; a side may have at most {MAX_SIDE_PX} pixels"
    if max(width, height) > MAX_ASPECT * min(width, height):
        return f"the picture has {width} x {height} pixels; one side may be at most {MAX_ASPECT} times the other"
    return ""


def is_deep(image: Image.Image) -> bool:
    """Say whether the picture has more than eight bits a channel, as scans and 16-bit PNG have."""
    return image.mode in _DEEP


def to_rgb(image: Image.Image) -> Image.Image:
    """Return the picture upright (EXIF orientation), in 8-bit RGB, transparent parts on white."""
    from PIL import Image, ImageOps

    upright = ImageOps.exif_transpose(image)
    if is_deep(upright):
        upright = _eight_bits(upright)
    if upright.mode in {"RGBA", "LA", "PA", "La", "RGBa"} or "transparency" in upright.info:
        rgba = upright.convert("RGBA")
        canvas = Image.new("RGBA", rgba.size, (255, 255, 255, 255))
        return Image.alpha_composite(canvas, rgba).convert("RGB")
    return upright.convert("RGB")


def _eight_bits(image: Image.Image) -> Image.Image:
    """Return a grey picture of 16 or 32 bits or of floats in 8 bits; its range is told by its mode and its largest value."""
    import numpy as np
    from PIL import Image

    values = np.nan_to_num(np.asarray(image, dtype=np.float32))
    top = float(values.max(initial=0.0))
    if image.mode.startswith("I;16"):
        top = 65535.0
    elif image.mode == "F" and top <= 1.0:
        top = 1.0
    elif top <= 65535.0:
        top = 255.0 if top <= 255.0 else 65535.0
    return Image.fromarray(np.clip(values * (255.0 / top), 0, 255).astype(np.uint8))


def _heif() -> None:
    """Let Pillow read HEIC, where it does not yet."""
    from PIL import Image

    if "HEIF" not in Image.OPEN:
        from pi_heif import register_heif_opener

        register_heif_opener()
