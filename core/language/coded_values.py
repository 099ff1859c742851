"""Say ISO's codes of countries and languages as people do: IS is Iceland, Island and 冰岛. Names come from Unicode's CLDR, through Babel."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from functools import cache
from types import MappingProxyType

from .lexicon.lexicon import LANGUAGES

FEWEST = 3
"""Different codes from which a column may be one of codes: two letters are soon something else."""
ALSO = MappingProxyType(
    {
        "AE": ("UAE", "Emirates"),
        "CZ": ("Czech Republic",),
        "GB": ("UK", "Britain", "Great Britain"),
        "KR": ("Korea",),
        "NL": ("Holland",),
        "TR": ("Turkey",),
        "US": ("USA", "America"),
    }
)
"""What people say and CLDR does not, by country."""
_REGION = "特别行政区"
_CODE = re.compile(r"[A-Z]{2}|[a-z]{2}")
_OF_LANGUAGES = re.compile(r"lang|sprach|idiom|语", re.IGNORECASE)
_OF_COUNTRIES = re.compile(r"countr|nation|land\b|länder|origin|herkunft|国|產地|产地|iso", re.IGNORECASE)


def names_of_codes(field: str, values: Collection[str]) -> Mapping[str, tuple[str, ...]]:
    """Return code -> its names in the languages that are read, where all values of a field are codes and its name says of what; else nothing."""
    if len(set(values)) < FEWEST or not all(map(_CODE.fullmatch, values)):
        return {}
    for kind, named in (("languages", _OF_LANGUAGES), ("territories", _OF_COUNTRIES)):
        known = _names(kind)
        if named.search(field) and all(value.upper() in known for value in values):
            return {value: known[value.upper()] for value in values}
    return {}


@cache
def _names(kind: str) -> Mapping[str, tuple[str, ...]]:
    from babel import Locale

    names: dict[str, list[str]] = {}
    for language in LANGUAGES:
        for code, name in getattr(Locale(language), kind).items():
            if len(code) == 2:
                names.setdefault(code.upper(), []).extend(_ways(name))
    for code, also in ALSO.items() if kind == "territories" else ():
        names[code].extend(also)
    return MappingProxyType({code: tuple(dict.fromkeys(said)) for code, said in names.items()})


def _ways(name: str) -> Iterator[str]:
    """Yield a name, and what it is without its brackets and its endings: "Myanmar (Burma)", 中国香港特别行政区."""
    yield name
    first, bracket, rest = name.partition(" (")
    if bracket:
        yield first
        yield rest.rstrip(")")
    if name.endswith(_REGION):
        yield name.removesuffix(_REGION)
