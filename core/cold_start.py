"""Say how a list was made without history, and find a question worth asking when nothing is known."""

from __future__ import annotations

import math

from .candidates import CandidateQuery
from .fields import label_of
from .schemas import CatalogueField, CatalogueSchema

MAX_CHOICES = 30
NAMED_CHOICES = 4


def cold_start_label(q: CandidateQuery) -> str | None:
    """Return how the list was made for somebody without history; None for a user with known likes."""
    if q.profile.liked:
        return None
    known = "none of your likes is known yet" if q.profile.known else "no history"
    if q.photos and q.said and q.understanding.query:
        return f"{known}: ranked by what you said and showed"
    if q.photos:
        return f"{known}: ranked by what you showed"
    if q.understanding.like_item_ids:
        return f"{known}: ranked by the items you pointed at"
    if q.understanding.query:
        return f"{known}: ranked by what you said"
    within = ", within your requirements" if q.understanding.constraints else ""
    if q.segment:
        return f"popular with people like you ({q.segment}){within}, since your own taste is not known yet"
    return f"popular with everyone{within}, since nothing is known yet"


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
