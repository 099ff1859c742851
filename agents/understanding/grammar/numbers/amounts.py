"""Read one number from tokens with all that belongs to it: scale, money, unit; or the years of a decade, a century, a span."""

from __future__ import annotations

from collections.abc import Sequence
from math import inf

from .....core.language.tokens import Token
from .amount import Amount, digits_at, is_glued, text_at
from .chinese_numerals import SCALES as HAN_SCALES
from .chinese_numerals import chinese_numeral, currency_at, opens_unit, some
from .halves_and_single_units import PART_WORDS, add_halves, read_part
from .measured import one_hour, with_unit
from .spans_of_years import DECADES, read_years
from .spelled import ABBREVIATED, HUNDREDS, SCALES, WORDS, spelled

NUMBER_WORDS = frozenset((*WORDS, *HUNDREDS, *SCALES, *DECADES, *PART_WORDS))
"""Words of numbers, none of which is a slip of a value."""
_SLANG = {"fiver": 5.0, "tenner": 10.0, "zehner": 10.0, "zwanziger": 20.0, "hunni": 100.0}
_CENTS = frozenset(("cents", "cent", "pence"))


def read_amount(tokens: Sequence[Token], i: int) -> Amount | None:
    """Return the amount that begins at token ``i``, or None."""
    if (below := _below_zero(tokens, i)) is not None:
        return below
    before = currency_at(tokens, i)
    sign, first = before if before and before[1] < len(tokens) else ("", i)
    whole = (None if sign else read_years(tokens, first)) or _slang(tokens, first)
    number = whole or read_number(tokens, first)
    if whole or number is None or (number.spelled and text_at(tokens, i - 1) == "x"):
        return whole
    number = add_halves(tokens, _ish(tokens, some(tokens, _scaled(tokens, number))))
    if sign:
        return _millions(tokens, number)._replace(currency=sign)
    return _or_more(tokens, number) or _pence(tokens, number) or _with_money(tokens, number)


def read_number(tokens: Sequence[Token], i: int) -> Amount | None:
    """Return the number in digits or words at ``i``, without scale, money and unit."""
    return (
        digits_at(tokens, i)
        or read_part(tokens, i)
        or spelled(tokens, i)
        or chinese_numeral(tokens, i)
        or one_hour(tokens, i)
    )


def read_money(tokens: Sequence[Token], i: int) -> Amount | None:
    """Return the number at ``i`` with its scale and its currency, but without a unit, halves and what is only about so much."""
    before = currency_at(tokens, i)
    sign, first = before if before and before[1] < len(tokens) else ("", i)
    number = digits_at(tokens, first) or spelled(tokens, first) or chinese_numeral(tokens, first)
    if number is None:
        return None
    scaled = _scaled(tokens, number)
    after = None if sign else currency_at(tokens, scaled.end)
    if not after and scaled.end == first + 1 and tokens[first].kind == "han":  # the 一 of 一点
        return None
    return scaled._replace(currency=after[0], end=after[1]) if after else scaled._replace(currency=sign)


def _below_zero(tokens: Sequence[Token], i: int) -> Amount | None:
    """Read "minus 5 degrees"; only temperatures are below zero."""
    if tokens[i].text != "minus" and (tokens[i].text != "-" or tokens[i].glued):
        return None
    number = digits_at(tokens, i + 1) or spelled(tokens, i + 1)
    below = with_unit(tokens, number) if number is not None else None
    cold = below is not None and any(m == "temperature" for m, _ in below.units)
    return below._replace(value=-below.value) if below is not None and cold else None


def _slang(tokens: Sequence[Token], i: int) -> Amount | None:
    """Read "a tenner", "a fiver" and "twenty quid"'s like as money of the shop's own kind."""
    j = i + (i + 1 < len(tokens) and tokens[i].text in ("a", "one"))
    value = _SLANG.get(tokens[j].text)
    decade = tokens[j].text == "zwanziger" and text_at(tokens, j + 1) in ("jahre", "jahren")
    return None if value is None or decade else Amount(value, j + 1, units=(("money", 1.0),), spelled=True, scaled=True)


