"""Say which adjectives compare the fields of a catalogue: "cheaper" less of a price, "longest" the most of a length."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from typing import NamedTuple

from .field_concepts import field_concepts
from .keys import key_of
from .value_entry import FieldTerms

_USUAL_CONCEPTS = {"mass": "weight", "speed": "speed", "area": "area", "volume": "volume"}
"""Whose adjectives compare a column that only its unit tells the measure of: 车重公斤."""


class Comparison(NamedTuple):
    """An adjective of a field: ``role`` is high, more, most, low, less or least."""

    field: str
    role: str


def comparisons_of(terms: Iterable[FieldTerms]) -> dict[str, tuple[Comparison, ...]]:
    """Return key of an adjective -> the fields that it compares, each with its role."""
    found: dict[str, list[Comparison]] = defaultdict(list)
    concepts = {c.name: c for c in field_concepts()}
    terms = tuple(terms)
    told = {t.concept for t in terms}
    for term in sorted(terms, key=lambda t: t.field.role != "price"):  # of prices in several currencies the usual first
        usual = "" if term.concept else _USUAL_CONCEPTS.get(term.measure, "")
        concept = concepts.get(term.concept or ("" if usual in told else usual))
        if concept is None or term.field.type != "number":
            continue
        for role, forms in concept.compare.items():
            for form in (x for f in forms for x in (f, *_inflected(f))):
                found[key_of(form)].append(Comparison(term.field.name, role))
        for role, lead in (
            ("most", "most"),
            ("most", "highest"),
            ("least", "least"),
            ("least", "lowest"),
            ("least", "fewest"),
        ):
            for name in concept.names:
                found[key_of(f"{lead} {name}")].append(Comparison(term.field.name, role))
    return {key: tuple(rows) for key, rows in found.items() if key}


def _inflected(form: str) -> tuple[str, ...]:
    """Return the endings of a German superlative or comparative: breiteste, breitesten, älteren."""
    if form.endswith("ste") and len(form) > 6 and " " not in form:
        return tuple(f"{form}{ending}" for ending in "nrsm")
    if form.endswith("er") and len(form) > 4 and " " not in form:
        return tuple(f"{form}{ending}" for ending in ("e", "en", "es", "em"))
    return ()
