"""Read the words for units, currencies and places in a row."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

from .keys import key_of
from .word_lists import listed, load_list


@cache
def units() -> Mapping[str, tuple[tuple[str, float], ...]]:
    """Return key of a unit -> its measures with the factor to their base unit."""
    found: dict[str, list[tuple[str, float]]] = {}
    for measure, rows in load_list("units").items():
        for factor, forms in rows.items():
            for form in listed(forms):
                found.setdefault(key_of(form), []).append((measure, float(factor)))
    return {key: tuple(rows) for key, rows in found.items()}


@cache
def currencies() -> Mapping[str, str]:
    """Return key of a currency's name or sign -> ISO 4217 code."""
    return {key_of(form) or form: code for code, forms in load_list("currencies").items() for form in listed(forms)}


@cache
def ordinals() -> Mapping[str, int]:
    """Return key of an ordinal -> its number."""
    return {key_of(form): int(number) for number, forms in load_list("ordinals").items() for form in listed(forms)}


SHORTEST_UNIT = 4
"""Letters that a field's whole name needs to be taken for its unit: ``weeks``, but not ``g``."""
_PLAIN_UNITS = frozenset("kg km cm mm ml db kw gb tb mb hz wh mah kwh mpg dpi fps bhp psi rpm".split())  # noqa: SIM905


def is_plain_unit(name: str) -> bool:
    """Tell whether the whole name of a column is that of its unit: ``mah``, ``kg``, ``hours``, but not ``min`` or ``in``."""
    return len(name) >= SHORTEST_UNIT or key_of(name) in _PLAIN_UNITS
