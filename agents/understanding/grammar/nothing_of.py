"""Read that a thing has nothing of what a field measures: "no sugar", "caffeine-free", "ohne Zucker", 无糖."""

from __future__ import annotations

from ....core.language.word_data import key_of
from .number_bounds import Bound
from .sentence import Sentence

_NONE = frozenset("no zero without non ohne kein keine keinen sans 无 零 不含 不加 没有".split())  # noqa: SIM905
_MEASURES = frozenset(("mass", "percent", "energy"))
REACH = 2


def nothing_of(sentence: Sentence) -> None:
    """Bound a field whose least value is nothing, where a "no" stands before its name or "free" after it."""
    for i, s in enumerate(sentence.segments):
        field = next((n for n in s.fields if _may_be_none(sentence, n)), "")
        if not field or s.used or s.entries:
            continue
        before = sentence.segments[i - 1] if i else None
        j = i + 1
        while j < len(sentence.segments) and j <= i + REACH and sentence.segments[j].mark == "-":
            j += 1
        after = sentence.segments[j] if j < len(sentence.segments) else None
        free = after is not None and "free" in after.roles and not after.used and not after.entries
        refused = before is not None and key_of(before.text) in _NONE and not before.used
        if refused == free or (refused and after is not None and (after.amount is not None or after.fields)):
            continue
        first, last = (before, s) if refused and before is not None else (s, after or s)
        sentence.found.bounds.append(Bound(field, "=", 0.0, first.start, last.end))
        for piece in sentence.segments[sentence.place(first) : sentence.place(last) + 1]:
            piece.used = "bound"


def _may_be_none(sentence: Sentence, name: str) -> bool:
    terms = sentence.language.fields[name]
    return terms.field.type == "number" and terms.field.minimum == 0 and terms.measure in _MEASURES
