"""Find the fields that a number phrase is about.

A unit, a field's name or an adjective beside the number decides the field; then years, then the price, then the only number field
whose range holds the value.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from .....core.language.catalogue_language import FIRST_YEAR, CatalogueLanguage, without_unit
from .....core.language.field_concepts import counted_words, field_words
from .....core.language.keys import key_of
from .....core.language.measure_words import currencies, units
from .....core.language.small_words import common_words
from .....core.language.tokens import stem
from .....core.language.value_entry import FieldTerms
from .....core.language.word_groups import around_numbers
from .....core.text.field_names import words_of
from ..bounds.phrase import NumberPhrase
from ..numbers.amount import Amount
from ..segments import Segment
from .ages_of_things import as_age, as_years

MAX_COUNT = 50
_GROUP = re.compile(
    r"(?:^| )(?:for|fur|give|给|we are|were|we will be|there are|there will be|wir sind|party of|group of|family of|table for|room for|space for|"
    r"platz fur|us|zu|wed be|well be|there d be|theyre|我们|一家|我们一家|适合|一共)$"
)
"""What stands before the number of those who come along."""
_ROOM = re.compile(r"(?:room|space|seats|beds|platz|platze) (?:for|fur)$")
_CAPACITIES = ("servings", "players", "seats", "guests", "berths", "capacity")
YEAR, MONTH = 525_960.0, 43_830.0
"""Minutes."""
POUND = 453.6
"""Grams."""
APART = 500.0
"""How many times as long as the unit of an amount that of a field of times may be."""
FAR = 20.0
"""How many times the largest or smallest value of a field an amount in another unit may be."""
NEAR = 2.0
"""How many times the largest or smallest value of a field a bare measure may be."""
MIN_MONEY = 500.0
"""A bare number from here on is what there is to spend, where things cost about as much."""


def in_field(amount: Amount, terms: FieldTerms) -> float:
    """Return an amount in the units of the field; "7 out of 10" on a field of at most 5 is 3.5."""
    value = amount.value
    for measure, factor in amount.units:
        if measure == "rating" and terms.measure == "rating":
            return _on_scale(value, -factor if factor < 0 else 0.0, terms)
        if measure == "percent" and terms.measure == "rating":
            return _on_scale(value, 100.0, terms)
        if measure == "age" and terms.measure == "time":
            return round(value * factor * YEAR / terms.factor, 6)
        if measure == "time" and terms.measure == "age":
            return round(value * factor / YEAR / terms.factor, 6)
        if measure == terms.measure and terms.factor:
            turned = round(value * factor / terms.factor, 6)
            return value if _is_held_so(value, turned, terms) else turned
    return value


def _is_held_so(value: float, turned: float, terms: FieldTerms) -> bool:
    """Tell whether a field that names no unit holds an amount as it is said: "16 MB" where memory is 2 to 32, and not 0.016."""
    low, high = terms.field.minimum, terms.field.maximum
    told = (
        terms.field.unit or without_unit(terms.field)[1] or any(w in units() for w in words_of(terms.field.name))
    )  # ``days``
    if told or low is None or high is None or min(low, value, turned) <= 0:
        return False

    def off(x: float) -> float:
        return max(low / x, x / high, 1.0)

    return off(value) < off(turned)


def _on_scale(value: float, scale: float, terms: FieldTerms) -> float:
    top = terms.field.maximum or 0.0
    of = 5.0 if top <= 5 else 10.0 if top <= 10 else 100.0
    if not scale:
        scale = of if value > 5 or of <= 5 else 5.0
    return value * of / scale


def fields_of(phrase: NumberPhrase, segments: Sequence[Segment], language: CatalogueLanguage) -> list[FieldTerms]:
    """Return the fields a phrase is about: several only where all of them fit ("30 mpg" in town and out of it)."""
    if phrase.unsure or _is_resolution(phrase, segments):
        return []
    said = " ".join(key_of(s.text) for s in segments[phrase.first : phrase.last])
    aged = as_age(phrase, said, language) or as_years(phrase, language)
    if aged is not None:
        return [aged]
    amounts = [a for _, a in phrase.parts]
    currency = next((a.currency for a in amounts if a.currency), "")
    if currency == "GBP" and any(
        language.fields[n].measure == "mass" for n in phrase.fields
    ):  # "lighter than 3 pounds"
        phrase.parts = [(op, a._replace(currency="", units=(("mass", POUND),))) for op, a in phrase.parts]
        amounts, currency = [a for _, a in phrase.parts], ""
    if not phrase.fields and "pfund" in said.split(" ") and _is_sterling(language):
        phrase.parts = [(op, a._replace(currency="GBP", units=())) for op, a in phrase.parts]
        amounts, currency = [a for _, a in phrase.parts], "GBP"
    measures = [m for a in amounts for m, _ in a.units if m != "year" or a.value >= FIRST_YEAR]
    price = _price(language)
    if currency:
        return _money_named(currency, phrase, language) or _in_currency(currency, price, language)
    if phrase.fields:
        named = [language.fields[n] for n in phrase.fields]
        if measures:
            fitting = [f for f in named if f.measure in measures or (f.measure == "age" and _is_long(amounts))]
            if not fitting and named[0].concept in ("price",):
                return []
            others = [f for m in measures for f in language.of_measure(m)]
            if fitting and not any(in_range(f, [in_field(a, f) for a in amounts]) for f in fitting):
                fitting = [f for f in others if in_range(f, [in_field(a, f) for a in amounts])] or fitting
            named = fitting or others or [f for f in named if f.measure in ("", "count", "rating", "year", "age")]
        if any(f.concept == "price" for f in named) and any(
            f.measure == "count" and f.concept != "popularity" for f in named
        ):
            named = [f for f in named if f.concept != "price"]
        return _alike_fields(named, phrase, segments)
    if (measures and "year" not in measures) or (not measures and any(a.units for a in amounts)):
        found = [f for m in dict.fromkeys(measures) for f in language.of_measure(m)]
        if _is_long(amounts):
            found += language.of_measure("age")
        fitting = [f for f in found if _plausible(f, amounts) and (not phrase.bare or _is_near(f, amounts))]
        return _alike_fields(fitting, phrase, segments)
    return _by_value(phrase, amounts, price, segments, language)


def _money_named(currency: str, phrase: NumberPhrase, language: CatalogueLanguage) -> list[FieldTerms]:
    """Return the column of money that a phrase names, beside the price: "10 to 25 euros Grundpreis", "500 a day"."""
    named = [language.fields[n] for n in phrase.fields if language.fields[n].measure == "money"]
    if any(f.field.role == "price" for f in named):
        return []
    return [f for f in named[:1] if _same_money(currency, f)]


def _alike_fields(found: Sequence[FieldTerms], phrase: NumberPhrase, segments: Sequence[Segment]) -> list[FieldTerms]:
    """Keep fields of the first one's concept: the one whose own name is said ("4 stars"), else those whose range holds the number."""
    unique = list({f.field.name: f for f in found}.values())
    said = {stem(w) for s in segments[phrase.first : phrase.last] for w in s.words}
    own = [f for f in unique if len(unique) > 1 and set(map(stem, words_of(f.field.name))) <= said]
    if own:
        return own[:1]
    fits = [f for f in unique if in_range(f, [in_field(a, f) for _, a in phrase.parts])] or unique
    said_in = {f for _, a in phrase.parts for _, f in a.units}
    exact = [f for f in fits if f.factor in said_in] or fits
    if not exact:
        return []
    if not exact[0].concept:
        return exact[:1]
    alike = [f for f in unique if f.concept == exact[0].concept and f.factor == exact[0].factor]
    priced = [f for f in alike if f.field.role == "price"]
    if priced:
        return priced[:1]
    held = [f for f in alike if in_range(f, [in_field(a, f) for _, a in phrase.parts])]
    return (held or alike)[:2]


