"""Find the fields that a number phrase is about.

A unit, a field's name or an adjective beside the number decides the field; then years, then the price, then the only number field
whose range holds the value.
"""

from __future__ import annotations

from collections.abc import Sequence

from .....core.language.catalogue_language import FIRST_YEAR, CatalogueLanguage
from .....core.language.keys import key_of
from .....core.language.measure_words import currencies
from .....core.language.tokens import stem
from .....core.language.value_entry import FieldTerms
from .....core.language.word_groups import around_numbers
from .....core.text.field_names import words_of
from ..bounds.phrase import NumberPhrase
from ..numbers.amount import Amount
from ..positions import at
from ..segments import Segment
from .ages_of_things import as_age, as_years
from .amounts_in_fields import FAR, in_range, is_long, is_near, is_plausible, may_hold
from .counted import MAX_COUNT, counts_something, people_fields

POUND = 453.6
"""Grams."""
MIN_MONEY = 500.0
"""A bare number from here on is what there is to spend, where things cost about as much."""
_YEARS = (1800, 2100)
_OTHER_DOLLARS = frozenset(("CAD", "AUD", "HKD", "SGD", "MXN", "TWD", "NZD"))


def fields_of(phrase: NumberPhrase, segments: Sequence[Segment], language: CatalogueLanguage) -> list[FieldTerms]:
    """Return the fields a phrase is about: several only where all of them fit ("30 mpg" in town and out of it)."""
    if phrase.unsure or _is_resolution(phrase, segments):
        return []
    said = " ".join(key_of(s.text) for s in segments[phrase.first : phrase.last])
    aged = as_age(phrase, said, language) or as_years(phrase, language)
    if aged is not None:
        return [aged]
    _settle_pounds(phrase, said, segments, language)
    amounts = [a for _, a in phrase.parts]
    currency = next((a.currency for a in amounts if a.currency), "")
    if currency:
        return _money_fields(currency, phrase, language)
    measures = [m for a in amounts for m, _ in a.units if m != "year" or a.value >= FIRST_YEAR]
    if phrase.fields:
        return _alike_fields(_named(phrase, amounts, measures, language), phrase, segments)
    if (measures and "year" not in measures) or (not measures and any(a.units for a in amounts)):
        return _alike_fields(_measured(phrase, amounts, measures, language), phrase, segments)
    return _by_value(phrase, amounts, segments, language)


def _settle_pounds(phrase: NumberPhrase, said: str, segments: Sequence[Segment], language: CatalogueLanguage) -> None:
    """Tell the pounds of "lighter than 3 pounds" from those of a shop in sterling, where "50 Pfund" is money; a "£" always is."""
    weights = [f for n in phrase.fields if (f := language.fields[n]).measure == "mass"]
    sterling = any("£" in s.text for s in segments[phrase.first : phrase.last])
    if weights and not sterling and next((a.currency for _, a in phrase.parts if a.currency), "") == "GBP":
        weighed = [(op, a._replace(currency="", units=(("mass", POUND),))) for op, a in phrase.parts]
        if any(is_near(f, [a for _, a in weighed]) for f in weights):
            phrase.parts = weighed
    if not phrase.fields and "pfund" in said.split(" ") and _is_sterling(language):
        phrase.parts = [(op, a._replace(currency="GBP", units=())) for op, a in phrase.parts]


def _named(
    phrase: NumberPhrase, amounts: Sequence[Amount], measures: Sequence[str], language: CatalogueLanguage
) -> list[FieldTerms]:
    """Return the fields that a phrase names, or, where its unit or its values do not fit them, those that they fit."""
    named = [language.fields[n] for n in phrase.fields]
    if measures:
        fitting = [f for f in named if f.measure in measures or (f.measure == "age" and is_long(amounts))]
        if not fitting and named[0].concept == "price":
            return []
        others = [f for m in measures for f in language.of_measure(m)]
        if fitting and not any(may_hold(f, amounts) for f in fitting):
            fitting = [f for f in others if may_hold(f, amounts)] or fitting
        named = fitting or others or [f for f in named if f.measure in ("", "count", "rating", "year", "age")]
    counts = any(f.measure == "count" and f.concept != "popularity" for f in named)
    return [f for f in named if not counts or f.concept != "price"]


def _measured(
    phrase: NumberPhrase, amounts: Sequence[Amount], measures: Sequence[str], language: CatalogueLanguage
) -> list[FieldTerms]:
    """Return the fields of the measures of the units that are said."""
    found = [f for m in dict.fromkeys(measures) for f in language.of_measure(m)]
    found += language.of_measure("age") if is_long(amounts) else ()
    return [f for f in found if is_plausible(f, amounts) and (not phrase.bare or is_near(f, amounts))]


