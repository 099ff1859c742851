"""Read measures joined by a cross, "160 x 230", "30x40 cm", "80 mal 120 mal 75", into the fields of lengths that they are given for."""

from __future__ import annotations

from collections.abc import Sequence

from ....core.language.catalogue_language import CatalogueLanguage
from ....core.language.keys import key_of
from ....core.schemas import Operator
from .bounds.bound import Bound
from .bounds.compared import PRE, back
from .number_fields.amounts_in_fields import in_field, in_range
from .numbers.amount import Amount
from .segments import Segment
from .sentence import Sentence

_CROSSES = frozenset(("x", "×", "*", "by", "mal", "乘", "X"))
_SHAPES = (
    ("length", "width"),
    ("width", "depth"),
    ("width", "height"),
    ("length", "width", "height"),
    ("width", "depth", "height"),
)
"""Which fields two or three measures are given for, the first that the catalogue has."""


def dimensions(sentence: Sentence) -> None:
    """Bind the fields of lengths to measures joined by a cross; name them where it is open which is meant."""
    segments, i = sentence.segments, 0
    while i < len(segments):
        joined = _joined(segments, i)
        if len(joined) < 2:
            i += 1
            continue
        amounts = _in_one_unit([a for j in joined if (a := segments[j].amount) is not None])
        lead = back(segments, i)
        op: Operator = next((op for role, op in PRE.items() if lead >= 0 and role in segments[lead].roles), "=")
        first = lead if op != "=" else i
        start, end = segments[first].start, segments[joined[-1]].end
        names = _fields(amounts, sentence.language)
        refused = sentence.negated_before(first)
        if names and not refused:
            values = [in_field(a, sentence.language.fields[n]) for n, a in zip(names, amounts, strict=True)]
            if sentence.language.fields[names[0]].concept == "length":  # 160 x 230 is as long as its longer side
                values[:2] = sorted(values[:2], reverse=True)
            sentence.found.bounds += [Bound(n, op, v, start, end) for n, v in zip(names, values, strict=True)]
        else:
            sentence.found.unmet.append((start, end))
        for s in segments[first : joined[-1] + 1]:
            s.used = "bound" if names and not refused else "unmet"
        i = joined[-1] + 1


def _joined(segments: Sequence[Segment], i: int) -> list[int]:
    """Return the positions of the numbers that crosses join, from ``i`` on."""
    found, j = [], i
    while j < len(segments) and segments[j].amount is not None and not segments[j].used and not segments[j].entries:
        found.append(j)
        if j + 1 >= len(segments) or (
            key_of(segments[j + 1].text) not in _CROSSES and segments[j + 1].text not in _CROSSES
        ):
            break
        j += 2
    plain = all((a := segments[j].amount) is not None and not a.currency and a.high is None for j in found)
    return found if plain else []


def _in_one_unit(amounts: list[Amount]) -> list[Amount]:
    """Give every measure the unit that one of them states."""
    units = next((a.units for a in reversed(amounts) if a.units), ())
    return [a if a.units else a._replace(units=units) for a in amounts]


def _fields(amounts: Sequence[Amount], language: CatalogueLanguage) -> tuple[str, ...]:
    """Return the fields that the measures are given for, where each holds values as large."""
    by_concept = {f.concept: f for f in language.fields.values() if f.measure == "length" and f.field.type == "number"}
    for shape in _SHAPES:
        if len(shape) != len(amounts) or not set(shape) <= by_concept.keys():
            continue
        fields = [by_concept[c] for c in shape]
        if all(in_range(f, [in_field(a, f)]) for f, a in zip(fields, amounts, strict=True)) or shape[0] == "length":
            return tuple(f.field.name for f in fields)
    return ()
