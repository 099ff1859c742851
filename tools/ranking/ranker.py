"""Rank fused candidates: soft preferences, repeats removed, spread, the shop's rules, the record attached."""

from __future__ import annotations

import logging
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import replace

import numpy as np

from ...core.protocols import Catalogue, Collaborative, Vectors
from ...core.questions.information_gain import answer_scores
from ...core.ranking.diversity import group_field, group_shares
from ...core.ranking.fusion import Fused
from ...core.ranking.query import MAX_LIKED, CandidateQuery
from ...core.ranking.recent_feedback import feedback_of, shift
from ...core.ranking.recommendation_paths import proven
from ...core.ranking.refused_in_text import refused_thing, told_of_all
from ...core.ranking.relevance import (
    FIRST,
    FIRST_BY_WORDS,
    MARGIN,
    NAME_MARGIN,
    RecordStems,
    above_least,
    agreement,
    is_name,
    lifted,
    matching,
    nearness,
    speaking,
    telling,
)
from ...core.ranking.selection import Shelf, alternated, kinds_of, select
from ...core.ranking.soft_preferences import preference_fit
from ...core.ranking.stated_preferences import stated_fit
from ...core.ranking.why_not import Trace
from ...core.rules.effects import moved_by
from ...core.schemas import Candidate, CatalogueSchema, Item, Order, PathStep, RankedItem
from ...core.text.titles import is_named
from ...core.text.words import content_words
from ..policy.rule_scope import pinned_ids
from ..trained.ranking import Opinion, fuse_with, opinion, predicted_ratings
from ..trained.version_in_use import Learned

Screen = Callable[[Sequence[Item]], Awaitable[Mapping[str, str]]]
"""Returns item id -> why it is held back."""
_log = logging.getLogger(__name__)
POOL = 60
PREFERENCE_WEIGHT = 0.8
AGREEMENT_WEIGHT, POINTED_AGREEMENT, SHOWN_AGREEMENT, WORDED_AGREEMENT = 1.2, 0.6, 2.4, 0.2
"""How much agreeing with the most relevant items counts: less where a photo is pointed at with words, more where a photo says all, little
where words alone lead, which tell by themselves; chosen on 52 requests over three small shops and on ``bench relevance``."""
POPULAR = 5000
PHOTO = "image_vector"
"""The source that knows how near an item is to the photo."""