def _alike_fields(found: Sequence[FieldTerms], phrase: NumberPhrase, segments: Sequence[Segment]) -> list[FieldTerms]:
    """Keep fields of the first one's concept: the one whose own name is said ("4 stars"), else those whose range holds the number."""
    unique = list({f.field.name: f for f in found}.values())
    amounts = [a for _, a in phrase.parts]
    said = {stem(w) for s in segments[phrase.first : phrase.last] for w in s.words}
    own = [f for f in unique if len(unique) > 1 and set(map(stem, words_of(f.field.name))) <= said]
    if own:
        return own[:1]
    fits = [f for f in unique if may_hold(f, amounts)] or unique
    said_in = {f for a in amounts for _, f in a.units}
    exact = [f for f in fits if f.factor in said_in] or fits
    if not exact or not exact[0].concept:
        return exact[:1]
    alike = [f for f in unique if f.concept == exact[0].concept and f.factor == exact[0].factor]
    if priced := [f for f in alike if f.field.role == "price"]:
        return priced[:1]
    return ([f for f in alike if may_hold(f, amounts)] or alike)[:2]


def _is_resolution(phrase: NumberPhrase, segments: Sequence[Segment]) -> bool:
    """Tell whether "4K" stands for a picture's resolution rather than for four thousand."""
    inside = segments[phrase.first : phrase.last + 1]
    said = next(("".join(s.words) for s in inside if s.amount is not None), "")
    pictured = any(key_of(s.text) in around_numbers()["pictures"] for s in inside)
    return phrase.bare and (said in ("4k", "8k") or (said in ("2k", "5k") and pictured))


def _by_value(
    phrase: NumberPhrase, amounts: Sequence[Amount], segments: Sequence[Segment], language: CatalogueLanguage
) -> list[FieldTerms]:
    """Return the field of a number that has neither name nor unit: people, a year, money, or the only one that holds it."""
    if people := people_fields(phrase, segments, language):
        return people
    if counts_something(phrase, segments):
        return []
    price, years, values = _price_of(language), language.of_measure("year")[:1], [a.value for a in amounts]
    year_like = all(_YEARS[0] <= a.value <= _YEARS[1] and a.value == int(a.value) and not a.scaled for a in amounts)
    if phrase.temporal or (years and year_like and not _prices_too(phrase, values, price)):
        return list(years) if year_like else []
    if phrase.bare and phrase.parts[0][0] == "=":
        spends = price is not None and values[0] >= _least_spent(phrase, segments) and in_range(price, values)
        return [price] if price is not None and spends else []
    if price is not None and not _far_below(price, values, phrase):
        dash_only = phrase.bare and len(amounts) == 2 and not any(a.scaled for a in amounts)
        return [] if dash_only and not in_range(price, values) else [price]
    fitting = [f for f in language.fields.values() if f.field.type == "number" and in_range(f, values)]
    return fitting if len(fitting) == 1 else []


def _least_spent(phrase: NumberPhrase, segments: Sequence[Segment]) -> float:
    """Return from where on a bare number is money: less after "for" ("a phone for 300"), where more come along than people do."""
    return MAX_COUNT + 1.0 if key_of(at(segments, phrase.first - 1).text) in ("for", "fur") else MIN_MONEY


def _far_below(price: FieldTerms, values: Sequence[float], phrase: NumberPhrase) -> bool:
    """Tell whether a bare number is so small that no price is meant: "at least 2" where nothing costs less than 30."""
    least = price.field.minimum or 0.0
    bounds = phrase.parts[0][0] in (">", ">=") and not phrase.negated and len(values) == 1
    return max(values) < (least if bounds else least / FAR)


def _prices_too(phrase: NumberPhrase, values: Sequence[float], price: FieldTerms | None) -> bool:
    """Tell whether a number that looks like a year is rather an amount: "under 2000" where things cost that much."""
    if price is None or len(values) != 1 or (phrase.bare and not phrase.around) or not in_range(price, values):
        return False
    return (phrase.parts[0][0] in ("<", "<=")) != phrase.negated and values[0] % 100 == 0


def _price_of(language: CatalogueLanguage) -> FieldTerms | None:
    """Return the field of the price, if the catalogue has one."""
    field = language.schema.price
    return language.fields[field.name] if field is not None else None


def _money_fields(currency: str, phrase: NumberPhrase, language: CatalogueLanguage) -> list[FieldTerms]:
    """Return the column of money that a phrase names beside the price ("10 to 25 euros Grundpreis", "500 a day"), else the price."""
    named, price = [f for n in phrase.fields if (f := language.fields[n]).measure == "money"], _price_of(language)
    beside = named[:1] if not any(f.field.role == "price" for f in named) else []
    if beside and _is_money_of(currency, beside[0]):
        return beside
    if price is None:
        held = [f for f in language.fields.values() if f.field.type == "number" and f.field.unit == currency]
        return held if len(held) == 1 else []
    ends = f"_{currency.casefold()}"
    own = [f for f in language.fields.values() if f.field.unit == currency and f.field.name.casefold().endswith(ends)]
    if own and price.field.unit != currency:
        return own[:1]
    return [price] if _is_money_of(currency, price) else []


def _is_sterling(language: CatalogueLanguage) -> bool:
    """Tell whether a shop counts in pounds, so that "50 Pfund" is money there."""
    price = language.schema.price
    return price is not None and currencies().get(key_of(price.unit) or price.unit, price.unit) == "GBP"


def _is_money_of(currency: str, of: FieldTerms) -> bool:
    """Tell whether an amount is in the shop's own money; a shop that states none takes every amount for its own."""
    unit = of.field.unit
    own = currencies().get(key_of(unit) or unit, unit.upper())
    return not unit or currency == own or (currency == "USD" and own in _OTHER_DOLLARS)
