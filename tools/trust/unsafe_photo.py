"""Find photos that are not safe to show, as Yahoo's Open-NSFW judges them; off unless ``trust.safety`` turns it on.

Source: Mahadeokar and Pesavento 2016, Open-NSFW: a thin residual network of 50 layers, whose output is the probability of nudity.
"""

from __future__ import annotations

from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from ...core.errors import BackEndError
from ...models.image_text.onnx_graph import open_session
from ...models.image_text.vector_cache import Once
from ...models.weights.fetch import weights_folder, weights_status
from .method import Finding, Method, Photo, Pixels

WEIGHTS, FILE = "open-nsfw", "open_nsfw.onnx"
RESIZED_PX, CUT_PX = 256, 224
MEAN_BGR = np.array([104, 117, 123], np.float32)
UNSAFE = 0.8
"""Where its authors draw the line of what is surely not safe; they call below 0.2 safe."""


class _Network:
    """The network, opened at its first use."""

    def __init__(self, cache: Path) -> None:
        self.cache = cache
        self.session = Once(lambda: open_session(weights_folder(WEIGHTS, cache) / FILE, 1))


def examine(photo: Photo, network: _Network) -> Finding:
    """Return a conflict for a photo that is probably not safe to show."""
    if not weights_status(network.cache)[WEIGHTS]:
        how = f"fetch them with `tastemaker setup --weights {WEIGHTS}`"
        return Finding("no evidence", f"Not examined: the weights {WEIGHTS} are not here; {how}.")
    pixels = _input(photo.rgb)
    try:
        unsafe = float(network.session.get().run(None, {"input_0": pixels})[0][0, 1])
    except BackEndError as error:
        return Finding("no evidence", f"Not examined: {error}.")
    if unsafe >= UNSAFE:
        return Finding("conflict", f"The photo is probably not safe to show ({unsafe:.0%}).", unsafe)
    return Finding("no evidence", "Nothing unsafe to show was found.", unsafe)


def _input(rgb: Pixels) -> NDArray[np.float32]:
    """Return the middle of the photo as the network takes it, (1, 224, 224, 3), blue first, less the mean."""
    whole = Image.fromarray(rgb).resize((RESIZED_PX, RESIZED_PX), Image.Resampling.BILINEAR)
    edge = (RESIZED_PX - CUT_PX) // 2
    cut = np.asarray(whole, np.float32)[edge : edge + CUT_PX, edge : edge + CUT_PX, ::-1]
    return np.asarray((cut - MEAN_BGR)[None], np.float32)


def unsafe_photo(cache: Path) -> Method:
    """Return the method, with the network's weights in the user's cache folder."""
    return Method(
        "unsafe_photo",
        partial(examine, network=_Network(cache)),
        "Open-NSFW, Mahadeokar and Pesavento 2016",
        "Sees nudity in photos; not drawings, violence or other things that a shop may not want to show.",
    )
