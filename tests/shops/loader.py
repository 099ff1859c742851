"""Invented shops: read from the files beside this one, one field a line, each compiled once when it is first asked of.

A line is ``price: 3 to 80 GBP, the price``, ``pages: 40 to 1400``, ``age_to: 3 to 99, or none``, ``wax: Soy | Beeswax``, ``scent: several of Fig | Rose``, ``starts: days 2027-02-06 | 2027-03-19`` or
``vegan: yes or no``; ``_texts`` are words of the shop's texts and ``_titles`` titles of its items.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path

import yaml

from tastemaker.core.language.catalogue_language import CatalogueLanguage, compile_language
from tastemaker.core.schemas import CatalogueField, CatalogueSchema

_RANGE = re.compile(r"(-?[\d.]+) to (-?[\d.]+)(?: ([^ ,]+))?(, the price)?(, or none)?")
_KINDS = {"several of ": "list", "days ": "date"}
_COUNT = 400


def number(
    name: str, low: float, high: float, unit: str = "", *, price: bool = False, gaps: bool = False
) -> CatalogueField:
    """Return a field of numbers, which some items lack where ``gaps`` is set."""
    role = "price" if price else "none"
    return CatalogueField(name=name, type="number", role=role, unit=unit, minimum=low, maximum=high, gaps=gaps)


def words(name: str, values: str, *, several: bool = False) -> CatalogueField:
    """Return a field of words, of several for each item where ``several`` is set."""
    return CatalogueField(name=name, type="list" if several else "text", values=tuple(values.split("|")))


def flag(name: str) -> CatalogueField:
    """Return a field of yes and no."""
    return CatalogueField(name=name, type="bool")


def shop(*fields: CatalogueField, texts: str = "", titles: str = "") -> CatalogueLanguage:
    """Return the language of a shop with these fields, whose texts and titles say these words, parted by bars."""
    schema = CatalogueSchema(fields=fields, count=_COUNT)
    spelled = {f.name: dict.fromkeys(f.values, 8) for f in fields if f.type in ("text", "list")} if titles else {}
    return compile_language(schema, spelled, texts.split("|"), None, titles.split("|") if titles else ())


class Shops(Mapping[str, CatalogueLanguage]):
    """Shops by name, each compiled when it is first asked of: a worker of the suite asks of few."""

    def __init__(self, written: Mapping[str, Mapping[str, str]]) -> None:
        self._written, self._compiled = written, dict[str, CatalogueLanguage]()

    def __getitem__(self, name: str) -> CatalogueLanguage:
        if name not in self._compiled:
            rows = self._written[name]
            fields = [_field(field, said) for field, said in rows.items() if not field.startswith("_")]
            self._compiled[name] = shop(*fields, texts=rows.get("_texts", ""), titles=rows.get("_titles", ""))
        return self._compiled[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._written)

    def __len__(self) -> int:
        return len(self._written)


def _field(name: str, said: str) -> CatalogueField:
    """Return the field that a line of a file says."""
    if said == "yes or no":
        return flag(name)
    if bounds := _RANGE.fullmatch(said):
        low, high, unit, price, gaps = bounds.groups()
        return number(name, float(low), float(high), unit or "", price=bool(price), gaps=bool(gaps))
    kind = next((k for k in _KINDS if said.startswith(k)), "")
    return CatalogueField(name=name, type=_KINDS.get(kind, "text"), values=tuple(said.removeprefix(kind).split(" | ")))


def _written() -> dict[str, dict[str, str]]:
    """Return every shop of the files.

    Raises:
        ValueError: two shops have one name.
    """
    found: dict[str, dict[str, str]] = {}
    for path in sorted(Path(__file__).parent.glob("*.yaml")):
        shops = yaml.load(path.read_text(encoding="utf-8"), Loader=yaml.BaseLoader)
        if twice := found.keys() & shops.keys():
            raise ValueError(f"{path.name}: named in another file as well: {', '.join(sorted(twice))}")
        found |= shops
    return found


SHOPS = Shops(_written())
