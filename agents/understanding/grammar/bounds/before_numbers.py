"""Read what stands before a number and compares it: "under", "cheaper than", "since", "around", "from"."""

from __future__ import annotations

from collections.abc import Sequence

from .....core.language.field_concepts import comparative_directions
from .....core.language.keys import key_of
from ..numbers.amount import Amount
from ..positions import at
from ..segments import Segment
from .after_numbers import compare_after, goes_on, leads_to_number
from .phrase import NumberPhrase
from .ranges import PRE, PRE_TIME, back

HARDLY = 0.05
"""How far "hardly more than" reaches beyond."""
YEARS = (1000, 2200)
"""Between these a plain number may be a year."""
_LOWEST = frozenset(("from", "prices from", "从", "自"))
_SINCE = frozenset(("since", "seit", "depuis", "ab", "starting from"))
_BETTER = frozenset(("better", "besser"))
_SAID_AGAIN = frozenset(("or_less", "under_after", "or_more", "around_after"))
"""Roles of words after a number that repeat what stands before it: "at most 20 or less"."""


def compare_before(segments: Sequence[Segment], phrase: NumberPhrase, amount: Amount) -> bool:
    """Take what compares the number from before it into ``phrase``; return whether anything does."""
    about = is_around(segments, phrase.first)
    j = back(segments, phrase.first, over=frozenset({"around"}) if about else frozenset())
    s = at(segments, j)
    if s.used or (s.entries and not s.roles):
        phrase.first, phrase.around = phrase.first - about, amount.near or about
        return phrase.around
    rules = (_than, _hardly, _limited, _timed, _roughly, _from)
    return any(rule(segments, j, phrase, amount) for rule in rules)


def is_around(segments: Sequence[Segment], i: int) -> bool:
    """Tell whether "around" stands just before ``i``."""
    before = at(segments, i - 1)
    return "around" in before.roles and not before.used


def _than(segments: Sequence[Segment], j: int, phrase: NumberPhrase, amount: Amount) -> bool:
    """Read "cheaper than 20", "better than 4 stars" and 比3000便宜, whose comparison decides the field."""
    if "than" not in segments[j].roles:
        return False
    before, than = at(segments, j - 1), key_of(segments[j].text)
    said = "" if before.used or before.mark else key_of(before.text)
    if key_of(before.text) in _BETTER and any(m == "rating" for m, _ in amount.units):
        phrase.first, phrase.parts = j - 1, [(">", amount)]
    elif said and _compared_by(before, phrase, amount):
        phrase.first = j - 1
    elif direction := comparative_directions().get(said, 0):
        phrase.first, phrase.parts = j - 1, [(">" if direction > 0 else "<", amount)]
    elif said.endswith("er") and before.is_word and than in ("than", "als"):
        phrase.first, phrase.unsure = j - 1, True
    elif than == "比" and _compared_by(at(segments, phrase.last), phrase, amount):
        phrase.first, phrase.last = j, phrase.last + 1
    else:
        return False
    return True


def _compared_by(s: Segment, phrase: NumberPhrase, amount: Amount) -> bool:
    """Compare by the adjective of a field, if ``s`` is one."""
    comparisons = [c for c in s.comparisons if c.role in ("more", "less")]
    if comparisons:
        phrase.fields = tuple(c.field for c in comparisons)
        phrase.parts = [(">" if comparisons[0].role == "more" else "<", amount)]
    return bool(comparisons)


def _hardly(segments: Sequence[Segment], j: int, phrase: NumberPhrase, amount: Amount) -> bool:
    if "hardly" not in segments[j].roles or key_of(segments[j].text) == "比":
        return False
    phrase.first, phrase.parts = j, [("<=", amount._replace(value=amount.value * (1 + HARDLY)))]
    return True


def _limited(segments: Sequence[Segment], j: int, phrase: NumberPhrase, amount: Amount) -> bool:
    """Read "under 20" and "at most 20", also where it is said again after the number."""
    op = next((op for role, op in PRE.items() if role in segments[j].roles), None)
    if op is None:
        return False
    phrase.first, phrase.parts = j, [(op, amount)]
    again = at(segments, phrase.last).roles & _SAID_AGAIN
    phrase.last += bool(again) and not leads_to_number(segments, phrase.last)
    return True


def _timed(segments: Sequence[Segment], j: int, phrase: NumberPhrase, amount: Amount) -> bool:
    """Read "before 1990", "since 2015", "until 2020"; a mere "from" is no "since" unless "on" follows."""
    roles, key = segments[j].roles, key_of(segments[j].text)
    since = not roles & {"from", "in"} or goes_on(segments, phrase.last) or key in _SINCE
    left_out = {"until": key == "to", "since": not since}
    op = next((op for role, op in PRE_TIME.items() if role in roles and not left_out.get(role)), None)
    if op is None:
        return False
    phrase.first, phrase.parts, phrase.temporal = j, [(op, amount)], True
    phrase.last += goes_on(segments, phrase.last)
    return True


def _roughly(segments: Sequence[Segment], j: int, phrase: NumberPhrase, amount: Amount) -> bool:
    if "around" not in segments[j].roles and not is_around(segments, phrase.first):
        return False
    phrase.first, phrase.around = (j if "around" in segments[j].roles else phrase.first - 1), True
    return True


def _from(segments: Sequence[Segment], j: int, phrase: NumberPhrase, amount: Amount) -> bool:
    """Read "from 1990", "in 2015 or later" and "from 40 euros"."""
    s, plain = segments[j], not amount.units and not amount.currency
    if not s.roles & {"from", "in"} or s.entries:
        return False
    phrase.temporal = plain and YEARS[0] <= amount.value <= YEARS[1]
    if not phrase.temporal and (plain or key_of(s.text) not in _LOWEST):
        return False
    phrase.first = j
    if phrase.temporal and (compare_after(segments, phrase, amount) or not goes_on(segments, phrase.last)):
        return True
    phrase.parts = [(">=", amount)]
    phrase.last += goes_on(segments, phrase.last)
    return True
