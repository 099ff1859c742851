"""Carry a taste from one catalogue to another: what liked items share with the other catalogue's fields; no I/O."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from ..schemas import CatalogueSchema, Item, Preference
from ..text.catalogue_values import key_of

MAX_SHARED = 8
MIN_SHARE = 0.2
"""A value counts if at least this share of the liked items has it."""


def shared_likes(liked: Sequence[Item], schema: CatalogueSchema) -> tuple[Preference, ...]:
    """Return the values of liked items that the other catalogue knows too, the most frequent first.

    A value is sought in the field of the same name, then in any other: a film's genre may be a print's theme. The weight is
    the share of the liked items that have it.
    """
    places = _places(schema)
    found: Counter[tuple[str, str]] = Counter()
    for item in liked:
        sought = ((places.get((name, key_of(v))) or places.get(("", key_of(v)))) for name, v in _words(item))
        found.update({place for place in sought if place is not None})
    least = MIN_SHARE * len(liked)
    return tuple(
        Preference(field=field, value=value, weight=count / len(liked))
        for (field, value), count in found.most_common(MAX_SHARED)
        if count >= least
    )


def _words(item: Item) -> list[tuple[str, str]]:
    pairs = [(name, one) for name, v in item.attributes.items() for one in (v if isinstance(v, list) else [v])]
    return [(name, one) for name, one in pairs if isinstance(one, str) and one]


def _places(schema: CatalogueSchema) -> dict[tuple[str, str], tuple[str, str]]:
    """Return (field, key of the value) -> (field, value); the field is empty for the first field that has the value."""
    found: dict[tuple[str, str], tuple[str, str]] = {}
    for field in schema.fields:
        for value in field.values if field.type in ("text", "list") else ():
            found[field.name, key_of(value)] = (field.name, value)
            found.setdefault(("", key_of(value)), (field.name, value))
    return found
