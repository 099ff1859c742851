"""Check a photo before anything looks at it: real format, size from the header, whole file readable."""

from __future__ import annotations

from typing import NamedTuple

from ...core.errors import InvalidRequestError
from ...core.media.pictures import BROKEN, TooLarge, is_deep, open_picture, size_problem

MAX_SCANS = 100
LIGHT_PX = 4_000_000
LIGHT_FORMATS = frozenset({"JPEG", "PNG", "WEBP", "GIF", "BMP"})


class ImageFacts(NamedTuple):
    """Size in pixels as displayed, that is with the EXIF orientation applied.

    ``heavy``: nothing is decoded yet, and it is to be decoded apart (``sandbox_worker.py``): a large picture whose decoder needs
    memory for all of its pixels, more than eight bits a channel, or a format whose decoder is seldom used.
    """

    width_px: int
    height_px: int
    heavy: bool = False


def inspect_image(data: bytes, field: str, max_image_px: int) -> ImageFacts:
    """Read a whole picture once, unless it is heavy, and return its size; only the first frame of an animation counts.

    JPEGs are decoded at one eighth of their size: all the data is read, so that truncated files are found, at a third of
    the time. The number of JPEG scans is bounded, because each one is a pass over all pixels.

    Raises:
        InvalidRequestError: too many pixels, too long a side, too many scans, truncated or not a readable picture.
    """
    if data.startswith(b"\xff\xd8\xff") and data.count(b"\xff\xda") > MAX_SCANS:
        raise InvalidRequestError(field, f"this JPEG has more than {MAX_SCANS} scans; save it again and send that")
    try:
        with open_picture(data) as image:
            width, height = image.size
            problem = size_problem(width, height, max_image_px)
            if problem:
                raise InvalidRequestError(field, problem)
            one_pass = image.format == "JPEG" and not image.info.get("progressive")
            large = width * height > LIGHT_PX and not one_pass
            if large or is_deep(image) or image.format not in LIGHT_FORMATS:
                return ImageFacts(width, height, heavy=True)
            image.draft("RGB", (max(1, width // 8), max(1, height // 8)))
            image.load()
            turned = image.getexif().get(0x0112, 1) in {5, 6, 7, 8}
    except TooLarge as error:
        raise InvalidRequestError(field, f"{error}; at most {max_image_px} pixels are allowed") from error
    except BROKEN as error:
        raise InvalidRequestError(field, "the picture is truncated or damaged and cannot be decoded") from error
    return ImageFacts(height, width) if turned else ImageFacts(width, height)
