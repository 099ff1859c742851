"""Turn how old a thing may be into its year: "not older than 10 years", "at most 5 years old", 近五年."""

from __future__ import annotations

from .....core.language.catalogue_language import CatalogueLanguage
from .....core.language.value_entry import FieldTerms
from .....core.schemas import Operator
from ..bounds.phrase import NumberPhrase
from ..numbers.spans_of_years import this_year

_MIRRORED: dict[Operator, Operator] = {"<": ">", "<=": ">=", ">": "<", ">=": "<=", "=": "="}
MOST_YEARS = 400
MOST_AGE = 120
_OLDER, _YOUNGER = frozenset(("older", "alter")), frozenset(("younger", "junger"))

_NOBODY = ("nobody", "no one", "noone", "niemand")


def as_age(phrase: NumberPhrase, said: str, language: CatalogueLanguage) -> FieldTerms | None:
    """Return the field of ages where "older" or "younger" compares a small number: "no older than five", "8 or younger", "nobody over 40"."""
    ages = language.of_measure("age")
    amounts = [a for _, a in phrase.parts]
    if not ages or phrase.bare or any(a.high is not None or a.currency or a.value > MOST_AGE for a in amounts):
        return None
    if not any(word in said for word in _OLDER | _YOUNGER):
        return ages[0] if said.startswith(_NOBODY) and not any(a.units for a in amounts) else None
    down = any(word in said for word in _YOUNGER)
    strict = "than" in said or "als" in said
    op: Operator = ("<" if strict else "<=") if down else (">" if strict else ">=")
    if len(phrase.parts) == 1:
        told = tuple((m, f) for m, f in amounts[0].units if m == "age" or (m == "time" and f < 500_000))  # in weeks
        phrase.parts = [(op, amounts[0]._replace(units=told))]
    return ages[0]


def as_years(phrase: NumberPhrase, language: CatalogueLanguage) -> FieldTerms | None:
    """Return the field of years where the amounts of a comparison are ages of things, which become years; else None."""
    amounts = [a for _, a in phrase.parts]
    years = language.of_measure("year")
    if not years or phrase.bare or any(a.high is not None or a.value > MOST_YEARS for a in amounts):
        return None
    old = any(m == "age" for a in amounts for m, _ in a.units)
    span = any(m == "span" for a in amounts for m, _ in a.units)
    on_years = phrase.temporal or any(language.fields[n].measure == "year" for n in phrase.fields)
    if not (old or (span and on_years)) or language.of_measure("age"):
        return None
    named = [language.fields[n] for n in phrase.fields if language.fields[n].measure == "year"]
    parts: list[tuple[Operator, float]] = []
    for op, amount in phrase.parts:
        factor = next((f for m, f in amount.units if m in ("span", "age")), 1.0)
        parts.append((op if on_years else _MIRRORED[op], float(int(this_year() - amount.value * factor))))
    phrase.parts = [(op, amounts[0]._replace(value=year, units=())) for op, year in sorted(parts, key=lambda p: p[1])]
    return (named or list(years))[0]
