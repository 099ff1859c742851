"""Make forged photos with known masks out of honest ones: parts brought in from other photos, copied within one, or painted away.

Each part has a history of its own: how it was saved, resized, lit, blurred and matched to its new surroundings. For each forged photo an honest
one goes the same way without the forgery, so that nothing is learned from saving and resizing alone.

Sources: GrabCut, Rother et al. 2004, for outlines of things; colour transfer, Reinhard et al. 2001; inpainting, Telea 2004 and Bertalmio et
al. 2001.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from io import BytesIO
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from PIL import Image

Pixels = NDArray[np.uint8]
Mask = NDArray[np.bool_]
Rng = np.random.Generator

FIRST_QUALITIES = (60, 70, 75, 80, 85, 90, 92, 95, 98)
LAST_QUALITIES = (60, 65, 70, 75, 80, 85, 88, 90, 92, 95, 97)
KINDS = {"splice": 0.6, "copy_move": 0.25, "removal": 0.15}
"""What is made, and how much of it."""
SIDES = (224, 420)
"""The longer side of a photo before it is saved; larger ones are cropped or shrunk to it."""
LEAST_SIDE, MOST_SHARE = 16, 0.7
"""Pixels of the smaller side of a part, and the most of a photo's side that it takes."""
LEAST_SAVED = 96
PART_SHARE = (0.02, 0.35)
GRABCUT_PX, GRABCUT_ROUNDS = 160, 2


class MadePhoto(NamedTuple):
    """An encoded photo, its kind, where it was forged (height, width; nowhere in an honest one) and the photo that it is made of."""

    data: bytes
    kind: str
    mask: Mask
    parent: str


def made_photos(photos: Sequence[Path], numbers: Iterable[int], seed: int = 0) -> Iterator[MadePhoto]:
    """Yield a forged photo, then the honest one that went the same way (``twin of`` its kind), for each number where one can be made."""
    photos = sorted(photos)
    for number in numbers:
        rng = np.random.default_rng([seed, number])
        path = _one_of(photos, rng)
        ground = _with_history(_sized(_read(path), rng), rng)
        kind = str(rng.choice(list(KINDS), p=list(KINDS.values())))
        forged = _MAKERS[kind](ground, photos, rng)
        if forged is not None:
            saved = _saver(ground.shape[:2], rng)
            for name, pixels, mask in ((kind, *forged), (f"twin of {kind}", ground, np.zeros_like(forged[1]))):
                data, where = saved(pixels, mask)
                yield MadePhoto(data, name, where, path.stem)


def _one_of(paths: Sequence[Path], rng: Rng) -> Path:
    return paths[int(rng.integers(len(paths)))]


def _read(path: Path) -> Pixels:
    with Image.open(path) as image:
        return np.asarray(image.convert("RGB"))


def _sized(pixels: Pixels, rng: Rng) -> Pixels:
    """Mirror a photo or not, crop it or shrink it; one that was shrunk has lost the traces of its first saving."""
    import cv2

    pixels = np.ascontiguousarray(pixels[:, ::-1]) if rng.random() < 0.5 else pixels
    side = int(rng.integers(*SIDES))
    scale = side / max(pixels.shape[:2])
    if scale < 1 and rng.random() < 0.5:
        return np.asarray(cv2.resize(pixels, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA), np.uint8)
    tops = [int(rng.integers(0, max(whole - side, 0) + 1)) for whole in pixels.shape[:2]]
    return pixels[tops[0] : tops[0] + side, tops[1] : tops[1] + side]


def _with_history(pixels: Pixels, rng: Rng) -> Pixels:
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


def _spliced(ground: Pixels, photos: Sequence[Path], rng: Rng) -> tuple[Pixels, Mask] | None:
    source = _with_history(_sized(_read(_one_of(photos, rng)), rng), rng)
    part = _fitted(*_part(source, rng), ground.shape, rng)
    if part is None:
        return None
    pixels, mask = part
    return _pasted(ground, _in_its_light(pixels, mask, ground, rng), mask, rng)


def _copied(ground: Pixels, _: Sequence[Path], rng: Rng) -> tuple[Pixels, Mask] | None:
    part = _resized(*_part(ground, rng), ground.shape, rng, share=0.3)
    return None if part is None else _pasted(ground, *part, rng)


