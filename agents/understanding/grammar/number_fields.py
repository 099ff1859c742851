"""Turn number phrases into bounds on the fields that they are about.

A unit, a field's name or an adjective beside the number decides the field; then years, then the price, then the only number field
whose range holds the value.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ....core.language.catalogue_language import CatalogueLanguage
from ....core.language.tokens import stem
from ....core.language.value_index import FieldTerms
from ....core.language.word_data import counted_words, currencies, field_words, key_of
from ....core.schemas import Operator
from ....core.text.field_names import words_of
from .amounts import Amount
from .number_negation import NumberPhrase, corrects
from .number_phrases import read_phrase
from .segments import Segment

BAND = 0.10
"""How far "around" reaches on either side."""
OPPOSITE: dict[Operator, Operator] = {"<": ">=", "<=": ">", ">": "<=", ">=": "<", "=": "!="}
MAX_COUNT = 50
_LOWEST, _MOST = (
    frozenset(("min", "minimum", "from", "ab", "mindestens", "lowest")),
    frozenset(("max", "maximum", "to", "bis", "up")),
)
"""Words of a field's name that say it holds the least or the most of something: who asks for ten players fits below or above."""
POUND = 453.6
"""Grams."""
MIN_MONEY = 500.0
"""A bare number from here on is what there is to spend, where things cost about as much."""


@dataclass(frozen=True)
class Bound:
    """One comparison of a number field with a value, and the span of words that says it. ``near`` marks a mere "around",
    ``turned`` one that a "not" turned round."""

    field: str
    op: Operator
    value: float | tuple[float, ...]
    start: int
    end: int
    near: bool = False
    turned: bool = False


def bounds_of(
    segments: list[Segment], language: CatalogueLanguage
) -> tuple[list[Bound], list[tuple[int, int]], int | None]:
    """Return the bounds that number phrases set, the spans of those no field expresses, and how many items are asked for."""
    found: list[tuple[NumberPhrase, list[Bound]]] = []
    unmet: list[tuple[int, int]] = []
    decades: list[NumberPhrase] = []
    count: int | None = None
    i = 0
    while i < len(segments):
        s = segments[i]
        if s.amount is None or s.used or s.entries:
            i += 1
            continue
        phrase = read_phrase(segments, i, language)
        _inherit(segments, phrase, [p for p, _ in found[-1:]] + decades[-1:])
        made = _bounds(phrase, segments, language)
        if made is None:
            span = _unmet_span(phrase, segments)
            if span is not None:
                unmet.append(span)
                _use(segments, phrase, "unmet")
            elif count is None and _is_count(phrase, segments):
                count = int(phrase.parts[0][1].value)
                s.used = "count"
        else:
            if s.amount.high is not None and len(phrase.parts) == 2:
                while decades and corrects(segments, decades[-1].last, phrase.first):
                    decades.pop()
                decades.append(phrase)
            else:
                same = {b.field for b in made}
                while (
                    found
                    and same & {b.field for b in found[-1][1]}
                    and corrects(segments, found[-1][0].last, phrase.first)
                ):
                    found.pop()
                found.append((phrase, made))
            _use(segments, phrase, "bound")
        i = max(i + 1, phrase.last)
    return [*(b for _, bs in found for b in bs), *_decades(decades, segments, language)], unmet, count


def _inherit(segments: Sequence[Segment], phrase: NumberPhrase, before: Sequence[NumberPhrase]) -> None:
    """Let a "not" reach over "or" to the next number: "nothing over 30k or older than 2010", "any year but 1996 and 1997"."""
    last = max(before, key=lambda p: p.last, default=None)
    if last is None or not last.negated or phrase.negated or last.last > phrase.first:
        return
    between = segments[last.last : phrase.first]
    plain = all(
        s.mark in (",", "、", "/") or s.roles & {"or", "and", "nor"} or s.is_glue or s.fields or s.is_word
        for s in between
    )
    joined = any(s.roles & {"or", "nor"} for s in between) or (
        phrase.bare and any("and" in s.roles or s.mark for s in between)
    )
    phrase.negated = plain and joined


