"""Find numbers and amounts of money in a sentence, written as digits, English words or Chinese numerals.

Whisper writes the same amount as ``$40``, ``€40``, ``40 euros`` or ``forty euros``; all become one ``Number``.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from ...core.language.tokens import simplified
from ...core.text.chinese import NUMERAL, read_numeral

NUMBER_MARK = "\x01"

_SMALL = [
    "zero",
    "one",
    "two",
    "three",
    "four",
    "five",
    "six",
    "seven",
    "eight",
    "nine",
    "ten",
    "eleven",
    "twelve",
    "thirteen",
    "fourteen",
    "fifteen",
    "sixteen",
    "seventeen",
    "eighteen",
    "nineteen",
]
_TENS = ["twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"]
_UNITS = {word: i for i, word in enumerate(_SMALL)} | {word: 20 + 10 * i for i, word in enumerate(_TENS)}
_SCALES = {"hundred": 100, "thousand": 1000, "grand": 1000}
_SYMBOLS = {"€": "EUR", "$": "USD", "£": "GBP", "¥": "CNY", "us$": "USD"}
_NAMES = {
    "EUR": ("euros", "euro", "eur", "€", "欧元"),
    "USD": ("dollars", "dollar", "bucks", "usd", "$", "美元"),
    "GBP": ("pounds", "pound", "quid", "gbp", "£"),
    "CNY": ("yuan", "rmb", "cny", "元", "块钱", "块", "¥"),
    "CHF": ("francs", "franc", "chf"),
}
_CURRENCY_OF = {name: code for code, names in _NAMES.items() for name in names} | _SYMBOLS
_AFTER = "|".join(re.escape(n) for n in sorted(_CURRENCY_OF, key=len, reverse=True))
_BEFORE = r"us\$|[€$£¥]|eur\b|usd\b|gbp\b"
_WORD = "|".join(sorted([*_UNITS, *_SCALES], key=len, reverse=True))
_LINK = r"(?:(?<=hundred)|(?<=thousand))\s+and\s+(?!(?:\w+[\s-]+){1,2}(?:hundred|thousand))|[\s-]+"
_DIGITS = r"\d{1,3}(?:[.,]\d{3}){1,3}(?:[.,]\d{1,2})?(?!\d)|\d{1,12}(?:[.,]\d{1,2})?(?!\d)|\d{1,12}"
_NUMBER = re.compile(
    rf"(?<![a-z0-9])(?<!\d[.,])(?P<before>(?:{_BEFORE})\s?)?"
    rf"(?:(?P<digits>{_DIGITS})(?P<kilo>k\b)?|(?P<words>(?:an?\s+(?=hundred|thousand|grand))?(?:{_WORD})(?:(?:{_LINK})(?:{_WORD}))*))"
    rf"(?P<after>[\s-]?(?:{_AFTER}))?(?![a-z0-9])"
)
_CHINESE_NUMBER = re.compile(rf"(?<!第)(?P<numeral>{NUMERAL}|[一二两三四五六七八九](?={_AFTER}))(?P<after>{_AFTER})?")


@dataclass(frozen=True)
class Number:
    """A number at ``start:end`` of a sentence; ``currency`` is an ISO 4217 code or empty."""

    value: float
    currency: str
    start: int
    end: int


def normalise(text: str) -> str:
    """Lower ``text``, simplify its Chinese characters and straighten quotes without changing its length, so that spans stay valid."""
    return "".join(_plain(c) for c in simplified(text))


def _plain(char: str) -> str:
    lowered = {"’": "'", "‘": "'", "`": "'", "–": "-", "—": "-", "‑": "-", "\u00a0": " "}.get(char) or char.lower()
    if "！" <= lowered <= "～":  # full-width forms
        lowered = chr(ord(lowered) - 0xFEE0).lower()
    return lowered if len(lowered) == 1 and lowered >= " " else " "


def find_numbers(low: str) -> list[Number]:
    """Return the numbers of a normalised sentence, in order.

    "One" alone is a pronoun far more often than a number and is only taken with a currency or a scale.
    """
    found = []
    for match in _NUMBER.finditer(low):
        currency = _currency(match["before"], match["after"])
        if match["words"] == "one" and not currency:
            continue
        value = _digits(match, currency) if match["digits"] else _words(match["words"], currency)
        found.append(Number(value, currency, match.start(), match.end()))
    return found if low.isascii() else sorted([*found, *_chinese(low)], key=lambda n: n.start)


def _chinese(low: str) -> list[Number]:
    read = [(match, read_numeral(match["numeral"])) for match in _CHINESE_NUMBER.finditer(low)]
    return [Number(float(v), _currency(None, m["after"]), m.start(), m.end()) for m, v in read if v is not None]


def mark_numbers(low: str, numbers: list[Number]) -> str:
    """Replace every number's span by as many ``NUMBER_MARK`` characters."""
    for number in numbers:
        low = low[: number.start] + NUMBER_MARK * (number.end - number.start) + low[number.end :]
    return low


def _currency(before: str | None, after: str | None) -> str:
    name = (before or after or "").strip(" -")
    return _CURRENCY_OF.get(name, "")


def _digits(match: re.Match[str], currency: str) -> float:
    raw = match["digits"]
    if re.fullmatch(r"\d{1,3}(?:,\d{3})+(?:\.\d+)?", raw):
        raw = raw.replace(",", "")
    elif re.fullmatch(r"\d{1,3}(?:\.\d{3})+,\d+|\d{1,3}(?:\.\d{3}){2,}", raw) or (
        currency == "EUR" and re.fullmatch(r"\d{1,3}\.\d{3}", raw)
    ):
        raw = raw.replace(".", "")
    return float(raw.replace(",", ".")) * (1000 if match["kilo"] else 1)


def _words(words: str, currency: str) -> float:
    """Read English number words; "nineteen ninety" is a year, or 19.90 when a currency follows."""
    total, current, first = 0.0, 0.0, -1.0
    for word in re.findall(r"[a-z]+", words):
        if word in ("a", "an", "and"):
            continue
        if word == "hundred":
            current = (current or 1) * 100
        elif word in _SCALES:
            total, current = total + (current or 1) * _SCALES[word], 0.0
        elif _adds(current, _UNITS[word]):
            current += _UNITS[word]
        else:
            first = current
            current = current * 100 + _UNITS[word]
    is_amount = first >= 0 and (currency != "" or not 13 <= first <= 20)
    return (total + current) / (100 if is_amount else 1)


def _adds(current: float, value: int) -> bool:
    return current % 100 == 0 or (current % 10 == 0 and current % 100 >= 20 and value < 10)
