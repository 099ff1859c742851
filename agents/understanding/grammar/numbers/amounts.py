"""Read one number from tokens: digits, number words, Chinese numerals, scales, money, units, decades."""

from __future__ import annotations

from collections.abc import Sequence
from math import inf

from .....core.language.measure_words import currencies, units
from .....core.language.tokens import Token
from .....core.language.word_groups import around_numbers
from .....core.text.chinese import read_numeral
from .amount import Amount, phrase_at
from .german_numbers import GERMAN, german_number
from .halves_and_single_units import PART_WORDS, add_halves, read_part
from .spans_of_years import read_years

_ONES = "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen"
_TENS = "twenty thirty forty fifty sixty seventy eighty ninety"
WORDS = (
    {w: float(i) for i, w in enumerate(_ONES.split())}
    | {w: float(20 + 10 * i) for i, w in enumerate(_TENS.split())}
    | {w: float(v) for w, v in GERMAN.items()}
    | {"fourty": 40.0, "ninty": 90.0}
)
HUNDREDS = {"hundred": 100.0, "hundert": 100.0, "dozen": 12.0, "dutzend": 12.0}
SCALES = {
    "thousand": 1e3, "thousands": 1e3, "grand": 1e3, "k": 1e3, "tausend": 1e3, "tsd": 1e3, "million": 1e6, "millions": 1e6, "mio": 1e6,
    "mil": 1e6, "mn": 1e6,
}  # fmt: skip
DECADES = {w: 10.0 * i for i, w in enumerate(["twenties", "thirties", "forties", "fifties", "sixties", "seventies", "eighties", "nineties"], 2)} | {
    w + end: 10.0 * i
    for i, w in enumerate(["zwanziger", "dreissiger", "vierziger", "funfziger", "sechziger", "siebziger", "achtziger", "neunziger"], 2)
    for end in ("", "n")
} | dict.fromkeys(("noughties", "naughties", "aughts", "nuller"), 0.0)  # fmt: skip
NUMBER_WORDS = frozenset((*WORDS, *HUNDREDS, *SCALES, *DECADES, *PART_WORDS))
"""Words of numbers, none of which is a slip of a value."""
_HAN_NUMERAL = frozenset("零〇一二两三四五六七八九十百千万半")
_HAN_SCALE = {"万": 1e4, "千": 1e3, "百": 1e2, "亿": 1e8}
_PARTS = {"early": (0, 3), "mid": (4, 6), "late": (7, 9)}
_PARTS_OF_ONE = {"and a half": 0.5, "and a quarter": 0.25, "and three quarters": 0.75, "und ein viertel": 0.25}
MAX_NUMERAL = 10
MAX_NUMBER_WORDS = 12
_DIGITS, _SPAN = frozenset("一二两三四五六七八九"), 3


def read_amount(tokens: Sequence[Token], i: int) -> Amount | None:
    """Return the amount that begins at token ``i``, or None."""
    start, sign = i, ""
    if tokens[i].text in ("minus", "-") and i + 1 < len(tokens) and not (tokens[i].text == "-" and tokens[i].glued):
        number = _plain(tokens, i + 1) or _spelled(tokens, i + 1)
        below = _with_unit(tokens, number) if number is not None else None
        if below is not None and any(m == "temperature" for m, _ in below.units):
            return below._replace(value=-below.value)
    before = _currency_at(tokens, i)
    if before and before[1] < len(tokens):
        sign, i = before
    number = (read_years(tokens, i) or _decade(tokens, i) or _short_year(tokens, i)) if not sign else None
    if number is not None:
        return number
    slang = _slang(tokens, i)
    if slang is not None:
        return slang
    number = _plain(tokens, i) or read_part(tokens, i) or _spelled(tokens, i) or _han(tokens, i) or _one_hour(tokens, i)
    if number is None or (number.spelled and start > 0 and tokens[start - 1].text == "x"):
        return None
    number = add_halves(tokens, _ish(tokens, _some(tokens, _scaled(tokens, number))))
    if sign and number.end < len(tokens) and tokens[number.end].text == "m" and tokens[number.end].glued:  # €1.5m
        number = number._replace(value=number.value * 1e6, end=number.end + 1, scaled=True)
    if sign:
        return number._replace(currency=sign)
    if number.end + 1 < len(tokens) and tokens[number.end].text == "+" and tokens[number.end].glued:  # 300+ dollars
        after = _currency_at(tokens, number.end + 1)
        most = _with_unit(tokens, number._replace(end=number.end + 1))
        if after:
            return number._replace(currency=after[0], end=after[1], above=inf)
        if most.units:
            return most._replace(above=inf)
    if number.end < len(tokens) and tokens[number.end].text == "p" and tokens[number.end].glued and number.value < 100:
        return number._replace(value=number.value / 100, end=number.end + 1, currency="GBP")
    if number.end < len(tokens) and tokens[number.end].text in ("cents", "cent", "pence"):
        return number._replace(value=number.value / 100, end=number.end + 1, scaled=True)
    after = _currency_at(tokens, number.end)
    if not after and tokens[number.end - 1].text == "grand" and not _with_unit(tokens, number).units:
        return number._replace(units=(("money", 1.0),))
    if after:
        value = number.value / 100 if number.pairs else number.value
        return _small_change(tokens, number._replace(value=value, currency=after[0], end=after[1]))
    return _with_unit(tokens, number)


