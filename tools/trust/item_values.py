"""Find items whose photo shows another colour, kind or other value than their fields claim, as the shop's own items tell.

For each field of words, linear models are fitted on the photos of the shop's other items (vectors of the search and colours), each item
judged by those that have not seen it. What a right and a wrong claim look like is then told by the shop itself: the claims as they are, of which
most are right, and the same items with values drawn by chance. A field that photos do not show separates neither, so it names nobody.
Values that the photos of the shop keep mixing up (navy and blue) count as one.

Source: Northcutt et al. 2021, "Confident learning", for judging labels by models that have not seen them; ridge regression.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from PIL import Image, UnidentifiedImageError

from ...core.schemas import ReviewFinding
from .item_method import Goods, ItemMethod
from .item_text import LIKELY, MIN_ITEMS, probability

LEAST_OF_VALUE, MOST_VALUES, FOLDS, STRENGTH = 15, 60, 5, 30.0
LEAST_SHOWN = 0.7
"""How far, of the way from chance to always, photos must look like what is claimed, for the field to be one that they show (Cohen's kappa)."""
MIXED_UP = 0.1
"""Share of a value's items that the models take for another one, from which the two count as alike."""
LEAST_SCORE = -10.0
COLOUR_PX, BINS, WHITE = 48, 5, 235
Floats = NDArray[np.float64]


class _Claims(NamedTuple):
    """The values of one field: names, which items (places in the rows of photos) claim one, and which."""

    names: tuple[str, ...]
    places: NDArray[np.int64]
    values: NDArray[np.int64]


def examine(goods: Goods) -> dict[str, ReviewFinding]:
    """Return the new items of which a field claims what their photo hardly shows; none in a shop of fewer than ``MIN_ITEMS``."""
    ids = tuple(i for i in goods.by_id if i in goods.images)
    if len(ids) < MIN_ITEMS or not goods.new.intersection(ids):
        return {}
    rows = np.concatenate([goods.rows(goods.images, ids), _colours(goods, ids)], axis=1)
    found: dict[str, ReviewFinding] = {}
    for field, claims in _fields(goods, ids).items():
        for place, claimed, shown, wrong in _doubtful(rows, claims):
            item_id = ids[place]
            if item_id in goods.new and (item_id not in found or wrong > (found[item_id].score or 0)):
                reason = f"By the shop's other photos, this one shows “{shown}”, not “{claimed}” ({field})."
                found[item_id] = ReviewFinding(check=ITEM_VALUES.name, reason=reason, score=round(wrong, 4))
    return found


def _fields(goods: Goods, ids: Sequence[str]) -> Mapping[str, _Claims]:
    """Return the claims of each field of words with at least two values that enough items have."""
    claims: dict[str, _Claims] = {}
    said = [goods.by_id[i].attributes for i in ids]
    for field in sorted({name for one in said for name, value in one.items() if isinstance(value, str)}):
        held = Counter(value for one in said if isinstance(value := one.get(field), str))
        names = tuple(value for value, count in held.most_common() if count >= LEAST_OF_VALUE)
        if 2 <= len(names) <= MOST_VALUES:
            number = {value: n for n, value in enumerate(names)}
            pairs = [(at, number[v]) for at, one in enumerate(said) if (v := one.get(field)) in number]
            places, values = np.array(pairs, np.int64).T
            if len(places) >= MIN_ITEMS:
                claims[field] = _Claims(names, places, values)
    return claims


def _doubtful(rows: NDArray[np.float32], claims: _Claims) -> list[tuple[int, str, str, float]]:
    """Return place, claimed value, shown value and probability of the claims that are likely wrong."""
    scores = _unseen_scores(rows[claims.places], claims.values, len(claims.names))
    alike = _mixed_up(scores, claims.values)
    best = scores.argmax(axis=1)
    drawn = np.random.default_rng(0).permutation(claims.values)
    right, chance = (float(alike[values, best].mean()) for values in (claims.values, drawn))
    if right - chance < LEAST_SHOWN * (1 - chance) or chance == 1:
        return []
    wrong = probability(_margins(scores, claims.values, alike), _margins(scores, drawn, alike))
    return [
        (int(claims.places[at]), claims.names[claims.values[at]], claims.names[best[at]], float(wrong[at]))
        for at in np.flatnonzero((wrong >= LIKELY) & ~alike[claims.values, best])
    ]


def _unseen_scores(rows: NDArray[np.float32], values: NDArray[np.int64], count: int) -> Floats:
    """Return how much each photo looks like each value (n, values), by ridge regressions that did not see it."""
    wanted = np.eye(count)[values]
    spread = rows.std(axis=0) + 1e-6
    scaled = np.concatenate([(rows - rows.mean(axis=0)) / spread, np.ones((len(rows), 1))], axis=1)
    fold = np.random.default_rng(1).permutation(len(rows)) % FOLDS
    scores = np.empty((len(rows), count))
    for part in range(FOLDS):
        seen = scaled[fold != part]
        weights = np.linalg.solve(seen.T @ seen + STRENGTH * np.eye(seen.shape[1]), seen.T @ wanted[fold != part])
        scores[fold == part] = scaled[fold == part] @ weights
    return scores


def _mixed_up(scores: Floats, values: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Return which values (values, values) are taken for each other often, in either direction; each is alike to itself."""
    count = scores.shape[1]
    taken = np.zeros((count, count))
    np.add.at(taken, (values, scores.argmax(axis=1)), 1)
    share = taken / np.maximum(taken.sum(axis=1, keepdims=True), 1)
    return np.asarray((share >= MIXED_UP) | (share.T >= MIXED_UP) | np.eye(count, dtype=bool))


def _margins(scores: Floats, claimed: NDArray[np.int64], alike: NDArray[np.bool_]) -> Floats:
    """Return by how much each photo looks more like what is claimed, or like a value alike, than like any other."""
    near = alike[claimed]
    own, other = np.where(near, scores, LEAST_SCORE), np.where(near, LEAST_SCORE, scores)
    return np.asarray(own.max(axis=1) - other.max(axis=1), np.float64)


def _colours(goods: Goods, ids: Sequence[str]) -> NDArray[np.float32]:
    """Return the roots of the shares of colours in each photo (n, bins), without a white ground; zeros where there is no photo."""
    rows = np.zeros((len(ids), BINS**3), np.float32)
    for at, item_id in enumerate(ids):
        path = goods.photos.get(item_id)
        try:
            if path is not None:
                with Image.open(path) as image:
                    image.draft("RGB", (COLOUR_PX * 2, COLOUR_PX * 2))
                    rows[at] = _shares(np.asarray(image.convert("RGB").resize((COLOUR_PX, COLOUR_PX)), np.uint8))
        except (OSError, UnidentifiedImageError, Image.DecompressionBombError):
            continue
    return rows


def _shares(rgb: NDArray[np.uint8]) -> NDArray[np.float32]:
    pixels = rgb.reshape(-1, 3)
    coloured = pixels[pixels.min(axis=1) < WHITE]
    bins = (coloured if len(coloured) > len(pixels) // 50 else pixels).astype(int) * BINS // 256
    count = np.bincount(bins @ np.array([BINS**2, BINS, 1]), minlength=BINS**3)
    return np.asarray(np.sqrt(count / count.sum()), np.float32)


ITEM_VALUES = ItemMethod(
    "item_values",
    examine,
    "confident learning, Northcutt et al. 2021, over ridge regressions of the shop's own photos",
    "Sees values that the shop's photos tell apart, of which it has at least 15 items; misses most wrong colours, and counts, names and sizes.",
)
