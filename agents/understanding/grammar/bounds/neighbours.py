"""Let a number take over what the one before or behind it says: unit, field, comparison, "not", or its place where it corrects it."""

from __future__ import annotations

from collections.abc import Sequence

from .....core.language.catalogue_language import CatalogueLanguage
from ..number_fields.amounts_in_fields import in_field, in_range
from ..number_fields.fields import fields_of
from ..segments import Segment
from .bound import Bound
from .judged_numbers import shared
from .limits import read_phrase
from .phrase import NumberPhrase
from .ranges import PRE

APART = 4
"""Segments between two numbers of which the second takes over the unit of the first."""


def share_beside(segments: Sequence[Segment], phrase: NumberPhrase, language: CatalogueLanguage) -> None:
    """Give a bound the unit and the field of the one beside it: "mindestens 80, höchstens 100 cm breit"."""
    if phrase.bare or len(phrase.parts) > 1 or phrase.around or phrase.temporal:
        return
    k = phrase.last
    while (
        k < len(segments)
        and segments[k].amount is None
        and (
            segments[k].mark in (",", "，", "、")
            or segments[k].is_glue
            or segments[k].roles & {"and", "but", "not", *PRE}
        )
    ):
        k += 1
    if k >= len(segments) or segments[k].amount is None or segments[k].entries:
        return
    after = read_phrase(segments, k, language)
    opposite = not after.bare and len(after.parts) == 1 and _is_up(after) != _is_up(phrase)
    found = shared(phrase, after) if opposite else None
    fields = fields_of(after, segments, language) if found is not None else []
    if found is None or not fields:
        return
    (_, amount), names = found
    value, other = (in_field(a, fields[0]) for a in (amount, after.parts[0][1]))
    low, high = fields[0].field.minimum, fields[0].field.maximum
    held = (low is None or value >= low) and (high is None or value <= high)
    if held and (value < other) == _is_up(phrase):
        phrase.parts, phrase.fields = [found[0]], names


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
