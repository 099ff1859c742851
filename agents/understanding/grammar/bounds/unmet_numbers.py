"""Find the words to name for a number that no field expresses, where it is a requirement and no mere count."""

from __future__ import annotations

from collections.abc import Sequence

from .....core.language.field_concepts import field_words
from .....core.language.keys import key_of
from ..positions import at, past
from ..segments import Segment
from .phrase import NumberPhrase

_SAID_OF_ANYTHING = frozenset(("rating", "age", "span", "year"))
"""Measures of which a bare amount asks for nothing."""


def unmet_span(phrase: NumberPhrase, segments: Sequence[Segment]) -> tuple[int, int] | None:
    """Return the characters from where to where a number asks for what no field holds, or None; widens ``phrase`` by the names beside it."""
    amount = phrase.parts[0][1]
    plain = not amount.units and not amount.currency
    if plain and (phrase.around or (amount.spelled and amount.value == 1)):
        return None
    if amount.scaled and phrase.bare and not amount.spelled and not amount.currency:  # "4K"
        return _span(phrase, segments)
    if plain and phrase.bare and not phrase.negated:
        return _named_beside(phrase, segments)
    if phrase.temporal and not amount.units and phrase.bare:
        return None
    phrase.first = past(segments, phrase.first - 1, _is_han_word, -1) + 1
    if phrase.bare and not phrase.negated and amount.units and {m for m, _ in amount.units} <= _SAID_OF_ANYTHING:
        return None
    phrase.first = past(segments, phrase.first - 1, _is_free_name, -1) + 1
    phrase.last += _is_free_name(at(segments, phrase.last))
    return _span(phrase, segments)


def _span(phrase: NumberPhrase, segments: Sequence[Segment]) -> tuple[int, int]:
    return segments[phrase.first].start, segments[phrase.last - 1].end


def _named_beside(phrase: NumberPhrase, segments: Sequence[Segment]) -> tuple[int, int] | None:
    """Return the span of a plain number with the name of what it counts after or before it; None where nothing is named."""
    after, before = at(segments, phrase.last), at(segments, phrase.first - 1)
    start, end = _span(phrase, segments)
    if after.is_word and key_of(after.text) in field_words():
        return start, after.end
    return (before.start, end) if _is_name(before) and not before.used else None


def _is_name(s: Segment) -> bool:
    return bool(s.fields) or key_of(s.text) in field_words()


def _is_free_name(s: Segment) -> bool:
    return _is_name(s) and not s.used and not s.entries


def _is_han_word(s: Segment) -> bool:
    return s.is_word and not s.used and not s.text.isascii()
