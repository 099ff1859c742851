"""Score how well items fit soft preferences; used as one bounded signal, never as a filter."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from ..schemas import AttributeValue, CatalogueField, CatalogueSchema, Item
from ..text.catalogue_values import key_of
from ..text.field_names import label_of

_AROUND = re.compile(r"(?P<field>.+) around (?P<value>-?[\d.]+)$")
_EXTREME = re.compile(r"(?P<way>low|high) (?P<field>.+)$")

Scores = NDArray[np.float32]


def preference_fit(items: Sequence[Item], preferences: Sequence[str], schema: CatalogueSchema) -> Scores:
    """Return the mean fit of every item over all preferences, shape (n,), from 0 to 1.

    ``FIELD around N`` falls off with the relative distance, ``low FIELD`` and ``high FIELD`` use the rank among these
    items, anything else is 1 where an attribute, title word or text names it. Unknown fields fit nobody.
    """
    fits = [_fit(items, preference, schema) for preference in preferences]
    return np.mean(fits, axis=0, dtype=np.float32) if fits else np.zeros(len(items), dtype=np.float32)


def leaning(preference: str, fields: Sequence[CatalogueField]) -> tuple[str, bool] | None:
    """Return the field of which less or more is liked better, and whether it is less: "low price"; None for another preference."""
    extreme = _EXTREME.match(preference)
    names = _numbered(fields) if extreme else {}
    return (names[extreme["field"]], extreme["way"] == "low") if extreme and extreme["field"] in names else None


def _numbered(fields: Sequence[CatalogueField]) -> Mapping[str, str]:
    return {label_of(f.name): f.name for f in fields if f.type == "number"}


def _fit(items: Sequence[Item], preference: str, schema: CatalogueSchema) -> Scores:
    names = _numbered(schema.fields)
    around, liked = _AROUND.match(preference), leaning(preference, schema.fields)
    if around and around["field"] in names:
        values = _numbers(items, names[around["field"]])
        target = float(around["value"])
        fit = 1 - np.abs(values - target) / max(abs(target), 1.0)
        return np.nan_to_num(np.clip(fit, 0, 1)).astype(np.float32)
    if liked:
        return _placing(_numbers(items, liked[0]), liked[1])
    wanted = key_of(preference)
    return np.array([_names(item, wanted) for item in items], dtype=np.float32)


def _numbers(items: Sequence[Item], field: str) -> NDArray[np.float64]:
    found = [item.attributes.get(field) for item in items]
    return np.array([float(v) if isinstance(v, int | float) else np.nan for v in found], dtype=np.float64)


def _placing(values: NDArray[np.float64], low: bool) -> Scores:
    """Return the share of known values that each one beats; unknown ones beat none."""
    known = np.sort(values[~np.isnan(values)])
    if not len(known):
        return np.zeros(len(values), dtype=np.float32)
    place = np.searchsorted(known, values, side="right" if low else "left") / len(known)
    return np.where(np.isnan(values), 0.0, 1 - place if low else place).astype(np.float32)


def _names(item: Item, wanted: str) -> float:
    if not wanted:
        return 0.0
    if any(wanted == key_of(text) for value in item.attributes.values() for text in _texts(value)):
        return 1.0
    return 0.5 if wanted in key_of(item.title) else 0.0


def _texts(value: AttributeValue) -> list[str]:
    if isinstance(value, list):
        return value
    return [value] if isinstance(value, str) else []