def _small_change(tokens: Sequence[Token], number: Amount) -> Amount:
    """Add the pence of "12 pounds 50" at the end of a clause."""
    rest = _plain(tokens, number.end) or _spelled(tokens, number.end) if number.end < len(tokens) else None
    if rest is None or not 10 <= rest.value < 100 or rest.value != int(rest.value) or number.value != int(number.value):
        return number
    ends = rest.end >= len(tokens) or (tokens[rest.end].kind == "mark" and tokens[rest.end].text in ".,;!?")
    return number._replace(value=number.value + rest.value / 100, end=rest.end) if ends else number


def _slang(tokens: Sequence[Token], i: int) -> Amount | None:
    """Read "a tenner", "a fiver" and "twenty quid"'s like as money of the shop's own kind."""
    j = i + (i + 1 < len(tokens) and tokens[i].text in ("a", "one"))
    value = {"fiver": 5.0, "tenner": 10.0, "zehner": 10.0, "zwanziger": 20.0, "hunni": 100.0}.get(tokens[j].text)
    decade = tokens[j].text == "zwanziger" and j + 1 < len(tokens) and tokens[j + 1].text in ("jahre", "jahren")
    return None if value is None or decade else Amount(value, j + 1, units=(("money", 1.0),), spelled=True, scaled=True)


def _plain(tokens: Sequence[Token], i: int) -> Amount | None:
    if i >= len(tokens) or tokens[i].kind != "number":
        return None
    return Amount(_value(tokens[i].text), i + 1)


def _value(raw: str) -> float:
    """Read digits with either way of writing thousands and decimals: "20.000", "1,299.99", "19,99"."""
    plain = "".join(c if c.isdigit() or c in ".," else "" for c in raw)
    marks = [c for c in plain if not c.isdigit()]
    if marks:
        head, _, tail = plain.rpartition(marks[-1])
        decimals = len(tail) != 3 or (len(set(marks)) > 1 and marks.count(marks[-1]) == 1 and len(marks) > 1)
        digits = "".join(c for c in head if c.isdigit())
        plain = f"{digits}.{tail}" if decimals and len(tail) != 3 else digits + tail
    return float(plain[:18] or 0)


def _spelled(tokens: Sequence[Token], i: int) -> Amount | None:
    """Read English and German number words: "two hundred and fifty", "nineteen ninety", "a hundred"."""
    total, current, j, any_word, pairs = 0.0, 0.0, i, False, False
    start = j
    if j < len(tokens) and tokens[j].text in ("a", "an", "one", "ein", "half") and j + 1 < len(tokens):
        following = tokens[j + 1].text
        if following in HUNDREDS or (following in SCALES and following != "k"):
            j += 1
            current = 1.0
    while j < min(len(tokens), i + MAX_NUMBER_WORDS):
        word = tokens[j].text
        if word == "-" and any_word and j + 1 < len(tokens) and tokens[j].glued and tokens[j + 1].text in WORDS:
            j += 1
            continue
        if (
            word == "and"
            and any_word
            and current % 100 == 0
            and current
            and j + 1 < len(tokens)
            and tokens[j + 1].text in WORDS
        ):
            j += 1
            continue
        compound = german_number(word) if word not in WORDS else None
        if compound is not None and not any_word:
            total, any_word, j = float(compound), True, j + 1
            break
        if word in WORDS and (word != "one" or any_word):
            value = WORDS[word]
            if current and not (current % 100 == 0 or (current % 10 == 0 and current % 100 >= 20 and value < 10)):
                current, pairs = current * 100, True
            current += value
        elif word in HUNDREDS:
            current = (current or 1.0) * HUNDREDS[word]
        elif word in SCALES and (any_word or j > start) and word not in ("k", "mn", "mil"):
            total, current = total + (current or 1.0) * SCALES[word], 0.0
        else:
            break
        any_word = True
        j += 1
    return Amount(total + current, j, spelled=True, scaled=total > 0, pairs=pairs) if any_word else None


