"""Weigh items by the likes and dislikes that a user states; soft throughout, since people misremember and change their mind."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

from ..predicates import holds
from ..schemas import CatalogueSchema, Constraint, Item, Preference, Preferences, ThreadMemory
from ..text.catalogue_values import key_of, singular

WORDS_FIELD = "words"
"""The name of the pseudo-field that stands for a word of title or text."""
NEARNESS = 0.2
"""A number fits a stated one within this share of it."""
Scores = NDArray[np.float32]


def merge_stated(
    memory: ThreadMemory, new: Preferences | None, kept: Sequence[Preference] = ()
) -> tuple[Preference, ...]:
    """Return the likes and dislikes in force; about the same value, this request's over the thread's over those ``kept``."""
    merged = {_key(p): p for p in (*kept, *memory.stated, *(new.values if new else ()))}
    return tuple(merged.values())


def merge_items(memory: ThreadMemory, new: Preferences | None) -> tuple[str, ...]:
    """Return the items stated as liked, newest first."""
    return tuple(dict.fromkeys((*(new.item_ids if new else ()), *memory.stated_item_ids)))


def _key(p: Preference) -> tuple[str, str]:
    return p.field, key_of(p.value) if isinstance(p.value, str) else str(p.value)


def as_constraints(p: Preference, schema: CatalogueSchema) -> tuple[Constraint, ...]:
    """Return the predicates that an item of this kind satisfies; empty if the catalogue has no such field."""
    field = schema.field(p.field)
    if field is None:
        return ()
    if field.type == "list":
        return (Constraint(field=p.field, op="contains", value=str(p.value)),)
    if field.type == "number":
        if isinstance(p.value, (str, bool)):
            return ()
        reach = NEARNESS * abs(p.value) if p.reach is None else p.reach
        return (
            Constraint(field=p.field, op=">=", value=p.value - reach),
            Constraint(field=p.field, op="<=", value=p.value + reach),
        )
    if (field.type == "bool") != isinstance(p.value, bool):
        return ()
    return (Constraint(field=p.field, op="=", value=p.value),)


def unusable(stated: Iterable[Preference], schema: CatalogueSchema) -> tuple[str, ...]:
    """Return the fields that the catalogue lacks or whose values are of another type."""
    wrong = (p.field for p in stated if p.field != WORDS_FIELD and not as_constraints(p, schema))
    return tuple(dict.fromkeys(wrong))


def stated_fit(items: Sequence[Item], stated: Sequence[Preference], schema: CatalogueSchema) -> Scores:
    """Return how well every item fits, shape (n,), from -1 (all dislikes) to 1 (all likes); 0 where nothing is known."""
    total = sum(abs(p.weight) for p in stated)
    fit = np.zeros(len(items), dtype=np.float32)
    if not total:
        return fit
    for p in stated:
        fit += np.float32(p.weight / total) * fitting(items, p, schema)
    return fit


def fitting(items: Sequence[Item], p: Preference, schema: CatalogueSchema) -> NDArray[np.bool_]:
    """Tell for every item, shape (n,), whether it has the value that the preference is about."""
    if p.field == WORDS_FIELD:
        wanted = f" {_stems(str(p.value))} "
        return np.array([wanted in f" {_stems(f'{i.title} {i.text}')} " for i in items], dtype=np.bool_)
    predicates = as_constraints(p, schema)
    return np.array([bool(predicates) and all(holds(c, i) for c in predicates) for i in items], dtype=np.bool_)


def _stems(text: str) -> str:
    return " ".join(singular(m) for m in re.findall(r"[\w']+", text.lower()))
