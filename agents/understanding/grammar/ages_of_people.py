"""Read how old those are whom something is for: "my boys are 7 and 10", "sie wird 9", "für Kinder von 8 bis 10", 八岁小孩.

They must fit between the least and the most age that a thing is meant for, or into its range of ages in words ("3-5", "8+", "ab 6 Jahren"); "for a
newborn" and "für Kleinkinder" tell an age, too.
Where the catalogue has no such field the ages are named.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from math import inf
from typing import NamedTuple

from ....core.language.catalogue_language import without_unit
from ....core.language.keys import key_of
from ....core.language.value_entry import SPELLED, Entry, FieldTerms
from ....core.language.word_groups import aged, around_numbers
from ....core.text.field_names import words_of
from .bounds.bound import Bound
from .bounds.limits import read_phrase
from .evidence import STOPS
from .number_fields.amounts_in_fields import YEAR
from .number_fields.limit_columns import holds_least, holds_most, reaches
from .segments import Segment
from .sentence import Sentence, Wish

MAX_AGE = 110
WEEK = 10_080.0
"""Minutes."""
_FOR_WHOM = ("suitable", "recommended", "required", "empf", "geeignet", "适合", "适用", "建议", "推荐")
REACH = 6
"""Segments between a person and their age."""
_RANGE = re.compile(r"^\D{0,12}?(\d{1,3})\s*(?:-|–|—|to|bis|~|至|到)\s*(\d{1,3})\D*$", re.IGNORECASE)
_OPEN = re.compile(
    r"^(?:(?:ab|from|over|über)\s*(\d{1,3})\D*|(\d{1,3})\s*(?:\+|and up|and over|years and up|plus|岁以上|岁及以上)\D*)$",
    re.IGNORECASE,
)


class _Told(NamedTuple):
    """Positions ``first:last`` that tell ages, the youngest and the oldest; ``sure`` where people are spoken of without a unit."""

    first: int
    last: int
    youngest: float
    oldest: float
    sure: bool


def ages_of_people(sentence: Sentence) -> None:
    """Bind the fields of ages to how old people are, before other numbers are read."""
    segments, ages = sentence.segments, [*sentence.language.of_measure("age"), *_in_months(sentence)]
    paired = [f for f in ages if holds_least(f.field.name) or holds_most(f.field.name) or _says_for_whom(f)]
    ranges = _ranges(sentence)
    ends = {holds_most(f.field.name) for f in paired}
    everybody: list[_Told] = []
    for i, s in enumerate(segments):
        if s.amount is None or s.used or s.entries:
            continue
        told = _told(sentence, i)
        if told is None or (not told.sure and not paired and not ranges):
            continue
        everybody.append(told)
        told = _together(everybody)
        sentence.found.bounds = [b for b in sentence.found.bounds if b.field not in {f.field.name for f in paired}]
        start, end = segments[told.first].start, segments[told.last - 1].end
        bounds = list(_bounds(paired, told, start, end))
        sentence.found.bounds += bounds
        fits = [_fitting(name, values, told) for name, values in ranges if not bounds]
        sentence.found.wishes += [Wish(e, [s]) for e in fits if e.wanted]
        if not bounds and not fits:
            if ages and not told.sure:
                continue  # how old the thing is
            sentence.found.unmet.append((start, end))
        for piece in segments[told.first : told.last]:
            if (not piece.person or piece.person == "kids") and not (
                piece.entries and piece.amount is None and not _is_month(piece)
            ):
                piece.used = piece.used or ("bound" if bounds or fits else "unmet")
    if not everybody and len(ends) == len(paired) == 2:
        _in_words(sentence, paired)


def _in_words(sentence: Sentence, fields: Sequence[FieldTerms]) -> None:
    """Bind the two fields of ages to a child who is told by a word alone: "for a newborn", "für Kleinkinder"."""
    for i, s in enumerate(sentence.segments):
        age = next((months / 12 for months, words in aged().items() if key_of(s.text) in words), None)
        says_more = any(set(sentence.language.fields[e.field].values) - set(e.wanted) for e in s.entries)
        after = sentence.segments[i + 1].entries if i + 1 < len(sentence.segments) else ()
        blue = any(sentence.language.fields[e.field].concept == "colour" for e in after)
        if age is None or s.used or says_more or blue or sentence.negated_before(i):
            continue
        sentence.found.bounds += _bounds(fields, _Told(i, i + 1, age, age, sure=True), s.start, s.end)
        s.used = "bound"
        return


def _together(everybody: Sequence[_Told]) -> _Told:
    """Return the last ages told with the youngest and the oldest of all."""
    youngest, oldest = min(t.youngest for t in everybody), max(t.oldest for t in everybody)
    return everybody[-1]._replace(youngest=youngest, oldest=oldest)


def _bounds(fields: Sequence[FieldTerms], told: _Told, start: int, end: int) -> Iterable[Bound]:
    least = any(holds_least(f.field.name) for f in fields)
    for terms in fields:
        year = YEAR if terms.measure == "time" else 1.0
        if holds_most(terms.field.name):
            yield Bound(
                terms.field.name,
                reaches(terms) if least else ">=",
                round(told.oldest * year / terms.factor, 3),
                start,
                end,
            )
        else:
            yield Bound(terms.field.name, "<=", round(told.youngest * year / terms.factor, 3), start, end)


def _in_months(sentence: Sentence) -> list[FieldTerms]:
    """Return the two columns, named by no more than from and to, that hold ages in months or weeks."""
    found = [f for f in sentence.language.of_measure("time") if f.factor >= WEEK and _is_bare_limit(f)]
    both = any(holds_least(f.field.name) for f in found) and any(holds_most(f.field.name) for f in found)
    return found if both else []


def _is_bare_limit(terms: FieldTerms) -> bool:
    words = without_unit(terms.field)[0]
    return len(words) == 1 and (holds_least(words[0]) or holds_most(words[0]))


def _says_for_whom(terms: FieldTerms) -> bool:
    """Tell whether a field's name says that its ages are of those whom a thing is for: ``suitable_age``, 适合年龄, Altersempfehlung."""
    return any(w in terms.field.name.casefold() for w in _FOR_WHOM)


