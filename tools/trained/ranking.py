"""Let the trained recommender propose candidates and place the whole pool; limits and exclusions are kept by the caller."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from ...core.learning.interactions import Floats, UserState
from ...core.protocols import Catalogue
from ...core.ranking.fusion import Fused, fuse, source_weights, with_learned
from ...core.ranking.query import CandidateQuery
from ...core.ranking.weights import LEARNED
from ...core.schemas import Candidate, PathStep, SourceScore
from ...models.recommender.scorers.base import Explains, Step
from .version_in_use import Learned, Loaded

_log = logging.getLogger(__name__)
POOL = 200
"""Items that the trained recommender places for one request."""
EACH = 15
"""Items that each scorer of a trained version proposes for a bare request."""
MATCHES = 1_000
"""Where limits leave fewer items than this, only those are proposed; else the proposals are checked against the limits."""
PATHS, PATHS_S = 10, 0.01
"""Items whose path is looked for, and the seconds after which the search ends."""
CLEAR = 30
"""A scorer is named as a source of an item down to this place in the pool."""


class LearnedSource:
    """Proposes what the trained recommender would pick from the whole catalogue."""

    name = LEARNED

    def __init__(self, catalogue: Catalogue, learned: Learned) -> None:
        self._catalogue = catalogue
        self._learned = learned

    def applies(self, q: CandidateQuery) -> bool:
        """Tell whether a trained version is in memory, the request is bare, and something is known of the user."""
        loaded = self._learned.current()
        return loaded is not None and not q.leads and speaks(loaded.user(q))

    async def __call__(self, q: CandidateQuery) -> list[Candidate]:
        """Return what each scorer likes best within the limits; they are put in order with the rest of the pool."""
        loaded = self._learned.current()
        if loaded is None:
            return []
        user = loaded.user(q)
        out = loaded.items.rows(list(q.excluded))
        if not q.understanding.include_consumed:
            out = np.concatenate([out, user.items[user.weights >= 1]])
        if q.where:
            fitting = await self._catalogue.scan(MATCHES, q.where, q.excluded)
            if len(fitting) < MATCHES:
                others = np.ones(len(loaded.items), dtype=bool)
                others[loaded.items.rows(fitting)] = False
                out = np.concatenate([out, np.flatnonzero(others).astype(np.int32)])
        proposed = await loaded.pool(user, EACH, np.unique(out))
        ids = [item.item_id for item in await self._catalogue.get(proposed, q.where)]
        return [Candidate(i, self.name, rank, 1.0 / rank) for rank, i in enumerate(ids, 1)]


def speaks(user: UserState) -> bool:
    """Tell whether anything is known that ``user`` wants; a stranger's list follows the strategies for a cold start."""
    return bool(len(user.items))


@dataclass(frozen=True)
class Opinion:
    """What a trained version says of a request's pool: one ranked list, and which of its scorers place an item high."""

    version: str
    ranked: list[Candidate]
    sources: Mapping[str, tuple[SourceScore, ...]]
    share: float
    _loaded: Loaded = field(repr=False)
    _user: UserState = field(repr=False)

    def paths(self, item_ids: Sequence[str]) -> dict[str, tuple[PathStep, ...]]:
        """Return the strongest path from what the user wanted to each of the first ``item_ids``, within ``PATHS_S``."""
        until = time.perf_counter() + PATHS_S
        scorers = [s for s in self._loaded.ensemble.scorers.values() if isinstance(s, Explains)]
        found: dict[str, tuple[PathStep, ...]] = {}
        for item_id in item_ids[:PATHS]:
            row = self._loaded.items.index.get(item_id)
            for scorer in scorers if row is not None and time.perf_counter() < until else ():
                if row is not None and (steps := scorer.explain(self._user, row)):
                    found[item_id] = tuple(map(self._named, steps))
                    break
        return found

    def ratings(self, item_ids: Sequence[str]) -> dict[str, float]:
        """Return the rating the user is expected to give, on the shop's own scale.

        Only where the shop has ratings, the user gave some, and others rated the item.
        """
        model, index = self._loaded.parts.ratings, self._loaded.items.index
        known = [i for i in item_ids if i in index]
        if model is None or not known or not np.isfinite(self._user.ratings).any():
            return {}
        rows = self._loaded.items.rows(known)
        told, rated = model.predict(self._user, rows), model.rated(rows)
        return {i: round(float(r), 2) for i, r, ok in zip(known, told, rated, strict=True) if ok and np.isfinite(r)}

    def _named(self, step: Step) -> PathStep:
        ids = self._loaded.items.ids
        return PathStep(source=ids[step.from_item], relation=step.relation, target=ids[step.to_item])