def _scaled(tokens: Sequence[Token], number: Amount) -> Amount:
    """Multiply by a scale that follows: "25k", "25 grand", "3万", "1.5 million"."""
    word, j = text_at(tokens, number.end), number.end
    if number.spelled:
        return number
    if word in HUNDREDS:
        return number._replace(value=number.value * HUNDREDS[word], end=j + 1)
    if word in SCALES and (word == "k" or word not in ABBREVIATED or tokens[j].glued):
        return number._replace(value=number.value * SCALES[word], end=j + 1, scaled=True)
    if word not in HAN_SCALES or opens_unit(tokens, j):  # 200千卡
        return number
    rest = text_at(tokens, j + 1)
    digit = is_glued(tokens, j + 1) and tokens[j + 1].kind == "number" and len(rest) == 1  # 3万5
    value = number.value + (int(rest) / 10 if digit else 0)
    return number._replace(value=value * HAN_SCALES[word], end=j + 1 + digit, scaled=True)


def _ish(tokens: Sequence[Token], number: Amount) -> Amount:
    """Read "20ish" and "20-ish" as about 20."""
    j = number.end + (text_at(tokens, number.end) == "-" and text_at(tokens, number.end + 1) == "ish")
    return number._replace(end=j + 1, near=True) if text_at(tokens, j) == "ish" and tokens[j].glued else number


def _millions(tokens: Sequence[Token], number: Amount) -> Amount:
    """Read the "m" of "€1.5m"."""
    if text_at(tokens, number.end) != "m" or not tokens[number.end].glued:
        return number
    return number._replace(value=number.value * 1e6, end=number.end + 1, scaled=True)


def _or_more(tokens: Sequence[Token], number: Amount) -> Amount | None:
    """Read "300+ dollars" and "16+ GB"."""
    j = number.end
    if text_at(tokens, j) != "+" or not tokens[j].glued or j + 1 >= len(tokens):
        return None
    if after := currency_at(tokens, j + 1):
        return number._replace(currency=after[0], end=after[1], above=inf)
    most = with_unit(tokens, number._replace(end=j + 1))
    return most._replace(above=inf) if most.units else None


def _pence(tokens: Sequence[Token], number: Amount) -> Amount | None:
    """Read "50p" and "99 cents" as parts of one."""
    said, end = text_at(tokens, number.end), number.end + 1
    if said == "p" and tokens[number.end].glued and number.value < 100:
        return number._replace(value=number.value / 100, end=end, currency="GBP")
    return number._replace(value=number.value / 100, end=end, scaled=True) if said in _CENTS else None


def _with_money(tokens: Sequence[Token], number: Amount) -> Amount:
    """Take the currency or the unit that follows; "25 grand" is money by itself."""
    if after := currency_at(tokens, number.end):
        value = number.value / 100 if number.pairs else number.value
        return _small_change(tokens, number._replace(value=value, currency=after[0], end=after[1]))
    measured = with_unit(tokens, number)
    if tokens[number.end - 1].text == "grand" and not measured.units:
        return number._replace(units=(("money", 1.0),))
    return measured


def _small_change(tokens: Sequence[Token], number: Amount) -> Amount:
    """Add the pence of "12 pounds 50" at the end of a clause."""
    rest = digits_at(tokens, number.end) or spelled(tokens, number.end)
    if rest is None or not 10 <= rest.value < 100 or rest.value != int(rest.value) or number.value != int(number.value):
        return number
    ends = rest.end >= len(tokens) or (tokens[rest.end].kind == "mark" and tokens[rest.end].text in ".,;!?")
    return number._replace(value=number.value + rest.value / 100, end=rest.end) if ends else number