def _decades(found: Sequence[NumberPhrase], segments: Sequence[Segment], language: CatalogueLanguage) -> list[Bound]:
    """Return the years of several decades: wanted ones are alternatives, refused ones a hole."""
    years = language.of_measure("year")
    if not found or not years:
        return []
    made: list[Bound] = []
    for negated in (False, True):
        some = [p for p in found if p.negated == negated]
        spans = {float(y) for p in some for y in range(int(p.parts[0][1].value), int(p.parts[1][1].value) + 1)}
        if not spans:
            continue
        name, start, end = years[0].field.name, segments[some[0].first].start, segments[some[-1].last - 1].end
        if not negated and max(spans) - min(spans) == len(spans) - 1:
            made += [Bound(name, ">=", min(spans), start, end), Bound(name, "<=", max(spans), start, end)]
        else:
            made.append(Bound(name, "not in" if negated else "in", tuple(sorted(spans)), start, end))
    return made


def _use(segments: Sequence[Segment], phrase: NumberPhrase, used: str) -> None:
    for k in range(phrase.first, phrase.last):
        segments[k].used = used


def _bounds(phrase: NumberPhrase, segments: Sequence[Segment], language: CatalogueLanguage) -> list[Bound] | None:
    """Return the bounds of a phrase on the fields it is about; None where no field takes it."""
    fields = _fields(phrase, segments, language)
    if not fields:
        return None
    start, end = segments[phrase.first].start, segments[phrase.last - 1].end
    made: list[Bound] = []
    for terms in fields:
        values = [_in_field(a, terms) for _, a in phrase.parts]
        ops: list[Operator] = [op for op, _ in phrase.parts]
        name = terms.field.name
        if phrase.negated:
            made += _turned(name, ops, values, start, end, terms)
        elif phrase.around:
            band = (
                2.0
                if terms.measure == "year"
                else max(abs(values[0]) * BAND, 0.5 if terms.measure == "rating" else 0.0)
            )
            made += [
                Bound(name, ">=", values[0] - band, start, end, True),
                Bound(name, "<=", values[0] + band, start, end, True),
            ]
        elif phrase.bare and ops == ["="]:
            made += _bare(terms, values[0], start, end)
        elif terms.field.role == "price" and any(
            op in ("<", "<=") and value <= 0 for op, value in zip(ops, values, strict=True)
        ):
            return None
        else:
            made += [Bound(name, op, value, start, end) for op, value in zip(ops, values, strict=True)]
    return made


def _turned(
    name: str, ops: Sequence[Operator], values: Sequence[float], start: int, end: int, terms: FieldTerms
) -> list[Bound]:
    if len(ops) == 1:
        return [Bound(name, OPPOSITE[ops[0]], values[0], start, end, turned=True)]
    if terms.measure == "year" and values[1] - values[0] <= 60:
        return [Bound(name, "not in", tuple(float(y) for y in range(int(values[0]), int(values[1]) + 1)), start, end)]
    return []


def _bare(terms: FieldTerms, value: float, start: int, end: int) -> list[Bound]:
    """Read a number without comparison by what it measures: money is the most to spend, a count exact, a measure about so much."""
    name = terms.field.name
    own = set(words_of(name))
    if terms.field.role == "price":
        return [Bound(name, "<=", value, start, end)]
    if terms.measure in ("count", "age") and own & _LOWEST:
        return [Bound(name, "<=", value, start, end)]
    if terms.measure in ("count", "age") and own & _MOST:
        return [Bound(name, ">=", value, start, end)]
    if terms.measure == "age":
        return [Bound(name, "<=", value, start, end)]
    if terms.measure == "rating":
        return [Bound(name, ">=", value, start, end)]
    if terms.measure in ("power", "time", "economy", "charge", "volume", "speed", "distance", "noise", "area"):
        if terms.better != "none" and terms.measure != "power":
            return [Bound(name, ">=" if terms.better == "high" else "<=", value, start, end)]
        low = value if terms.better == "high" else value * (1 - BAND)
        high = value * (1 + BAND)
        return [Bound(name, ">=", low, start, end), Bound(name, "<=", high, start, end)]
    return [Bound(name, "=", value, start, end)]


def _in_field(amount: Amount, terms: FieldTerms) -> float:
    """Return an amount in the units of the field; "7 out of 10" on a field of at most 5 is 3.5."""
    value = amount.value
    for measure, factor in amount.units:
        if measure == "rating" and terms.measure == "rating":
            return _on_scale(value, -factor if factor < 0 else 0.0, terms)
        if measure == "percent" and terms.measure == "rating":
            return _on_scale(value, 100.0, terms)
        if measure == terms.measure and terms.factor:
            return round(value * factor / terms.factor, 6)
    return value


def _on_scale(value: float, scale: float, terms: FieldTerms) -> float:
    top = terms.field.maximum or 0.0
    of = 5.0 if top <= 5 else 10.0 if top <= 10 else 100.0
    if not scale:
        scale = of if value > 5 or of <= 5 else 5.0
    return value * of / scale


