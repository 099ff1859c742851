"""Read years that are told by decade, by century or from today: "80s", "the late sixties", "this century", "the 19th century", "the last ten years", 近五年, "this year"."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

from .....core.language.tokens import Token
from .....core.language.word_groups import word_group
from .....core.text.chinese import read_numeral
from .amount import Amount, is_glued, phrase_at, text_at
from .chinese_numerals import NUMERALS, ONES

_CENTURIES = frozenset(("century", "jahrhundert", "jahrhunderts", "jh", "世纪"))
_THIS = {
    "this": 0, "current": 0, "present": 0, "last": -1, "previous": -1, "dieses": 0, "diesem": 0, "letztes": -1, "letzten": -1,
    "vergangenen": -1,
}  # fmt: skip
_LAST = frozenset("last past previous letzten vergangenen".split())  # noqa: SIM905
_YEARS = frozenset(("years", "yrs", "jahre", "jahren", "jahr"))
_OF_A_YEAR = frozenset("的出发上新款生")
_PARTS = {"early": (0, 3), "mid": (4, 6), "late": (7, 9)}
DECADES = (
    {
        w: 10.0 * i
        for i, w in enumerate(
            ["twenties", "thirties", "forties", "fifties", "sixties", "seventies", "eighties", "nineties"], 2
        )
    }
    | {
        f"{w}iger{end}": 10.0 * i
        for i, w in enumerate(["zwanz", "dreiss", "vierz", "funfz", "sechz", "siebz", "achtz", "neunz"], 2)
        for end in ("", "n")
    }
    | dict.fromkeys(("noughties", "naughties", "aughts", "nuller"), 0.0)
)
_SMALL = {
    w: n + 2
    for words in ("two three four five six seven eight nine ten eleven twelve", "zwei drei vier funf sechs sieben acht neun zehn elf zwolf")
    for n, w in enumerate(words.split())
} | {"couple": 2, "few": 3, "fifteen": 15, "twenty": 20, "thirty": 30, "zwanzig": 20}  # fmt: skip
_HUNDRED = 100


def this_year() -> int:
    """Return the year of today."""
    return datetime.now(tz=UTC).year


def read_years(tokens: Sequence[Token], i: int) -> Amount | None:
    """Return the first and the last year of a span of years that begins at token ``i``, or the year of "'05"."""
    told = _in_chinese(tokens, i) if tokens[i].kind == "han" else _told_from_today(tokens, i)
    return told or _decade(tokens, i) or _short_year(tokens, i)


def _told_from_today(tokens: Sequence[Token], i: int) -> Amount | None:
    return _century(tokens, i) or _last_years(tokens, i) or _one_year(tokens, i)


def _years(first: int, last: int, end: int) -> Amount:
    return Amount(float(first), end, high=float(last))


def _century(tokens: Sequence[Token], i: int) -> Amount | None:
    word, k = tokens[i].text, i + 1
    if word in _THIS and phrase_at(tokens, k, 1) in _CENTURIES:
        first = (this_year() // _HUNDRED + _THIS[word]) * _HUNDRED
        return _years(first, first + _HUNDRED - 1, k + 1)
    if tokens[i].kind == "number" and word.isdigit() and 15 <= int(word) <= 21:
        k += k < len(tokens) and (tokens[k].text in ("st", "nd", "rd", "th") or tokens[k].text == ".")
        k += k < len(tokens) and tokens[k].text == "-"
        if k < len(tokens) and tokens[k].text in _CENTURIES:
            first = (int(word) - 1) * _HUNDRED
            return _years(first, first + _HUNDRED - 1, k + 1)
    return None


def _last_years(tokens: Sequence[Token], i: int) -> Amount | None:
    """Read "the last ten years", "past 5 years", "last decade"."""
    if tokens[i].text not in _LAST:
        return None
    now, k = this_year(), i + 1
    if phrase_at(tokens, k, 1) in ("decade", "jahrzehnt"):
        return _years(now - 10, now, k + 1)
    word = phrase_at(tokens, k, 1)
    n = int(word) if word.isdigit() and len(word) < 3 else _SMALL.get(word)
    k += 1
    k += phrase_at(tokens, k, 1) == "of"
    return _years(now - n, now, k + 1) if n is not None and phrase_at(tokens, k, 1) in _YEARS else None


def _one_year(tokens: Sequence[Token], i: int) -> Amount | None:
    """Read "this year" and "last year's" as a year after "from", "released" and the like, or before a noun."""
    word = tokens[i].text
    if word not in _THIS or i + 1 >= len(tokens) or tokens[i + 1].text not in ("year", "years", "jahr", "jahres"):
        return None
    owned = tokens[i + 1].end - tokens[i + 1].start > len(tokens[i + 1].text) or tokens[i + 1].text == "jahres"
    if not owned and not (i and tokens[i - 1].text in word_group("before_a_year")):
        return None
    year = float(this_year() + _THIS[word])
    return Amount(year, i + 2, high=year)


def _in_chinese(tokens: Sequence[Token], i: int) -> Amount | None:
    """Read 本世纪, 上世纪, 今年的, 去年出的, 近五年."""
    text = "".join(t.text for t in tokens[i : i + 6])
    now = this_year()
    if text.startswith(("今年", "去年")) and text[2:3] in _OF_A_YEAR:
        year = now - (text[0] == "去")
        return _years(year, year, i + 2)
    if text.startswith("本世纪") or (text.startswith("上世纪") and not text[3:4].isdigit()):
        first = (now // _HUNDRED - (text[0] == "上")) * _HUNDRED
        return _years(first, first + _HUNDRED - 1, i + 3)
    lead = next((lead for lead in ("最近", "近") if text.startswith(lead)), "")
    number, unit, _ = text.removeprefix(lead).partition("年")
    n = _small_numeral(number) if lead and unit else None
    if not n or n >= _HUNDRED:
        return None
    return _years(now - n, now, i + len(lead) + (1 if number.isdigit() else len(number)) + 1)


def _small_numeral(text: str) -> int | None:
    """Return the value of digits or of Chinese numerals, also of a single one."""
    if text.isdigit() and text.isascii():
        return int(text)
    value = read_numeral(text.replace("两", "二"))
    return value if value is not None else ONES.get(text)


def _short_year(tokens: Sequence[Token], i: int) -> Amount | None:
    """Read "'05" as the year 2005."""
    digits = text_at(tokens, i + 1)
    if tokens[i].text not in ("'", "’") or not is_glued(tokens, i + 1) or len(digits) != 2 or not digits.isdigit():
        return None
    return Amount(float(digits) + (2000 if int(digits) < 40 else 1900), i + 2)


def _decade(tokens: Sequence[Token], i: int) -> Amount | None:
    """Read "80s", "1960s", "'90s", "sixties", "90年代" with "early", "mid", "late" before."""
    low, high = _PARTS.get(tokens[i].text, (0, 9))
    if tokens[i].text in _PARTS:
        i += 1 + (text_at(tokens, i + 1) == "-")
    i += text_at(tokens, i) in ("'", "’") and is_glued(tokens, i + 1)
    if i >= len(tokens):
        return None
    first, end = _decade_in_words(tokens, i) or _decade_in_digits(tokens, i)
    first += 0 if first >= 100 else 2000 if first <= 10 else 1900
    return Amount(first + low, end, high=first + high) if end and 1800 <= first <= 2100 else None


def _decade_in_words(tokens: Sequence[Token], i: int) -> tuple[float, int] | None:
    """Return the decade of "sixties" or 九十年代 and the position after it."""
    word = tokens[i].text
    if word in DECADES:
        return DECADES[word], i + 1
    numeral = "".join(t.text for t in tokens[i : i + 2])
    told = tokens[i].kind == "han" and len(numeral) == 2 and set(numeral) <= NUMERALS
    value = read_numeral(numeral) if told else None
    return (float(value), i + 4) if value is not None and _is_decade(tokens, i + 2) else None


def _decade_in_digits(tokens: Sequence[Token], i: int) -> tuple[float, int]:
    """Return the decade of "80s", "80's", "80er" or 80年代 and the position after it, which is 0 where there is none."""
    said, k = tokens[i].text, i + 1 + (text_at(tokens, i + 1) in ("'", "’"))
    if tokens[i].kind != "number" or not said.isdigit() or not said.endswith("0") or len(said) not in (2, 4):
        return 0.0, 0
    if text_at(tokens, k) in ("s", "er", "ern") and tokens[k].glued:
        return float(said), k + 1
    return (float(said), i + 3) if _is_decade(tokens, i + 1) else (0.0, 0)


def _is_decade(tokens: Sequence[Token], i: int) -> bool:
    return [t.text for t in tokens[i : i + 2]] == ["年", "代"]
