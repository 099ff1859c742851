"""Tell an amount in the units of a field, and whether the field may hold it."""

from __future__ import annotations

from collections.abc import Sequence

from .....core.language.catalogue_language import without_unit
from .....core.language.measure_words import units
from .....core.language.value_entry import FieldTerms
from .....core.text.field_names import words_of
from ..numbers.amount import Amount

YEAR, MONTH = 525_960.0, 43_830.0
"""Minutes."""
APART = 500.0
"""How many times as long as the unit of an amount that of a field of times may be."""
FAR = 20.0
"""How many times the largest or smallest value of a field an amount in another unit may be."""
NEAR = 2.0
"""How many times the largest or smallest value of a field a bare measure may be."""


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


def in_range(terms: FieldTerms, values: Sequence[float]) -> bool:
    """Tell whether a field has values as large and as small as these."""
    low, high = terms.field.minimum, terms.field.maximum
    return all((low is None or v >= low) and (high is None or v <= high) for v in values)


def may_hold(terms: FieldTerms, amounts: Sequence[Amount]) -> bool:
    """Tell whether a field has values as large and as small as these amounts."""
    return in_range(terms, [in_field(a, terms) for a in amounts])


def is_near(terms: FieldTerms, amounts: Sequence[Amount]) -> bool:
    """Tell whether a bare measure may be meant for a field: nobody's frame is as high as they are."""
    low, high = terms.field.minimum, terms.field.maximum
    values = [in_field(a, terms) for a in amounts]
    return (high is None or min(values) <= high * NEAR) and (low is None or max(values) >= low / NEAR)


def is_plausible(terms: FieldTerms, amounts: Sequence[Amount]) -> bool:
    """Tell whether an amount in another unit than the field's can be meant for it: a film of "at most 2 years" cannot."""
    low, high = terms.field.minimum, terms.field.maximum
    if high is None or all(f == terms.factor for a in amounts for m, f in a.units if m == terms.measure):
        return True
    if terms.measure == "time" and any(m == "time" and terms.factor > APART * f for a in amounts for m, f in a.units):
        return False  # nobody tells a contract of months in minutes
    values = [in_field(a, terms) for a in amounts]
    return max(values) <= high * FAR and (low is None or low <= 0 or min(values) >= low / FAR)


def is_long(amounts: Sequence[Amount]) -> bool:
    """Tell whether amounts are told in months or years, as ages are."""
    return any(m == "time" and f >= MONTH for a in amounts for m, f in a.units)


def _is_held_so(value: float, turned: float, terms: FieldTerms) -> bool:
    """Tell whether a field that names no unit holds an amount as it is said: "16 MB" where memory is 2 to 32, and not 0.016."""
    low, high = terms.field.minimum, terms.field.maximum
    told = terms.field.unit or without_unit(terms.field)[1] or any(w in units() for w in words_of(terms.field.name))
    if told or low is None or high is None or min(low, value, turned) <= 0:
        return False
    return max(low / value, value / high, 1.0) < max(low / turned, turned / high, 1.0)


def _on_scale(value: float, scale: float, terms: FieldTerms) -> float:
    top = terms.field.maximum or 0.0
    of = 5.0 if top <= 5 else 10.0 if top <= 10 else 100.0
    if not scale:
        scale = of if value > 5 or of <= 5 else 5.0
    return value * of / scale
