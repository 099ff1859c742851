"""Choose how to make a list for somebody without likes, and say so; one table, the first strategy that applies.

A strategy is what is known, the weights that it gives to the candidate sources, and a sentence for people.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from .query import CandidateQuery


@dataclass(frozen=True)
class Strategy:
    """One way to start cold. ``weights`` are those of candidate sources that what is said now does not decide."""

    name: str
    applies: Callable[[CandidateQuery], bool]
    says: Callable[[CandidateQuery], str]
    weights: Mapping[str, float] = field(default_factory=dict)


def _known(q: CandidateQuery) -> str:
    return "none of your likes is known yet" if q.profile.known else "no history"


def _ranked_by(what: str) -> Callable[[CandidateQuery], str]:
    return lambda q: f"{_known(q)}: ranked by {what}"


def _within(q: CandidateQuery) -> str:
    return ", within your requirements" if q.understanding.constraints else ""


CONCRETE = {"co_occurrence": 0.2, "profile_vector": 0.1, "popularity": 0.1, "stated_preferences": 0.5}
STATED = {"co_occurrence": 1.0, "profile_vector": 0.4, "popularity": 0.5, "stated_preferences": 1.0}
STRATEGIES: tuple[Strategy, ...] = (
    Strategy(
        "said_and_shown",
        lambda q: bool(q.photos and q.said and q.understanding.query),
        _ranked_by("what you said and showed"),
        CONCRETE,
    ),
    Strategy("shown", lambda q: bool(q.photos), _ranked_by("what you showed"), CONCRETE),
    Strategy(
        "pointed_at", lambda q: bool(q.understanding.like_item_ids), _ranked_by("the items you pointed at"), CONCRETE
    ),
    Strategy("said", lambda q: bool(q.understanding.query), _ranked_by("what you said"), CONCRETE),
    Strategy("answered", lambda q: bool(q.answers), _ranked_by("your answer"), STATED),
    Strategy(
        "stated_preferences",
        lambda q: bool(q.stated or q.stated_item_ids),
        _ranked_by("what you told us you like"),
        STATED,
    ),
    Strategy(
        "session",
        lambda q: bool(q.session),
        _ranked_by("what you looked at"),
        {"co_occurrence": 0.8, "profile_vector": 0.4, "popularity": 0.4},
    ),
    Strategy(
        "other_domain",
        lambda q: bool(q.profile.elsewhere or q.profile.elsewhere_vector),
        _ranked_by("what you liked elsewhere"),
        {"other_domain": 1.0, "stated_preferences": 0.6, "popularity": 0.3},
    ),
    Strategy(
        "segment",
        lambda q: bool(q.segments),
        lambda q: (
            f"popular with people like you ({', '.join(q.segments)}){_within(q)}, since your own taste is not known yet"
        ),
        {"popularity": 1.0},
    ),
    Strategy(
        "popular",
        lambda q: True,
        lambda q: f"popular with everyone{_within(q)}, since nothing is known yet",
        {"popularity": 1.0},
    ),
)


def choose(q: CandidateQuery) -> Strategy | None:
    """Return the strategy for this request; None for a user with known likes."""
    if q.profile.liked:
        return None
    return next(s for s in STRATEGIES if s.applies(q))


def cold_start_label(q: CandidateQuery) -> str | None:
    """Return how the list was made for somebody without history; None for a user with known likes."""
    strategy = choose(q)
    return strategy.says(q) if strategy else None
