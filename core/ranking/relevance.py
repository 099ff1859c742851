"""Judge how far items fit a request beyond its conditions: by what the first have in common, and by the very words.

Agreement is pseudo-relevance feedback (Rocchio 1971) over the values of the records instead of their words.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from ..language.foreign import is_foreign
from ..language.small_words import small_words
from ..protocols import Vectors
from ..schemas import AttributeValue, CatalogueSchema, Condition, Item
from ..text.chinese import is_chinese, parts_of
from ..text.field_names import is_closed
from ..text.words import content_words, has_part, is_content, stem, stems, tokens
from .query import CandidateQuery

MARGIN, NAME_MARGIN = 0.1, 4.0
"""By so much the least item that holds every word stands above those that come close; more where the words are a name."""
NAMED, NAMED_BY_ONE_WORD, LEADS = 2, 3, 0.75
"""So many items that hold the words make a name of several words or of one, if this share of their titles begins with them."""
FIRST, FIRST_BY_WORDS = 20, 5
"""So many of the most relevant items say what was meant; fewer where words alone lead, as the first twenty may be half of a small shop."""
MOST_HAN = 12
"""Longer Chinese wishes are sentences, of which no part says what is wanted."""
FEW = 0.3
"""A common word that at most this share of the records has tells some from others."""
NEAR = 0.05
"""So much less near to a photo, as a cosine, an item says e times less of what the photo shows; chosen on products beside each other."""


def agreement(
    items: Sequence[Item],
    first: Sequence[Item],
    weights: Vectors,
    schema: CatalogueSchema,
    settled: Collection[str] = (),
) -> NDArray[np.float32]:
    """Return, from 0 to 1, how far every item has the values that the ``first`` have in common, shape (n,).

    Each of the first counts by its weight, shape (k,), not negative. A field counts as far as they agree in it;
    those in ``settled``, which conditions hold fixed, do not.
    """
    total, norm = np.zeros(len(items), dtype=np.float64), 0.0
    if not float(weights.sum()) > 0:
        return total.astype(np.float32)
    weights = weights / float(weights.sum())
    for name in (f.name for f in schema.fields if is_closed(f) and f.name not in settled):
        share: dict[str, float] = defaultdict(float)
        for item, weight in zip(first, weights.tolist(), strict=True):
            values = _values(item.attributes.get(name))
            for value in values:
                share[value] += weight / len(values)
        if not share:
            continue
        sure = sum(s * s for s in share.values())
        most = max(share.values(), default=0.0) or 1.0
        held = [i.attributes.get(name) for i in items]
        fits = [
            share.get(v, 0.0) if isinstance(v, str) else _most(v, share) if isinstance(v, list) else 0.0 for v in held
        ]
        total += sure / most * np.array(fits, dtype=np.float64)
        norm += sure
    return (total / norm if norm else total).astype(np.float32)


def above_least(relevance: Vectors) -> Vectors:
    """Return by how much each score, shape (k,), is above the least."""
    return relevance - relevance.min() if len(relevance) else relevance


def nearness(cosines: Vectors) -> Vectors:
    """Return what items as near to a photo as these, shape (k,), say of it: 1 for the nearest, ever less for those behind it."""
    return np.exp((cosines - cosines.max()) / NEAR) if len(cosines) else cosines


def _most(values: Sequence[str], share: Mapping[str, float]) -> float:
    return max([share.get(v, 0.0) for v in values], default=0.0)


def _values(value: AttributeValue | None) -> Sequence[str]:
    return value if isinstance(value, list) else [value] if isinstance(value, str) else ()


class RecordStems:
    """The stems of every word of a record, remembered for the records seen last; a record that changed is another object."""

    def __init__(self, capacity: int = 8_192) -> None:
        self._capacity = capacity
        self._read: dict[int, tuple[Item, frozenset[str]]] = {}

    def __call__(self, item: Item) -> frozenset[str]:
        """Return the stems of the title, the values and the text of ``item``."""
        known = self._read.get(id(item))
        if known is not None and known[0] is item:
            return known[1]
        if len(self._read) >= self._capacity:
            self._read.clear()
        texts = (item.title, item.text, *(v for value in item.attributes.values() for v in _values(value)))
        found = frozenset().union(*map(stems, texts))
        self._read[id(item)] = (item, found)
        return found


def matching(items: Sequence[Item], q: CandidateQuery, read: RecordStems | None = None) -> NDArray[np.bool_]:
    """Tell of every item, shape (n,), whether it holds each word that asks for more than the conditions; none where words only point."""
    if not q.said or q.understanding.intent not in ("recommend", "refine", "browse"):
        return np.zeros(len(items), dtype=np.bool_)
    return holding(items, q.remaining, read)


def lifted(scores: NDArray[np.float32], whole: NDArray[np.bool_], margin: float = MARGIN) -> NDArray[np.float32]:
    """Return the scores with those of ``whole`` items, shape (n,), raised together until the least stands above all others."""
    if not whole.any() or whole.all():
        return scores
    gap = float(scores[~whole].max() - scores[whole].min()) + margin
    return scores + np.float32(max(gap, 0.0)) * whole.astype(np.float32)


def holding(items: Sequence[Item], words: Sequence[str], read: RecordStems | None = None) -> NDArray[np.bool_]:
    """Tell of every item, shape (n,), whether its title, values and text hold all the words, by their stems; none without words."""
    wanted, read = stems(" ".join(words)), read or RecordStems()
    return np.array([bool(wanted) and wanted <= read(item) for item in items], dtype=np.bool_)


def speaking(items: Sequence[Item], wishes: Sequence[str], read: RecordStems | None = None) -> NDArray[np.bool_]:
    """Tell of every item, shape (n,), whether its record holds a wish that no condition expresses: most of a Chinese one, a German one in a compound."""
    parts = [tuple(parts_of(w)) for w in wishes if is_chinese(w) and len(w) <= MOST_HAN]
    values = (" ".join(v for v in i.attributes.values() if isinstance(v, str)) for i in items)
    texts = [f"{i.title} {i.text} {told}" if parts else "" for i, told in zip(items, values, strict=True)]
    found = np.array([any(part in text for wish in parts for part in wish) for text in texts], dtype=np.bool_)
    said = {stem(w) for w in wishes if w.isalpha() and not is_chinese(w)}
    if said and is_foreign(" ".join(i.text for i in items[:3])):
        read = read or RecordStems()
        found |= np.array([any(has_part(k, w) for w in said for k in read(i)) for i in items], dtype=np.bool_)
    return found


def telling(
    items: Sequence[Item], query: str, conditions: Sequence[Condition], read: RecordStems | None = None
) -> NDArray[np.bool_]:
    """Tell of every item, shape (n,), whether it has a common word of a request that few records have: "side" of "side sleepers"."""
    taken = stems(" ".join(c.words for c in conditions))
    words = {
        stem(w) for w in tokens(query) if w.isalpha() and not is_content(w) and w.lower() not in small_words()["en"]
    }
    read, told = read or RecordStems(), np.zeros(len(items), dtype=np.bool_)
    for word in words - taken:
        held = np.array([word in read(item) for item in items], dtype=np.bool_)
        told |= held if held.mean() <= FEW else False
    return told


def is_name(items: Sequence[Item], whole: NDArray[np.bool_], words: Sequence[str]) -> bool:
    """Tell whether the words that ``whole`` items hold, shape (n,), are a name: most of their titles begin with them.

    Then items of other names do not fit, however near they are: a list of what the name stands for ends where that ends. Nearness
    itself does not say where a list ends: on the dev requests of ``bench relevance`` items that fit and items that do not are
    equally near to the words once the conditions hold.
    """
    wanted = stems(" ".join(words))
    held = [item.title for item, holds in zip(items, whole, strict=True) if holds]
    leading = [title for title in held if wanted <= stems(" ".join(content_words(title)[: len(wanted)]))]
    enough = NAMED if len(wanted) > 1 else NAMED_BY_ONE_WORD
    return bool(wanted) and len(held) >= enough and len(leading) >= LEADS * len(held)
