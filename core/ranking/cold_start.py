"""Choose how to make a list for somebody without likes, and say so; one table, the first strategy that applies.

A strategy is what is known, the kind of request that it makes (``weights`` weighs the sources by it), and a sentence for people.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from .query import CandidateQuery
from .weights import Kind


@dataclass(frozen=True)
class Strategy:
    """One way to start cold."""

    name: str
    applies: Callable[[CandidateQuery], bool]
    says: Callable[[CandidateQuery], str]
    kind: Kind


def _known(q: CandidateQuery) -> str:
    return "none of your likes is known yet" if q.profile.known else "no history"


def _ranked_by(what: str) -> Callable[[CandidateQuery], str]:
    return lambda q: f"{_known(q)}: ranked by {what}"


def _within(q: CandidateQuery) -> str:
    return ", within your requirements" if q.understanding.constraints else ""


STRATEGIES: tuple[Strategy, ...] = (
    Strategy(
        "said_and_shown",
        lambda q: bool(q.photos and q.said and q.remaining),
        _ranked_by("what you said and showed"),
        "asked",
    ),
    Strategy("shown", lambda q: bool(q.photos), _ranked_by("what you showed"), "asked"),
    Strategy(
        "pointed_at", lambda q: bool(q.understanding.like_item_ids), _ranked_by("the items you pointed at"), "asked"
    ),
    Strategy("said", lambda q: bool(q.remaining), _ranked_by("what you said"), "asked"),
    Strategy("answered", lambda q: bool(q.answers), _ranked_by("your answer"), "stated"),
    Strategy(
        "stated_preferences",
        lambda q: bool(q.stated or q.stated_item_ids),
        _ranked_by("what you told us you like"),
        "stated",
    ),
    Strategy(
        "session",
        lambda q: bool(q.session),
        _ranked_by("what you looked at"),
        "session",
    ),
    Strategy(
        "other_domain",
        lambda q: bool(q.profile.elsewhere or q.profile.elsewhere_vector),
        _ranked_by("what you liked elsewhere"),
        "elsewhere",
    ),
    Strategy(
        "segment",
        lambda q: bool(q.segments),
        lambda q: (
            f"popular with people like you ({', '.join(q.segments)}){_within(q)}, since your own taste is not known yet"
        ),
        "stranger",
    ),
    Strategy(
        "popular",
        lambda q: True,
        lambda q: f"popular with everyone{_within(q)}, since nothing is known yet",
        "stranger",
    ),
)


def choose(q: CandidateQuery) -> Strategy | None:
    """Return the strategy for this request; None for a user with known likes."""
    if q.profile.liked:
        return None
    return next(s for s in STRATEGIES if s.applies(q))