def _ranges(sentence: Sentence) -> list[tuple[str, dict[str, tuple[float, float]]]]:
    """Return the fields of words most of whose values are ranges of ages, with each value's range."""
    found = []
    for name, terms in sentence.language.fields.items():
        if terms.field.type == "number" or not terms.values or not _is_of_ages(name, terms.values):
            continue
        ranges = {v: r for v in terms.values if (r := _range_of(v)) is not None}
        if 2 * len(ranges) > len(terms.values):
            found.append((name, ranges))
    return found


def _is_of_ages(name: str, values: Sequence[str]) -> bool:
    named = bool(set(words_of(name)) & around_numbers()["age_names"]) or any(w in name for w in ("年龄", "alter"))
    return named or all(re.search(r"\d.*(?:year|jahr|岁|yrs)", v, re.IGNORECASE) for v in values)


def _range_of(value: str) -> tuple[float, float] | None:
    """Return the least and the most of "3-5", "8+", "ab 6 Jahren"."""
    if closed := _RANGE.match(value.strip()):
        return float(closed[1]), float(closed[2])
    if above := _OPEN.match(value.strip()):
        return float(above[1] or above[2]), inf
    return None


def _fitting(name: str, values: dict[str, tuple[float, float]], told: _Told) -> Entry:
    wanted = tuple(v for v, (low, high) in values.items() if low <= told.youngest and told.oldest <= high)
    return Entry(name, wanted, wanted, SPELLED)


