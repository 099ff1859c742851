"""Bring photos into the text space with CLIP's image tower, for checks that may take their time.

The tower is ViT-B/16 (Radford et al. 2021), int8, as it comes in a package; no text tower comes with it. A ridge regression from its 512
numbers to the mean vector of a photo's captions takes the place of one; ``models/alignment/clip_projection.py`` fits it. Half a second a photo
on one core: never for a request.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ...core.protocols import Vectors
from ..weights.fetch import weights_folder, weights_status
from .onnx_graph import open_session
from .pixels import read_image, square
from .vector_cache import Once

WEIGHTS, FILE = "clip-vit-b16", "clip_encoder.int8.onnx"
FEATURE_DIM = 512
MEAN = np.array([0.48145466, 0.4578275, 0.40821073], np.float32)
STD = np.array([0.26862954, 0.26130258, 0.27577711], np.float32)
PROJECTION = Path(__file__).parent / "data" / "clip_projection.safetensors"
NEAREST = 10
CALIBRATION = ("slope", "offset", "unlike", "sure")


@dataclass(frozen=True)
class TextSpace:
    """How CLIP's features become vectors among texts, what is near there by chance, and what a fit is worth.

    ``weights`` (512, 384) and ``bias`` (384,); ``texts`` and ``photos`` are unit rows of texts and photos that have nothing to do with what is
    compared; ``slope`` and ``offset`` turn a fit into the probability that a text is the photo's own and not a random one. Hardly a text of its own
    is ``unlike`` or below, hardly a random one ``sure`` or above.
    """

    weights: Vectors
    bias: Vectors
    texts: Vectors
    photos: Vectors
    slope: float
    offset: float
    unlike: float = 0.0
    sure: float = 1.0

    def place(self, features: Vectors) -> Vectors:
        """Return features (n, 512) as unit rows (n, 384)."""
        rows = features @ self.weights + self.bias
        return np.asarray(rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-9), np.float32)

    def fit(self, photos: Vectors, texts: Vectors) -> Vectors:
        """Return how well each photo (n, 384) fits each text (m, 384), (n, m), by how near other texts and photos are to them.

        Source: cross-domain similarity local scaling, Conneau et al. 2018, "Word translation without parallel data".
        """
        of_photos, of_texts = _nearest(photos @ self.texts.T), _nearest(texts @ self.photos.T)
        return np.asarray(2 * photos @ texts.T - of_photos[:, None] - of_texts[None], np.float32)

    def probability(self, fit: float) -> float:
        """Return the probability that a text with this fit is the photo's own, where half of the texts are."""
        return float(1 / (1 + np.exp(-(self.slope * fit + self.offset))))


class ClipPhoto:
    """CLIP's image tower, opened at its first use.

    Args:
        cache: the user's cache folder, which holds the weights ``clip-vit-b16`` once they are fetched.
    """

    def __init__(self, cache: Path, projection: Path = PROJECTION, threads: int = 0) -> None:
        self._cache = cache
        self._session = Once(lambda: open_session(weights_folder(WEIGHTS, cache) / FILE, threads))
        self.space = Once(lambda: load_text_space(projection))

    @property
    def missing(self) -> str:
        """Say what is missing; empty where everything is there."""
        if weights_status(self._cache)[WEIGHTS]:
            return ""
        return f"the weights {WEIGHTS} are not here; fetch them with `tastemaker setup --weights {WEIGHTS}`"

    def features(self, paths: Sequence[str]) -> Vectors:
        """Return the tower's output, (n, 512).

        Raises:
            BackEndError: a file is missing or is no picture.
        """
        if not paths:
            return np.zeros((0, FEATURE_DIM), np.float32)
        session = self._session.get()
        return np.concatenate([session.run(["image_embeds"], {"pixel_values": _pixels(path)})[0] for path in paths])


def load_text_space(path: Path = PROJECTION) -> TextSpace:
    """Return what was fitted."""
    from safetensors.numpy import load_file

    held = {name: values.astype(np.float32) for name, values in load_file(path).items()}
    slope, offset, unlike, sure = map(float, held["calibration"])
    rows = (held["weights"], held["bias"], held["texts"], held["photos"])
    return TextSpace(*rows, slope=slope, offset=offset, unlike=unlike, sure=sure)


def _pixels(path: str) -> Vectors:
    values = np.asarray(square(read_image(path)), np.float32) / 255
    return np.asarray(((values - MEAN) / STD).transpose(2, 0, 1)[None], np.float32)


def _nearest(cosines: Vectors) -> Vectors:
    """Return the mean of the ``NEAREST`` largest cosines of each row."""
    return np.asarray(np.sort(cosines, axis=1)[:, -NEAREST:].mean(axis=1), np.float32)
