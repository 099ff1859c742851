"""Say what a field is called, in which unit its numbers are, and which words there are for it."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from ...core.language.catalogue_language import FIRST_YEAR, concept_of, without_unit
from ...core.language.lexicon.wordings import is_thing
from ...core.schemas import CatalogueField, Language
from ...core.text.chinese import is_chinese
from ...core.text.field_names import words_of

SHARED = frozenset(("Unisex", "unisex", "Everyone", "所有人", "通用", "男女通用", "男女皆宜", "不限"))
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
    "ah": "Ah",
    "hz": "Hz",
    "khz": "kHz",
    "mhz": "MHz",
    "ghz": "GHz",
    "db": "dB",
    "ps": "PS",
    "mp": "MP",
    "kj": "kJ",
    "mbit/s": "Mbit/s",
    "°c": "°C",
    "℃": "°C",
    "°f": "°F",
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
_AN = re.compile(r"(?:[aeiou]|hour|8\b|11\b|18\b|[AEFHILMNORSX][A-Z]{1,}\b)")
_BOUNDS = {"min": "minimum", "max": "maximum", "minimum": "minimum", "maximum": "maximum"}
"""Words of a field's name that say which end of a range it holds."""
MOST_NAMED, _SENTENCE_ENDS = 9, frozenset(".!?…。！？")
"""Words of a value, at most, that is named in a sentence; and what a sentence ends with."""
_REMARK = re.compile(r"\s*[(（\[【][^()（）\[\]]*[)）\]】]$")
"""What a name has in brackets at its end: a unit, a currency, a note."""
_UNCOUNTED = ("ware", "wear", "ing")
"""Endings of words for things that are not counted."""
MANY_FOREIGN = 3
"""A catalogue with so many values or names of such letters is not written in English: its nouns keep their capitals."""


@dataclass(frozen=True, slots=True)
class FieldWords:
    """What the wording knows of one field: its name for people, its unit, its entries of words and of numbers, whether it holds years or prices, and in which currency.

    ``common`` is the name of the concept that the field is called after, empty where its own name says more.
    """

    label: str
    unit: str
    entry: Mapping[str, Any]
    number: Mapping[str, Any]
    is_year: bool
    is_price: bool
    currency: str = ""
    common: str = ""


def field_words(
    field: str, of: CatalogueField | None, named: Mapping[str, Mapping[str, Mapping[str, Any]]]
) -> FieldWords:
    """Return the words for a field: by its own name, else by its concept; ``named`` has the entries by name."""
    fields, numbers = named["fields"], named["numbers"]
    words, suffix = without_unit(of or CatalogueField(name=field, type="number"))
    found, label = concept_of(of) if of else None, " ".join(words)
    if of is not None and of.type == "number" and not (of.unit or suffix) and (ending := _ZH_UNIT.search(label)):
        label, suffix = label[: ending.start()], ending[0]
    label = _REMARK.sub("", label) or label
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
        numbers["year"]
        if is_year
        else {}
        if called_year
        else numbers.get(label) or _by_concept(numbers, concept, unit),
        is_year,
        is_price,
        of.unit if of is not None and is_price else "",
        concept if found and label in found.names else "",
    )


def _by_concept(numbers: Mapping[str, Mapping[str, Any]], concept: str, unit: str) -> Mapping[str, Any]:
    """Return the entry for what a field is about; none that would give a number a unit: "tail length" runs no 2 minutes."""
    found = numbers.get(concept, {})
    return {} if found.get("unit") and not unit else found


def names_one(value: str, uncounted: Collection[str]) -> bool:
    """Say whether an English value names one thing that can be counted, "Pop-up Tent", and no stuff, class or quality."""
    last = value.lower().split()[-1]
    return last not in uncounted and not last.endswith(_UNCOUNTED) and is_thing(last)


def stays(fields: Iterable[CatalogueField]) -> bool:
    """Say whether a shop's items stay at their place, so that they are in a country and do not come from it."""
    return any(PLACES & set(words_of(of.name)) for of in fields)


def keeps_case(fields: Iterable[CatalogueField]) -> bool:
    """Say whether a shop writes another language, whose nouns keep their capitals."""
    told = (word for of in fields for word in (of.name, *of.values))
    return sum(bool(_FOREIGN.search(word)) for word in told) >= MANY_FOREIGN


def translated(
    known: FieldWords, language: Language, common: Mapping[str, str], quote: Callable[[str], str], *, foreign: bool
) -> FieldWords:
    """Return a field with its name in the language of the answer, where the shop writes another one: a ``common`` name, else its own, quoted.

    ``foreign``: the shop writes another language than English.
    """
    chinese = is_chinese(known.label)
    if not {"zh": not chinese, "de": not foreign}.get(language, foreign or chinese):
        return known
    own = known.label if language == "de" else quote(known.label.title() if foreign else known.label)
    return replace(known, label=common.get(known.common, own))


def is_prose(value: str) -> bool:
    """Say whether a value is a sentence, which is quoted and not named: "Soft and flat, for tummy sleepers."."""
    words = len(value.split()) if value.isascii() or not is_chinese(value) else len(value) // 2
    return words > MOST_NAMED or (words > 2 and value.rstrip()[-1:] in _SENTENCE_ENDS)


def plain_value(value: str, *, lower: bool) -> str:
    """Return a value without what stands in brackets, in small letters where that is wanted: "Navy Blue (2)" as "navy blue"."""
    plain = re.sub(r"\s*\([^)]*\)", "", value).strip() or value
    return re.sub(r"\b[A-Z][a-z'’]*\b", lambda m: m.group(0).lower(), plain) if lower else plain


def shown_value(value: float | str) -> str:
    """Return a value as it is written: 10 and not 10.0."""
    return f"{value:g}" if isinstance(value, float) else str(value)


def article(shown: str) -> str:
    """Return the English article before a word or number."""
    return "an" if _AN.match(shown) else "a"


def with_bounds(label: str) -> str:
    """Return a field's name with its words for the ends of a range written out."""
    return " ".join(_BOUNDS.get(w, w) for w in label.split())


def in_english(known: FieldWords, shown: str) -> str:
    """Return a number with what it counts in English, "a minimum of 4 guests"; empty where it is just put before the name."""
    words = with_bounds(known.label).split()
    bound = next((w for w in words if w in _BOUNDS), "")
    rest = [w for w in words if w != bound]
    if bound and rest and rest[-1].endswith("s") and not known.unit:
        return f"a {bound} of {shown} {' '.join(rest)}"
    if words and (known.unit or not words[0].endswith("s")):
        return f"{article(words[0])} {' '.join(words)} of {shown}"
    return ""
