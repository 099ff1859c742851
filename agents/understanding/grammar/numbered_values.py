"""Read a number beside the name of a field whose values are numbers in words: "four-season", "mindestens 3 Jahreszeiten" over "2", "3" and "4"."""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping, Sequence

from ....core.language.value_entry import SPELLED, Entry
from ....core.schemas import Operator
from .numbers.limits import read_phrase
from .numbers.phrase import NumberPhrase
from .segments import Segment
from .sentence import Sentence, Wish

_COMPARE: Mapping[Operator, Callable[[float, float], bool]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
    "=": operator.eq,
}


def numbered_values(sentence: Sentence) -> None:
    """Want the values that a number beside their field's name picks."""
    segments = sentence.segments
    for i, s in enumerate(segments):
        if s.amount is None or s.used or s.entries or s.amount.units or s.amount.currency or s.amount.high is not None:
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
