"""Find what compares a number: how far the words before it reach, and the ranges it opens."""

from __future__ import annotations

from collections.abc import Sequence

from .....core.language.keys import key_of
from .....core.schemas import Operator
from ..numbers.amount import Amount
from ..positions import EDGE, at, past
from ..segments import Segment
from .phrase import NumberPhrase

CLAUSE_MARKS = frozenset(".!?;。！？；\n")
PRE: dict[str, Operator] = {"under": "<", "at_most": "<=", "over": ">", "at_least": ">="}
PRE_TIME: dict[str, Operator] = {"before": "<", "after": ">", "since": ">=", "until": "<="}
"""Roles of phrases before a number, with how they compare it: any number, and a year."""
_LEADING = frozenset((*PRE, *PRE_TIME, "between", "from", "than", "hardly", "around", "not"))
"""Roles of what may open a comparison."""
_HUNDREDS = frozenset(range(100, 1000, 100))
_DASHES = frozenset("…-~–—～−")
_AND = frozenset(("and", "und", "et"))
_TRAILING = frozenset(("之间", "左右"))


def read_range(segments: Sequence[Segment], i: int, low: Amount) -> NumberPhrase | None:
    """Read "between 18k and 22k", "20-30", "from 20 to 30", "200 to 260 hp"."""
    lead = back(segments, i)
    before = at(segments, lead)
    opened = bool(before.roles & {"between", "from"}) and not before.entries
    choice = (
        "or" in at(segments, i + 1).roles and not opened and _is_plain(low) and _is_plain(at(segments, i + 2).amount)
    )
    j = _joint(segments, i, choice=choice, between=opened and "between" in before.roles)
    if j is None:
        return None
    k = past(segments, j + 1, lambda s: (s.is_glue or "around" in s.roles) and s.amount is None)
    high = at(segments, k).amount
    if high is None or (low.high is not None) != (high.high is not None):
        return None
    least, most = sorted(_alike(low, high), key=lambda a: a.value)
    top = most if most.high is None else most._replace(value=most.high)
    last = k + 1 + (key_of(at(segments, k + 1).text) in _TRAILING)
    parts: list[tuple[Operator, Amount]] = [(">=", least), ("<=", top)]
    return NumberPhrase(lead if opened else i, last, parts, bare=not opened, choice=choice)


def _joint(segments: Sequence[Segment], i: int, *, choice: bool, between: bool) -> int | None:
    """Return the position of what joins the number at ``i`` to another one as the ends of a range."""
    j = i + 1
    named = at(segments, j).fields and not segments[j].entries
    j += bool(named) and "to" in at(segments, j + 1).roles  # the 层 of 5层到10层
    dots = at(segments, j).mark == at(segments, j + 1).mark == "."  # 10..20
    joint = at(segments, j + dots)
    dash = joint.mark in _DASHES or dots or (j > i + 1 and bool(joint.mark))
    is_to = "to" in joint.roles and (dash or between or key_of(joint.text) not in _AND)
    return j + dots if joint is not EDGE and (dash or is_to or choice or (between and "and" in joint.roles)) else None


def _is_plain(amount: Amount | None) -> bool:
    """Tell whether an amount is a whole number without unit or money, or with its unit only."""
    return amount is not None and not amount.currency and amount.high is None and amount.value == int(amount.value)


def _alike(low: Amount, high: Amount) -> tuple[Amount, Amount]:
    """Give both ends of a range the unit, currency and scale that only one of them states: "18-22k"."""
    units, currency = low.units or high.units, low.currency or high.currency
    low = low._replace(units=units, currency=currency)
    high = high._replace(units=high.units or units, currency=high.currency or currency)
    if low.spelled and high.spelled and low.value < 10 and high.value in _HUNDREDS:  # four to five hundred
        low = low._replace(value=low.value * 100)
    if high.scaled and not low.scaled and low.value < 1000 <= high.value:
        scale = _scale(low, high)
        if low.value * scale <= high.value:  # 五百到一千五 is no half a million
            low = low._replace(value=low.value * scale, scaled=True)
    return low, high


def _scale(low: Amount, high: Amount) -> float:
    """Return the scale of the upper end of a range: 三到五万 is in tens of thousands."""
    if high.value >= 1e6:
        return 1e6
    return 1e4 if high.value >= 1e4 and low.value < 10 and high.value / 1e4 < 100 and high.spelled else 1e3


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