def _fields(phrase: NumberPhrase, segments: Sequence[Segment], language: CatalogueLanguage) -> list[FieldTerms]:
    """Return the fields a phrase is about: several only where all of them fit ("30 mpg" in town and out of it)."""
    amounts = [a for _, a in phrase.parts]
    currency = next((a.currency for a in amounts if a.currency), "")
    if currency == "GBP" and any(
        language.fields[n].measure == "mass" for n in phrase.fields
    ):  # "lighter than 3 pounds"
        phrase.parts = [(op, a._replace(currency="", units=(("mass", POUND),))) for op, a in phrase.parts]
        amounts, currency = [a for _, a in phrase.parts], ""
    measures = [m for a in amounts for m, _ in a.units]
    price = _price(language)
    if currency:
        return [price] if price is not None and _same_money(currency, price) else []
    if phrase.fields:
        named = [language.fields[n] for n in phrase.fields]
        if measures:
            fitting = [f for f in named if f.measure in measures]
            if not fitting and named[0].concept in ("price",):
                return []
            named = fitting or [f for m in measures for f in language.of_measure(m)] or named
        if any(f.concept == "price" for f in named) and any(
            f.measure == "count" and f.concept != "popularity" for f in named
        ):
            named = [f for f in named if f.concept != "price"]
        return _alike_fields(named, phrase, segments)
    if measures and "year" not in measures:
        found = [f for m in dict.fromkeys(measures) for f in language.of_measure(m)]
        return _alike_fields(found, phrase, segments)
    return _by_value(phrase, amounts, price, segments, language)


def _alike_fields(found: Sequence[FieldTerms], phrase: NumberPhrase, segments: Sequence[Segment]) -> list[FieldTerms]:
    """Keep fields of the first one's concept: the one whose own name is said ("4 stars"), else those whose range holds the number."""
    unique = list({f.field.name: f for f in found}.values())
    said = {stem(w) for s in segments[phrase.first : phrase.last] for w in s.words}
    own = [f for f in unique if len(unique) > 1 and set(map(stem, words_of(f.field.name))) <= said]
    if own:
        return own[:1]
    fits = [f for f in unique if _in_range(f, [_in_field(a, f) for _, a in phrase.parts])] or unique
    alike = [f for f in unique if f.concept == fits[0].concept]
    priced = [f for f in alike if f.field.role == "price"]
    if priced:
        return priced[:1]
    held = [f for f in alike if _in_range(f, [_in_field(a, f) for _, a in phrase.parts])]
    return (held or alike)[:2]


def _names_unknown(phrase: NumberPhrase, segments: Sequence[Segment]) -> bool:
    """Tell whether what a number measures is named before it, and the catalogue has no such field: 保质期一年以上."""
    before = segments[phrase.first - 1] if phrase.first else None
    if before is None or not before.is_word or before.used:
        return False
    if not before.text.isascii():
        return True
    counted = any(a.scaled or a.value >= 1000 for _, a in phrase.parts) and key_of(before.text) in counted_words()
    return key_of(before.text) in field_words() and not counted


def _counts_something(phrase: NumberPhrase, segments: Sequence[Segment]) -> bool:
    """Tell whether the number counts what the catalogue has no field for: "at least 4 players"."""
    k = phrase.last
    if _names_unknown(phrase, segments):
        return True
    if k >= len(segments) or any(a.scaled or a.currency for _, a in phrase.parts):
        return False
    s = segments[k]
    word = key_of(s.text)
    if s.fields and not s.entries and not s.roles and not s.comparisons:
        return True
    return s.is_word and (
        word in field_words() or (s.words[-1].isascii() and word.endswith("s") and not word.endswith("ss"))
    )


def _people(phrase: NumberPhrase, segments: Sequence[Segment], language: CatalogueLanguage) -> list[FieldTerms]:
    """Return what "for six" counts: portions, players or seats."""
    amount, before = phrase.parts[0][1], segments[phrase.first - 1] if phrase.first else None
    after = segments[phrase.last] if phrase.last < len(segments) else None
    if (
        not phrase.bare
        or before is None
        or key_of(before.text) not in ("for", "fur", "给")
        or amount.value > MAX_COUNT
        or amount.scaled
    ):
        return []
    if after is not None and not (after.mark or after.is_glue or after.roles & {"want", "and", "but"}):
        return []
    return [
        f for concept in ("servings", "players", "seats") for f in language.of_concept(concept) if f.measure == "count"
    ][:2]


