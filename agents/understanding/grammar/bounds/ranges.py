"""Find what compares a number: how far the words before it reach, and the ranges it opens."""

from __future__ import annotations

from collections.abc import Sequence

from .....core.language.keys import key_of
from .....core.schemas import Operator
from ..numbers.amount import Amount
from ..segments import Segment
from .phrase import NumberPhrase

CLAUSE_MARKS = frozenset(".!?;。！？；\n")
PRE: dict[str, Operator] = {"under": "<", "at_most": "<=", "over": ">", "at_least": ">="}
PRE_TIME: dict[str, Operator] = {"before": "<", "after": ">", "since": ">=", "until": "<="}
"""Roles of phrases before a number, with how they compare it: any number, and a year."""
_HUNDREDS = frozenset(range(100, 1000, 100))


def read_range(segments: Sequence[Segment], i: int, low: Amount) -> NumberPhrase | None:
    """Read "between 18k and 22k", "20-30", "from 20 to 30", "200 to 260 hp"."""
    j = i + 1
    lead = back(segments, i)
    opened = lead >= 0 and bool(segments[lead].roles & {"between", "from"}) and not segments[lead].entries
    between = opened and "between" in segments[lead].roles
    if j >= len(segments):
        return None
    if j + 1 < len(segments) and segments[j].fields and not segments[j].entries and "to" in segments[j + 1].roles:
        j += 1  # the 层 of 5层到10层
    joint = segments[j]
    if joint.mark == "." and j + 1 < len(segments) and segments[j + 1].mark == ".":  # 10..20
        j, joint = j + 1, segments[j + 1]
    dash = joint.mark == "…" or (j > i + 1 and bool(joint.mark)) or joint.mark in ("-", "~", "–", "—", "～", "−")
    is_to = "to" in joint.roles and (dash or key_of(joint.text) not in ("and", "und", "et") or between)
    choice = (
        "or" in joint.roles
        and not opened
        and i + 2 < len(segments)
        and _is_plain(low)
        and _is_plain(segments[i + 2].amount)
    )
    if not (dash or is_to or choice or (between and "and" in joint.roles)):
        return None
    k = j + 1
    while k < len(segments) and (segments[k].is_glue or "around" in segments[k].roles) and segments[k].amount is None:
        k += 1
    high = segments[k].amount if k < len(segments) else None
    if high is None or (low.high is not None) != (high.high is not None):
        return None
    low, high = _alike(low, high)
    values = sorted((low, high), key=lambda a: a.value)
    first = lead if opened and lead >= 0 else i
    last = k + 1
    if last < len(segments) and key_of(segments[last].text) in ("之间", "左右"):
        last += 1
    top = values[1] if values[1].high is None else values[1]._replace(value=values[1].high)
    found = NumberPhrase(first, last, [(">=", values[0]), ("<=", top)], bare=not opened)
    found.choice = choice
    return found


def _is_plain(amount: Amount | None) -> bool:
    """Tell whether an amount is a whole number without unit or money, or with its unit only."""
    return amount is not None and not amount.currency and amount.high is None and amount.value == int(amount.value)


def _alike(low: Amount, high: Amount) -> tuple[Amount, Amount]:
    """Give both ends of a range the unit, currency and scale that only one of them states: "18-22k"."""
    if not low.units and high.units:
        low = low._replace(units=high.units)
    if not low.currency and high.currency:
        low = low._replace(currency=high.currency)
    if not high.currency and low.currency:
        high = high._replace(currency=low.currency)
    if not high.units and low.units:
        high = high._replace(units=low.units)
    if low.spelled and high.spelled and low.value < 10 and high.value in _HUNDREDS:  # four to five hundred
        low = low._replace(value=low.value * 100)
    if high.scaled and not low.scaled and low.value < 1000 <= high.value:
        scale = (
            1e6
            if high.value >= 1e6
            else 1e4
            if high.value >= 1e4 and low.value < 10 and high.value / 1e4 < 100 and high.spelled
            else 1e3
        )
        if low.value * scale <= high.value:  # 五百到一千五 is no half a million
            low = low._replace(value=low.value * scale, scaled=True)
    return low, high


def back(segments: Sequence[Segment], i: int, over: frozenset[str] = frozenset()) -> int:
    """Return the position before ``i`` over glue and field names, or -1 at a clause's edge."""
    j = i - 1
    while j >= 0:
        s = segments[j]
        strong = s.roles & (set(PRE) | set(PRE_TIME) | {"between", "from", "than", "hardly", "around", "not"})
        if s.used:
            return -1
        if strong and not (s.roles & over):
            if s.roles & {"in", "from"} and s.is_glue and j > 0 and segments[j - 1].fields and i - j == 1:
                return j
            return j
        if (
            s.mark == "-"
            and j
            and s.start == segments[j - 1].end
            and segments[j - 1].roles & {"before", "after", "under", "over"}
        ):  # pre-1930
            return j - 1
        if (
            not (s.is_glue or (s.fields and not s.entries) or s.roles & over or s.mark in (":", "：", "="))
            or s.mark in CLAUSE_MARKS
        ):
            return -1
        j -= 1
    return -1
