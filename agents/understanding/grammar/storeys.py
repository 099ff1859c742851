"""Read on which floor something is: "on the third floor or higher", "im dritten Stock", "not on the ground floor"."""

from __future__ import annotations

from ....core.language.keys import key_of
from ....core.language.measure_words import ordinals
from .numbers.amount import Amount
from .sentence import Sentence


def storeys(sentence: Sentence) -> None:
    """Give the ordinal before the name of a column of floors its number."""
    floors = {f.field.name for f in sentence.language.of_concept("floor") if f.field.type == "number"}
    if not floors:
        return
    for i, s in enumerate(sentence.segments):
        number = ordinals().get(key_of(s.text))
        after = sentence.segments[i + 1] if i + 1 < len(sentence.segments) else None
        if number is None or s.amount is not None or after is None or not floors & set(after.fields):
            continue
        s.amount = Amount(float(number), s.last)
        s.roles, s.entries, s.comparisons = frozenset(("number",)), (), ()