def _removed(ground: Pixels, _: Sequence[Path], rng: Rng) -> tuple[Pixels, Mask]:
    """Paint a part away from its surroundings, with or without grain put over it."""
    import cv2

    mask = _outline(ground, rng)
    how = int(rng.choice([cv2.INPAINT_TELEA, cv2.INPAINT_NS]))
    painted = cv2.inpaint(ground, mask.astype(np.uint8), float(rng.integers(3, 9)), how).astype(np.float32)
    if rng.random() < 0.5:
        painted += rng.normal(0, rng.uniform(1, 4), painted.shape)
    return np.where(mask[..., None], painted.clip(0, 255).astype(np.uint8), ground), mask


_MAKERS: dict[str, Callable[[Pixels, Sequence[Path], Rng], tuple[Pixels, Mask] | None]] = {
    "splice": _spliced,
    "copy_move": _copied,
    "removal": _removed,
}


def _part(pixels: Pixels, rng: Rng) -> tuple[Pixels, Mask]:
    """Return a part of a photo and its outline."""
    mask = _outline(pixels, rng)
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    box = slice(rows[0], rows[-1] + 1), slice(columns[0], columns[-1] + 1)
    return pixels[box], mask[box]


def _outline(pixels: Pixels, rng: Rng) -> Mask:
    """Return where a thing is, as GrabCut finds it, in six of ten; else, or where none is found, an uneven patch (height, width)."""
    share = float(rng.uniform(*PART_SHARE))
    thing = _thing(pixels, share, rng) if rng.random() < 0.6 else None
    if thing is not None and PART_SHARE[0] < thing.mean() < PART_SHARE[1]:
        return thing
    return _blob(pixels.shape[:2], share, rng)


