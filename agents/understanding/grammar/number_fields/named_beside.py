"""Find the field that is named beside a number: "4 doors", "5 GB of memory", "the range over 400 km"."""

from __future__ import annotations

from collections.abc import Sequence

from .....core.language.catalogue_language import CatalogueLanguage
from .....core.language.field_concepts import superlatives
from .....core.language.keys import key_of
from .....core.language.word_groups import around_numbers
from ..bounds.compared import compare_after
from ..bounds.phrase import NumberPhrase
from ..positions import at, past
from ..segments import Segment
from .limit_columns import only_limits

_BETWEEN = 3
"""Most words between a number and the name after it."""
_IS = (":", "：", "=")


def take_named_field(segments: Sequence[Segment], phrase: NumberPhrase, language: CatalogueLanguage) -> None:
    """Take a field named just after or before the phrase, or inside it."""
    if phrase.fields:
        return
    first = segments[phrase.first]
    if first.amount is not None and first.fields:
        phrase.fields = first.fields
        return
    inside = [s for s in segments[phrase.first : phrase.last] if _names_inside(s, phrase, language)]
    if _take_after(segments, phrase, language):
        return
    if named := next((names for s in reversed(inside) if (names := number_fields(s, language))), ()):
        phrase.fields = named
        return
    j = past(segments, phrase.first - 1, _leads_back, -1)
    before, ranked = (
        at(segments, j),
        key_of(at(segments, j - 1).text) in superlatives(),
    )  # "the biggest aperture under 900"
    if (named := number_fields(before, language)) and not (before.entries or before.used or ranked):
        phrase.fields, phrase.first = named, j


def number_fields(s: Segment, language: CatalogueLanguage) -> tuple[str, ...]:
    """Return the fields of numbers that a segment names."""
    return tuple(n for n in s.fields if language.fields[n].field.type == "number")


def _take_after(segments: Sequence[Segment], phrase: NumberPhrase, language: CatalogueLanguage) -> bool:
    """Take the field named after a number, over "of the" and the like; of several the one that another name behind it settles."""
    k = past(segments, phrase.last, _leads_on)
    after = at(segments, k)
    named = number_fields(after, language) if k - phrase.last <= _BETWEEN else ()
    says_more = after.entries and after.fields and not after.roles
    if not named or after.used or says_more or at(segments, k + 1).mark in _IS:  # "under 30000, horsepower: 200"
        return False
    phrase.fields, phrase.last = named, k + 1
    both = tuple(f for f in number_fields(at(segments, k + 2), language) if f in named)
    if len(named) > 1 and at(segments, k + 1).is_glue and both:
        phrase.fields, phrase.last = both, k + 3
    if phrase.bare:
        compare_after(segments, phrase, phrase.parts[0][1])
        phrase.bare = phrase.parts[0][0] == "=" and not phrase.around
    return True


def _names_inside(s: Segment, phrase: NumberPhrase, language: CatalogueLanguage) -> bool:
    named = s.fields and not s.entries and s.amount is None
    return bool(named) and (not only_limits(s.words) or _holds(s, phrase, language))


def _holds(s: Segment, phrase: NumberPhrase, language: CatalogueLanguage) -> bool:
    """Tell whether a field that ``s`` names by its limit alone has such numbers: "ab 6" where ``ab_alter`` is 0 to 16."""
    values = [a.value for _, a in phrase.parts]
    named = [language.fields[n].field for n in number_fields(s, language)]
    return any(
        f.minimum is not None and f.maximum is not None and f.minimum <= v <= f.maximum for f in named for v in values
    )


def _leads_on(s: Segment) -> bool:
    """Tell whether a word may stand between a number and the field's name behind it."""
    key, links = key_of(s.text), (s.is_glue or not s.text.isascii()) and not s.fields
    return (
        s.mark == "-"
        or (links and key in around_numbers()["links"])
        or (s.is_word and key in around_numbers()["counters"])
    )


def _leads_back(s: Segment) -> bool:
    """Tell whether a word may stand between the field's name and the number behind it."""
    asked = (s.roles & {"only"} and not s.entries) or (s.roles & {"want"} and not s.text.isascii())
    return bool((s.is_glue and not s.fields) or s.mark in _IS or asked)
