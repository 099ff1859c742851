"""Hold events out and draw questions from them: a user's earlier items, the item wanted next and items not wanted.

The last wanted event of a user is held out, and everything later than it; the histories that are shown are cut at random to
the last 0, 1, 2, 3, 5, 10 or all items, so that what is learnt from the questions serves cold and warm users.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from ...core.learning.interactions import Interactions, Rows, UserState

RANDOM_ITEMS = 19

CUTS = (0, 1, 2, 3, 5, 10)
SHARE_CUT = 0.5
"""The share of questions whose history is cut."""


@dataclass(frozen=True, eq=False)
class Query:
    """One question: which of ``rows`` (m,) did ``user`` want next? The first; the others were drawn from the unseen items."""

    user: UserState
    rows: Rows


def held_out(events: Interactions, users: Rows) -> tuple[Interactions, Rows, Rows]:
    """Take away the last wanted event of each of ``users``, with what follows it.

    Returns:
        the events that are left, the users who had at least two wanted events, and the item each of them wanted last.
    """
    keep = np.ones(len(events), dtype=bool)
    able: list[int] = []
    targets: list[int] = []
    for user in users.tolist():
        rows = events.of(user)
        wanted = np.flatnonzero(events.weight[rows] > 0)
        if len(wanted) < 2:
            continue
        last = rows.start + int(wanted[-1])
        keep[last : rows.stop] = False
        able.append(user)
        targets.append(int(events.item[last]))
    return events.keep(keep), np.array(able, dtype=np.int32), np.array(targets, dtype=np.int32)


def last_items(user: UserState, m: int) -> UserState:
    """Return ``user`` as known by the last ``m`` wanted items only."""
    start = max(0, len(user.items) - m)
    return replace(
        user,
        items=user.items[start:],
        weights=user.weights[start:],
        at=user.at[start:],
        ratings=user.ratings[start:],
        disliked=user.disliked[:0],
    )


def cut_at_random(user: UserState, rng: np.random.Generator, cuts: Sequence[int] = CUTS) -> UserState:
    """Return ``user``, or with ``SHARE_CUT`` the user as known by a few last items."""
    if rng.random() >= SHARE_CUT:
        return user
    return last_items(user, int(rng.choice(np.array(cuts))))


def unseen(rng: np.random.Generator, n_items: int, avoid: Rows, size: int) -> Rows:
    """Draw up to ``size`` different items that are not in ``avoid``, each with the same chance."""
    if n_items < 4 * (size + len(avoid)):
        free = np.setdiff1d(np.arange(n_items, dtype=np.int32), avoid)
        return rng.permutation(free)[:size].astype(np.int32)
    drawn = rng.integers(n_items, size=4 * size).astype(np.int32)
    _, first = np.unique(drawn, return_index=True)
    drawn = drawn[np.sort(first)]
    drawn = drawn[~np.isin(drawn, avoid)][:size]
    return drawn if len(drawn) == size else unseen(rng, n_items, avoid, size)


def draw(before: Interactions, users: Rows, targets: Rows, seed: int) -> list[Query]:
    """Return one question per user, with ``RANDOM_ITEMS`` unseen items."""
    rng = np.random.default_rng([seed, 1])
    queries = []
    for user, target in zip(users.tolist(), targets.tolist(), strict=True):
        state = before.state_of(user)
        wanted = np.int32(target)
        negatives = unseen(rng, before.n_items, np.append(state.items, wanted), RANDOM_ITEMS)
        queries.append(Query(cut_at_random(state, rng), np.append(wanted, negatives)))
    return queries


def among_all(before: Interactions, users: Rows, targets: Rows) -> list[Query]:
    """Return one question per user with the whole history and no candidate but the target."""
    return [
        Query(before.state_of(user), np.array([target], np.int32))
        for user, target in zip(users.tolist(), targets.tolist(), strict=True)
    ]