def _is_near(terms: FieldTerms, amounts: Sequence[Amount]) -> bool:
    """Tell whether a bare measure may be meant for a field: nobody's frame is as high as they are."""
    low, high = terms.field.minimum, terms.field.maximum
    values = [in_field(a, terms) for a in amounts]
    return (high is None or min(values) <= high * NEAR) and (low is None or max(values) >= low / NEAR)


def _plausible(terms: FieldTerms, amounts: Sequence[Amount]) -> bool:
    """Tell whether an amount in another unit than the field's can be meant for it: a film of "at most 2 years" cannot."""
    low, high = terms.field.minimum, terms.field.maximum
    if high is None or all(f == terms.factor for a in amounts for m, f in a.units if m == terms.measure):
        return True
    values = [in_field(a, terms) for a in amounts]
    if terms.measure == "time" and any(m == "time" and terms.factor > APART * f for a in amounts for m, f in a.units):
        return False  # nobody tells a contract of months in minutes
    return max(values) <= high * FAR and (low is None or low <= 0 or min(values) >= low / FAR)


def _names_unknown(phrase: NumberPhrase, segments: Sequence[Segment]) -> bool:
    """Tell whether what a number measures is named before it, and the catalogue has no such field: 保质期一年以上."""
    before = segments[phrase.first - 1] if phrase.first else None
    if before is None or not before.is_word or before.used:
        return False
    if not before.text.isascii():
        return True
    counted = any(a.scaled or a.value >= 1000 for _, a in phrase.parts) and key_of(before.text) in counted_words()
    return key_of(before.text) in field_words() and not counted


