"""Let a number take over what others say: the one before or behind it in the sentence, or the limit of an earlier turn that it changes."""

from __future__ import annotations

from collections.abc import Sequence

from .....core.language.catalogue_language import CatalogueLanguage
from .....core.language.value_entry import FieldTerms
from .....core.schemas import Constraint, Operator
from ..number_fields.amounts_in_fields import in_field, in_range
from ..number_fields.counted import counts_something
from ..number_fields.fields import fields_of
from ..numbers.amount import Amount
from ..positions import at, past
from ..segments import Segment
from .bound import Bound
from .compared import PRE
from .limits import read_phrase
from .phrase import NumberPhrase

APART = 4
"""Segments between two numbers of which the second takes over the unit of the first."""
NEAR = 4.0
"""How many times the earlier limit, or which part of it, the new number may be."""
THOUSANDS = 10_000.0
"""An earlier limit from which on "350" may be so many thousands."""
SHORT_TURN = 8
"""Content segments of a turn that may only change what was said before."""
_BOUNDS: tuple[Operator, ...] = ("<", "<=", ">", ">=", "=")
_BETWEEN = frozenset(("and", "but", "not", *PRE))


def share_beside(segments: Sequence[Segment], phrase: NumberPhrase, language: CatalogueLanguage) -> None:
    """Give a bound the unit and the field of the one beside it: "mindestens 80, höchstens 100 cm breit"."""
    if phrase.bare or len(phrase.parts) > 1 or phrase.around or phrase.temporal:
        return
    k = past(segments, phrase.last, lambda s: s.amount is None and _leads_over(s))
    if at(segments, k).amount is None or segments[k].entries:
        return
    after = read_phrase(segments, k, language)
    opposite = not after.bare and len(after.parts) == 1 and _is_up(after) != _is_up(phrase)
    amount = _with_unit_of(phrase, after) if opposite else None
    fields = fields_of(after, segments, language) if amount is not None else []
    if amount is None or not fields:
        return
    value, other = (in_field(a, fields[0]) for a in (amount, after.parts[0][1]))
    if in_range(fields[0], [value]) and (value < other) == _is_up(phrase):
        phrase.parts, phrase.fields = [(phrase.parts[0][0], amount)], after.fields


def _leads_over(s: Segment) -> bool:
    return s.mark in (",", "，", "、") or s.is_glue or bool(s.roles & _BETWEEN)


def _with_unit_of(first: NumberPhrase, second: NumberPhrase) -> Amount | None:
    """Return the amount of the first with the unit, money and scale of the second, where it has none of its own."""
    low, high = first.parts[0][1], second.parts[0][1]
    own = low.units or low.currency or first.fields or low.scaled or low.value <= 0
    if own or not (high.units or high.currency or second.fields or high.scaled):
        return None
    scale = 1000.0 if high.scaled and 1000 * low.value <= high.value else 1.0
    return low._replace(value=low.value * scale, units=high.units, currency=high.currency, scaled=high.scaled)


def take_unit(phrase: NumberPhrase, before: NumberPhrase, language: CatalogueLanguage) -> None:
    """Give a bare number the unit of the one before it, where their fields are of one measure: "no wider than 1.2 metres, no longer than 2"."""
    amount, given = phrase.parts[-1][1], before.parts[-1][1]
    if amount.units or amount.currency or amount.high is not None or not given.units or len(phrase.parts) > 1:
        return
    measures = {language.fields[n].measure for n in phrase.fields}
    told = tuple(u for u in given.units if u[0] in measures)
    if len(measures) != 1 or not told or phrase.first - before.last > APART:
        return
    fields = [language.fields[n] for n in phrase.fields]
    as_told = amount._replace(units=told)
    if any(in_range(f, [in_field(as_told, f)]) and not in_range(f, [amount.value]) for f in fields):
        phrase.parts = [(op, a._replace(units=told)) for op, a in phrase.parts]


def take_comparison(
    segments: Sequence[Segment], phrase: NumberPhrase, before: NumberPhrase, language: CatalogueLanguage
) -> None:
    """Let "at least" reach over "and" to the number of another field of the same measure: "at least 2 m long and 80 cm wide"."""
    between = segments[before.last : phrase.first]
    joined = bool(between) and all("and" in s.roles or s.is_glue for s in between)
    fields, others = set(phrase.fields), set(before.fields)
    measures = {language.fields[n].measure for n in fields | others}
    single = len(phrase.parts) == len(before.parts) == 1 and phrase.bare and not before.bare and not before.around
    if joined and single and fields and others and not fields & others and len(measures) == 1:
        phrase.parts, phrase.bare = [(before.parts[0][0], phrase.parts[0][1])], False


