"""Read a number with what compares it: before it, after it, in a range, and with the "not" that turns it round."""

from __future__ import annotations

from collections.abc import Sequence
from math import isinf

from .....core.language.catalogue_language import CatalogueLanguage
from .....core.language.keys import key_of
from .....core.schemas import Operator
from ..number_fields.named_beside import take_named_field
from ..numbers.amount import Amount
from ..positions import EDGE, at, past
from ..segments import Segment
from .compared import OF_TIME, back, compare_after, compare_before
from .negation import negate
from .phrase import NumberPhrase

_EXACTLY = frozenset("exactly precisely genau exakt 正好 刚好 恰好".split())  # noqa: SIM905
_HUNDREDS = frozenset(range(100, 1000, 100))
_DASHES = frozenset("…-~–—～−")
_AND = frozenset(("and", "und", "et"))
_TRAILING = frozenset(("之间", "左右"))
_SCALES = (5.0, 10.0, 100.0)


def read_phrase(segments: Sequence[Segment], i: int, language: CatalogueLanguage) -> NumberPhrase:
    """Return the phrase around the number at position ``i``."""
    amount = segments[i].amount
    assert amount is not None
    found = _range(segments, i, amount) or _single(segments, i, amount)
    take_named_field(segments, found, language)
    negate(segments, found, language)
    take_named_field(segments, found, language)
    return found


def _single(segments: Sequence[Segment], i: int, amount: Amount) -> NumberPhrase:
    """Read a number with a comparison before or after it, or none."""
    if amount.high is not None:
        return _decade(segments, i, amount, amount.high)
    phrase = NumberPhrase(i, i + 1, [("=", amount)], bare=True, around=amount.near)
    if amount.above:
        phrase.parts, phrase.bare = [(">=", amount)], False
        if not isinf(amount.above):
            phrase.parts.append(("<", amount._replace(value=amount.value + amount.above)))
    elif key_of(at(segments, i - 1).text) in _EXACTLY:
        phrase.first, phrase.bare = i - 1, False
    elif compare_before(segments, phrase, amount) or compare_after(segments, phrase, amount):
        phrase.bare = False
        _say_more_closely(segments, phrase, amount)
    _out_of(segments, phrase)
    return phrase


def _say_more_closely(segments: Sequence[Segment], phrase: NumberPhrase, amount: Amount) -> None:
    """Let the limit after a mere "around" hold: "roughly 12 m at most"."""
    later = NumberPhrase(phrase.first, phrase.last, list(phrase.parts))
    mere = phrase.around and phrase.parts[0][0] == "="
    if mere and compare_after(segments, later, amount) and not later.around:
        phrase.parts, phrase.last, phrase.around = later.parts, later.last, False


def _decade(segments: Sequence[Segment], i: int, low: Amount, last: float) -> NumberPhrase:
    """Read "before the 80s", "since the nineties", "60s or older", "the seventies on"."""
    high = low._replace(value=last)
    phrase = NumberPhrase(i, i + 1, [(">=", low), ("<=", high)], bare=True, temporal=True)
    lead = at(segments, back(segments, i))
    roles = frozenset() if lead.used else lead.roles
    if roles & {"before", "until"} and "to" not in roles:
        phrase.parts = [("<", low)]
    elif "after" in roles:
        phrase.parts = [(">", high)]
    elif "since" in roles and not roles & {"from", "in"}:
        phrase.parts = [(">=", low)]
    if roles & {"before", "until", "after", "since", "from", "in"}:
        phrase.first = back(segments, i)
    trail = at(segments, phrase.last)
    if trail.roles & {"or_less", "or_more"} and key_of(trail.text).split(" ")[-1] in OF_TIME:
        phrase.parts, phrase.last = [phrase.parts[-1] if "or_less" in trail.roles else phrase.parts[0]], phrase.last + 1
    elif trail.roles & {"on_after", "before_after"}:
        op: Operator = ">=" if "on_after" in trail.roles else "<"
        phrase.parts, phrase.last = [(op, phrase.parts[0][1])], phrase.last + 1
    return phrase


def _out_of(segments: Sequence[Segment], phrase: NumberPhrase) -> None:
    """Read "7 out of 10" and "4/5": the second number is the scale of the first."""
    joint, scale = at(segments, phrase.last), at(segments, phrase.last + 1).amount
    if scale is None or scale.value not in _SCALES or key_of(joint.text) == "of":
        return
    if "out_of" not in joint.roles and (joint.mark != "/" or phrase.parts[0][1].value > scale.value):
        return
    phrase.parts = [(op, a._replace(units=(("rating", -scale.value),))) for op, a in phrase.parts]
    phrase.last += 2
    later = NumberPhrase(phrase.first, phrase.last, [("=", phrase.parts[0][1])])
    if phrase.bare and compare_after(segments, later, phrase.parts[0][1]):
        phrase.parts, phrase.last, phrase.bare = later.parts, later.last, False


def _range(segments: Sequence[Segment], i: int, low: Amount) -> NumberPhrase | None:
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
