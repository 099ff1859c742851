"""What a method of examination is given and what it returns."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from io import BytesIO
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps

from ...core.errors import ToolError
from ...core.schemas import VerdictState

Pixels = NDArray[np.uint8]
Heat = NDArray[np.float32]
When = Literal["request", "asked"]

MAX_SIDE_PX = 1024


@dataclass(frozen=True)
class Photo:
    """One photo to be examined, decoded once whatever the number of methods.

    ``path`` holds the bytes as they were sent, ``shown`` a picture that Pillow can read where those are of an unusual kind or too large.
    ``when`` as in ``Method``: a method may look less closely for a request.
    """

    path: Path
    mime: str = ""
    shown: Path | None = None
    when: When = "asked"

    @cached_property
    def data(self) -> bytes:
        """The file's bytes.

        Raises:
            ToolError: the file is gone.
        """
        try:
            return self.path.read_bytes()
        except OSError as error:
            raise ToolError(f"the file of {self.path.name} is gone") from error

    @cached_property
    def image(self) -> Image.Image:
        """The picture with its metadata, not turned.

        Raises:
            ToolError: it is no picture that can be decoded.
        """
        try:
            image = Image.open(BytesIO(self.data))
            image.load()
        except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
            raise ToolError(f"{self.path.name} cannot be decoded") from error
        return image

    @cached_property
    def rgb(self) -> Pixels:
        """The upright picture, (height, width, 3) from 0 to 255, at most ``MAX_SIDE_PX`` a side."""
        source = self.image if self.shown in (None, self.path) else Photo(self.shown or self.path).image
        upright = ImageOps.exif_transpose(source).convert("RGB")
        upright.thumbnail((MAX_SIDE_PX, MAX_SIDE_PX), Image.Resampling.LANCZOS)
        return np.asarray(upright)

    @cached_property
    def luma(self) -> NDArray[np.float32]:
        """Brightness of ``rgb`` (ITU-R BT.601), (height, width) from 0 to 255."""
        return np.asarray(self.rgb @ np.array([0.299, 0.587, 0.114], np.float32), np.float32)


@dataclass(frozen=True)
class Finding:
    """What one method found. ``score`` grows with suspicion, none where nothing could be told.

    ``region`` is x, y, width and height as shares of the picture.
    """

    state: VerdictState
    reason: str
    score: float | None = 0.0
    region: tuple[float, float, float, float] | None = None
    heat: Heat | None = field(default=None, compare=False)
    """Suspicion of each place, (rows, columns) from 0 to 1, any size; drawn over the picture in the report."""
    shift_s: float | None = None
    """Of a clip: by how much the sound comes later than the picture, where that is clear."""


@dataclass(frozen=True)
class Method:
    """A way to examine a photo: what it is called, where it comes from, what it cannot see, and the function itself.

    ``when``: ``request`` is quick enough for every request, ``asked`` runs at ingest and where a check is asked for.
    """

    name: str
    examine: Callable[[Photo], Finding]
    source: str
    limits: str
    when: When = "request"


def region_of(mask: NDArray[np.bool_]) -> tuple[float, float, float, float] | None:
    """Return the box around the true places of ``mask`` (rows, columns) as shares of its sides; none where nothing is true."""
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    if not len(rows):
        return None
    height, width = mask.shape
    left, top = columns[0] / width, rows[0] / height
    return (
        round(float(left), 3),
        round(float(top), 3),
        round(float((columns[-1] + 1) / width - left), 3),
        round(float((rows[-1] + 1) / height - top), 3),
    )
