"""Rank fused candidates: soft preferences, repeats removed, a mild spread, the shop's rules, the record attached."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence

import numpy as np

from ..core.candidates import CandidateQuery
from ..core.leanings import preference_fit
from ..core.protocols import Catalogue, Vectors
from ..core.ranking import Fused, diversify, drop_duplicates, fuse, scaled, source_weights
from ..core.rule_effects import Effects, arrange, factors, moved_by
from ..core.schemas import Candidate, Item, RankedItem
from ..core.titles import is_named
from .rule_scope import pinned_ids

POOL = 60
PREFERENCE_WEIGHT = 0.3


class Ranker:
    """Makes one list of ranked items from the lists of all sources."""

    def __init__(self, catalogue: Catalogue) -> None:
        self._catalogue = catalogue

    async def __call__(self, q: CandidateQuery, lists: Mapping[str, Sequence[Candidate]], n: int) -> list[RankedItem]:
        """Return at most ``n`` items, best first; hard constraints and exclusions are checked once more.

        Raises:
            StoreError: the catalogue cannot be read.
        """
        allowed = {name: [c for c in found if c.item_id not in q.excluded] for name, found in lists.items()}
        fused = fuse(allowed, source_weights(q), limit=max(POOL, 3 * n))
        known = {f.item_id for f in fused}
        fused += [Fused(i, 0.0, ()) for i in dict.fromkeys(await pinned_ids(self._catalogue, q)) if i not in known]
        if not fused:
            return []
        ids = [f.item_id for f in fused]
        found, text, image, schema = await asyncio.gather(
            self._catalogue.get(ids, q.where),
            self._catalogue.vectors("text", ids),
            self._catalogue.vectors("image", ids),
            self._catalogue.schema(),
        )
        by_id = {i.item_id: i for i in found if q.effects.allows(i) and not _is_anchor(i, q)}
        fused = [f for f in fused if f.item_id in by_id]
        items = [by_id[f.item_id] for f in fused]
        fit = preference_fit(items, q.understanding.preferences, schema)
        scores = np.array([f.score for f in fused], dtype=np.float32) + PREFERENCE_WEIGHT * fit
        order, pinned = _select(items, scores, text, image, q.effects, n=n)
        return [
            RankedItem(
                item=items[i],
                rank=rank,
                score=round(float(scores[i]), 6),
                sources=fused[i].sources,
                rules=moved_by(q.effects, items[i], pinned.get(i)),
            )
            for rank, i in enumerate(order, 1)
        ]


def _is_anchor(item: Item, q: CandidateQuery) -> bool:
    """Tell whether the words name ``item`` as the one to be similar to."""
    return q.may_name and is_named(item.title, q.understanding.query)


def _select(
    items: Sequence[Item],
    scores: Vectors,
    text: Mapping[str, Vectors],
    image: Mapping[str, Vectors],
    effects: Effects,
    *,
    n: int,
) -> tuple[list[int], dict[int, str]]:
    """Return the positions of the ``n`` best items without repeats, mildly spread, arranged by the shop's rules.

    Also position -> id of the pin that placed it.
    """
    relevance = scaled(scores) * np.array(factors(effects, items), dtype=np.float32)
    order = [int(i) for i in np.argsort(-relevance, kind="stable")]
    named = {i for pin in effects.pins for i in pin.items}
    order.sort(key=lambda i: items[i].item_id not in named)
    kept = sorted(
        (order[p] for p in drop_duplicates([items[i] for i in order], text, image)), key=lambda i: -relevance[i]
    )
    vectors = _stack([items[i].item_id for i in kept], image if len(image) > len(text) else text)
    picked = [kept[p] for p in diversify(relevance[kept], vectors, n)]
    return arrange([*picked, *(i for i in kept if i not in set(picked))], items, effects, n)


def _stack(ids: Sequence[str], vectors: Mapping[str, Vectors]) -> Vectors:
    """Return the vectors of ``ids``, shape (n, dim); zeros where there is none."""
    dim = next((v.size for v in vectors.values()), 1)
    rows = [vectors[i].reshape(-1) if i in vectors else np.zeros(dim, dtype=np.float32) for i in ids]
    return np.stack(rows).astype(np.float32) if rows else np.zeros((0, dim), dtype=np.float32)
