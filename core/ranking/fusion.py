"""Fuse candidate lists and drop repeats; plain NumPy, no I/O.

Weighted reciprocal-rank fusion: Cormack, Clarke and Buettcher, SIGIR 2009.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from ..learning.llm_signal import MAX_WEIGHT
from ..protocols import Vectors
from ..schemas import Candidate, Item, SourceScore
from ..text.titles import title_key
from .cold_start import choose
from .learnt_attention import attended
from .query import CandidateQuery
from .weights import LEARNED, LEARNED_ASKED, LEARNED_BARE, SOURCES, Kind, weights_of

RRF_K = 60
NOTHING_REMAINS = 0.1
"""What is left of the words' weight where the conditions have taken them all up: they only break ties."""
DUPLICATE_COSINE = 0.985


@dataclass(frozen=True)
class Fused:
    """An item after fusion. ``score`` is 1 for an item that every weighted list places first."""

    item_id: str
    score: float
    placed: Sequence[tuple[str, Candidate]] = ()
    beside: tuple[SourceScore, ...] = ()

    @property
    def sources(self) -> tuple[SourceScore, ...]:
        """Return where each list placed the item, then what stands ``beside``; made when asked, since few items are shown."""
        placed = (SourceScore(source=name, rank=c.rank, score=c.score) for name, c in self.placed)
        return (*placed, *self.beside)


def fuse(
    lists: Mapping[str, Sequence[Candidate]], weights: Mapping[str, float], k: int = RRF_K, limit: int | None = None
) -> list[Fused]:
    """Return the items of all lists by weighted reciprocal rank, best first, ties by id; at most ``limit`` of them.

    A list without a weight, or with weight zero, proposes nothing. Scores are divided by the best that the weights of the
    non-empty lists allow.
    """
    scores: dict[str, float] = {}
    placed: dict[str, list[tuple[str, Candidate]]] = {}
    used = {name: weights.get(name, 0.0) for name, found in lists.items() if found and weights.get(name, 0.0) > 0}
    best = sum(used.values()) / (k + 1)
    for name, weight in used.items():
        for candidate in lists[name]:
            item_id = candidate.item_id
            share = weight / (k + candidate.rank) / best
            if item_id in scores:
                scores[item_id] += share
                placed[item_id].append((name, candidate))
            else:
                scores[item_id] = share
                placed[item_id] = [(name, candidate)]
    order = sorted([(-score, item_id) for item_id, score in scores.items()])[:limit]
    return [Fused(i, scores[i], placed[i]) for _, i in order]


def source_weights(q: CandidateQuery) -> dict[str, float]:
    """Return the weight of every source for this request, with what was learnt of the media that it carries.

    That was learnt from requests with words of the user's own which point at nothing, and counts in such requests alone.
    """
    weights = weights_of(kinds_of(q))
    return attended(weights, q.attention) if q.said and not q.pointed else weights


def kinds_of(q: CandidateQuery) -> dict[Kind, float]:
    """Return the kinds of request that this one is of, each with its strength, as ``weights.SOURCES`` weighs them.

    What is said, shown or pointed at now outweighs history and popularity together; without it history leads, and
    without history popularity does. A photo counts as far as it is trusted.
    """
    kinds: dict[Kind, float] = {}
    trust = max((weight for _, weight in q.photos), default=0.0)
    if q.understanding.query and not q.pointed:
        kinds["said" if q.said else "captioned"] = 1.0 if q.remaining else NOTHING_REMAINS
    if q.pointed:
        kinds["changed" if q.changes_photo else "pointed"] = 1.0
    elif trust:
        kinds["shown"] = trust
    if q.track_vector is not None:
        kinds["heard"] = 1.0
    if q.understanding.like_item_ids or q.may_name:
        kinds["anchored"] = 1.0
    if q.taste:
        kinds["described"] = q.taste_weight / MAX_WEIGHT
    strategy = choose(q)
    kinds[strategy.kind if strategy else "asked" if q.leads else "likes"] = 1.0
    return kinds


def with_learned(weights: Mapping[str, float], q: CandidateQuery, share: float = 1.0) -> dict[str, float]:
    """Return ``weights`` where a trained recommender has placed the whole pool.

    By ``share``, from 0 to 1, it counts in place of what it has learnt from; the rest is left to that. A bare request follows it, beside
    stated preferences. In a concrete one it is one bounded signal beside words, photo and anchors: at most ``LEARNED_ASKED`` of what
    the words' first place brings.
    """
    kept = {name: weight * (1 - share) if SOURCES[name].learnt else weight for name, weight in weights.items()}
    return kept | {LEARNED: share * (LEARNED_ASKED if q.leads else LEARNED_BARE)}


def combine_ranked(lists: Sequence[tuple[Sequence[Candidate], float]], source: str, limit: int) -> list[Candidate]:
    """Merge weighted lists of one source into one list of ``limit`` candidates; scores are the fused ones."""
    named = {str(i): found for i, (found, _) in enumerate(lists)}
    fused = fuse(named, {str(i): weight for i, (_, weight) in enumerate(lists)}, limit=limit)
    return [Candidate(item_id=f.item_id, source=source, rank=r, score=f.score) for r, f in enumerate(fused, 1)]


def scaled(scores: Sequence[float] | Vectors) -> Vectors:
    """Return scores rescaled to 0..1, shape (m,); all 1 when they are equal."""
    relevance = np.asarray(scores, dtype=np.float32)
    if not len(relevance):
        return relevance
    spread = float(relevance.max() - relevance.min())
    return (relevance - relevance.min()) / spread if spread > 0 else np.ones_like(relevance)


def repeats(items: Sequence[Item], text: Mapping[str, Vectors], image: Mapping[str, Vectors]) -> dict[int, int]:
    """Return position -> earlier position of the items that repeat an earlier one.

    A repeat has the same title, and a picture (or, without pictures, a text) that is nearly the same.
    """
    seen: dict[str, list[int]] = {}
    found: dict[int, int] = {}
    for position, item in enumerate(items):
        twins = seen.setdefault(title_key(item.title), [])
        twin = next((t for t in twins if _same(item.item_id, items[t].item_id, text, image)), None)
        if twin is None:
            twins.append(position)
        else:
            found[position] = twin
    return found


def _same(a: str, b: str, text: Mapping[str, Vectors], image: Mapping[str, Vectors]) -> bool:
    column = image if a in image and b in image else text
    if a not in column or b not in column:
        return True
    return float(column[a].reshape(-1) @ column[b].reshape(-1)) >= DUPLICATE_COSINE
