"""Hold what a cross-modal search found to the shop's rules and content filters, as recommendations are held to them."""

from __future__ import annotations

import numpy as np

from ...core.protocols import Catalogue
from ...core.ranking.cross_modal import Hit, best_first
from ...core.ranking.query import CandidateQuery
from ...core.rules.effects import arrange, moved_by, weighed
from ..policy.rule_scope import pinned_ids
from ..sources.cross_modal import Compared
from .ranker import POOL, Screen


async def ruled(catalogue: Catalogue, found: Compared, q: CandidateQuery, screen: Screen, n: int) -> list[Hit]:
    """Return at most ``n`` items: what rules and filters allow, boosted, buried and pinned as the rules of ``q`` say.

    Raises:
        StoreError: the catalogue cannot be read.
    """
    nearest = [found.ids[i] for i in best_first(found.ids, found.total, max(POOL, 3 * n))]
    pinned = await pinned_ids(catalogue, q)
    items = [i for i in await catalogue.get([*nearest, *pinned], q.where) if q.effects.allows(i)]
    denied = await screen(items)
    items = [i for i in items if i.item_id not in denied]
    if not items:
        return []
    position = {item_id: i for i, item_id in enumerate(found.ids)}
    lowest = float(found.total.min()) if len(found.total) else 0.0
    totals = [float(found.total[position[i.item_id]]) if i.item_id in position else lowest for i in items]
    moved = weighed(np.array(totals, dtype=np.float32), items, q.effects)
    order = sorted(range(len(items)), key=lambda i: (-moved[i], -totals[i], items[i].item_id))
    order, pins = arrange(order, items, q.effects, n)
    return [
        found.hit(position.get(items[i].item_id), items[i], rank, moved_by(q.effects, items[i], pins.get(i)))
        for rank, i in enumerate(order, start=1)
    ]