def _told(sentence: Sentence, i: int) -> _Told | None:
    """Return the ages that the number at ``i`` and those joined to it tell of people, or None where it is about something else."""
    segments = sentence.segments
    phrase = read_phrase(segments, i, sentence.language)
    amounts = [a for _, a in phrase.parts]
    if (
        phrase.negated
        or phrase.around
        or phrase.unsure
        or any(a.currency or a.high is not None or a.scaled for a in amounts)
    ):
        return None
    years = [_in_years(a.units, a.value) for a in amounts]
    first, last, ages = phrase.first, phrase.last, [y for y in years if y is not None]
    if len(ages) < len(amounts) or max(ages) > MAX_AGE:
        return None
    person = _person_before(segments, phrase.first, i, aged=any(m == "age" for m, _ in amounts[-1].units))
    old = bool(amounts[-1].units)
    k = _past_old(segments, last)
    old, last = old or k > last, k
    while old or person is not None:
        more = _one_more(segments, last)
        if more is None:
            break
        last, age = more
        ages.append(age)
        k = _past_old(segments, last)
        old, last = old or k > last, k
    if person is None and not (old and (_is_led(segments, first, last) or _is_led(segments, i, last))):
        return None
    if not old and not _ends(segments, last):
        return None
    return _Told(first if person is None else person, last, min(ages), max(ages), sure=person is not None)


def _in_years(units: Sequence[tuple[str, float]], value: float) -> float | None:
    """Return an age in years; None where the unit measures something else, or the number is no age."""
    if not units:
        return value if value == int(value) else None
    old = next((value * f for m, f in units if m == "age"), None)
    return old if old is not None else next((value * f / YEAR for m, f in units if m == "time" and f >= WEEK), None)


def _past_old(segments: Sequence[Segment], k: int) -> int:
    """Return the position after "-old", "Jahre alt" or 岁 at ``k``."""
    j = k
    while (
        j < len(segments)
        and (segments[j].mark == "-" or key_of(segments[j].text) in around_numbers()["old"])
        and not segments[j].used
    ):
        j += 1
    return j if j > k and segments[j - 1].mark != "-" else k


def _one_more(segments: Sequence[Segment], k: int) -> tuple[int, float] | None:
    """Return the end and the age of "and 10" at ``k``."""
    j = k
    while (
        j < len(segments) and j < k + 3 and (segments[j].roles & {"and", "or"} or segments[j].mark in (",", "，", "、"))
    ):
        j += 1
    if j == k or j >= len(segments) or segments[j].entries or segments[j].used:
        return None
    amount = segments[j].amount
    if amount is None or amount.currency or amount.value > MAX_AGE:
        return None
    age = _in_years(amount.units, amount.value)
    ends = age is not None and (bool(amount.units) or _ends(segments, j + 1) or _past_old(segments, j + 1) > j + 1)
    return (j + 1, age) if age is not None and ends else None


def _ends(segments: Sequence[Segment], k: int) -> bool:
    """Tell whether nothing that a number could count stands at ``k``."""
    if k >= len(segments):
        return True
    s = segments[k]
    return bool(s.mark and s.mark not in "-/%") or (
        (s.is_glue or bool(s.roles & {"and", "but", "or"})) and not s.fields
    )


def _person_before(segments: Sequence[Segment], first: int, i: int, *, aged: bool) -> int | None:
    """Return the position of the person of whose age the number at ``i`` tells: "my daughter is", "für Kinder von", "she's"."""
    being = aged or any(key_of(s.text) in around_numbers()["being"] for s in segments[first:i])
    for j in range(first - 1, max(-1, first - 1 - REACH), -1):
        s, key = segments[j], key_of(segments[j].text)
        if s.used or s.mark in STOPS:
            return None
        if key in around_numbers()["young"]:
            return j
        if key in around_numbers()["persons"] or (s.person and not s.entries):
            return j if being or key in around_numbers()["being"] else None
        being = being or key in around_numbers()["being"]
        if key not in around_numbers()["between"] | around_numbers()["being"] and s.amount is None:
            return None
    return None


def _is_led(segments: Sequence[Segment], first: int, last: int) -> bool:
    """Tell whether somebody of an age is spoken of: "for my 9-year-old", 八岁小孩."""
    before = key_of(segments[first - 1].text) if first else ""
    after = segments[last] if last < len(segments) else None
    if after is not None and (key_of(after.text) in around_numbers()["young"] or after.person):
        return True
    return before in around_numbers()["whose"] and (
        after is None or bool(after.mark) or after.is_glue or bool(after.roles & {"and", "but"})
    )


def _is_month(s: Segment) -> bool:
    return key_of(s.text) in around_numbers()["between"] | around_numbers()["being"]
