"""Find items whose photo does not show what their words say, measured against the shop's own other items.

How well each item's photo and words fit is scaled by how near other items' words are to the photo and other photos to the words, so that a
photo that is near everything gains nothing. The shop's own items then say what fits: most pairs are right, and photos with the words of
random other items show what wrong ones look like. An item is named where its fit is so much more like a wrong pair's that, of one wrong item
in a hundred, it is more likely wrong than right, and where another item's words fit its photo better. It costs nothing but arithmetic: the
vectors are those of the search.

Source: Conneau et al. 2018, "Word translation without parallel data", for the scaling.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ...core.schemas import ReviewFinding
from .item_method import Goods, ItemMethod

NEAREST, REFERENCE, MIN_ITEMS, BLOCK = 10, 2000, 100, 1024
WRONG_SHARE, LIKELY = 0.01, 0.9
Rows = NDArray[np.float32]
Fits = NDArray[np.float64]


def examine(goods: Goods) -> dict[str, ReviewFinding]:
    """Return the new items whose words hardly belong to their photo; none in a shop of fewer than ``MIN_ITEMS``."""
    ids = goods.pictured
    if len(ids) < MIN_ITEMS or not goods.new.intersection(ids):
        return {}
    texts, photos = goods.rows(goods.texts, ids), goods.rows(goods.images, ids)
    own, other = fits(photos, texts)
    wrong = probability(own, other)
    suspects = [at for at in np.flatnonzero(wrong >= LIKELY) if ids[at] in goods.new]
    found = {}
    for at in suspects:
        best = int((photos[at] @ texts.T).argmax())
        if best != at:
            title = goods.by_id[ids[best]].title or ids[best]
            reason = f"The photo hardly shows what the words say; the words of “{title}” ({ids[best]}) fit it better."
            score = round(float(wrong[at]), 4)
            found[ids[at]] = ReviewFinding(check=ITEM_TEXT.name, reason=reason, score=score, others=(ids[best],))
    return found


def fits(photos: Rows, texts: Rows) -> tuple[Fits, Fits]:
    """Return how well each photo (n, dim) fits its own text and that of a random other item, (n,) each."""
    rng = np.random.default_rng(0)
    order = rng.permutation(len(photos))
    known = order[:REFERENCE]
    of_photos, of_texts = _near(photos, texts[known], known), _near(texts, photos[known], known)
    swapped = np.empty(len(order), np.int64)
    swapped[order] = np.roll(order, 1)
    own = 2 * (photos * texts).sum(axis=1) - of_photos - of_texts
    other = 2 * (photos * texts[swapped]).sum(axis=1) - of_photos - of_texts[swapped]
    return np.asarray(own, np.float64), np.asarray(other, np.float64)


def probability(own: Fits, other: Fits) -> Fits:
    """Return the probability that each pair is wrong, from normal distributions of right and wrong pairs, few of them wrong.

    Middle and spread are medians, which the wrong ones among the own pairs do not move. A fit above the middle of the right ones is right.
    """
    (middle, spread), (wrong_middle, wrong_spread) = (_normal(fit) for fit in (own, other))
    right = -0.5 * ((own - middle) / spread) ** 2 - np.log(spread)
    wrong = -0.5 * ((own - wrong_middle) / wrong_spread) ** 2 - np.log(wrong_spread)
    odds = np.clip(wrong - right + np.log(WRONG_SHARE / (1 - WRONG_SHARE)), -50, 50)
    likely = 1 / (1 + np.exp(-odds))
    return np.where(own < middle, likely, 0.0)


def _near(rows: Rows, others: Rows, places: NDArray[np.int64]) -> Fits:
    """Return the mean of the largest cosines of each row with others, its own left out."""
    means = np.empty(len(rows), np.float64)
    for start in range(0, len(rows), BLOCK):
        cosines = rows[start : start + BLOCK] @ others.T
        cosines[places[None] == np.arange(start, start + len(cosines))[:, None]] = -1
        means[start : start + BLOCK] = np.sort(cosines, axis=1)[:, -NEAREST:].mean(axis=1)
    return means


def _normal(values: Fits) -> tuple[float, float]:
    middle = float(np.median(values))
    return middle, max(1.4826 * float(np.median(np.abs(values - middle))), 1e-6)


ITEM_TEXT = ItemMethod(
    "item_text",
    examine,
    "local scaling, Conneau et al. 2018, with the shop's own items as the measure",
    "Sees a photo of another kind of thing; not that of a similar product, and nothing in a shop of fewer than 100 items with photos.",
)
