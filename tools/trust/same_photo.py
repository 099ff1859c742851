"""Find items that show the same photo, saved again, resized, mirrored or cropped: a product listed twice, or a photo taken from elsewhere.

Hashes find copies of the whole photo, vectors find those of a part of it; both only propose. Two photos are the same where one, laid over
the other by their key points or as it is, shows the same colours nearly everywhere. Products of one kind on the same white ground look
alike to hashes and vectors; their colours and details do not lie over each other.

Source: PDQ (Meta 2019) for hashes; Lowe 2004 (SIFT) and Fischler and Bolles 1981 (RANSAC) for laying one photo over another.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ...core.errors import ToolError
from ...core.schemas import ReviewFinding
from .item_method import Goods, ItemMethod
from .method import Photo, Pixels
from .photo_hash import MIN_QUALITY, SAME, Bits, distances, photo_hash

SIDE_PX = 256
NEIGHBOURS, MIN_COSINE = 4, 0.85
BLOCK = 1024
MIN_POINTS, KEY_POINTS, CLEAR = 8, 300, 0.8
"""``CLEAR``: how much nearer the best match of a key point must be than the next one (Lowe 2004)."""
MAX_SHIFT_PX = 3.0
MIN_SHARE = 0.3
"""Least part of a photo that the other must lie over."""
SAME_COLOUR, MIN_ALIKE = 18.0, 0.985
"""Mean difference of the channels, from 0 to 255, up to which a place counts as alike after smoothing, and the share of such places."""
MIN_STRUCTURE = 0.97
"""Least correlation of the brightness where one photo lies over the other."""


class _Prepared(NamedTuple):
    """A small picture, the places of its key points (n, 2) and what they look like (n, 128)."""

    rgb: Pixels
    points: NDArray[np.float32]
    looks: Any


def examine(goods: Goods) -> dict[str, ReviewFinding]:
    """Return, for each new item whose photo others show too, which those are."""
    found: dict[str, dict[str, str]] = {}
    for left, right in _proposed(goods):
        how = same_photo(goods.photos[left], goods.photos[right])
        if how:
            for one, other in ((left, right), (right, left)):
                if one in goods.new:
                    found.setdefault(one, {})[other] = how
    return {item_id: _finding(goods, others) for item_id, others in found.items()}


def same_photo(left: Path, right: Path) -> str:
    """Return how two files show one photo: ``the same photo``, ``mirrored`` or ``a part``; empty where they do not."""
    one, other = _prepared(left), _prepared(right)
    if one is None or other is None:
        return ""
    for mirrored in (False, True):
        turned = _mirrored(other) if mirrored else other
        whole = _whole(one.rgb, turned.rgb)
        if whole or _overlaid(one, turned):
            return "mirrored" if mirrored else "the same photo" if whole else "a part"
    return ""


def _proposed(goods: Goods) -> Iterable[tuple[str, str]]:
    """Yield pairs of items worth a closer look, at least one of them new."""
    ids = [item.item_id for item in goods.items if item.item_id in goods.photos]
    with ThreadPoolExecutor(2) as pool:
        hashes = dict(zip(ids, pool.map(lambda i: _hashed(goods.photos[i]), ids), strict=True))
    pairs: set[tuple[str, str]] = set()
    hashed = [i for i in ids if hashes[i] is not None]
    new = [i for i in hashed if i in goods.new]
    if new:
        straight, mirrored = (np.stack([hashes[i][at] for i in hashed]) for at in (0, 1))  # type: ignore[index]
        for start in range(0, len(new), BLOCK):
            some = new[start : start + BLOCK]
            mine = np.stack([hashes[i][0] for i in some])  # type: ignore[index]
            near = np.minimum(distances(mine, straight), distances(mine, mirrored)) <= SAME
            pairs |= {
                _ordered(some[a], hashed[b]) for a, b in zip(*near.nonzero(), strict=True) if some[a] != hashed[b]
            }
    pairs |= set(_neighbours(goods, ids))
    return sorted(pairs)


def _neighbours(goods: Goods, ids: Sequence[str]) -> Iterable[tuple[str, str]]:
    known = [i for i in ids if i in goods.images]
    new = [i for i in known if i in goods.new]
    if len(known) < 2 or not new:
        return
    rows, place = goods.rows(goods.images, known), {i: at for at, i in enumerate(known)}
    for start in range(0, len(new), BLOCK):
        some = new[start : start + BLOCK]
        cosines = rows[[place[i] for i in some]] @ rows.T
        for at, item_id in enumerate(some):
            cosines[at, place[item_id]] = -1
            for other in np.argsort(-cosines[at])[:NEIGHBOURS]:
                if cosines[at, other] >= MIN_COSINE:
                    yield _ordered(item_id, known[other])


def _ordered(one: str, other: str) -> tuple[str, str]:
    return (one, other) if one < other else (other, one)


def _hashed(path: Path) -> tuple[Bits, Bits] | None:
    prepared = _prepared(path)
    if prepared is None:
        return None
    straight, mirrored, quality = photo_hash(prepared.rgb)
    return (straight, mirrored) if quality >= MIN_QUALITY else None


@lru_cache(maxsize=8192)
def _prepared(path: Path) -> _Prepared | None:
    """Return a photo at a size for comparing; none where it cannot be decoded."""
    import cv2

    try:
        rgb = Photo(path).rgb
    except ToolError:
        return None
    scale = SIDE_PX / max(rgb.shape[:2])
    small = cv2.resize(rgb, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC)
    points, looks = _key_points(small)
    return _Prepared(small, points, looks)


def _key_points(rgb: Pixels) -> tuple[NDArray[np.float32], Any]:
    import cv2

    finder = cv2.SIFT.create(KEY_POINTS, contrastThreshold=0.02)
    points, looks = finder.detectAndCompute(cv2.cvtColor(rgb, cv2.COLOR_RGB2GRAY), None)
    return np.array([p.pt for p in points], np.float32).reshape(-1, 2), looks


def _mirrored(one: _Prepared) -> _Prepared:
    flipped = np.ascontiguousarray(one.rgb[:, ::-1])
    return _Prepared(flipped, *_key_points(flipped))


def _whole(left: Pixels, right: Pixels) -> bool:
    """Tell whether two pictures are the same as they are, brought to one size."""
    import cv2

    same_shape = abs(left.shape[1] / left.shape[0] / (right.shape[1] / right.shape[0]) - 1) < 0.05
    fitted = cv2.resize(right, (left.shape[1], left.shape[0]), interpolation=cv2.INTER_AREA)
    return same_shape and _alike(left, fitted, np.ones(left.shape[:2], bool))


def _overlaid(one: _Prepared, other: _Prepared) -> bool:
    """Tell whether one picture shows the same as the other where it lies over it, moved, turned and scaled."""
    import cv2

    if one.looks is None or other.looks is None or min(len(one.points), len(other.points)) < MIN_POINTS:
        return False
    nearest = cv2.BFMatcher(cv2.NORM_L2).knnMatch(other.looks, one.looks, k=2)
    pairs = [two[0] for two in nearest if len(two) == 2 and two[0].distance < CLEAR * two[1].distance]
    if len(pairs) < MIN_POINTS:
        return False
    source = other.points[[p.queryIdx for p in pairs]]
    target = one.points[[p.trainIdx for p in pairs]]
    matrix, inside = cv2.estimateAffinePartial2D(source, target, ransacReprojThreshold=MAX_SHIFT_PX)
    if matrix is None or int(inside.sum()) < MIN_POINTS:
        return False
    size = (one.rgb.shape[1], one.rgb.shape[0])
    moved = cv2.warpAffine(other.rgb, matrix, size, flags=cv2.INTER_LINEAR)
    covered = cv2.warpAffine(np.full(other.rgb.shape[:2], 255, np.uint8), matrix, size) > 250
    scale = max(abs(float(np.linalg.det(matrix[:, :2]))), 1e-6)
    share = max(covered.mean(), covered.sum() / (scale * other.rgb[..., 0].size))
    if share < MIN_SHARE or covered.mean() < MIN_SHARE / 2:
        return False
    inner = cv2.erode(covered.astype(np.uint8), np.ones((9, 9), np.uint8), borderValue=0) > 0
    return bool(inner.any()) and _alike(one.rgb, moved, inner)


def _alike(left: Pixels, right: Pixels, where: NDArray[np.bool_]) -> bool:
    """Tell whether two pictures of one size have the same colours nearly everywhere in ``where``, and the same structure."""
    import cv2

    soft = [cv2.GaussianBlur(p, (0, 0), 2.0).astype(np.float32) for p in (left, right)]
    means = [p[where].mean(axis=0) for p in soft]
    light = np.clip(means[0].mean() - means[1].mean(), -30, 30)
    differ = np.abs(soft[0] - soft[1] - light).max(axis=2)
    grey = [p[where].mean(axis=1) for p in soft]
    if min(g.std() for g in grey) < 2:
        return False
    structure = float(np.corrcoef(grey[0], grey[1])[0, 1])
    return structure >= MIN_STRUCTURE and float((differ[where] <= SAME_COLOUR).mean()) >= MIN_ALIKE


def _finding(goods: Goods, others: Mapping[str, str]) -> ReviewFinding:
    first, how = next(iter(sorted(others.items())))
    shown = {
        "the same photo": "is also that of",
        "mirrored": "is, mirrored, that of",
        "a part": "shares a part with that of",
    }[how]
    more = f" and {len(others) - 1} more" if len(others) > 1 else ""
    title = goods.by_id[first].title or first
    return ReviewFinding(
        check=SAME_PHOTO.name,
        reason=f"The photo {shown} “{title}” ({first}){more}.",
        others=tuple(sorted(others)),
    )


SAME_PHOTO = ItemMethod(
    "same_photo",
    examine,
    "PDQ, Meta 2019; SIFT, Lowe 2004, with RANSAC",
    "Sees copies that were saved again, resized, mirrored or cropped to a third; not another photo of the same thing.",
)
