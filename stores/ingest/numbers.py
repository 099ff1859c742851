"""Read numbers and prices as shops write them: any thousands and decimal mark, and currency.

A cell whose marks leave no doubt is read by them ("1.299,00"); one that could be either ("1.299") is read by the decimal
mark of its column, which ``decimal_mark`` finds by looking at every cell.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable
from functools import cache
from typing import Literal, NamedTuple

Mark = Literal[".", ",", "?", ""]
"""The decimal mark a number shows; ``?``: one mark before three digits, thousands or decimals; empty: no mark."""
Decimal = Literal[".", ","]
_SPACES = str.maketrans(
    dict.fromkeys("\u00a0\u2007\u2009\u202f\u3000", " ") | {"’": "'", "−": "-", "，": ",", "．": "."}
)
_PLAIN = re.compile(r"[+-]?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d{1,3})?")
_GROUPED = re.compile(r"(\d{1,3}(?:[ '_]\d{3})+|\d+)?((?:[.,]\d*)*)")
_THOUSANDS = re.compile(r"[1-9]\d{0,2}(?:\d{3})*|[1-9]\d{0,1}(?:\d{2})*\d{3}")
DIGITS = r"(?:\d[\d .,'_]*|[.,]\d+)"
_SIGN = r"[^\W\d_]{0,4}\.?[$€£¥￥₹₽₩₺₴₦₪฿₫₱]|[^\W\d_]{1,4}\.?|[€£¥]"
_MONEY = re.compile(
    rf"(?P<minus>-)?\s*(?P<before>{_SIGN})?\s*(?P<inner>-)?\s*(?P<number>{DIGITS})(?:[.,:]?\s*[-–—]{{1,2}})?"
    rf"\s*(?P<after>{_SIGN})?(?P<cents>\d\d)?"
)
_FROM = re.compile(
    r"^(?:from|starting (?:at|from)|starts at|as low as|ab|dès|à partir de|a partir de|desde|da|vanaf|från|fra|od|от|从|约)\b:?\s*"
    r"|\s*(?:起|から|부터|and up|\+)$",
    re.IGNORECASE,
)
_NOISE = re.compile(
    r"^(?:now|only|nur|uvp|rrp|msrp|price|preis|prix|vb|vhb|fp|ca\.?|approx\.?)(?=[\s:\d])[:.]?\s*"
    r"|\s*(?:each|ea\.?|vb|vhb|/-|incl\.? ?(?:vat|tax)|inkl\.? ?mwst\.?|excl\.? ?(?:vat|tax)|zzgl\.? ?mwst\.?|ttc|ht)$",
    re.IGNORECASE,
)
_PER = re.compile(r"\s*(?:/|\bper\b|\bpro\b|\bje\b)\s*(?P<per>\d*\s*[^\W\d_]+[²³]?)\.?$", re.IGNORECASE)
_RANGE = re.compile(r"(?<=\S)\s*(?:[–—~]|-|\bto\b|\bbis\b|\bà\b)\s*(?=[^\W_]*[\d$€£¥￥₹])", re.IGNORECASE)
_FREE = frozenset({"free", "free to play", "free!", "free of charge", "gratis", "kostenlos", "gratuit", "gratuito", "grátis", "offert", "umsonst", "бесплатно", "免费", "無料", "무료"})  # fmt: skip
_CODES = {
    "€": "EUR", "$": "USD", "£": "GBP", "¥": "JPY", "￥": "CNY", "元": "CNY", "人民币": "CNY", "rmb": "CNY", "円": "JPY", "원": "KRW",
    "rs": "INR", "rp": "IDR", "kr": "SEK", "zł": "PLN", "zl": "PLN", "kč": "CZK", "ft": "HUF", "lei": "RON", "лв": "BGN", "руб": "RUB",
    "р": "RUB", "₽": "RUB", "₴": "UAH", "₺": "TRY", "tl": "TRY", "฿": "THB", "đ": "VND", "rm": "MYR", "s$": "SGD", "fr": "CHF", "sfr": "CHF",
    "c$": "CAD", "au$": "AUD", "us$": "USD", "nt$": "TWD", "p": "GBX", "cent": "USX", "cents": "USX", "ct": "EUX", "¢": "USX", "euro": "EUR", "euros": "EUR", "dollar": "USD", "dollars": "USD",
}  # fmt: skip
_PENCE = {"GBX": ("GBP", 100.0), "USX": ("USD", 100.0), "EUX": ("EUR", 100.0)}
SCALES = {
    "k": 1e3, "tsd": 1e3, "thousand": 1e3, "千": 1e3, "万": 1e4, "萬": 1e4, "lakh": 1e5, "lakhs": 1e5, "lac": 1e5, "lacs": 1e5, "l": 1e5,
    "million": 1e6, "millionen": 1e6, "mio": 1e6, "mn": 1e6, "m": 1e6, "crore": 1e7, "crores": 1e7, "cr": 1e7, "亿": 1e8, "億": 1e8,
    "billion": 1e9, "bn": 1e9, "mrd": 1e9,
}  # fmt: skip
"""What a word after a number multiplies it by; ``k``, ``l`` and ``m`` only beside a currency."""
_SCALED = re.compile(
    rf"(?P<before>{_SIGN})?\s*(?P<number>{DIGITS}?\d)\s*(?P<scale>{'|'.join(sorted(SCALES, key=len, reverse=True))})\.?\s*(?P<after>{_SIGN})?\+?",
    re.IGNORECASE,
)


class Money(NamedTuple):
    """A price: its amount, the ISO code of its currency (or nothing), and what else the cell said."""

    amount: float
    currency: str = ""
    per: str = ""
    said: frozenset[str] = frozenset()


def tidy(text: str) -> str:
    """Return ``text`` with every kind of blank as a space, and typographic marks as those of a keyboard."""
    return text.strip() if text.isascii() else text.translate(_SPACES).strip()


def mark_of(text: str) -> Mark | None:
    """Return the decimal mark that ``text`` shows, or None when it is no number; ``text`` is tidy."""
    if _PLAIN.fullmatch(text):
        head, dot, tail = text.lstrip("+-").partition(".")
        return "" if not dot else "?" if len(tail) == 3 and len(head) <= 3 and head != "0" else "."
    match = _GROUPED.fullmatch(text.lstrip("+-"))
    if match is None or not any(c.isdigit() for c in text):
        return None
    whole, tail = match[1] or "", match[2]
    if (len(whole) > 1 and whole.startswith("0")) or "_" in tail:
        return None
    return _mark(whole, tail)


def _mark(whole: str, tail: str) -> Mark | None:
    marks = [c for c in tail if c in ".,"]
    if not marks:
        return ""
    last = marks[-1]
    groups = re.split(r"[.,]", tail)[1:]
    if len(marks) == 1:
        grouped = whole.isdigit() and 1 <= len(whole) <= 3 and whole != "0" and len(groups[0]) == 3
        return "?" if grouped else ("." if last == "." else ",")
    other: Mark = "," if last == "." else "."
    if len(set(marks)) == 1:
        return other if _THOUSANDS.fullmatch(whole + "".join(groups)) and _grouped(groups, last) else None
    return ("." if last == "." else ",") if set(marks[:-1]) == {other} and _grouped(groups[:-1], other) else None


def _grouped(groups: list[str], mark: str) -> bool:
    """Return whether digits are grouped by thousands, or by commas as in India: the last three, the others by two."""
    indian = mark == "," and len(groups[-1]) == 3 and all(len(g) == 2 for g in groups[:-1])
    return indian or all(len(g) == 3 for g in groups)


def number_in(text: str, decimal: Decimal = ".") -> float | None:
    """Return the number in ``text``, or None; a single mark before three digits is ``decimal`` or else thousands.

    Codes are no numbers: ``007``, more than 16 digits.
    """
    text = tidy(text)
    mark = mark_of(text)
    if mark is None:
        return None
    if mark == "?":
        mark = decimal
    if _PLAIN.fullmatch(text) is None or mark == ",":
        text = re.sub(r"[ '_]", "", text)
        text = text.replace(".", "").replace(",", ".") if mark == "," else text.replace(",", "")
    number = float(text)
    return number if math.isfinite(number) else None


def decimal_mark(texts: Iterable[tuple[str, int]], usual: Decimal | None, *, price: bool) -> tuple[Decimal, bool]:
    """Return the decimal mark of a column's numbers (text, how often), and whether that was a guess.

    A column that never shows it takes the file's ``usual`` mark; else a price's single mark stands before thousands
    ("1.299 €"), and any other number's dot before decimals.
    """
    seen: dict[str, int] = {}
    doubtful = ""
    for text, times in texts:
        mark = mark_of(tidy(text))
        if mark == "?":
            doubtful = "." if "." in text else ","
        elif mark:
            seen[mark] = seen.get(mark, 0) + times
    if seen:
        return ("," if seen.get(",", 0) > seen.get(".", 0) else "."), False
    if not doubtful:
        return ".", False
    if usual is not None:
        return usual, False
    return ("," if price and doubtful == "." else "."), True


def number_text(text: str) -> str:
    """Return the digits of a price or a quantity with their marks, or an empty string."""
    found = re.search(DIGITS, tidy(text))
    return found[0].rstrip(" .,'_") if found else ""


def money_in(text: str, decimal: Decimal = ".") -> Money | None:
    """Return the price in ``text``, or None; of a range the lower end. ``said`` tells: from, range, free, negative."""
    text = tidy(text)
    if text.casefold() in _FREE:
        return Money(0.0, said=frozenset({"free"}))
    said: set[str] = set()
    if text.startswith("(") and text.endswith(")"):
        text = "-" + text[1:-1].strip()
    plain = _FROM.sub("", _NOISE.sub("", text))
    said |= {"from"} if plain != _NOISE.sub("", text) else set()
    per = _PER.search(plain)
    plain = plain[: per.start()] if per else plain
    found = _amount(plain, decimal)
    if found is None and len(ends := _RANGE.split(plain)) == 2:
        low, high = (_amount(end, decimal) for end in ends)
        if low is not None and high is not None and low[0] <= high[0]:
            found, said = (low[0], low[1] or high[1]), said | {"range"}
    if found is None:
        return None
    said |= {"negative"} if found[0] < 0 else set()
    return Money(*found, per=per["per"].strip() if per else "", said=frozenset(said))


def _amount(text: str, decimal: Decimal) -> tuple[float, str] | None:
    plain = _plain_amount(text.strip(), decimal)
    return plain if plain is not None else _scaled(text.strip(), decimal)


def _plain_amount(text: str, decimal: Decimal) -> tuple[float, str] | None:
    match = _MONEY.fullmatch(text)
    if match is None or (match["before"] and match["after"] and not match["before"].isalpha()):
        number = number_in(text, decimal)
        return None if number is None else (number, "")
    code = ""
    if sign := match["before"] or match["after"]:
        code = currency_code(sign)
        if not code:
            return None
    number = number_in(match["number"].rstrip(" .,'"), decimal)
    if number is None and match["number"][0] in ".,":
        number = number_in("0" + match["number"], decimal)
    if number is None or (match["cents"] and not (match["after"] and number.is_integer())):
        return None
    number += int(match["cents"]) / 100 if match["cents"] else 0
    code, share = _PENCE.get(code, (code, 1.0))
    return (-number if match["minus"] or match["inner"] else number) / share, code


def _scaled(text: str, decimal: Decimal) -> tuple[float, str] | None:
    """Return the amount and currency of "₹2.5 lakh", "1.2 Mio. €" or "$12k", or None."""
    match = _SCALED.fullmatch(text)
    if match is None or (match["before"] and match["after"]):
        return None
    sign, scale = match["before"] or match["after"] or "", match["scale"].casefold()
    code = currency_code(sign) if sign else ""
    number = number_in(match["number"], decimal)
    if number is None or (sign and not code) or (len(scale) == 1 and scale.isascii() and not code):
        return None
    if scale == "l" and code != "INR":
        return None
    return round(number * SCALES[scale], 6), code


def scaled_number(text: str, decimal: Decimal = ".") -> float | None:
    """Return the number in "1.2万+", "3,5 Mio." or "2 lakh", or None."""
    found = _scaled(tidy(text), decimal)
    return found[0] if found is not None and not found[1] else None


def currency_code(sign: str) -> str:
    """Return the ISO 4217 code that a sign, an abbreviation or a code stands for, or an empty string."""
    sign = sign.strip().rstrip(".")
    if found := _CODES.get(sign.casefold()):
        return found
    return _signs().get(sign.upper(), "")


@cache
def _signs() -> dict[str, str]:
    """Return signs and codes -> code, from the Unicode Common Locale Data Repository."""
    from babel.numbers import get_currency_symbol, list_currencies

    codes = sorted(list_currencies("en"))
    return {**{get_currency_symbol(c, "en").upper(): c for c in codes}, **{c: c for c in codes}}


def decimals_of(currency: str) -> int:
    """Return how many decimals prices in a currency have: 0 for JPY, 3 for KWD, else 2."""
    from babel.numbers import get_currency_precision

    return int(get_currency_precision(currency)) if currency else 2