def _thing(pixels: Pixels, share: float, rng: Rng) -> Mask:
    """Return the largest thing that stands out in a box which covers about twice ``share``."""
    import cv2

    height, width = pixels.shape[:2]
    scale = GRABCUT_PX / max(height, width)
    small = cv2.resize(pixels, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    side = min(np.sqrt(2 * share), 0.9) * np.array([small.shape[1], small.shape[0]]) * rng.uniform(0.8, 1.2, 2)
    wide, tall = (int(min(max(s, 8), whole - 2)) for s, whole in zip(side, small.shape[1::-1], strict=True))
    left, top = (int(rng.integers(1, whole - s)) for s, whole in zip((wide, tall), small.shape[1::-1], strict=True))
    found, models = np.zeros(small.shape[:2], np.uint8), (np.zeros((1, 65)), np.zeros((1, 65)))
    cv2.setRNGSeed(int(rng.integers(1 << 30)))
    cv2.grabCut(small, found, (left, top, wide, tall), *models, GRABCUT_ROUNDS, cv2.GC_INIT_WITH_RECT)
    count, labels, facts, _ = cv2.connectedComponentsWithStats((found % 2).astype(np.uint8))
    if count < 2:
        return np.zeros((height, width), bool)
    largest = (labels == 1 + facts[1:, cv2.CC_STAT_AREA].argmax()).astype(np.float32)
    soft = cv2.resize(cv2.GaussianBlur(largest, (0, 0), 1.0), (width, height), interpolation=cv2.INTER_LINEAR)
    return np.asarray(soft > 0.5)


def _blob(shape: Sequence[int], share: float, rng: Rng) -> Mask:
    """Return an uneven patch that covers ``share`` of ``shape`` (height, width)."""
    import cv2

    height, width = shape
    bumps = rng.normal(size=(int(rng.integers(3, 7)), int(rng.integers(3, 7)))).astype(np.float32)
    bumps = cv2.resize(bumps, (width, height), interpolation=cv2.INTER_CUBIC)
    rows, columns = np.mgrid[0 : 1 : height * 1j, 0 : 1 : width * 1j]
    away = np.hypot(rows - rng.uniform(0.25, 0.75), columns - rng.uniform(0.25, 0.75))
    ground = bumps * 0.5 - 2.5 * away
    return np.asarray(ground > np.quantile(ground, 1 - share))


def _resized(part: Pixels, mask: Mask, shape: Sequence[int], rng: Rng, share: float) -> tuple[Pixels, Mask] | None:
    """Resize a part in ``share`` of all cases, and shrink one that does not fit into ``shape``; none where it gets too small."""
    import cv2

    scale = rng.uniform(0.5, 1.6) if rng.random() < share else 1.0
    scale = min(scale, *(MOST_SHARE * whole / side for whole, side in zip(shape[:2], part.shape[:2], strict=True)))
    size = int(part.shape[1] * scale), int(part.shape[0] * scale)
    if min(size) < LEAST_SIDE:
        return None
    if scale != 1:
        how = int(rng.choice([cv2.INTER_LINEAR, cv2.INTER_CUBIC, cv2.INTER_AREA]))
        part = cv2.resize(part, size, interpolation=how).astype(np.uint8)
        mask = cv2.resize(mask.astype(np.uint8), size, interpolation=cv2.INTER_NEAREST) > 0
    return part, mask


def _fitted(part: Pixels, mask: Mask, shape: Sequence[int], rng: Rng) -> tuple[Pixels, Mask] | None:
    """Resize a part and give it noise, blur or more sharpness, each by chance."""
    import cv2

    resized = _resized(part, mask, shape, rng, share=0.6)
    if resized is None:
        return None
    part, mask = resized
    look, values = rng.random(), part.astype(np.float32)
    if look < 0.15:
        values += rng.normal(0, rng.uniform(1, 5), part.shape)
    elif look < 0.35:
        values = cv2.GaussianBlur(values, (0, 0), rng.uniform(0.4, 1.2))
    elif look < 0.45:
        values += rng.uniform(0.4, 1.2) * (values - cv2.GaussianBlur(values, (0, 0), 1.0))
    return values.clip(0, 255).astype(np.uint8), mask


def _in_its_light(part: Pixels, mask: Mask, ground: Pixels, rng: Rng) -> Pixels:
    """Match a part's colours to its new surroundings, or give it another light, or leave it, each by chance."""
    look, values = rng.random(), part.astype(np.float32)
    if look < 0.35:
        own, new = values[mask], ground.reshape(-1, 3).astype(np.float32)
        strength = rng.uniform(0.3, 1)
        gain = np.clip(new.std(axis=0) / (own.std(axis=0) + 1), 0.5, 2)
        matched = (values - own.mean(axis=0)) * gain + new.mean(axis=0)
        values = values * (1 - strength) + matched * strength
    elif look < 0.6:
        values = values * rng.uniform(0.75, 1.25) + rng.uniform(-20, 20)
    return values.clip(0, 255).astype(np.uint8)


def _pasted(ground: Pixels, part: Pixels, mask: Mask, rng: Rng) -> tuple[Pixels, Mask]:
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


def _saver(shape: Sequence[int], rng: Rng) -> Callable[[Pixels, Mask], tuple[bytes, Mask]]:
    """Return a way to save photos of ``shape`` (height, width): shrunk three times in ten, as JPEG in 85 of a hundred, else without loss."""
    import cv2

    scale = max(rng.uniform(0.55, 0.95), LEAST_SAVED / min(shape)) if rng.random() < 0.3 else 1.0
    how = int(rng.choice([cv2.INTER_AREA, cv2.INTER_CUBIC, cv2.INTER_LINEAR]))
    quality, subsampling = int(rng.choice(LAST_QUALITIES)), int(rng.choice([0, 2]))
    as_jpeg = rng.random() < 0.85

    def saved(pixels: Pixels, mask: Mask) -> tuple[bytes, Mask]:
        if scale < 1:
            pixels = cv2.resize(pixels, None, fx=scale, fy=scale, interpolation=how).astype(np.uint8)
            size = pixels.shape[1], pixels.shape[0]
            mask = cv2.resize(mask.astype(np.uint8), size, interpolation=cv2.INTER_NEAREST) > 0
        if as_jpeg:
            return _jpeg(pixels, quality, subsampling), mask
        out = BytesIO()
        Image.fromarray(pixels).save(out, "PNG")
        return out.getvalue(), mask

    return saved
