"""Say what an event tells about a user's wishes: liked, disliked, or how much such items are wanted."""

from __future__ import annotations

from collections.abc import Mapping

LIKED_RATING = 4.0
DISLIKED_RATING = 2.0
WEIGHTS: Mapping[str, float] = {"view": 0.2, "click": 0.4, "like": 1.0, "purchase": 1.0, "rating": 1.0}
"""How much an event says that the user wants such items; a middling rating says half of a good one."""
MIDDLING = 0.5
SKIP = "skip"
"""Passing over an item counts against it, and a little against its neighbours, in the same session only."""


def opinion(kind: str, value: float | None) -> bool | None:
    """Return whether an event says that the user liked (True) or disliked (False) the item, or neither (None)."""
    if kind == "rating":
        if value is None or DISLIKED_RATING < value < LIKED_RATING:
            return None
        return value >= LIKED_RATING
    return {"like": True, "purchase": True, "dislike": False}.get(kind)


def wish(kind: str, value: float | None) -> float:
    """Return how much an event says that the user wants the item: from 0 to 1, or -1 where it says the opposite."""
    good = opinion(kind, value)
    if good is False:
        return -1.0
    weight = WEIGHTS.get(kind, 0.0)
    return weight * MIDDLING if kind == "rating" and good is None else weight
