"""Read what people say of each kind of field: its names, its measure, its comparatives and superlatives."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import NamedTuple

from .keys import key_of
from .word_lists import listed, load_list


class FieldConcept(NamedTuple):
    """What people say of a kind of field: its names, its measure and its comparatives by role (``more``, ``least`` ...)."""

    name: str
    names: tuple[str, ...]
    measure: str
    better: str
    link: str
    scale: str
    compare: Mapping[str, tuple[str, ...]]


@cache
def field_concepts() -> tuple[FieldConcept, ...]:
    """Return every kind of field, in the order of the list."""
    roles = ("high", "more", "most", "low", "less", "least")
    return tuple(
        FieldConcept(
            name=name,
            names=listed(row.get("names", "")),
            measure=row.get("unit", ""),
            better=row.get("better", "none"),
            link=row.get("link", ""),
            scale=row.get("scale", ""),
            compare={role: listed(row[role]) for role in roles if role in row},
        )
        for name, row in load_list("fields").items()
        if name != "qualifiers"
    )


@cache
def qualifiers() -> Mapping[str, tuple[str, ...]]:
    """Return word in a field's name -> how people say it."""
    return {name: listed(forms) for name, forms in load_list("fields")["qualifiers"].items()}


@cache
def field_words() -> frozenset[str]:
    """Return the keys of everything that some kind of field is called."""
    return frozenset(key_of(name) for concept in field_concepts() for name in concept.names)


@cache
def counted_words() -> frozenset[str]:
    """Return the keys of what is counted in ones, such as seats and doors."""
    return frozenset(key_of(name) for c in field_concepts() if c.measure == "count" for name in c.names)


@cache
def comparison_words() -> frozenset[str]:
    """Return the keys of comparatives and superlatives of any kind of field."""
    roles = ("more", "most", "less", "least")
    return frozenset(key_of(f) for c in field_concepts() for role in roles for f in c.compare.get(role, ())) - {
        "best",
        "beste",
        "besten",
        "greatest",
        "worst",
    }


@cache
def comparative_directions() -> Mapping[str, int]:
    """Return key -> 1 for comparatives of more of something ("deeper"), -1 of less, whatever the field; those of both are left out."""
    found = {word: {sign} for word, sign in (("better", 1), ("besser", 1), ("worse", -1), ("schlechter", -1))}
    for concept in field_concepts():
        for role, sign in (("more", 1), ("less", -1)):
            for form in concept.compare.get(role, ()):
                found.setdefault(key_of(form), set()).add(sign)
    return {key: signs.pop() for key, signs in found.items() if len(signs) == 1}


@cache
def superlatives() -> Mapping[str, Mapping[str, bool]]:
    """Return key -> measure -> whether a superlative asks for the most of it: "shortest" the least of a time and of a length."""
    found: dict[str, dict[str, bool]] = {}
    for concept in field_concepts():
        for role in ("most", "least"):
            for form in concept.compare.get(role, ()):
                found.setdefault(key_of(form), {}).setdefault(concept.measure, role == "most")
    return found