def _han(tokens: Sequence[Token], i: int) -> Amount | None:
    j = i
    while j < len(tokens) and j - i < MAX_NUMERAL and tokens[j].kind == "han" and tokens[j].text in _HAN_NUMERAL:
        j += 1
    if i and tokens[i - 1].text == "第":
        return None
    if j - i > 1 and _is_unit(tokens, j - 1):  # 十千瓦
        j -= 1
    text = "".join(t.text for t in tokens[i:j])
    if len(text) == 2 and text[1] == "两" and text[0] in _DIGITS:  # 二两, a hundred grams
        return Amount(float(read_numeral(f"{text[0]}十") or 0) * 5, j, units=(("mass", 1.0),), spelled=True)
    if len(text) == _SPAN and text[0] in _DIGITS and text[1] in _DIGITS and text[2] in "十百千万":  # 两三千
        low, high = (float(read_numeral(c + text[2]) or 0) for c in text[:2])
        return Amount(low, j, spelled=True, scaled=True, above=high - low) if high > low else None
    if text == "半" and any(phrase_at(tokens, j, n) in units() for n in (1, 2)):
        return Amount(0.5, j, spelled=True)
    if not text or text.startswith("半"):
        return None
    half = 0.5 if text.endswith("半") and len(text) > 1 else 0.0
    numeral = text.rstrip("半")
    ones = {c: n for n, c in enumerate("零一二三四五六七八九")} | {"两": 2}
    if len(numeral) == 1 and numeral in ones:
        following = tokens[j].text if j < len(tokens) else ""
        counted = any(phrase_at(tokens, j, n) in units() for n in (1, 2, 3)) or bool(_currency_at(tokens, j))
        if not counted and following not in around_numbers()["counted"]:
            return None
        return Amount(ones[numeral] + half, j, spelled=True)
    value = read_numeral(numeral)
    return (
        None
        if value is None
        else Amount(float(value) + half, j, spelled=True, scaled=any(c in "千万" for c in numeral))
    )


def _some(tokens: Sequence[Token], number: Amount) -> Amount:
    """Read 两百多 as from 200 to below 300."""
    j = number.end
    if number.value >= 10 and [t.text for t in tokens[j : j + 2]] == ["出", "头"]:
        return number._replace(end=j + 2, above=number.value / 10)
    if number.spelled and number.value >= 10 and [t.text for t in tokens[j : j + 2]] in (["来", "块"], ["来", "元"]):
        return number._replace(end=j + 2, near=True)
    if number.spelled and j < len(tokens) and tokens[j].text == "多" and number.value >= 10:
        step = 10.0 ** (len(str(int(number.value))) - 1)
        return number._replace(end=j + 1, above=step)
    return number


def _ish(tokens: Sequence[Token], number: Amount) -> Amount:
    """Read "20ish" and "20-ish" as about 20."""
    j = number.end
    j += j + 1 < len(tokens) and tokens[j].text == "-" and tokens[j + 1].text == "ish"
    if j < len(tokens) and tokens[j].text == "ish" and tokens[j].glued:
        return number._replace(end=j + 1, near=True)
    return number


