"""Find the catalogue field that a word, a unit or a number is about."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache

from ..schemas import CatalogueField, CatalogueSchema

CLOSED_VALUES = 120
_SYNONYMS = (
    ("price", "prices", "budget", "cost", "costs", "money", "preis", "prix", "价格", "预算", "价钱"),
    ("color", "colors", "colour", "colours", "shade", "farbe", "couleur", "颜色"),
    ("year", "years", "decade", "date", "era", "released", "jahr", "année", "年份"),
    ("genre", "genres", "kind", "category", "categories"),
    ("type", "types", "kind"),
    ("gender", "sex"),
    ("brand", "brands", "make"),
    ("rating", "ratings", "rated", "stars", "star", "score"),
    ("runtime", "duration", "length", "minutes", "minute", "min", "mins"),
    ("object", "objects", "subject", "subjects"),
    ("size", "sizes", "grösse", "taille", "尺寸"),
    ("player", "players"),
    ("season", "seasons"),
    ("style", "styles"),
)

_KINDS = frozenset(
    [
        "genre",
        "genres",
        "category",
        "categories",
        "subcategory",
        "type",
        "types",
        "kind",
        "kinds",
        "theme",
        "themes",
        "topic",
        "topics",
        "subject",
        "subjects",
        "object",
        "objects",
        "department",
        "class",
    ]
)


@lru_cache(maxsize=4096)
def words_of(name: str) -> tuple[str, ...]:
    """Split a field name such as ``baseColour`` or ``release_year`` into lower-case words."""
    spaced = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|[_\-.]+", " ", name)
    return tuple(spaced.lower().split())


def label_of(name: str) -> str:
    """Return a field name as people write it: ``base colour``."""
    return " ".join(words_of(name))


def is_closed(field: CatalogueField) -> bool:
    """Tell whether ``field`` has a vocabulary small enough that naming a value is a requirement."""
    return field.type in ("text", "list") and 0 < len(field.values) <= CLOSED_VALUES


@lru_cache(maxsize=16)
def field_names(schema: CatalogueSchema) -> Mapping[str, tuple[CatalogueField, ...]]:
    """Map every word or phrase that may name a field to the fields it names."""
    names: dict[str, list[CatalogueField]] = {}
    for field in schema.fields:
        for name in _names(field):
            names.setdefault(name, []).append(field)
    return {name: tuple(fields) for name, fields in names.items()}


def _names(field: CatalogueField) -> set[str]:
    words = words_of(field.name)
    stems = {"".join(words), " ".join(words), words[-1] if words else field.name.lower()}
    if field.role == "price":
        stems.add("price")
    if field.type == "number" and field.unit:
        stems |= {field.unit.lower(), field.unit.lower().rstrip("s")}
    names = set(stems)
    for group in _SYNONYMS:
        if stems & set(group):
            names |= set(group)
    return {name for name in names if len(name) > 1}


def says_what(field: CatalogueField) -> bool:
    """Tell whether a field says what an item is (its genre, category, theme or subject) rather than how it is."""
    return bool(_KINDS & set(words_of(field.name)))
