"""Read what compares a number: before it ("under", "cheaper than", "since", "around") and after it ("or less", "and up", 以上)."""

from __future__ import annotations

from collections.abc import Sequence

from .....core.language.field_concepts import comparative_directions
from .....core.language.keys import key_of
from .....core.schemas import Operator
from ..numbers.amount import Amount
from ..positions import at, past
from ..segments import Segment
from .phrase import NumberPhrase

CLAUSE_MARKS = frozenset(".!?;。！？；\n")
PRE: dict[str, Operator] = {"under": "<", "at_most": "<=", "over": ">", "at_least": ">="}
PRE_TIME: dict[str, Operator] = {"before": "<", "after": ">", "since": ">=", "until": "<="}
"""Roles of phrases before a number, with how they compare it: any number, and a year."""
_LEADING = frozenset((*PRE, *PRE_TIME, "between", "from", "than", "hardly", "around", "not"))
"""Roles of what may open a comparison."""
POST: dict[str, Operator] = {"or_less": "<=", "under_after": "<", "or_more": ">="}
POST_TIME: dict[str, Operator] = {"on_after": ">=", "before_after": "<"}
OF_TIME = frozenset("newer later older earlier before after younger neuer alter junger".split())  # noqa: SIM905
_OPENING = frozenset((*PRE, "since"))
_UPWARDS = frozenset(("on", "up", "upward", "upwards", "onward", "onwards"))
_KIND = frozenset(("euro", "in", "model", "modell", "version"))
"""Words that may stand between a number and its comparison: "a 2019 model or newer"."""
_BETWEEN = 3
"""Most of them."""
HARDLY = 0.05
"""How far "hardly more than" reaches beyond."""
YEARS = (1000, 2200)
"""Between these a plain number may be a year."""
_LOWEST = frozenset(("from", "prices from", "从", "自"))
_SINCE_WORDS = frozenset(("since", "seit", "depuis", "ab", "starting from"))
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
    since = not roles & {"from", "in"} or goes_on(segments, phrase.last) or key in _SINCE_WORDS
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


def compare_after(segments: Sequence[Segment], phrase: NumberPhrase, amount: Amount) -> bool:
    """Take what compares the number from after it into ``phrase``; return whether anything does."""
    k = _past_counted(segments, phrase.last)
    s = at(segments, k)
    if s.entries and not s.roles:
        return False
    if s.mark in ("<", "≤") and k == phrase.last and at(segments, k + 1).fields:  # 10 < price
        phrase.parts, phrase.last = [(">" if s.mark == "<" else ">=", amount)], k + 1
        return True
    op, is_time = _comparison(s, amount, leads_on=bool(s.roles & _OPENING) and leads_to_number(segments, k))
    if op is not None:
        phrase.parts, phrase.last, phrase.temporal = [(op, amount)], k + 1, phrase.temporal or is_time
        return True
    if "around_after" in s.roles:
        phrase.around, phrase.last = True, k + 1
        return True
    return False


def _comparison(s: Segment, amount: Amount, *, leads_on: bool) -> tuple[Operator | None, bool]:
    """Return how a word after a number compares it, and whether as a time; nothing where it leads on to the next number."""
    year = 1000 <= amount.value <= 2200
    after = None if leads_on else next((op for role, op in POST.items() if role in s.roles), None)
    if after is not None:
        aged = any(m in ("age", "span") for m, _ in amount.units) or 1900 <= amount.value <= 2100
        return after, aged and key_of(s.text).split(" ")[-1] in OF_TIME
    plain = year and not leads_on and (not amount.units or ("year", 1.0) in amount.units)
    timed = next((op for role, op in POST_TIME.items() if role in s.roles), None) if plain else None
    return (">=" if timed is None and year and key_of(s.text) == "on" else timed), True


def goes_on(segments: Sequence[Segment], k: int) -> bool:
    """Tell whether "on", "upwards" or "or more" stands at ``k``."""
    s = at(segments, k)
    return bool(s.roles & {"on_after", "or_more"}) or key_of(s.text) in _UPWARDS


def leads_to_number(segments: Sequence[Segment], k: int) -> bool:
    """Tell whether a number follows the word at ``k``."""
    return at(segments, past(segments, k + 1, lambda s: s.is_glue)).amount is not None


def _past_counted(segments: Sequence[Segment], k: int) -> int:
    """Return the position after what is counted and the field's own name, at most three words on."""
    last = k + _BETWEEN
    while k < last and k < len(segments) and _is_between(segments[k], at(segments, k + 1)):
        k += 1
    return k


def _is_between(s: Segment, after: Segment) -> bool:
    """Tell whether a word may stand between a number and its comparison: "fifteen people or fewer"."""
    names = s.fields and not s.entries and not s.roles & POST.keys()
    plural = (
        s.text.isascii() and s.text.isalpha() and (s.text.endswith("s") or key_of(s.text) in ("people", "children"))
    )
    counted = plural and not s.roles and not s.used and after.roles & POST.keys()
    return bool(names or key_of(s.text) in _KIND or counted)


def back(segments: Sequence[Segment], i: int, over: frozenset[str] = frozenset()) -> int:
    """Return the position before ``i`` over glue and field names, or -1 at a clause's edge."""
    for j in range(i - 1, -1, -1):
        s, before = segments[j], at(segments, j - 1)
        if s.used:
            return -1
        if s.roles & _LEADING and not s.roles & _LEADING & over:
            return j
        if s.mark == "-" and s.start == before.end and before.roles & {"before", "after", "under", "over"}:  # pre-1930
            return j - 1
        passed = s.is_glue or (s.fields and not s.entries) or s.roles & over or s.mark in (":", "：", "=")
        if not passed or s.mark in CLAUSE_MARKS:
            return -1
    return -1
