"""Make forged photos with known masks out of honest ones: a part of another photo, with a history of its own, pasted and saved.

For each forged photo an honest one goes the same way without the paste, so that nothing is learned from saving and resizing alone.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from io import BytesIO
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from PIL import Image

Pixels = NDArray[np.uint8]
Mask = NDArray[np.bool_]

FIRST_QUALITIES = (60, 70, 75, 80, 85, 90, 92, 95, 98)
LAST_QUALITIES = (70, 75, 80, 85, 88, 90, 92, 95, 97)
MOST_SIDE = 400
"""Larger photos are cropped, never shrunk: shrinking removes the traces."""
LEAST_SIDE = 16
MOST_SHARE = 0.7
WHITE = 238


class MadePhoto(NamedTuple):
    """An encoded photo, where it was forged (height, width; nowhere in an honest one) and the name of the photo that it is made of."""

    data: bytes
    mask: Mask
    parent: str


def made_photos(photos: Sequence[Path], products: Sequence[Path], count: int, seed: int = 0) -> Iterator[MadePhoto]:
    """Yield a forged photo, then the honest one that went the same way, up to ``count`` such pairs.

    ``products`` stand before white, so that their outline is known; parts of ``photos`` are cut out as blobs.
    """
    for number in range(count):
        rng = np.random.default_rng([seed, number])
        path = _one_of(photos if rng.random() < 0.85 else products, rng)
        ground = _with_history(_cropped(_read(path), rng), rng)
        cut = rng.random() < 0.45
        part = _part(_with_history(_read(_one_of(products if cut else photos, rng)), rng), rng, cut=cut)
        part = None if part is None else _fitted(*part, ground.shape, rng)
        if part is not None:
            forged, mask = _pasted(ground, *part, rng)
            yield from _saved_alike(forged, ground, mask, path.stem, rng)


def _one_of(paths: Sequence[Path], rng: np.random.Generator) -> Path:
    return paths[int(rng.integers(len(paths)))]


def _read(path: Path) -> Pixels:
    with Image.open(path) as image:
        return np.asarray(image.convert("RGB"))


def _cropped(pixels: Pixels, rng: np.random.Generator) -> Pixels:
    height, width = (int(rng.integers(256, side)) if side > MOST_SIDE else side for side in pixels.shape[:2])
    return pixels[:height, :width]


def _with_history(pixels: Pixels, rng: np.random.Generator) -> Pixels:
    """Save a photo as its camera or its last editor would have; one in four was never compressed."""
    if rng.random() < 0.25:
        return pixels
    return _decoded(_jpeg(pixels, int(rng.choice(FIRST_QUALITIES)), int(rng.choice([0, 2]))))


def _jpeg(pixels: Pixels, quality: int, subsampling: int) -> bytes:
    out = BytesIO()
    Image.fromarray(pixels).save(out, "JPEG", quality=quality, subsampling=subsampling)
    return out.getvalue()


def _decoded(data: bytes) -> Pixels:
    return np.asarray(Image.open(BytesIO(data)).convert("RGB"))


def _part(pixels: Pixels, rng: np.random.Generator, *, cut: bool) -> tuple[Pixels, Mask] | None:
    """Return a part of a photo and its outline; none where the product fills the photo or is hardly seen."""
    mask = _product(pixels) if cut else _blob(pixels.shape[:2], float(rng.uniform(0.04, 0.35)), rng)
    if not 0.03 < mask.mean() < MOST_SHARE:
        return None
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    box = slice(rows[0], rows[-1] + 1), slice(columns[0], columns[-1] + 1)
    return pixels[box], mask[box]


def _product(pixels: Pixels) -> Mask:
    """Return the largest thing before white (height, width)."""
    import cv2

    mask = (pixels.min(axis=2) < WHITE).astype(np.uint8)
    mask = cv2.morphologyEx(mask, cv2.MORPH_CLOSE, np.ones((7, 7), np.uint8))
    count, labels, facts, _ = cv2.connectedComponentsWithStats(mask)
    if count < 2:
        return np.zeros(mask.shape, bool)
    return np.asarray(labels == 1 + facts[1:, cv2.CC_STAT_AREA].argmax())


def _blob(shape: Sequence[int], share: float, rng: np.random.Generator) -> Mask:
    """Return an uneven patch that covers ``share`` of ``shape`` (height, width)."""
    import cv2

    height, width = shape
    bumps = rng.normal(size=(int(rng.integers(3, 7)), int(rng.integers(3, 7)))).astype(np.float32)
    bumps = cv2.resize(bumps, (width, height), interpolation=cv2.INTER_CUBIC)
    rows, columns = np.mgrid[0 : 1 : height * 1j, 0 : 1 : width * 1j]
    away = np.hypot(rows - rng.uniform(0.25, 0.75), columns - rng.uniform(0.25, 0.75))
    ground = bumps * 0.5 - 2.5 * away
    return np.asarray(ground > np.quantile(ground, 1 - share))


def _fitted(part: Pixels, mask: Mask, shape: Sequence[int], rng: np.random.Generator) -> tuple[Pixels, Mask] | None:
    """Resize a part, or shrink it to fit into ``shape``, and give it noise, blur or another light, each by chance."""
    import cv2

    scale = rng.uniform(0.5, 1.6) if rng.random() < 0.6 else 1.0
    scale = min(scale, *(MOST_SHARE * whole / side for whole, side in zip(shape[:2], part.shape[:2], strict=True)))
    size = int(part.shape[1] * scale), int(part.shape[0] * scale)
    if min(size) < LEAST_SIDE:
        return None
    if scale != 1:
        how = int(rng.choice([cv2.INTER_LINEAR, cv2.INTER_CUBIC, cv2.INTER_AREA]))
        part = cv2.resize(part, size, interpolation=how).astype(np.uint8)
        mask = cv2.resize(mask.astype(np.uint8), size, interpolation=cv2.INTER_NEAREST) > 0
    look, values = rng.random(), part.astype(np.float32)
    if look < 0.2:
        values += rng.normal(0, rng.uniform(1, 5), part.shape)
    elif look < 0.36:
        values = cv2.GaussianBlur(values, (0, 0), rng.uniform(0.4, 1.2))
    if rng.random() < 0.3:
        values = values * rng.uniform(0.75, 1.25) + rng.uniform(-20, 20)
    return values.clip(0, 255).astype(np.uint8), mask


def _pasted(ground: Pixels, part: Pixels, mask: Mask, rng: np.random.Generator) -> tuple[Pixels, Mask]:
    """Paste a part somewhere, its edge soft in six of ten; return the forged photo and where it is forged."""
    import cv2

    (height, width), (tall, wide) = ground.shape[:2], mask.shape
    top, left = int(rng.integers(0, height - tall + 1)), int(rng.integers(0, width - wide + 1))
    place = slice(top, top + tall), slice(left, left + wide)
    share = mask.astype(np.float32)
    if rng.random() < 0.6:
        share = cv2.GaussianBlur(share, (0, 0), rng.uniform(0.4, 2), borderType=cv2.BORDER_CONSTANT)
    forged, where = ground.copy(), np.zeros((height, width), bool)
    forged[place] = np.round(ground[place] * (1 - share[..., None]) + part * share[..., None]).astype(np.uint8)
    where[place] = mask
    return forged, where


def _saved_alike(
    forged: Pixels, honest: Pixels, mask: Mask, parent: str, rng: np.random.Generator
) -> Iterator[MadePhoto]:
    """Save both photos alike: shrunk one time in four, as JPEG four times in five, else without loss."""
    import cv2

    scale = rng.uniform(0.6, 0.95) if rng.random() < 0.25 else 1.0
    quality, subsampling = int(rng.choice(LAST_QUALITIES)), int(rng.choice([0, 2]))
    as_jpeg = rng.random() < 0.8
    for pixels, where in ((forged, mask), (honest, np.zeros_like(mask))):
        image, kept = pixels, where
        if scale != 1:
            image = cv2.resize(pixels, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA).astype(np.uint8)
            size = image.shape[1], image.shape[0]
            kept = cv2.resize(where.astype(np.uint8), size, interpolation=cv2.INTER_NEAREST) > 0
        out = BytesIO()
        Image.fromarray(image).save(out, "PNG")
        yield MadePhoto(_jpeg(image, quality, subsampling) if as_jpeg else out.getvalue(), kept, parent)