class Ranker:
    """Makes one list of ranked items from the lists of all sources; without ``collaborative`` popularity is not known.

    With ``learned``, a trained recommender places the pool of those whose wishes are known.
    """

    def __init__(
        self, catalogue: Catalogue, collaborative: Collaborative | None = None, learned: Learned | None = None
    ) -> None:
        self._catalogue = catalogue
        self._collaborative = collaborative
        self._learned = learned
        self._stems = RecordStems()

    async def __call__(
        self,
        q: CandidateQuery,
        lists: Mapping[str, Sequence[Candidate]],
        n: int,
        *,
        screen: Screen | None = None,
        trace: Trace | None = None,
        note: Callable[[str], None] = _log.warning,
    ) -> list[RankedItem]:
        """Return at most ``n`` items, best first; hard constraints and exclusions are checked once more.

        Where the request names something, those that do not have the name come last and are marked as ``below`` the end of the list.

        ``screen`` says which items to hold back; ``trace`` is filled with what became of every item;
        ``note`` is told what of the trained recommender failed in this request.

        Raises:
            StoreError: the catalogue cannot be read.
        """
        allowed = {name: [c for c in found if c.item_id not in q.excluded] for name, found in lists.items()}
        pool = max(POOL, 3 * n)
        placed = await opinion(self._learned, q, allowed, note)
        fused = fuse_with(placed, q, allowed, pool if trace is None else None)
        if trace is not None:
            trace.proposed, trace.pool = {f.item_id: place for place, f in enumerate(fused, 1)}, pool
            fused = fused[:pool]
        known = {f.item_id for f in fused}
        fused += [Fused(i, 0.0) for i in dict.fromkeys(await pinned_ids(self._catalogue, q)) if i not in known]
        order = q.understanding.reading.order
        if order is not None:
            fused = await self._in_order(order, q, fused, pool)
        if not fused:
            return []
        shelf, fused = await self._shelf(q, fused, screen, trace)
        if order is not None:
            q, shelf = replace(q, spread=replace(q.spread, strategy="none")), _by_then(_by_value(shelf, order), order)
        passed = order.rank - 1 if order is not None else 0
        kinds = [] if order or q.effects.pins else kinds_of(shelf.items, q.understanding.conditions)
        chosen = select(shelf, q.spread, q.effects, len(shelf.items) if kinds else n + passed)
        if kinds:
            last = {i for i, item in enumerate(shelf.items) if item.item_id in shelf.close | shelf.refused}
            chosen = replace(chosen, order=alternated(chosen.order, kinds, last)[:n])
        chosen = replace(chosen, order=chosen.order[passed:])  # from the second cheapest on
        if trace is not None:
            trace.fill(shelf, select(shelf, q.spread, q.effects, len(shelf.items)))
        listed = [shelf.items[i] for i in chosen.order]
        paths = await self._paths(placed, listed, q)
        ratings = predicted_ratings(placed, [item.item_id for item in listed], note)
        return [
            RankedItem(
                item=shelf.items[i],
                rank=rank,
                score=round(float(shelf.scores[i]), 6),
                sources=fused[i].sources,
                rules=moved_by(q.effects, shelf.items[i], chosen.pinned.get(i)),
                path=paths.get(shelf.items[i].item_id, ()),
                predicted_rating=ratings.get(shelf.items[i].item_id),
                close=(close := shelf.items[i].item_id in shelf.close),
                below=((close and shelf.ends) or shelf.items[i].item_id in shelf.refused) and i not in chosen.pinned,
            )
            for rank, i in enumerate(chosen.order, 1)
        ]

    async def _in_order(self, order: Order, q: CandidateQuery, fused: Sequence[Fused], pool: int) -> list[Fused]:
        """Return the items that come first in the order asked for, with where sources placed them, and those that words found."""
        placed = {f.item_id: f for f in fused}
        first = await self._catalogue.in_order(order.field, pool, q.where, q.excluded, descending=order.descending)
        named = [f for f in fused if f.item_id not in set(first)] if q.remaining or not first else []
        return [*(placed.get(i, Fused(i, 0.0)) for i in first), *named]

    async def _shelf(
        self, q: CandidateQuery, fused: Sequence[Fused], screen: Screen | None, trace: Trace | None
    ) -> tuple[Shelf, list[Fused]]:
        """Return the records that limits, exclusions and rules allow, with scores and vectors, and what was fused of each."""
        ids = [f.item_id for f in fused]
        feedback = feedback_of(q.profile, q.understanding, time.time())
        found, text, image = await self._catalogue.records(ids, q.where)
        schema = q.schema or await self._catalogue.schema()
        found = [i for i in found if q.effects.allows(i) and not _is_anchor(i, q)]
        denied = await screen(found) if screen else {}
        if trace is not None:
            trace.denied = dict(denied)
        by_id = {i.item_id: i for i in found if i.item_id not in denied}
        kept = [f for f in fused if f.item_id in by_id]
        items = [by_id[f.item_id] for f in kept]
        fit = preference_fit(items, q.understanding.preferences, schema) + stated_fit(items, q.tastes, schema)
        scores = np.array([f.score for f in kept], dtype=np.float32) + PREFERENCE_WEIGHT * fit
        close, ends = frozenset[str](), False
        if q.leads:
            fits = await self._agreement(q, kept, items, schema)
            scores = scores + _agreement_weight(q) * fits
            whole = matching(items, q, self._stems)
            ends = not q.photos and is_name(items, whole, q.remaining)
            scores = lifted(scores, whole, NAME_MARGIN if ends else MARGIN)
            if whole.any() and not q.photos:
                close = frozenset(i.item_id for i, held in zip(items, whole, strict=True) if not held)
        scores = lifted(scores, telling(items, q.understanding.reading.query, q.understanding.conditions, self._stems))
        scores = lifted(scores, speaking(items, _free_wishes(q), self._stems))
        told = told_of_all(items, q.understanding)
        scores = lifted(lifted(scores, told > 0), told >= 0, NAME_MARGIN)
        refused = frozenset(i.item_id for i, says in zip(items, told, strict=True) if says < 0)
        scores = scores + answer_scores(items, q.answers, schema, q.answer_noise)
        if feedback.item_ids:
            judged = await self._catalogue.vectors("text", feedback.item_ids)
            scores = scores + shift([i.item_id for i in items], feedback, text | judged)
        popularity = await self._popularity(q, items)
        shares, target = await self._groups(q, items, schema)
        spoken = refused if len(refused) < len(items) else frozenset()
        shelf = Shelf(items, scores, text, image, popularity, shares, target, close, ends, spoken)
        return shelf, kept

    async def _agreement(
        self, q: CandidateQuery, fused: Sequence[Fused], items: Sequence[Item], schema: CatalogueSchema
    ) -> Vectors:
        """Return how far the items agree with the first of them or, beside conditions or without words, with what looks most like the photo."""
        settled = {c.field for c in q.understanding.constraints}
        if not q.photos or (q.said and not settled):
            relevance = np.array([f.score for f in fused], dtype=np.float32)
            order = np.argsort(-relevance, kind="stable")[: (FIRST_BY_WORDS if _is_worded(q) else FIRST) + 1]
            return agreement(items, [items[i] for i in order], above_least(relevance[order]), schema, settled)
        photo, trust = max(q.photos, key=lambda p: p[1])
        near = {f.item_id: c.score for f in fused for name, c in f.placed if name == PHOTO and c.rank <= FIRST + 1}
        first = [i for i in items if i.item_id in near]
        if settled or len(q.photos) > 1:
            near = {c.item_id: c.score for c in await self._catalogue.search_vector("image", photo, FIRST + 1)}
            first = await self._catalogue.get(list(near))
        cosines = np.array([near[i.item_id] for i in first], dtype=np.float32)
        return trust * agreement(items, first, nearness(cosines), schema, settled)

    async def _paths(
        self, placed: Opinion | None, items: Sequence[Item], q: CandidateQuery
    ) -> dict[str, tuple[PathStep, ...]]:
        """Return, per item, the path from something liked that the records bear out."""
        paths = placed.paths([i.item_id for i in items]) if placed else {}
        if not paths:
            return {}
        ids = {step.source for steps in paths.values() for step in steps}
        records = {i.item_id: i for i in (*items, *await self._catalogue.get(sorted(ids)))}
        return {i: proven(steps, records, frozenset(q.profile.liked)) for i, steps in paths.items()}

    async def _popularity(self, q: CandidateQuery, items: Sequence[Item]) -> Vectors:
        """Return how popular the items are, shape (m,), or nothing where it does not count."""
        if not q.spread.popularity_penalty or self._collaborative is None:
            return np.zeros(0, dtype=np.float32)
        known = dict(await self._collaborative.popular(POPULAR))
        return np.array([known.get(i.item_id, 0.0) for i in items], dtype=np.float32)

    async def _groups(
        self, q: CandidateQuery, items: Sequence[Item], schema: CatalogueSchema
    ) -> tuple[Vectors, Vectors]:
        """Return how the items divide over groups and how the user's likes do; nothing where it does not count."""
        name = group_field(schema, q.spread.field) if q.spread.strategy == "calibrated" and q.profile.liked else None
        if name is None:
            return np.zeros((0, 0), dtype=np.float32), np.zeros(0, dtype=np.float32)
        liked = q.liked.items if q.liked else await self._catalogue.get(q.profile.liked[:MAX_LIKED])
        return group_shares(items, liked, name)


