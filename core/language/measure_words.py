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