def _by_value(
    phrase: NumberPhrase,
    amounts: Sequence[Amount],
    price: FieldTerms | None,
    segments: Sequence[Segment],
    language: CatalogueLanguage,
) -> list[FieldTerms]:
    if people := _people(phrase, segments, language):
        return people
    if _counts_something(phrase, segments):
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
        spends = price is not None and values[0] >= MIN_MONEY and _in_range(price, values)
        return [price] if price is not None and spends else []
    if price is not None:
        scaled = any(a.scaled for a in amounts)
        dash_only = phrase.bare and len(amounts) == 2 and not scaled and not _in_range(price, values)
        return [] if dash_only else [price]
    fitting = [f for f in language.fields.values() if f.field.type == "number" and _in_range(f, values)]
    return fitting if len(fitting) == 1 else []


def _prices_too(phrase: NumberPhrase, values: Sequence[float], price: FieldTerms | None) -> bool:
    """Tell whether a number that looks like a year is rather an amount: "under 2000" where things cost that much."""
    if price is None or len(values) != 1 or (phrase.bare and not phrase.around) or not _in_range(price, values):
        return False
    return (phrase.parts[0][0] in ("<", "<=")) != phrase.negated and values[0] % 100 == 0


def _in_range(terms: FieldTerms, values: Sequence[float]) -> bool:
    low, high = terms.field.minimum, terms.field.maximum
    return all((low is None or v >= low) and (high is None or v <= high) for v in values)


def _price(language: CatalogueLanguage) -> FieldTerms | None:
    field = language.schema.price
    return language.fields[field.name] if field is not None else None


def _same_money(currency: str, price: FieldTerms) -> bool:
    """Tell whether an amount is in the shop's own money; a shop that states none takes every amount for its own."""
    unit = price.field.unit
    if not unit:
        return True
    own = currencies().get(key_of(unit) or unit, unit.upper())
    if currency == own:
        return True
    return (currency == "USD" and own in ("CAD", "AUD", "HKD", "SGD", "MXN", "TWD", "NZD")) or (
        currency == "CNY" and own == "JPY" and False
    )


def _unmet_span(phrase: NumberPhrase, segments: Sequence[Segment]) -> tuple[int, int] | None:
    """Return the span of a number phrase that no field expresses, where it is a requirement and no mere count."""
    amount = phrase.parts[0][1]
    if phrase.around and not amount.units and not amount.currency:
        return None
    if phrase.bare and not amount.units and not amount.currency and not phrase.negated:
        j = phrase.first - 1
        named = j >= 0 and not segments[j].used and (segments[j].fields or key_of(segments[j].text) in field_words())
        k = phrase.last
        if k < len(segments) and segments[k].is_word and key_of(segments[k].text) in field_words():
            return segments[phrase.first].start, segments[k].end
        if not named:
            return None
        return segments[j].start, segments[phrase.last - 1].end
    if phrase.temporal and not amount.units and phrase.bare:
        return None
    while phrase.first > 0 and _han_word(segments[phrase.first - 1]):
        phrase.first -= 1
    if (
        phrase.bare
        and amount.units
        and all(m in ("rating", "age", "span", "year") for m, _ in amount.units)
        and not phrase.negated
    ):
        return None
    while (
        phrase.first > 0
        and (segments[phrase.first - 1].fields or key_of(segments[phrase.first - 1].text) in field_words())
        and not segments[phrase.first - 1].used
        and not segments[phrase.first - 1].entries
    ):
        phrase.first -= 1
    if (
        phrase.last < len(segments)
        and (segments[phrase.last].fields or key_of(segments[phrase.last].text) in field_words())
        and not segments[phrase.last].entries
        and not segments[phrase.last].used
    ):
        phrase.last += 1
    return segments[phrase.first].start, segments[phrase.last - 1].end


def _han_word(s: Segment) -> bool:
    return s.is_word and not s.used and not s.text.isascii()


def _is_count(phrase: NumberPhrase, segments: Sequence[Segment]) -> bool:
    amount = phrase.parts[0][1]
    if (
        not phrase.bare
        or len(phrase.parts) != 1
        or amount.value != int(amount.value)
        or not 1 <= amount.value <= MAX_COUNT
    ):
        return False
    j = phrase.first - 1
    while j >= 0 and segments[j].is_glue:
        j -= 1
    k = phrase.last
    follows = k < len(segments) and bool(segments[k].entries or segments[k].is_glue or segments[k].comparisons)
    return follows and (j < 0 or bool(segments[j].roles & {"want"}))
