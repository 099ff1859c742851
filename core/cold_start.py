"""Choose how to make a list for somebody without likes, and say so; one table, the first strategy that applies.

A strategy is what is known, the weights that it gives to the candidate sources, and a sentence for people.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from .candidates import CandidateQuery
from .fields import label_of
from .schemas import CatalogueField, CatalogueSchema

MAX_CHOICES = 30
NAMED_CHOICES = 4


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
    Strategy(
        "stated_preferences",
        lambda q: bool(q.stated or q.stated_item_ids),
        _ranked_by("what you told us you like"),
        {"co_occurrence": 1.0, "profile_vector": 0.4, "popularity": 0.3, "stated_preferences": 1.0},
    ),
    Strategy(
        "session",
        lambda q: bool(q.session),
        _ranked_by("what you looked at"),
        {"co_occurrence": 0.8, "profile_vector": 0.4, "popularity": 0.4},
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


def next_question(schema: CatalogueSchema, q: CandidateQuery) -> str | None:
    """Return one question whose answer would narrow the catalogue most, when a request has nothing to go on.

    The field with the highest entropy among those with at most ``MAX_CHOICES`` values is asked about. The schema lists
    distinct values without counts, so entropy is taken as that of equally likely values.
    """
    if q.is_concrete or q.profile.liked:
        return None
    constrained = {c.field for c in q.where}
    open_fields = [f for f in schema.fields if f.name not in constrained and _is_askable(f)]
    if not open_fields:
        return None
    best = max(open_fields, key=lambda f: math.log2(len(f.values)))
    named = list(best.values[:NAMED_CHOICES])
    rest = " or something else" if len(best.values) > len(named) else ""
    listed = f"{', '.join(named)}{rest}" if rest else " or ".join((", ".join(named[:-1]), named[-1]))
    return f"Which {label_of(best.name)} would you like: {listed}?"


def _is_askable(field: CatalogueField) -> bool:
    return field.type in ("text", "list") and 2 <= len(field.values) <= MAX_CHOICES