def counts_something(phrase: NumberPhrase, segments: Sequence[Segment], language: CatalogueLanguage) -> bool:
    """Tell whether the number counts what the catalogue has no field for: "at least 4 players"."""
    k, lead = phrase.last, phrase.first
    last = max((n for n in range(lead, k) if segments[n].amount is not None), default=lead)
    inside = [
        s
        for s in segments[last:k]
        if (s.is_word and s.text.isascii() and s.text.islower() and s.text.endswith("s"))
        or (s.amount is None and not s.fields and key_of(s.text) in around_numbers()["people"])
    ]
    if _names_unknown(phrase, segments) or (inside and not any(a.scaled or a.currency for _, a in phrase.parts)):
        return True
    if phrase.parts[0][1].spelled and phrase.parts[0][1].value == 1 and k < len(segments) and segments[k].is_word:
        return True  # "no more than one change"
    if (
        lead >= 2
        and key_of(segments[lead - 1].text) == "of"
        and segments[lead - 2].is_word
        and not segments[lead - 2].used
    ):
        return True
    if k >= len(segments) or any(a.scaled or a.currency for _, a in phrase.parts):
        return False
    k += k + 1 < len(segments) and segments[k].text in ("个", "位", "名", "口")
    s = segments[k]
    word = key_of(s.text)
    if (s.fields and not s.entries and not s.roles and not s.comparisons) or word in around_numbers()["people"]:
        return True
    if (
        s.is_word
        and s.capital
        and s.words[-1] not in common_words()
        and "euro" not in s.words[-1]
        and _german_clause(segments)
    ):  # "mehr als 100 Teile"
        return True
    return s.is_word and (
        word in field_words() or (s.words[-1].isascii() and word.endswith("s") and not word.endswith("ss"))
    )


def _german_clause(segments: Sequence[Segment]) -> bool:
    """Tell whether German words stand in a text."""
    return any(key_of(s.text) in around_numbers()["german"] for s in segments)


def _people(phrase: NumberPhrase, segments: Sequence[Segment], language: CatalogueLanguage) -> list[FieldTerms]:
    """Return what "for six" counts: portions, players or seats."""
    amount, k = phrase.parts[0][1], phrase.last
    k += k + 1 < len(segments) and segments[k].text in ("个", "位", "口", "名")
    after = segments[k] if k < len(segments) else None
    lead = " ".join(key_of(s.text) for s in segments[max(0, phrase.first - 3) : phrase.first])
    of_us = after is not None and key_of(after.text) in ("of us", "of")
    room = bool(_ROOM.search(lead))
    named = after is not None and key_of(after.text) in around_numbers()["people"]
    whole = amount.value <= MAX_COUNT and not (amount.scaled or amount.units or amount.currency)
    if not whole or not (phrase.bare or room) or not (_GROUP.search(lead) or of_us or room or named):
        return []
    if after is not None and not (named or after.mark or after.is_glue or after.roles & {"want", "and", "but"}):
        return []
    found = [f for concept in _CAPACITIES for f in language.of_concept(concept) if f.measure == "count"]
    if found and after is not None and key_of(after.text) in ("人", "个人", "口人"):
        phrase.last = k + 1
    return [f for f in found if f.concept == found[0].concept][:2]


