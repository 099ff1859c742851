"""Check a photo before anything looks at it: real format, pixel count from the header, whole file readable."""

from __future__ import annotations

import io
import struct
import zlib
from typing import NamedTuple

from PIL import Image

from ...core.errors import InvalidRequestError

FORMATS = ("JPEG", "PNG", "WEBP", "GIF", "BMP")
MAX_SCANS = 100
_HUGE = (Image.DecompressionBombError, Image.DecompressionBombWarning)
_BROKEN = (
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


class ImageFacts(NamedTuple):
    """Size in pixels as displayed, that is with the EXIF orientation applied."""

    width_px: int
    height_px: int


def inspect_image(data: bytes, field: str, max_image_px: int) -> ImageFacts:
    """Read a whole picture once and return its size; only the first frame of an animation counts.

    JPEGs are decoded at one eighth of their size: all the data is read, so that truncated files are found, at a third of
    the time. The number of JPEG scans is bounded, because each one is a pass over all pixels.

    Raises:
        InvalidRequestError: too many pixels, too many scans, truncated or not a readable picture.
    """
    if data.startswith(b"\xff\xd8\xff") and data.count(b"\xff\xda") > MAX_SCANS:
        raise InvalidRequestError(field, f"this JPEG has more than {MAX_SCANS} scans; save it again and send that")
    try:
        with Image.open(io.BytesIO(data), formats=FORMATS) as image:
            width, height = image.size
            if width * height > max_image_px:
                raise InvalidRequestError(
                    field, f"the picture has {width} x {height} pixels; at most {max_image_px} pixels are allowed"
                )
            image.draft("RGB", (max(1, width // 8), max(1, height // 8)))
            image.load()
            turned = image.getexif().get(0x0112, 1) in {5, 6, 7, 8}
    except _HUGE as error:
        raise InvalidRequestError(
            field, f"the picture has too many pixels; at most {max_image_px} are allowed"
        ) from error
    except _BROKEN as error:
        raise InvalidRequestError(field, "the picture is truncated or damaged and cannot be decoded") from error
    return ImageFacts(height, width) if turned else ImageFacts(width, height)