def _is_up(phrase: NumberPhrase) -> bool:
    """Tell whether a phrase bounds from below."""
    return (phrase.parts[0][0] in (">", ">=")) != phrase.negated


def correct(phrase: NumberPhrase, old: NumberPhrase, made: Sequence[Bound]) -> None:
    """Let the number that corrects another stand in its place: "under 400, no, 500" is under 500, "120 cm wide, no, 140" as wide."""
    amount, before = phrase.parts[0][1], old.parts[0][1]
    if len(phrase.parts) > 1 or phrase.around or amount.high is not None or before.high is not None:
        return
    if not phrase.fields and not amount.units and not amount.currency and not amount.scaled:
        phrase.fields = tuple(dict.fromkeys(b.field for b in made))
        amount = amount._replace(units=before.units, currency=before.currency)
    fits = not amount.units or amount.units == before.units or not before.units
    if phrase.bare and not phrase.negated and fits and len(old.parts) == 1 and not (amount.currency and before.units):
        phrase.parts, phrase.bare = [(old.parts[0][0], amount)], old.bare
        phrase.around, phrase.negated, phrase.temporal = old.around, old.negated, old.temporal
        phrase.fields = phrase.fields or (old.fields if not amount.units else ())
    else:
        phrase.parts = [(phrase.parts[0][0], amount)]


def inherit_not(segments: Sequence[Segment], phrase: NumberPhrase, before: Sequence[NumberPhrase]) -> None:
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


def resume(
    phrase: NumberPhrase, segments: Sequence[Segment], earlier: Sequence[Constraint], language: CatalogueLanguage
) -> None:
    """Give ``phrase`` the field and the comparison of the latest earlier limit that it may be a new value for."""
    amount = phrase.parts[0][1]
    if not earlier or len(phrase.parts) > 1 or amount.high is not None or phrase.around or phrase.unsure:
        return
    if sum(1 for s in segments if s.is_word or s.entries or s.amount is not None) > SHORT_TURN:
        return
    for earlier_limit in reversed([c for c in earlier if c.op in _BOUNDS and c.field in language.fields]):
        if _resumes(phrase, segments, earlier_limit, language):
            return


def _resumes(phrase: NumberPhrase, segments: Sequence[Segment], limit: Constraint, language: CatalogueLanguage) -> bool:
    """Put a number in the place of an earlier limit's, if it may be about the same; return whether it is."""
    if not isinstance(limit.value, float):
        return False
    (op, amount), named = phrase.parts[0], _is_named(phrase)
    value = _fitting(phrase, limit.value, language.fields[limit.field], language, named=named)
    if value is None or (not named and counts_something(phrase, segments)):
        return False
    if not named and not phrase.bare and _contradicts(phrase, value, limit.op, limit.value):
        return False
    number = amount._replace(value=value, units=(), currency="")
    phrase.fields, phrase.resumed = (limit.field,), True
    if phrase.bare and limit.op == "=" and any(s.roles & {"or", "also"} for s in segments):  # "3 rooms", then "or 4"
        low, high = sorted((value, limit.value))
        phrase.parts = [(">=", number._replace(value=low)), ("<=", number._replace(value=high))]
    else:
        phrase.parts = [(limit.op if phrase.bare and not phrase.negated else op, number)]
    phrase.bare = False
    return True


def _is_named(phrase: NumberPhrase) -> bool:
    amount = phrase.parts[0][1]
    return bool(amount.units or amount.currency or phrase.fields)


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
    dearer = price is not None and in_range(language.fields[price.name], [amount.value])
    if not phrase.bare and terms.field.role != "price" and dearer:
        return None
    values = (amount.value, amount.value * 1000) if limit >= THOUSANDS else (amount.value,)
    near = (v for v in values if limit > 0 and limit / NEAR <= v <= limit * NEAR and in_range(terms, [v]))
    return next(near, None)


def _contradicts(phrase: NumberPhrase, value: float, op: Operator, limit: float) -> bool:
    """Tell whether nothing would be left within an earlier limit: "nothing under 8" after at most 5 is about another number."""
    return (op[0] == "<" and value > limit) if _is_up(phrase) else (op[0] == ">" and value < limit)
