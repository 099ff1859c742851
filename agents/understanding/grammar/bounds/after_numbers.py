"""Read what stands after a number and compares it: "or less", "and up", "上下", 以上, "10 < price"."""

from __future__ import annotations

from collections.abc import Sequence

from .....core.language.keys import key_of
from .....core.schemas import Operator
from ..numbers.amount import Amount
from ..positions import at, past
from ..segments import Segment
from .phrase import NumberPhrase
from .ranges import PRE

POST: dict[str, Operator] = {"or_less": "<=", "under_after": "<", "or_more": ">="}
POST_TIME: dict[str, Operator] = {"on_after": ">=", "before_after": "<"}
OF_TIME = frozenset("newer later older earlier before after younger neuer alter junger".split())  # noqa: SIM905
_SINCE = frozenset((*PRE, "since"))
_UPWARDS = frozenset(("on", "up", "upward", "upwards", "onward", "onwards"))
_KIND = frozenset(("euro", "in", "model", "modell", "version"))
"""Words that may stand between a number and its comparison: "a 2019 model or newer"."""
_BETWEEN = 3
"""Most of them."""


def compare_after(segments: Sequence[Segment], phrase: NumberPhrase, amount: Amount) -> bool:
    """Take what compares the number from after it into ``phrase``; return whether anything does."""
    k = _past_counted(segments, phrase.last)
    s = at(segments, k)
    if s.entries and not s.roles:
        return False
    if s.mark in ("<", "≤") and k == phrase.last and at(segments, k + 1).fields:  # 10 < price
        phrase.parts, phrase.last = [(">" if s.mark == "<" else ">=", amount)], k + 1
        return True
    op, is_time = _comparison(s, amount, leads_on=bool(s.roles & _SINCE) and leads_to_number(segments, k))
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
