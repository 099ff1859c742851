"""Take the unit behind a number, and what adds up with it: "1h45", "an hour and a half", "1 m 80", "5 ft 10", 四分半."""

from __future__ import annotations

from collections.abc import Sequence

from .....core.language.measure_words import units
from .....core.language.tokens import Token
from .amount import Amount, digits_at, is_glued, phrase_at, read_digits, text_at
from .chinese_numerals import NUMERALS, ONES
from .spelled import spelled

HOUR, METRE, FOOT = 60.0, 100.0, 30.48
"""Minutes, and centimetres."""
_PARTS_OF_ONE = {"and a half": 0.5, "and a quarter": 0.25, "and three quarters": 0.75, "und ein viertel": 0.25}
_SIGNS = {'"': "inch", "″": "inch", "'": "ft", "′": "ft", "’": "ft"}
_HALF_HOURS = (["half", "an"], ["half", "a"])
_ONE = frozenset(("a", "an", "one", "eine", "einer"))


def with_unit(tokens: Sequence[Token], number: Amount) -> Amount:
    """Return a number with the unit that follows it, joined by a hyphen or not."""
    j = number.end
    if text_at(tokens, j) == "个" and text_at(tokens, j + 1) == "半":
        number, j = number._replace(value=number.value + 0.5), j + 2
    elif text_at(tokens, j) == "个" and phrase_at(tokens, j + 1, 2) in units():
        j += 1
    if (
        is_glued(tokens, j)
        and (sign := _SIGNS.get(text_at(tokens, j)))
        and (sign == "inch" or not is_glued(tokens, j + 1))
    ):
        return number._replace(units=units()[sign], end=j + 1)
    j += text_at(tokens, j) == "-" and is_glued(tokens, j) and is_glued(tokens, j + 1)
    for n in (4, 3, 2, 1):
        key = phrase_at(tokens, j, n, marks=True)
        if key and key in units():
            return _with_more(tokens, number._replace(units=units()[key], end=j + n))
    return number


def one_hour(tokens: Sequence[Token], i: int) -> Amount | None:
    """Read "an hour", "half an hour" and "eine Stunde" as numbers."""
    lead = [t.text for t in tokens[i : i + 2]]
    skip, value = (2, 0.5) if lead in _HALF_HOURS else (1, 1.0)
    if not lead or (skip == 1 and lead[0] not in _ONE):
        return None
    is_hour = ("time", HOUR) in units().get(phrase_at(tokens, i + skip, 1), ())
    return Amount(value, i + skip, spelled=True) if is_hour else None


def _with_more(tokens: Sequence[Token], number: Amount) -> Amount:
    """Add the half, the quarter, the minutes, centimetres or inches that follow a unit."""
    j = number.end
    if text_at(tokens, j) == "半" and tokens[j].glued:  # 四分半
        return number._replace(value=number.value + 0.5, end=j + 1)
    if part := _PARTS_OF_ONE.get(phrase_at(tokens, j, 3)):
        return number._replace(value=number.value + part, end=j + 3)
    return _more_length(tokens, _more_time(tokens, number))


def _more_length(tokens: Sequence[Token], number: Amount) -> Amount:
    """Add the centimetres of "1 m 80" and "ein Meter achtzig", and the inches of "5 ft 10"."""
    factor = next((f for m, f in number.units if m == "length"), None)
    j = number.end
    if factor == METRE and (tenths := _tenths(tokens, j)):
        return number._replace(value=number.value + tenths / 10, end=j + 1)
    if factor not in (METRE, FOOT) or number.value != int(number.value):
        return number
    rest = digits_at(tokens, j) or spelled(tokens, j)
    least, whole, names = (10, 100, ("cm", "centimetres")) if factor == METRE else (0, 12, ("in", "inch", "inches"))
    if rest is None or not least <= rest.value < whole or rest.value != int(rest.value):
        return number
    named = phrase_at(tokens, rest.end, 1) in names
    return number._replace(value=number.value + rest.value / whole, end=rest.end + named)


def _tenths(tokens: Sequence[Token], j: int) -> int:
    """Return the 二 of 一米二 at ``j``, where nothing that it could count follows; else 0."""
    counted = j + 1 < len(tokens) and (tokens[j + 1].text in NUMERALS or phrase_at(tokens, j + 1, 1) in units())
    return 0 if counted else ONES.get(text_at(tokens, j), 0)


def _more_time(tokens: Sequence[Token], number: Amount) -> Amount:
    """Add the minutes of "1h45", "2 hours 30 minutes", "an hour and twenty"."""
    if ("time", HOUR) not in number.units:
        return number
    j = number.end + (text_at(tokens, number.end) in ("and", "und"))
    told = spelled(tokens, j)
    if told is not None and (5 if j == number.end else 1) <= told.value < HOUR:
        return number._replace(value=number.value + told.value / HOUR, end=told.end + _is_minute(tokens, told.end))
    if j >= len(tokens) or tokens[j].kind != "number":
        return number
    minutes, named = read_digits(tokens[j].text), _is_minute(tokens, j + 1)
    if minutes >= HOUR or not (named or tokens[j].glued):
        return number
    return number._replace(value=number.value + minutes / HOUR, end=j + 1 + named)


def _is_minute(tokens: Sequence[Token], i: int) -> bool:
    return ("time", 1.0) in units().get(phrase_at(tokens, i, 1), ())