def _free_wishes(q: CandidateQuery) -> list[str]:
    """Return the words, as typed, that no condition expresses and that refuse nothing."""
    wish = q.understanding
    return [w for w in (*wish.unparsed, *content_words(wish.reading.query)) if refused_thing(w) is None]


def _is_worded(q: CandidateQuery) -> bool:
    """Tell whether words alone lead the request."""
    return bool(q.remaining) and not (q.photos or q.understanding.like_item_ids or q.track_vector is not None)


def _agreement_weight(q: CandidateQuery) -> float:
    if q.pointed:
        return POINTED_AGREEMENT
    if _is_worded(q):
        return WORDED_AGREEMENT
    return AGREEMENT_WEIGHT if q.said or not q.photos else SHOWN_AGREEMENT


def _by_value(shelf: Shelf, order: Order) -> Shelf:
    """Return the shelf with scores that follow a field, items without it last, and after all others those that only come close."""
    values = [i.attributes.get(order.field) for i in shelf.items]
    known = sorted({v for v in values if isinstance(v, float | int | str)}, reverse=not order.descending)
    place = {value: n for n, value in enumerate(known, 1)}
    scores = [place.get(v, 0) if isinstance(v, float | int | str) else 0 for v in values]
    lower = [len(known) + 1 if i.item_id in shelf.close | shelf.refused else 0 for i in shelf.items]
    return replace(
        shelf,
        scores=np.array(scores, dtype=np.float32) - np.array(lower, dtype=np.float32),
        popularity=np.zeros(0, dtype=np.float32),
    )


def _by_then(shelf: Shelf, order: Order) -> Shelf:
    """Return the shelf with items of one score apart by the second field of an order, those without it last."""
    if not order.then_field:
        return shelf
    sign = 1.0 if order.then_descending else -1.0
    values = [i.attributes.get(order.then_field) for i in shelf.items]
    told = np.array([sign * v if isinstance(v, float | int) else -np.inf for v in values])
    first = np.unique(shelf.scores, return_inverse=True)[1]
    second = np.unique(told, return_inverse=True)[1] / (len(shelf.items) + 1)
    return replace(shelf, scores=(first + second).astype(np.float64))


def _is_anchor(item: Item, q: CandidateQuery) -> bool:
    """Tell whether the words name ``item`` as the one to be similar to."""
    return q.may_name and is_named(item.title, q.understanding.query)
