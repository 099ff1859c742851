"""Say how a number bounds the fields that it is about: by its comparison, or, where it has none, by what the field measures."""

from __future__ import annotations

from collections.abc import Sequence

from .....core.language.catalogue_language import CatalogueLanguage
from .....core.language.keys import key_of
from .....core.language.value_entry import FieldTerms
from .....core.language.word_groups import word_group
from .....core.schemas import Operator
from .....core.text.field_names import words_of
from ..number_fields.amounts_in_fields import in_field
from ..number_fields.fields import fields_of
from ..number_fields.limit_columns import holds_least, holds_most, is_limit, pair_of, reaches
from ..segments import Segment
from .bound import Bound
from .phrase import NumberPhrase

Way = tuple[Operator, float | tuple[float, ...]]
"""An operator with its value."""
BAND = 0.10
"""How far "around" reaches on either side."""
YEARS_AROUND, STARS_AROUND = 2.0, 0.5
DAY = 1440.0
"""Minutes: what is told in days or weeks is counted."""
OPPOSITE: dict[Operator, Operator] = {"<": ">=", "<=": ">", ">": "<=", ">=": "<", "=": "!="}
MAX_HOLE = 60
"""Most years that a refused range spells out."""
OWN = 10
"""Segments between a measure and whose it is."""
_LIMITED = ("length", "mass", "speed", "volume", "area", "power", "temperature", "time")
_BANDED = ("power", "time", "economy", "charge", "volume", "speed", "distance", "noise", "area")
"""Measures of which a bare number means about so much, or so much at least."""
_MEASURED = ("mass", "length", "time", "distance", "area")
_CHOSEN = ("count", "data", "pressure", "light", "torque", "turns", "")
"""Measures of which "15 or 19" means the two and nothing between."""


def bounds_on_fields(
    phrase: NumberPhrase, segments: Sequence[Segment], language: CatalogueLanguage
) -> list[Bound] | None:
    """Return the bounds of a phrase on the fields it is about; None where no field takes it."""
    fields = fields_of(phrase, segments, language)
    if not fields:
        return None
    start, end = segments[phrase.first].start, segments[phrase.last - 1].end
    near, turned = phrase.around and not phrase.negated, phrase.negated and len(phrase.parts) == 1
    made: list[Bound] = []
    for terms in fields:
        values, ops = [in_field(a, terms) for _, a in phrase.parts], [op for op, _ in phrase.parts]
        if (pair := pair_of(terms, language)) and not phrase.negated and ops in (["="], [">=", "<="]):
            return _within(*pair, values, start, end)
        ways = _ways(phrase, segments, terms, ops, values)
        if ways is None:
            return None
        made += [Bound(terms.field.name, op, value, start, end, near, turned) for op, value in ways]
    unsaid = not made and phrase.parts[0][1].high is None  # "not 60k": more or less is not said
    return None if unsaid else made


def _within(least: FieldTerms, most: FieldTerms, values: Sequence[float], start: int, end: int) -> list[Bound]:
    """Return what makes a value, or a range, lie between two columns: 26 degrees between the lowest and the highest temperature."""
    return [
        Bound(least.field.name, "<=", min(values), start, end),
        Bound(most.field.name, reaches(most), max(values), start, end),
    ]


def _ways(
    phrase: NumberPhrase,
    segments: Sequence[Segment],
    terms: FieldTerms,
    ops: Sequence[Operator],
    values: Sequence[float],
) -> Sequence[Way] | None:
    """Return how a phrase bounds one field; None where that is left open, or where no price is so low."""
    is_price = terms.field.role == "price"
    if phrase.negated:
        return _turned(terms, ops, values)
    if phrase.around:
        return _around(terms, values[0])
    if phrase.choice and terms.measure in _CHOSEN and not is_price:
        return [("in", tuple(values))]
    if phrase.bare and ops == ["="]:
        return None if _leaves_open(terms, phrase, segments) else _bare(terms, values[0])
    ways = list(zip(ops, values, strict=True))
    return None if is_price and any(op in ("<", "<=") and value <= 0 for op, value in ways) else ways


def _turned(terms: FieldTerms, ops: Sequence[Operator], values: Sequence[float]) -> Sequence[Way]:
    """Return the opposite of a comparison; who cannot do 60k wants less or more, which is not said."""
    if len(ops) == 1:
        measured = terms.field.role == "price" or terms.measure in _MEASURED
        return [] if ops[0] == "=" and measured else [(OPPOSITE[ops[0]], values[0])]
    if terms.measure != "year" or values[1] - values[0] > MAX_HOLE:
        return []
    return [("not in", tuple(float(y) for y in range(int(values[0]), int(values[1]) + 1)))]


def _around(terms: FieldTerms, value: float) -> Sequence[Way]:
    band = max(abs(value) * BAND, STARS_AROUND if terms.measure == "rating" else 0.0)
    band = YEARS_AROUND if terms.measure == "year" else band
    return [(">=", value - band), ("<=", value + band)]


def _leaves_open(terms: FieldTerms, phrase: NumberPhrase, segments: Sequence[Segment]) -> bool:
    """Tell whether nobody knows if more or less is meant: "our drive is 6 m long" wants shorter campers, "our bus is" longer garages."""
    settled = terms.concept == "body_height" or holds_least(terms.field.name) or holds_most(terms.field.name)
    return terms.measure in ("length", "mass") and not settled and _is_of_own(phrase, segments)


def _is_of_own(phrase: NumberPhrase, segments: Sequence[Segment]) -> bool:
    """Tell whether a measure is of what somebody has: "our boat is 11 m long", "mein Bus ist 2,60 m hoch und 5,4 m lang"."""
    being = False
    for s in reversed(segments[max(0, phrase.first - OWN) : phrase.first]):
        key = key_of(s.text)
        if s.mark or s.roles & {"want", "not"}:
            return False
        being = being or key in word_group("measuring_verbs")
        if key in word_group("mine"):
            return being
    return False


def _bare(terms: FieldTerms, value: float) -> Sequence[Way]:
    """Read a number without comparison by what it measures: money is the most to spend, a count exact, a measure about so much."""
    if (op := _one_sided(terms)) is not None:
        return [(op, value)]
    if terms.measure not in _BANDED or (terms.measure == "time" and terms.factor >= DAY):
        return [("=", value)]
    high = terms.better == "high"
    if terms.better != "none" and terms.measure != "power":
        return [(">=" if high else "<=", value)]
    return [(">=", value if high else value * (1 - BAND)), ("<=", value * (1 + BAND))]


def _one_sided(terms: FieldTerms) -> Operator | None:
    """Return the comparison that a bare number stands for by what its field is called; None where it stands for itself."""
    name, measure, own = terms.field.name, terms.measure, set(words_of(terms.field.name))
    least, most, counted = holds_least(name), holds_most(name), measure in ("count", "age")
    if (
        measure == "money" or (counted and least) or (measure == "time" and own & word_group("waiting_columns"))
    ):  # "in six weeks"
        return "<="
    if (is_limit(terms.field) and measure in _LIMITED) or (terms.concept == "body_height" and (least or most)):
        return ">=" if most else "<="  # a berth takes boats up to its most
    if (
        measure == "rating"
        or terms.concept in ("berths", "capacity")
        or (counted and most)
        or (measure == "count" and own & word_group("left_columns"))
        or (measure == "mass" and own & word_group("load_columns"))
    ):
        return ">="
    return "<=" if measure == "age" else None
