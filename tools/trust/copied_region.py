"""Find a part of a photo that was copied within it (copy-move), as clone stamps and hidden objects leave it.

Keypoints are matched with each other and grouped by the similarity transform that carries one part onto the other; the parts are
then compared pixel by pixel under that transform, since repeated windows or leaves match in their corners but not in their grain.

Source: Amerini et al. 2011, "A SIFT-based forensic method for copy-move attack detection and transformation recovery"; Christlein et al. 2012.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from .method import Finding, Method, Photo, When, region_of

CLOSENESS: dict[When, tuple[int, int]] = {"request": (384, 800), "asked": (576, 1500)}
"""Longer side in pixels and most keypoints: a third of the time for a request finds nine in ten of what a closer look finds."""
MOST_ENLARGED = 1.5
"""Small photos are enlarged so that their key points are fine enough, and no further: more costs time and adds no detail."""
RATIO = 0.6
SAME = 0.1
APART_PX = 20.0
TRANSFORMS = 3
MIN_INLIERS = 4
ALIKE = 0.93
TEXTURE = 8.0
BRIGHTNESS = 12.0
WINDOW_PX = 13
LEAST_AREA = 0.004
FULL_AREA, FULL_INLIERS = 0.02, 20
CONFLICT = 0.8
"""Set on every other product photo; `tastemaker bench trust-tamper` counts false alarms on those between."""


class Match(NamedTuple):
    """Two parts that are one: the share of the picture they cover, the keypoints that say so and where they are.

    ``repeated`` is the share that the next best pair covers, as large where a pattern repeats itself (a checked shirt, a row of windows).
    """

    area: float
    inliers: int
    mask: NDArray[np.bool_]
    repeated: float


def examine(photo: Photo) -> Finding:
    """Return a conflict where one textured part of the photo appears twice, grain included, and no pattern repeats itself there."""
    match = best_match(photo.luma, *CLOSENESS[photo.when])
    if match is None:
        return Finding("no evidence", "No part of the picture appears in it twice.")
    score = suspicion(match)
    if score < CONFLICT:
        why = "Parts of the picture are alike, as in a pattern that repeats itself." if match.area > LEAST_AREA else ""
        return Finding("no evidence", why or "No part of the picture appears in it twice.", score)
    reason = f"A part of the picture appears in it twice ({match.area:.1%} of it), as a copied region does."
    return Finding("conflict", reason, score, region_of(match.mask), match.mask.astype(np.float32))


def suspicion(match: Match) -> float:
    """Return from 0 to 1 how much the pair looks copied: large, held by many keypoints, and alone of its kind."""
    alone = 1 - min(match.repeated / max(match.area, 1e-9), 1)
    return float(min(match.area / FULL_AREA, 1) * min(match.inliers / FULL_INLIERS, 1) * alone)


def best_match(luma: NDArray[np.float32], side_px: int, most_keypoints: int) -> Match | None:
    """Return the largest pair of equal parts in ``luma`` (height, width), both parts in its mask; none where keypoints are too few.

    It is looked at with its longer side at ``side_px`` or, if it is small, enlarged by ``MOST_ENLARGED``, by at most ``most_keypoints``.
    """
    import cv2

    grey = luma.astype(np.uint8)
    scale = min(side_px / max(grey.shape), MOST_ENLARGED)
    grey = cv2.resize(grey, None, fx=scale, fy=scale, interpolation=cv2.INTER_CUBIC if scale > 1 else cv2.INTER_AREA)
    sift = cv2.SIFT.create(most_keypoints, contrastThreshold=0.01, edgeThreshold=20)
    keypoints, described = sift.detectAndCompute(grey, None)
    if described is None or len(keypoints) < 2 * MIN_INLIERS:
        return None
    places = np.array([point.pt for point in keypoints], np.float32)
    left, right = _pairs(places, described)
    found: list[tuple[NDArray[np.bool_], int]] = []
    for _ in range(TRANSFORMS):
        if len(left) < MIN_INLIERS:
            break
        moved, kept = cv2.estimateAffinePartial2D(left, right, method=cv2.RANSAC, ransacReprojThreshold=3, maxIters=500)
        if moved is None:
            break
        inside = kept.ravel().astype(bool)
        if inside.sum() >= MIN_INLIERS and 0.4 < np.hypot(moved[0, 0], moved[1, 0]) < 2.5:
            found.append((_equal(grey, moved, left[inside]), int(inside.sum())))
        left, right = left[~inside], right[~inside]
    if not found:
        return None
    (mask, inliers), *others = sorted(found, key=lambda pair: -pair[0].mean())
    return Match(float(mask.mean()), inliers, mask, max((float(other.mean()) for other, _ in others), default=0.0))


def _pairs(
    places: NDArray[np.float32], described: NDArray[np.float32]
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Return the places of keypoints (n, 2) and of their clear partners elsewhere in the picture (n, 2), the left one first."""
    root = np.sqrt(described / (described.sum(axis=1, keepdims=True) + 1e-7))
    distance = np.sqrt(np.maximum(2 - 2 * root @ root.T, 0))
    centred = places - places.mean(axis=0)
    lengths = (centred**2).sum(axis=1)
    distance[lengths[:, None] + lengths - 2 * centred @ centred.T < APART_PX**2] = np.inf
    order = np.argpartition(distance, 2, axis=1)[:, :3]
    rows = np.arange(len(places))[:, None]
    order = np.take_along_axis(order, np.argsort(distance[rows, order], axis=1), axis=1)
    first, second = distance[rows[:, 0], order[:, 0]], distance[rows[:, 0], order[:, 1]]
    clear = np.isfinite(first) & ((first < RATIO * second) | (first < SAME))
    here, there = places[clear], places[order[clear, 0]]
    swapped = here[:, 0] > there[:, 0]
    return np.where(swapped[:, None], there, here), np.where(swapped[:, None], here, there)


def _equal(grey: NDArray[np.uint8], moved: NDArray[np.float64], seeds: NDArray[np.float32]) -> NDArray[np.bool_]:
    """Return where ``grey`` equals itself under ``moved`` (2, 3) around the seeds (n, 2), and where those places go."""
    import cv2

    size, window = (grey.shape[1], grey.shape[0]), (WINDOW_PX, WINDOW_PX)
    here = grey.astype(np.float32)
    there = cv2.warpAffine(here, moved, size, flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP)
    mean_h, mean_t = cv2.blur(here, window), cv2.blur(there, window)
    spread_h, spread_t = cv2.blur(here**2, window) - mean_h**2, cv2.blur(there**2, window) - mean_t**2
    alike = (cv2.blur(here * there, window) - mean_h * mean_t) / np.sqrt(np.maximum(spread_h * spread_t, 1e-3))
    equal = (alike > ALIKE) & (spread_h > TEXTURE) & (spread_t > TEXTURE) & (np.abs(mean_h - mean_t) < BRIGHTNESS)
    _, labels = cv2.connectedComponents(equal.astype(np.uint8))
    columns, rows = np.clip(seeds.round().astype(int), 0, [size[0] - 1, size[1] - 1]).T
    part = np.isin(labels, list(set(labels[rows, columns].tolist()) - {0}))
    target = cv2.warpAffine(part.astype(np.uint8), moved, size, flags=cv2.INTER_NEAREST) > 0
    return np.asarray(part | target)


COPIED_REGION = Method(
    "copied_region",
    examine,
    "SIFT keypoints and RANSAC, Amerini et al. 2011; verified by correlation",
    "Sees textured parts copied within one photo; not flat areas, and not what came from another photo.",
)
