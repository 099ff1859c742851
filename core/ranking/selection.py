"""Choose a list from scored items: repeats out, popularity weighed, spread, the shop's rules; all pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from ..protocols import Vectors
from ..rules.effects import Effects, arrange, weighed
from ..schemas import Condition, Item
from ..text.words import stem, stems, tokens
from .diversity import Pool, Spread, less_popular, spread
from .fusion import repeats, scaled


def _none() -> Vectors:
    return np.zeros((0, 0), dtype=np.float32)


@dataclass(frozen=True, eq=False)
class Shelf:
    """What a list is chosen from: m items with scores of shape (m,), and id -> vector of shape (dim,) of those that have one.

    ``popularity`` has shape (m,) or is empty; ``shares`` and ``target`` are as in ``diversity.Pool``; ``close`` holds the ids of those
    that only come close to what was asked for, and ``ends`` tells whether the list ends before them; ``refused`` holds the ids of
    those whose own text has what was refused, where others have not.
    """

    items: Sequence[Item]
    scores: Vectors
    text: Mapping[str, Vectors] = field(default_factory=dict)
    image: Mapping[str, Vectors] = field(default_factory=dict)
    popularity: Vectors = field(default_factory=_none)
    shares: Vectors = field(default_factory=_none)
    target: Vectors = field(default_factory=_none)
    close: frozenset[str] = frozenset()
    ends: bool = False
    refused: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Selection:
    """Positions of the chosen items, best first; which pin placed which; which item repeats which earlier one."""

    order: tuple[int, ...]
    pinned: Mapping[int, str]
    repeats: Mapping[int, int]


def select(shelf: Shelf, how: Spread, effects: Effects, n: int) -> Selection:
    """Return the ``n`` best items without repeats, spread, arranged by the shop's rules; a pin counts before its repeat."""
    relevance = scaled(shelf.scores)
    if len(shelf.popularity) and how.popularity_penalty:
        relevance = scaled(less_popular(relevance, shelf.popularity, how.popularity_penalty))
    relevance = relevance + _in_range(weighed(shelf.scores, shelf.items, effects) - shelf.scores, shelf.scores)
    named = {i for pin in effects.pins for i in pin.items}
    order = sorted(range(len(shelf.items)), key=lambda i: (shelf.items[i].item_id not in named, -relevance[i]))
    twins = {
        order[late]: order[early]
        for late, early in repeats([shelf.items[i] for i in order], shelf.text, shelf.image).items()
    }
    kept = sorted((i for i in order if i not in twins), key=lambda i: -relevance[i])
    chosen = [kept[p] for p in spread(how.strategy, _pool(shelf, kept, relevance), n, how.strength)]
    taken = set(chosen)
    final, pinned = arrange([*chosen, *(i for i in kept if i not in taken)], shelf.items, effects, n)
    return Selection(tuple(final), pinned, twins)


def alternated(order: Sequence[int], kinds: Sequence[str], last: Collection[int] = ()) -> tuple[int, ...]:
    """Return positions so that every kind, given by position, has its best before any has its next: some tents and some sleeping bags.

    Those in ``last`` stay behind all others.
    """
    turn: Counter[str] = Counter()
    rounds = []
    for place, i in enumerate(sorted(order, key=lambda i: i in last)):
        rounds.append((i in last, turn[kinds[i]], place, i))
        turn[kinds[i]] += 1
    return tuple(i for *_, i in sorted(rounds))


def kinds_of(items: Sequence[Item], conditions: Sequence[Condition]) -> list[str]:
    """Return which of several alternatives asked for each item is, none where not several were: by a word said that its value has, else its value."""
    asked = next((c for c in conditions if c.op == "in" and isinstance(c.value, list) and _names_several(c)), None)
    if asked is None:
        return []
    said = [stem(w) for w in tokens(asked.words)]
    values = [str(item.attributes.get(asked.field, "")) for item in items]
    shared = [w for w in said if all(w in stems(v) for v in values)]
    return [next((w for w in said if w in stems(v) and w not in shared), v) for v in values]


def _names_several(condition: Condition) -> bool:
    """Say whether the words of a condition name several things; one word that stands for several values names one."""
    values = condition.value if isinstance(condition.value, list) else []
    return len(condition.words.split()) > 1 or sum(str(v) in condition.words for v in values) > 1


def _in_range(moves: Vectors, scores: Vectors) -> Vectors:
    """Return what rules add to scores, on the scale of ``scaled(scores)``."""
    spread_of_scores = float(np.ptp(scores)) if len(scores) else 0.0
    return moves / spread_of_scores if spread_of_scores > 0 else moves


def _pool(shelf: Shelf, kept: Sequence[int], relevance: Vectors) -> Pool:
    ids = [shelf.items[i].item_id for i in kept]
    vectors = _stack(ids, shelf.image if len(shelf.image) > len(shelf.text) else shelf.text)
    if not shelf.target.size:
        return Pool(relevance[kept], vectors)
    return Pool(relevance[kept], vectors, shelf.shares[kept], shelf.target)


def _stack(ids: Sequence[str], vectors: Mapping[str, Vectors]) -> Vectors:
    """Return the vectors of ``ids``, shape (n, dim); zeros where there is none."""
    dim = next((v.size for v in vectors.values()), 1)
    nothing = np.zeros(dim, dtype=np.float32)
    rows = [vectors[i].reshape(-1) if i in vectors else nothing for i in ids]
    flat = np.concatenate(rows, dtype=np.float32) if rows else nothing[:0]
    return flat.reshape(len(rows), dim)
