"""Tell what a plain number counts: the items asked for, people who come along, or what the catalogue has no field for."""

from __future__ import annotations

import re
from collections.abc import Sequence

from .....core.language.catalogue_language import CatalogueLanguage
from .....core.language.field_concepts import counted_words, field_words
from .....core.language.keys import key_of
from .....core.language.small_words import common_words
from .....core.language.value_entry import FieldTerms
from .....core.language.word_groups import around_numbers, counting_characters
from ..bounds.phrase import NumberPhrase
from ..numbers.amount import Amount
from ..positions import at, past
from ..segments import Segment

MAX_COUNT = 50
LONGEST_UNIT = 3
"""Letters of a unit that no list has."""
_GROUP = re.compile(
    r"(?:^| )(?:for|fur|give|给|we are|were|we will be|there are|there will be|wir sind|party of|group of|family of|table for|room for|space for|"
    r"platz fur|us|zu|wed be|well be|there d be|theyre|我们|一家|我们一家|适合|一共)$"
)
"""What stands before the number of those who come along."""
_ROOM = re.compile(r"(?:room|space|seats|beds|platz|platze) (?:for|fur)$")
_CAPACITIES = ("servings", "players", "seats", "guests", "berths", "capacity")
_HEADS = frozenset("个位名口")
_TOP = frozenset(("top", "best", "first", "besten", "ersten", "前"))


def people_fields(phrase: NumberPhrase, segments: Sequence[Segment], language: CatalogueLanguage) -> list[FieldTerms]:
    """Return the fields of what "for six" counts: portions, players or seats."""
    amount, k = phrase.parts[0][1], _past_head(segments, phrase.last)
    after = at(segments, k)
    lead = " ".join(key_of(s.text) for s in segments[max(0, phrase.first - 3) : phrase.first])
    room, named = bool(_ROOM.search(lead)), _is_people(after)
    whole = amount.value <= MAX_COUNT and not (amount.scaled or amount.units or amount.currency)
    told = _GROUP.search(lead) or key_of(after.text) in ("of us", "of") or room or named
    ends = named or after.mark or after.is_glue or after.roles & {"want", "and", "but"}
    if not whole or not (phrase.bare or room) or not told or not ends:
        return []
    found = [f for concept in _CAPACITIES for f in language.of_concept(concept) if f.measure == "count"]
    if found and key_of(after.text) in ("人", "个人", "口人"):
        phrase.last = k + 1
    return [f for f in found if f.concept == found[0].concept][:2]


def counts_something(phrase: NumberPhrase, segments: Sequence[Segment]) -> bool:
    """Tell whether the number counts what the catalogue has no field for: "at least 4 players"."""
    amount, after = phrase.parts[0][1], at(segments, phrase.last)
    large = any(a.scaled or a.currency for _, a in phrase.parts)
    if _names_unknown(phrase, segments) or (not large and _counts_inside(phrase, segments)):
        return True
    if amount.spelled and amount.value == 1 and after.is_word:
        return True  # "no more than one change"
    of = at(segments, phrase.first - 2)
    if key_of(at(segments, phrase.first - 1).text) == "of" and of.is_word and not of.used:
        return True
    return not large and _is_counted(at(segments, _past_head(segments, phrase.last)), segments)


def _past_head(segments: Sequence[Segment], k: int) -> int:
    """Return the position behind the 个 of 六个人 at ``k``."""
    return k + (at(segments, k).text in _HEADS and k + 1 < len(segments))


def _counts_inside(phrase: NumberPhrase, segments: Sequence[Segment]) -> bool:
    """Tell whether a plural or a word for people stands behind the last number of a phrase."""
    numbers = [n for n in range(phrase.first, phrase.last) if segments[n].amount is not None]
    inside = segments[numbers[-1] if numbers else phrase.first : phrase.last]
    return any(_is_plural(s) or (s.amount is None and not s.fields and _is_people(s)) for s in inside)


def _is_plural(s: Segment) -> bool:
    return s.is_word and s.text.isascii() and s.text.islower() and s.text.endswith("s")


def _is_people(s: Segment) -> bool:
    return key_of(s.text) in around_numbers()["people"]


def _is_counted(s: Segment, segments: Sequence[Segment]) -> bool:
    """Tell whether ``s`` is what a number before it counts: a field of another kind, people, a plural, a German noun."""
    word = key_of(s.text)
    if (s.fields and not s.entries and not s.roles and not s.comparisons) or _is_people(s):
        return True
    if not s.is_word:
        return False
    noun = s.capital and s.words[-1] not in common_words() and "euro" not in s.words[-1]
    if noun and any(key_of(p.text) in around_numbers()["german"] for p in segments):  # "mehr als 100 Teile"
        return True
    return (
        _is_unit_unknown(word)
        or word in field_words()
        or (s.words[-1].isascii() and word.endswith("s") and not word.endswith("ss"))
    )


def _is_unit_unknown(word: str) -> bool:
    """Tell whether a word behind a number is as short as a unit, and cannot be spoken: "1000 lx"."""
    return word.isascii() and word.isalpha() and 1 < len(word) <= LONGEST_UNIT and not set(word) & set("aeiouy")


def _names_unknown(phrase: NumberPhrase, segments: Sequence[Segment]) -> bool:
    """Tell whether what a number measures is named before it, and the catalogue has no such field: 保质期一年以上."""
    before = at(segments, phrase.first - 1)
    if not before.is_word or before.used:
        return False
    if not before.text.isascii():
        return True
    counted = any(a.scaled or a.value >= 1000 for _, a in phrase.parts) and key_of(before.text) in counted_words()
    return key_of(before.text) in field_words() and not counted


def is_top(segments: Sequence[Segment], i: int) -> bool:
    """Tell whether the number at ``i`` says how many of the best: "top five", "die besten drei", 前三."""
    amount = segments[i].amount
    led = key_of(at(segments, i - 1).text) in _TOP
    return led and amount is not None and not amount.units and not amount.currency and _is_few(amount)


def is_alone(phrase: NumberPhrase, segments: Sequence[Segment]) -> bool:
    """Tell whether a later turn says no more than how many: "actually two"."""
    content = [s for s in segments if not (s.mark or s.is_glue or s.roles & {"instead", "number"})]
    return phrase.bare and not content and _is_few(phrase.parts[0][1])


def is_count(phrase: NumberPhrase, segments: Sequence[Segment]) -> bool:
    """Tell whether a bare number stands before what is asked for, or behind "the heaviest"."""
    if not phrase.bare or (len(phrase.parts) != 1 and not phrase.choice) or not _is_few(phrase.parts[-1][1]):
        return False
    before = at(segments, past(segments, phrase.first - 1, lambda s: s.is_glue, -1))
    after = at(segments, phrase.last)
    extreme = any(c.role in ("most", "least") for c in before.comparisons)
    counting = after.text in counting_characters() and not after.used
    if extreme and (counting or after.mark):  # the heaviest three
        return True
    follows = bool(after.entries or after.is_glue or after.comparisons)
    return follows and (before.start < 0 or extreme or bool(before.roles & {"want", "most"}))


def _is_few(amount: Amount) -> bool:
    return amount.value == int(amount.value) and 1 <= amount.value <= MAX_COUNT
