"""Read what values may be called: the concepts of the word list, scales, diets and words for people."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import NamedTuple

from .field_concepts import field_concepts
from .keys import key_of
from .thing_words import thing_words
from .tokens import german_stem, words_of_form
from .word_lists import listed, load_list, written_out


class ValueConcept(NamedTuple):
    """What a value may be called, what it belongs to (``broader``) and what else serves who asks for it (``also``)."""

    name: str
    broader: str
    also: str
    forms: tuple[str, ...]
    group: str = ""


@cache
def value_concepts() -> Mapping[str, ValueConcept]:
    """Return every value concept by name."""
    found: dict[str, ValueConcept] = {}
    for group, rows in load_list("values").items():
        for head, forms in rows.items():
            name, _, broader = head.partition(" < ")
            name, _, also = name.partition(" + ")
            found[name] = ValueConcept(name, broader, also, tuple(written_out(forms)), group)
    return found


@cache
def forms_in(*groups: str) -> frozenset[str]:
    """Return the keys of every form of some groups of values, such as ``colours``."""
    rows = load_list("values")
    return frozenset(key_of(form) for group in groups for forms in rows[group].values() for form in written_out(forms))


class Diet(NamedTuple):
    """How a diet is called, which concepts it leaves out, and whether a list of allergens is enough to tell."""

    forms: tuple[str, ...]
    without: tuple[str, ...]
    by_allergens: bool


@cache
def diets() -> tuple[Diet, ...]:
    """Return the diets that lists of ingredients bear out."""
    return tuple(
        Diet(listed(row["forms"]), listed(row["without"]), bool(row.get("allergens")))
        for row in load_list("diets").values()
    )


@cache
def scales() -> tuple[tuple[tuple[str, ...], ...], ...]:
    """Return ordered lists of steps, the mildest or smallest first, each with the ways to say it."""
    return tuple(
        tuple(tuple(form.strip() for form in step.split(" / ")) for step in listed(steps))
        for steps in load_list("scales").values()
    )


@cache
def people() -> Mapping[str, str]:
    """Return key of a word for a person -> the value concepts that serve them, joined by "|": a grandpa is a man and old."""
    found: dict[str, list[str]] = {}
    for concept, forms in load_list("people").items():
        for form in listed(forms):
            found.setdefault(key_of(form), []).append(concept)
    return {key: "|".join(dict.fromkeys(concepts)) for key, concepts in found.items()}


@cache
def listed_words() -> frozenset[str]:
    """Return every word of the lists with its German stem: none of them is a slip of another word."""
    forms = [f for c in value_concepts().values() for f in (c.name, *c.forms)]
    forms += [f for c in field_concepts() for f in (*c.names, *(x for row in c.compare.values() for x in row))]
    found = {w for f in (*forms, *people(), *thing_words()) for w in words_of_form(f) if w.isalpha() and w.isascii()}
    return frozenset(found | {german_stem(w) for w in found if len(w) > 4})
