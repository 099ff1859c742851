"""Read a number beside the name of a field whose values are numbers in words: "four-season", "mindestens 3 Jahreszeiten" over "2", "3" and "4"."""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping, Sequence

from ....core.language.keys import key_of
from ....core.language.value_entry import SPELLED, Entry
from ....core.schemas import Operator
from .bounds.limits import read_phrase
from .bounds.phrase import NumberPhrase
from .positions import at
from .segments import Segment
from .sentence import Sentence, Wish

_COMPARE: Mapping[Operator, Callable[[float, float], bool]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
    "=": operator.eq,
}


_TO = frozenset(("to", "bis", "through", "till", "up to", "到", "至"))


def numbered_values(sentence: Sentence) -> None:
    """Want the values that a number beside their field's name picks."""
    segments = sentence.segments
    for i, s in enumerate(segments):
        if s.amount is None or s.used or s.entries or s.amount.units or s.amount.currency or s.amount.high is not None:
            continue
        if _goes_on(sentence, i):
            continue
        phrase = read_phrase(segments, i, sentence.language)
        named = _field(sentence, phrase)
        if named is None:
            continue
        name, beside = named
        values = {v: float(v) for v in sentence.language.fields[name].values if _is_number(v)}
        wanted = tuple(v for v, n in values.items() if all(_COMPARE[op](n, a.value) for op, a in phrase.parts))
        if not wanted or len(wanted) == len(values):
            continue
        refused = phrase.negated or sentence.negated_before(phrase.first)
        sentence.found.wishes.append(Wish(Entry(name, wanted, wanted, SPELLED), [s, beside], refused=refused))
        for piece in (*segments[phrase.first : phrase.last], beside):
            piece.used = piece.used or "wanted"


def _goes_on(sentence: Sentence, i: int) -> bool:
    """Take the number at ``i`` for a value where it goes on with a list of values that are numbers: the 128 of "size 116 or 128"."""
    segments, joint, before = sentence.segments, at(sentence.segments, i - 1), at(sentence.segments, i - 2)
    amount = segments[i].amount
    if i < 2 or amount is None or not (joint.roles & {"or", "and"} or joint.mark in (",", "/", "、")):
        return False
    for entry in before.entries:
        if all(map(_is_number, entry.wanted)) and f"{amount.value:g}" in sentence.language.fields[entry.field].values:
            segments[i].entries = (Entry(entry.field, (value := f"{amount.value:g}",), (value,), SPELLED),)
            segments[i].amount = None
            return True
    return False


def ranges_of_values(sentence: Sentence) -> None:
    """Want all values from one to another: "between a size 10 and a size 14", "from S to L", "Größe 38 bis 42"."""
    segments = sentence.segments
    for i, s in enumerate(segments):
        joint, j = _joint(sentence, i)
        if joint is None or s.used or not sentence.value_at(i) or not sentence.value_at(j):
            continue
        field = next((e.field for e in s.entries if e.field in {o.field for o in segments[j].entries}), "")
        ordered = _in_order(sentence, field, s, segments[j]) if field else ()
        if len(ordered) < 3:
            continue
        refused = sentence.negated_before(i)
        sentence.found.wishes.append(Wish(Entry(field, ordered, ordered, SPELLED), [s, segments[j]], refused=refused))
        for piece in segments[i : j + 1]:
            piece.used = piece.used or "wanted"


def _joint(sentence: Sentence, i: int) -> tuple[Segment | None, int]:
    """Return what joins the value at ``i`` to the next as the ends of a range, and where that one is."""
    segments, j = sentence.segments, i + 1
    if j >= len(segments):
        return None, j
    between = any("between" in p.roles for p in segments[max(0, i - 4) : i])
    opens = (
        segments[j].mark in ("-", "–", "~")
        or key_of(segments[j].text) in _TO
        or (between and "and" in segments[j].roles)
    )
    k = j + 1
    while k < len(segments) and (segments[k].is_glue or segments[k].fields) and not segments[k].entries:
        k += 1
    return (segments[j], k) if opens and k < len(segments) else (None, k)


def _in_order(sentence: Sentence, field: str, one: Segment, other: Segment) -> tuple[str, ...]:
    """Return the field's values from one to the other, as numbers or as steps of a scale."""
    ends = [next(e.wanted[0] for e in s.entries if e.field == field) for s in (one, other)]
    values = sentence.language.fields[field].values
    if all(map(_is_number, ends)):
        low, high = sorted(map(float, ends))
        return tuple(sorted((v for v in values if _is_number(v) and low <= float(v) <= high), key=float))
    steps = sentence.language.steps.get((field, ends[0]), ())
    if not set(ends) <= set(steps):
        return ()
    low, high = sorted(steps.index(v) for v in ends)
    return steps[low : high + 1]


def _field(sentence: Sentence, phrase: NumberPhrase) -> tuple[str, Segment] | None:
    """Return the field of numbers in words that is named beside a phrase, with the segment that names it."""
    if any(sentence.language.fields[n].field.type == "number" for n in phrase.fields):
        return None
    for beside in _beside(sentence.segments, phrase):
        for name in beside.fields:
            terms = sentence.language.fields[name]
            plain = terms.field.type != "number" and not beside.entries and not beside.used
            if plain and sum(map(_is_number, terms.values)) * 2 > len(terms.values):
                return name, beside
    return None


def _beside(segments: Sequence[Segment], phrase: NumberPhrase) -> list[Segment]:
    k = phrase.last + (phrase.last < len(segments) and segments[phrase.last].mark == "-")
    inside = [s for s in segments[phrase.first : phrase.last] if s.fields and s.amount is None]
    return [*segments[k : k + 1], *inside, *segments[max(0, phrase.first - 1) : phrase.first]]


def _is_number(value: str) -> bool:
    return value.strip().isdecimal()
