"""Say what is known of a user as scorers read it, and what they have just shown they like or not; no I/O."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from ..learning.event_meaning import SKIP, opinion, wish
from ..learning.interactions import ItemTable, UserState
from ..protocols import Vectors
from ..schemas import Event, HistoryProfile, Understanding
from .query import CandidateQuery

SESSION_S = 7_200.0
"""Seconds during which a like, a skip or a refusal moves the next lists by more than what is learnt from all likes."""
MAX_SIGNALS = 50
UP_WEIGHT, DOWN_WEIGHT = 0.1, 0.3
"""How far the nearest neighbour of a fresh like can rise, and of a dislike fall, on scores from 0 to 1."""
OLD_DISLIKE, REFUSED, SKIPPED = 0.5, 0.5, 0.3
"""How much an earlier session's dislike, a refusal in this thread and a skip count, against 1 for a fresh dislike."""
UNRELATED = 0.35
"""Cosine up to which two items count as unrelated."""


def user_state(q: CandidateQuery, items: ItemTable, now: float) -> UserState:
    """Return the user's history, this session's feedback included, with items stated or pointed at as the newest wishes.

    The latest opinion of an item counts, else the strongest sign of interest; items that ``items`` lacks are left out.
    """
    profile, understanding = q.profile, q.understanding
    weights: dict[str, float] = {}
    at: dict[str, float] = {}
    ratings: dict[str, float] = {}
    earliest = min((e.at.timestamp() for e in profile.events), default=now)
    for place, item_id in enumerate(profile.liked, 1):
        weights[item_id], at[item_id] = 1.0, earliest - place
    for event in reversed(profile.events):
        weight, item_id = wish(event.kind, event.value), event.item_id
        judged = opinion(event.kind, event.value) is not None
        if judged or (weight > 0 and weights.get(item_id, 0.0) >= 0):
            weights[item_id] = weight if judged else max(weight, weights.get(item_id, 0.0))
            at[item_id] = event.at.timestamp()
        if event.kind == "rating" and event.value is not None:
            ratings[item_id] = event.value
    for item_id in (*profile.disliked, *understanding.exclude_item_ids):
        weights[item_id] = -1.0
        at.setdefault(item_id, now)
    for item_id in (*q.stated_item_ids, *understanding.like_item_ids):
        weights[item_id], at[item_id] = 1.0, now
    known = sorted((i for i, w in weights.items() if w and i in items.index), key=lambda i: at[i])
    return UserState.of(
        items.rows(known),
        at=np.array([at[i] for i in known], dtype=np.float64),
        weight=np.array([weights[i] for i in known], dtype=np.float32),
        rating=np.array([ratings.get(i, np.nan) for i in known], dtype=np.float32),
        context=context_of(profile) | dict(q.who),
        now=now,
    )


def context_of(profile: HistoryProfile) -> dict[str, str]:
    """Return the newest value of everything that the user's events say besides: segment, device, ..."""
    context: dict[str, str] = {}
    for event in profile.events:
        for name, value in event.context.items():
            context.setdefault(name, value)
    return context


@dataclass(frozen=True)
class Feedback:
    """Item id -> how much, from 0 to 1, the user just showed that they want such items or not."""

    up: Mapping[str, float] = field(default_factory=dict)
    down: Mapping[str, float] = field(default_factory=dict)

    @property
    def item_ids(self) -> tuple[str, ...]:
        """Return every item that was judged."""
        return (*self.up, *self.down)


def feedback_of(profile: HistoryProfile, understanding: Understanding, now: float) -> Feedback:
    """Return the likes and skips of this session, the refusals of this thread and the dislikes of any time."""
    up: dict[str, float] = {}
    down: dict[str, float] = dict.fromkeys(understanding.exclude_item_ids, REFUSED)
    for event in profile.events[: 4 * MAX_SIGNALS]:
        if event.item_id not in up and event.item_id not in down:
            _judge(event, profile, now, up, down)
    return Feedback(dict(list(up.items())[:MAX_SIGNALS]), dict(list(down.items())[:MAX_SIGNALS]))


def _judge(event: Event, profile: HistoryProfile, now: float, up: dict[str, float], down: dict[str, float]) -> None:
    fresh = now - event.at.timestamp() <= SESSION_S
    good = opinion(event.kind, event.value)
    if event.item_id in profile.disliked:
        down[event.item_id] = 1.0 if fresh else OLD_DISLIKE
    elif good and fresh:
        up[event.item_id] = 1.0
    elif event.kind == SKIP and fresh:
        down[event.item_id] = SKIPPED


def shift(item_ids: Sequence[str], feedback: Feedback, vectors: Mapping[str, Vectors]) -> Vectors:
    """Return by how much the feedback moves items, shape (m,), from ``-DOWN_WEIGHT`` to ``UP_WEIGHT``.

    Args:
        item_ids: m items.
        feedback: what the user just showed.
        vectors: item id -> unit vector of shape (dim,), of the items and of the judged ones; one without is not moved.
    """
    moved = np.zeros(len(item_ids), dtype=np.float32)
    placed = [row for row, i in enumerate(item_ids) if i in vectors]
    for judged, weight in ((feedback.up, UP_WEIGHT), (feedback.down, -DOWN_WEIGHT)):
        known = [(vectors[i].reshape(-1), w) for i, w in judged.items() if i in vectors]
        if known and placed:
            rows = np.stack([vectors[item_ids[row]].reshape(-1) for row in placed])
            near = np.einsum("id,jd->ij", rows, np.stack([v for v, _ in known]))
            near = np.clip((near - UNRELATED) / (1 - UNRELATED), 0, 1) * np.array([w for _, w in known], np.float32)
            moved[placed] += weight * near.max(axis=1)
    return moved