def _is_resolution(phrase: NumberPhrase, segments: Sequence[Segment]) -> bool:
    """Tell whether "4K" stands for a picture's resolution rather than for four thousand."""
    inside = segments[phrase.first : phrase.last + 1]
    said = next(("".join(s.words) for s in inside if s.amount is not None), "")
    return phrase.bare and (
        said in ("4k", "8k")
        or (said in ("2k", "5k") and any(key_of(s.text) in around_numbers()["pictures"] for s in inside))
    )


def _by_value(
    phrase: NumberPhrase,
    amounts: Sequence[Amount],
    price: FieldTerms | None,
    segments: Sequence[Segment],
    language: CatalogueLanguage,
) -> list[FieldTerms]:
    if people := _people(phrase, segments, language):
        return people
    if counts_something(phrase, segments, language):
        return []
    years = language.of_measure("year")
    values = [a.value for a in amounts]
    year_like = bool(years) and all(
        1800 <= v <= 2100 and v == int(v) and not a.scaled for v, a in zip(values, amounts, strict=True)
    )
    if phrase.temporal:
        return [years[0]] if year_like else []
    if year_like and not _prices_too(phrase, values, price):
        return [years[0]]
    if phrase.bare and phrase.parts[0][0] == "=":
        spends = price is not None and values[0] >= _least_spent(phrase, segments) and in_range(price, values)
        return [price] if price is not None and spends else []
    if price is not None and not _far_below(price, values, phrase):
        scaled = any(a.scaled for a in amounts)
        dash_only = phrase.bare and len(amounts) == 2 and not scaled and not in_range(price, values)
        return [] if dash_only else [price]
    fitting = [f for f in language.fields.values() if f.field.type == "number" and in_range(f, values)]
    return fitting if len(fitting) == 1 else []


def _least_spent(phrase: NumberPhrase, segments: Sequence[Segment]) -> float:
    """Return from where on a bare number is money: less after "for" ("a phone for 300"), where more come along than people do."""
    before = key_of(segments[phrase.first - 1].text) if phrase.first else ""
    return MAX_COUNT + 1.0 if before in ("for", "fur") else MIN_MONEY


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


def in_range(terms: FieldTerms, values: Sequence[float]) -> bool:
    """Tell whether a field has values as large and as small as these."""
    low, high = terms.field.minimum, terms.field.maximum
    return all((low is None or v >= low) and (high is None or v <= high) for v in values)


def _price(language: CatalogueLanguage) -> FieldTerms | None:
    field = language.schema.price
    return language.fields[field.name] if field is not None else None


def _in_currency(currency: str, price: FieldTerms | None, language: CatalogueLanguage) -> list[FieldTerms]:
    """Return the price in ``currency``: of a shop with several the field of that one, for amounts of two are never compared."""
    if price is None:
        return []
    ends = f"_{currency.casefold()}"
    own = [f for f in language.fields.values() if f.field.unit == currency and f.field.name.casefold().endswith(ends)]
    if own and price.field.unit != currency:
        return own[:1]
    return [price] if _same_money(currency, price) else []


def _is_long(amounts: Sequence[Amount]) -> bool:
    """Tell whether amounts are told in months or years, as ages are."""
    return any(m == "time" and f >= MONTH for a in amounts for m, f in a.units)


def _is_sterling(language: CatalogueLanguage) -> bool:
    """Tell whether a shop counts in pounds, so that "50 Pfund" is money there."""
    price = language.schema.price
    return price is not None and currencies().get(key_of(price.unit) or price.unit, price.unit) == "GBP"


def _same_money(currency: str, price: FieldTerms) -> bool:
    """Tell whether an amount is in the shop's own money; a shop that states none takes every amount for its own."""
    unit = price.field.unit
    if not unit:
        return True
    own = currencies().get(key_of(unit) or unit, unit.upper())
    if currency == own:
        return True
    return currency == "USD" and own in ("CAD", "AUD", "HKD", "SGD", "MXN", "TWD", "NZD")