async def opinion(
    learned: Learned | None, q: CandidateQuery, lists: Mapping[str, Sequence[Candidate]], note: Callable[[str], None]
) -> Opinion | None:
    """Return how the trained version places the best ``POOL`` items of all lists.

    None without a version in memory, for a stranger, and where the version fails, which ``note`` is told.
    """
    loaded = learned.current() if learned else None
    if loaded is None or not lists:
        return None
    try:
        user = loaded.user(q)
        return await _place(loaded, user, q, lists) if speaks(user) else None
    except Exception as error:  # noqa: BLE001  a broken version must not fail a request; the cause is logged
        note(f"the trained recommender failed ({type(error).__name__}); ranked without it")
        _log.warning("version %s failed", loaded.version, exc_info=True)
        return None


def predicted_ratings(placed: Opinion | None, item_ids: Sequence[str], note: Callable[[str], None]) -> dict[str, float]:
    """Return the ratings the user is expected to give; none where that fails, which ``note`` is told."""
    try:
        return placed.ratings(item_ids) if placed else {}
    except Exception as error:  # noqa: BLE001  a broken part must not fail a request; the cause is logged
        note(f"ratings cannot be predicted ({type(error).__name__})")
        _log.warning("version %s cannot predict ratings", placed.version if placed else "", exc_info=True)
        return {}


def fuse_with(
    placed: Opinion | None, q: CandidateQuery, lists: Mapping[str, Sequence[Candidate]], limit: int | None
) -> list[Fused]:
    """Fuse the lists, that of the trained recommender among them if it has an opinion; its scorers become sources too."""
    if placed is None or not placed.share:
        without = {name: found for name, found in lists.items() if name != LEARNED}
        return fuse(without, source_weights(q), limit=limit)
    weights = with_learned(source_weights(q), q, placed.share)
    fused = fuse({**lists, LEARNED: placed.ranked}, weights, limit=limit)
    return [replace(f, beside=placed.sources.get(f.item_id, ())) for f in fused]


async def _place(
    loaded: Loaded, user: UserState, q: CandidateQuery, lists: Mapping[str, Sequence[Candidate]]
) -> Opinion:
    proposed = [c.item_id for c in lists.get(LEARNED, ())]
    others = fuse({n: found for n, found in lists.items() if n != LEARNED}, source_weights(q), limit=POOL)
    pool = list(dict.fromkeys([*proposed, *(f.item_id for f in others)]))[:POOL]
    known, ranking = await loaded.rank(user, pool)
    scores = np.nan_to_num(ranking.scores, nan=-np.inf)
    order = np.argsort(-scores, kind="stable")
    ranked = [Candidate(known[i], LEARNED, rank, float(scores[i])) for rank, i in enumerate(order.tolist(), 1)]
    return Opinion(loaded.version, ranked, _sources(known, ranking.sources), loaded.share, loaded, user)


def _sources(known: Sequence[str], scores: Mapping[str, Floats]) -> dict[str, tuple[SourceScore, ...]]:
    """Return, per item, the scorers that place it among their first ``CLEAR`` and above the least they give."""
    found: dict[str, list[SourceScore]] = {}
    for name, values in scores.items():
        opinions = np.flatnonzero(np.isfinite(values))
        if not len(opinions) or np.ptp(values[opinions]) <= 0:
            continue
        lowest = values[opinions].min()
        best = opinions[np.argsort(-values[opinions], kind="stable")][:CLEAR]
        for rank, position in enumerate(best.tolist(), 1):
            if values[position] > lowest:
                score = SourceScore(source=name, rank=rank, score=round(float(values[position]), 6))
                found.setdefault(known[position], []).append(score)
    return {item_id: tuple(placed) for item_id, placed in found.items()}