def _scaled(tokens: Sequence[Token], number: Amount) -> Amount:
    """Multiply by a scale that follows: "25k", "25 grand", "3万", "1.5 million"."""
    j = number.end
    if j >= len(tokens) or number.spelled:
        return number
    word = tokens[j].text
    if word in HUNDREDS:
        return number._replace(value=number.value * HUNDREDS[word], end=j + 1)
    if word in SCALES and (word not in ("k", "mn", "mil") or tokens[j].glued or word == "k"):
        return number._replace(value=number.value * SCALES[word], end=j + 1, scaled=True)
    if tokens[j].kind == "han" and word in _HAN_SCALE and not _is_unit(tokens, j):  # 200千卡
        value, j = number.value * _HAN_SCALE[word], j + 1
        if j < len(tokens) and tokens[j].kind == "number" and tokens[j].glued and len(tokens[j].text) == 1:  # 3万5
            value, j = value + int(tokens[j].text) * _HAN_SCALE[word] / 10, j + 1
        return number._replace(value=value, end=j, scaled=True)
    return number


def _is_unit(tokens: Sequence[Token], i: int) -> bool:
    """Tell whether the 千 at ``i`` is the first half of a unit."""
    unit = phrase_at(tokens, i, 2) if tokens[i].text == "千" else ""
    return bool(unit) and unit in units()


def _currency_at(tokens: Sequence[Token], i: int) -> tuple[str, int] | None:
    """Return (ISO code, token after it) of a currency named at ``i``, the longest name first."""
    for n in (3, 2, 1):
        key = phrase_at(tokens, i, n, marks=True)
        if key and key in currencies():
            return currencies()[key], i + n
    return None


def _one_hour(tokens: Sequence[Token], i: int) -> Amount | None:
    """Read "an hour", "half an hour" and "eine Stunde" as numbers."""
    lead = [t.text for t in tokens[i : i + 2]]
    skip, value = (2, 0.5) if lead in (["half", "an"], ["half", "a"]) else (1, 1.0)
    if lead[:1] and (lead[0] in ("a", "an", "one", "eine", "einer") or skip == 2):
        found = units().get(phrase_at(tokens, i + skip, 1), ())
        if ("time", 60.0) in found:
            return Amount(value, i + skip, spelled=True)
    return None


def _short_year(tokens: Sequence[Token], i: int) -> Amount | None:
    """Read "'05" as the year 2005."""
    if (
        tokens[i].text not in ("'", "’")
        or i + 1 >= len(tokens)
        or not tokens[i + 1].glued
        or len(tokens[i + 1].text) != 2
    ):
        return None
    digits = tokens[i + 1].text
    return Amount(float(digits) + (2000 if int(digits) < 40 else 1900), i + 2) if digits.isdigit() else None


def _with_unit(tokens: Sequence[Token], number: Amount) -> Amount:
    """Take the unit that follows, joined by a hyphen or not; "1h45" and "an hour and a half" add up."""
    j = number.end
    skip = j < len(tokens) and tokens[j].text == "-" and tokens[j].glued and j + 1 < len(tokens) and tokens[j + 1].glued
    if j < len(tokens) and tokens[j].text == "个" and j + 1 < len(tokens):
        if tokens[j + 1].text == "半":
            number, j = number._replace(value=number.value + 0.5), j + 2
        elif phrase_at(tokens, j + 1, 2) in units():
            j += 1
    if j < len(tokens) and tokens[j].text in ('"', "″") and tokens[j].glued:
        return number._replace(units=units()["inch"], end=j + 1)
    if j < len(tokens) and tokens[j].text in ("'", "′", "’") and tokens[j].glued and not _is_glued(tokens, j + 1):
        return number._replace(units=units()["ft"], end=j + 1)
    for n in (4, 3, 2, 1):
        at = j + 1 if skip else j
        key = phrase_at(tokens, at, n, marks=True)
        if key and key in units():
            if at + n < len(tokens) and tokens[at + n].text == "半" and tokens[at + n].glued:  # 四分半
                return number._replace(value=number.value + 0.5, units=units()[key], end=at + n + 1)
            if part := _PARTS_OF_ONE.get(phrase_at(tokens, at + n, 3)):
                return number._replace(value=number.value + part, units=units()[key], end=at + n + 3)
            return _more_length(tokens, _more_time(tokens, number._replace(units=units()[key], end=at + n)))
    return number


def _is_glued(tokens: Sequence[Token], i: int) -> bool:
    return i < len(tokens) and tokens[i].glued


