"""Say what a field is called, in which unit its numbers are, and which words there are for it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from ...core.language.catalogue_language import FIRST_YEAR, concept_of, without_unit
from ...core.schemas import CatalogueField
from ...core.text.field_names import words_of

SHARED = frozenset(("Unisex", "unisex", "Everyone", "所有人", "通用"))
"""Values that serve beside the one asked for, and go without saying: "for men", not "for men or everyone"."""
NO_WORD = re.compile(r"[\d\W_]*|https?:.*|unknown|n/?a|none|null|other|others|misc|不详|未知|其他|无", re.IGNORECASE)
"""Values that say nothing: codes, links, and words for a missing value."""
VERBS = frozenset(("不含", "含", "含有", "无添加", "附赠", "附带", "适合", "适用", "适用于"))
"""Names of Chinese fields that need no 是 before their value: 不含酒精."""

UNIT_SIGNS = {
    "sqm": "m²",
    "qm": "m²",
    "min": "minutes",
    "mins": "minutes",
    "in": "inches",
    "inch": "inches",
    "std.": "h",
    "std": "h",
    "d": "days",
    "tage": "days",
    "tag": "days",
    "jahre": "years",
    "w": "W",
    "kw": "kW",
    "wh": "Wh",
    "kwh": "kWh",
    "v": "V",
    "mb": "MB",
    "gb": "GB",
    "tb": "TB",
    "mah": "mAh",
    "hz": "Hz",
    "ghz": "GHz",
    "db": "dB",
}
PLACES = frozenset(
    [
        "city",
        "place",
        "venue",
        "address",
        "beach",
        "sleeps",
        "district",
        "rooms",
        "ort",
        "startort",
        "stadtteil",
        "unterkunft",
        "zimmer",
        "lage",
        "城市",
        "区域",
        "户型",
    ]
)
"""Words in the names of fields that only what stays at its place has: a flat, a hotel, an event, a tour."""
_ZH_UNIT = re.compile(r"(?<=[\u4e00-\u9fff])(?:小时|分钟|公里|公斤|千克|厘米|毫米|毫升|克|升|瓦)$")
"""Units that Chinese names of fields end with: 续航小时 is 续航 in hours."""
_FOREIGN = re.compile(r"[äöüßàâçéèêëîïôûñ]", re.IGNORECASE)
MANY_FOREIGN = 3
"""A catalogue with so many values or names of such letters is not written in English: its nouns keep their capitals."""


@dataclass(frozen=True, slots=True)
class FieldWords:
    """What the wording knows of one field: its name for people, its unit, its entries of words and of numbers, whether it holds years or prices, and in which currency."""

    label: str
    unit: str
    entry: Mapping[str, Any]
    number: Mapping[str, Any]
    is_year: bool
    is_price: bool
    currency: str = ""


def field_words(
    field: str, of: CatalogueField | None, named: Mapping[str, Mapping[str, Mapping[str, Any]]]
) -> FieldWords:
    """Return the words for a field: by its own name, else by its concept; ``named`` has the entries by name."""
    fields, numbers = named["fields"], named["numbers"]
    words, suffix = without_unit(of or CatalogueField(name=field, type="number"))
    found, label = concept_of(of) if of else None, " ".join(words)
    if of is not None and of.type == "number" and not (of.unit or suffix) and (ending := _ZH_UNIT.search(label)):
        label, suffix = label[: ending.start()], ending[0]
    concept = found.name if found else ""
    counts_years = of is not None and of.maximum is not None and of.maximum < FIRST_YEAR
    called_year = "year" in words or label in numbers["year"]["names"] or concept == "year"
    is_year = called_year and not counts_years
    is_price = label in numbers["price"]["names"] or concept == "price"
    unit = "" if is_year or is_price else of.unit or suffix if of and of.type == "number" else suffix
    return FieldWords(
        label,
        UNIT_SIGNS.get(unit.lower(), unit),
        fields.get(label) or fields.get(concept, {}),
        numbers["year"] if is_year else {} if called_year else numbers.get(label) or numbers.get(concept, {}),
        is_year,
        is_price,
        of.unit if of is not None and is_price else "",
    )


def stays(fields: Iterable[CatalogueField]) -> bool:
    """Say whether a shop's items stay at their place, so that they are in a country and do not come from it."""
    return any(PLACES & set(words_of(of.name)) for of in fields)


def keeps_case(fields: Iterable[CatalogueField]) -> bool:
    """Say whether a shop writes another language, whose nouns keep their capitals."""
    told = (word for of in fields for word in (of.name, *of.values))
    return sum(bool(_FOREIGN.search(word)) for word in told) >= MANY_FOREIGN
