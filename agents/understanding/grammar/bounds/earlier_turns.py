"""Tie a number of a later turn to the limit it changes: "make it 400" after "under 500", "220 geht auch" after "at most 200 cm wide"."""

from __future__ import annotations

from collections.abc import Sequence

from .....core.language.catalogue_language import CatalogueLanguage
from .....core.language.value_entry import FieldTerms
from .....core.schemas import Constraint, Operator
from ..number_fields.amounts_in_fields import in_field
from ..number_fields.counted import counts_something
from ..segments import Segment
from .phrase import NumberPhrase

NEAR = 4.0
"""How many times the earlier limit, or which part of it, the new number may be."""
THOUSANDS = 10_000.0
"""An earlier limit from which on "350" may be so many thousands."""
SHORT_TURN = 8
"""Content segments of a turn that may only change what was said before."""
_BOUNDS: tuple[Operator, ...] = ("<", "<=", ">", ">=", "=")


def resume(
    phrase: NumberPhrase, segments: Sequence[Segment], earlier: Sequence[Constraint], language: CatalogueLanguage
) -> None:
    """Give ``phrase`` the field and the comparison of the latest earlier limit that it may be a new value for."""
    amount = phrase.parts[0][1]
    if not earlier or len(phrase.parts) > 1 or amount.high is not None or phrase.around or phrase.unsure:
        return
    if sum(1 for s in segments if s.is_word or s.entries or s.amount is not None) > SHORT_TURN:
        return
    stated = [c for c in earlier if c.op in _BOUNDS and isinstance(c.value, float) and not isinstance(c.value, bool)]
    named = bool(amount.units or amount.currency or phrase.fields)
    for c in reversed(stated):
        terms = language.fields.get(c.field)
        if terms is None or not isinstance(c.value, float):
            continue
        value = _fitting(phrase, c.value, terms, language, named=named)
        if value is None or (not named and counts_something(phrase, segments)):
            continue
        if not named and not phrase.bare and _contradicts(phrase, value, c):
            continue
        op, turned, number = phrase.parts[0][0], phrase.negated, amount._replace(value=value, units=(), currency="")
        phrase.fields, phrase.resumed = (c.field,), True
        if phrase.bare and c.op == "=" and any(s.roles & {"or", "also"} for s in segments):  # "3 rooms", then "or 4"
            ends = sorted((value, c.value))
            phrase.parts, phrase.bare = (
                [(">=", number._replace(value=ends[0])), ("<=", number._replace(value=ends[1]))],
                False,
            )
            return
        phrase.parts, phrase.bare = [(c.op if phrase.bare and not turned else op, number)], False
        return


def _fitting(
    phrase: NumberPhrase, limit: float, terms: FieldTerms, language: CatalogueLanguage, *, named: bool
) -> float | None:
    """Return the number in units of the earlier limit's field, or None where it is about something else."""
    amount = phrase.parts[0][1]
    price = language.schema.price
    if named:
        own = phrase.fields == (terms.field.name,) or any(m == terms.measure for m, _ in amount.units)
        money = bool(amount.currency) and price is not None and price.name == terms.field.name
        foreign = money and terms.field.unit not in ("", amount.currency)
        return in_field(amount, terms) if phrase.bare and (own or money) and not foreign else None
    if not phrase.bare and terms.field.role != "price" and _may_be_price(phrase, language):
        return None
    for value in (amount.value, amount.value * 1000) if limit >= THOUSANDS else (amount.value,):
        if limit > 0 and limit / NEAR <= value <= limit * NEAR and _held(terms, value):
            return value
    return None


def _contradicts(phrase: NumberPhrase, value: float, earlier: Constraint) -> bool:
    """Tell whether nothing would be left within the earlier limit: "nothing under 8" after at most 5 is about another number."""
    up = phrase.parts[0][0].startswith(">") != phrase.negated
    limit = float(earlier.value) if isinstance(earlier.value, float) else value
    return (up and earlier.op.startswith("<") and value > limit) or (
        not up and earlier.op.startswith(">") and value < limit
    )


def _may_be_price(phrase: NumberPhrase, language: CatalogueLanguage) -> bool:
    price = language.schema.price
    return price is not None and _held(language.fields[price.name], phrase.parts[0][1].value)


def _held(terms: FieldTerms, value: float) -> bool:
    low, high = terms.field.minimum, terms.field.maximum
    return (low is None or value >= low) and (high is None or value <= high)