def _more_length(tokens: Sequence[Token], number: Amount) -> Amount:
    """Add the centimetres of "1 m 80" and "ein Meter achtzig", and the inches of "5 ft 10"."""
    factor = next((f for m, f in number.units if m == "length"), None)
    j, parts = number.end, {100.0: 100, 30.48: 12}
    if factor == 100.0 and (tenths := _tenths(tokens, j)):
        return number._replace(value=number.value + tenths / 10, end=j + 1)
    if factor not in parts or number.value != int(number.value):
        return number
    rest = _plain(tokens, j) or _spelled(tokens, j)
    whole = parts[factor]
    if rest is None or not (10 if whole > 12 else 0) <= rest.value < whole or rest.value != int(rest.value):
        return number
    named = phrase_at(tokens, rest.end, 1) in (("cm", "centimetres") if whole > 12 else ("in", "inch", "inches"))
    return number._replace(value=number.value + rest.value / whole, end=rest.end + named)


def _tenths(tokens: Sequence[Token], j: int) -> int:
    """Return the 二 of 一米二 at ``j``, where nothing that it could count follows; else 0."""
    if j >= len(tokens) or tokens[j].text not in _DIGITS:
        return 0
    counted = j + 1 < len(tokens) and (tokens[j + 1].text in _HAN_NUMERAL or phrase_at(tokens, j + 1, 1) in units())
    return 0 if counted else "零一二三四五六七八九".find(tokens[j].text.replace("两", "二"))


def _more_time(tokens: Sequence[Token], number: Amount) -> Amount:
    hours = next((f for m, f in number.units if m == "time" and f == 60.0), None)
    if hours is None:
        return number
    j = number.end
    if j < len(tokens) and tokens[j].text in ("and", "und"):
        j += 1
    spelled = _spelled(tokens, j)
    if spelled is not None and (5 if j == number.end else 1) <= spelled.value < 60:
        named = ("time", 1.0) in units().get(phrase_at(tokens, spelled.end, 1), ())
        return number._replace(value=number.value + spelled.value / 60, end=spelled.end + named)
    if j < len(tokens) and tokens[j].kind == "number" and (tokens[j].glued or phrase_at(tokens, j + 1, 1) in units()):
        minutes = _value(tokens[j].text)
        end = j + 1
        if ("time", 1.0) in units().get(phrase_at(tokens, end, 1), ()):
            end += 1
        elif not tokens[j].glued:
            return number
        return number._replace(value=number.value + minutes / 60, end=end) if minutes < 60 else number
    return number


def _decade(tokens: Sequence[Token], i: int) -> Amount | None:
    """Read "80s", "1960s", "'90s", "sixties", "90年代" with "early", "mid", "late" before."""
    low, high = 0, 9
    if i < len(tokens) and tokens[i].text in _PARTS:
        low, high = _PARTS[tokens[i].text]
        i += 1
        i += i < len(tokens) and tokens[i].text == "-"
    i += i + 1 < len(tokens) and tokens[i].text in "'’" and tokens[i + 1].glued
    if i >= len(tokens):
        return None
    first, j = None, i + 1
    if tokens[i].text in DECADES:
        first = DECADES[tokens[i].text]
    elif (
        tokens[i].kind == "number"
        and tokens[i].text.isdigit()
        and tokens[i].text.endswith("0")
        and len(tokens[i].text) in (2, 4)
    ):
        k = j + (j < len(tokens) and tokens[j].text in ("'", "’"))
        if k < len(tokens) and tokens[k].text in ("s", "er", "ern") and tokens[k].glued:
            first, j = float(tokens[i].text), k + 1
        elif [t.text for t in tokens[j : j + 2]] == ["年", "代"]:
            first, j = float(tokens[i].text), j + 2
    elif tokens[i].kind == "han":
        numeral = "".join(t.text for t in tokens[i : i + 2])
        value = read_numeral(numeral) if len(numeral) == 2 and all(c in _HAN_NUMERAL for c in numeral) else None
        if value is not None and [t.text for t in tokens[i + 2 : i + 4]] == ["年", "代"]:
            first, j = float(value), i + 4
    if first is None:
        return None
    if first < 100:
        first += 2000 if first <= 10 else 1900
    return Amount(first + low, j, high=first + high) if 1800 <= first <= 2100 else None
