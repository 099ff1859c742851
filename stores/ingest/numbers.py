"""Read numbers, prices and quantities as shops write them: any thousands and decimal mark, currency and unit.

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
_DIGITS = r"(?:\d[\d .,'_]*|[.,]\d+)"
_SIGN = r"[^\W\d_]{0,4}\.?[$€£¥￥₹₽₩₺₴₦₪฿₫₱]|[^\W\d_]{1,4}\.?|[€£¥]"
_MONEY = re.compile(
    rf"(?P<minus>-)?\s*(?P<before>{_SIGN})?\s*(?P<inner>-)?\s*(?P<number>{_DIGITS})(?:[.,:]?\s*[-–—]{{1,2}})?"
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
    rf"(?P<before>{_SIGN})?\s*(?P<number>{_DIGITS}?\d)\s*(?P<scale>{'|'.join(sorted(SCALES, key=len, reverse=True))})\.?\s*(?P<after>{_SIGN})?\+?",
    re.IGNORECASE,
)
UNITS: dict[str, dict[str, float]] = {
    "mass": {"mg": 0.001, "g": 1, "kg": 1000, "oz": 28.349523125, "lb": 453.59237},
    "length": {"mm": 0.1, "cm": 1, "m": 100, "km": 100_000, "in": 2.54, "ft": 30.48},
    "volume": {"ml": 1, "cl": 10, "dl": 100, "l": 1000, "fl oz": 29.5735},
    "time": {"s": 1, "min": 60, "h": 3600, "d": 86_400, "weeks": 604_800, "months": 2_629_800, "years": 31_557_600},
    "area": {"cm²": 0.0001, "m²": 1, "ft²": 0.09290304, "ha": 10_000},
    "energy": {"cal": 0.001, "kcal": 1, "kj": 0.239},
    "electricity": {"wh": 1, "kwh": 1000},
    "speed": {"km/h": 1, "mph": 1.609, "kn": 1.852},
    "economy": {"mpg": 1},
    "engine": {"hp": 1, "ps": 0.986},
    "noise": {"db": 1},
    "stars": {"stars": 1},
    "at least": {"+": 1},
    "share": {"%": 1},
    "concentration": {"mg/l": 0.001, "g/l": 1, "mg/dl": 0.01, "g/100g": 10, "g/100ml": 10},
    "consumption": {"l/100km": 1},
    "data": {"kb": 0.001, "mb": 1, "gb": 1000, "tb": 1_000_000},
    "power": {"mw": 0.001, "w": 1, "kw": 1000},
    "charge": {"mah": 1, "ah": 1000},
    "voltage": {"v": 1},
    "frequency": {"hz": 1, "khz": 1000, "mhz": 1_000_000, "ghz": 1_000_000_000},
    "pixels": {"px": 1, "mp": 1_000_000},
    "count": {"pcs": 1, "pages": 1},
}
"""Family of measures -> unit -> its size in one of them."""
AT_LEAST = "+"
"""The unit of "10+", which is ten and no unit."""
_UNIT_WORDS = {
    "gr": "g", "gram": "g", "grams": "g", "kgs": "kg", "kilo": "kg", "kilogram": "kg", "kilograms": "kg", "lbs": "lb", "pound": "lb", "pounds": "lb",
    "ounce": "oz", "ounces": "oz", "克": "g", "千克": "kg", "公斤": "kg", "millimeter": "mm", "centimeter": "cm", "meter": "m", "metre": "m",
    "inch": "in", "inches": "in", '"': "in", "″": "in", "zoll": "in", "feet": "ft", "foot": "ft", "厘米": "cm", "毫米": "mm", "米": "m",
    "liter": "l", "litre": "l", "liters": "l", "litres": "l", "毫升": "ml", "升": "l", "sec": "s", "secs": "s", "second": "s", "seconds": "s",
    "mins": "min", "minute": "min", "minutes": "min", "minuten": "min", "hr": "h", "hrs": "h", "hour": "h", "hours": "h", "std": "h", "stunden": "h",
    "day": "d", "days": "d", "tag": "d", "tage": "d", "tagen": "d", "天": "d", "week": "weeks", "woche": "weeks", "wochen": "weeks", "周": "weeks",
    "month": "months", "mo": "months", "monat": "months", "monate": "months", "个月": "months", "year": "years", "yr": "years", "yrs": "years", "jahr": "years", "jahre": "years", "年": "years",
    "m2": "m²", "sqm": "m²", "qm": "m²", "㎡": "m²", "平米": "m²", "平方米": "m²", "sqft": "ft²", "ft2": "ft²", "calories": "kcal", "kcals": "kcal", "大卡": "kcal", "千卡": "kcal",
    "kmh": "km/h", "kph": "km/h", "knots": "kn", "bhp": "hp", "horsepower": "hp", "马力": "hp", "star": "stars", "sterne": "stars", "英寸": "in", "寸": "in", "毫安": "mah", "英里": "mi",
    "分钟": "min", "小时": "h", "percent": "%", "prozent": "%", "％": "%", "watt": "w", "watts": "w", "volt": "v", "volts": "v",
    "pieces": "pcs", "pack": "pcs", "stück": "pcs", "stk": "pcs", "件": "pcs", "个": "pcs",
}  # fmt: skip
_QUANTITY = re.compile(
    rf"(?P<number>[+-]?{_DIGITS})\s*(?P<unit>km/h|m?g\s?/\s?(?:l|dl|100\s?g|100\s?ml)|l\s?/\s?100\s?km|[^\W\d_]+(?: oz)?[²2]?|[%％\"″+])\.?",
    re.IGNORECASE,
)
_QUALIFIER = re.compile(
    r"^(?:up to|max\.?|min\.?|approx\.?|about|around|ca\.?|c\.|circa|rd\.?|um|bis(?: zu)?|ab|etwa|from|at least|over|under|over|[~≈<>≤≥]|约|最多|最长|至少|最大)\s*(?=\d)"
    r"|(?<=[^\W\d_%])\s+(?:ssd|hdd|nvme|emmc|flash|ddr[345]|ram|net|netto|brutto|gross|long|lang|wide|breit|high|hoch|deep|tief|tall|old)$"
    r"|(?<=%)\s*(?:vol\.?|abv|alc\.?(?:/vol\.?)?|alk\.?|off|rabatt|i\.? ?tr\.?)$",
    re.IGNORECASE,
)
"""What a cell says beside its number and unit, and a reader of limits does without: "up to 13 h", "512 GB SSD"."""


_SPAN = re.compile(
    r"(?P<low>\d[\d.,]*)\s*(?P<own>[^\W\d_]{1,6}[²2]?|%)?\s*(?:[–—~]|-|to|bis|至|到)\s*(?P<high>\d[\d.,]*)\s*(?P<unit>[^\W\d_]{1,6}[²2]?|%)?\.?",
    re.IGNORECASE,
)


class Money(NamedTuple):
    """A price: its amount, the ISO code of its currency (or nothing), and what else the cell said."""

    amount: float
    currency: str = ""
    per: str = ""
    said: frozenset[str] = frozenset()


class Quantity(NamedTuple):
    """A number with its unit."""

    number: float
    unit: str


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
    found = re.search(_DIGITS, tidy(text))
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


def lowest(text: str, decimal: Decimal = ".") -> tuple[str, str] | None:
    """Return the lower end of a range of numbers or quantities ("2-4", "55 - 110 m²") with its unit, and the upper end, or None."""
    ends = _SPAN.fullmatch(_QUALIFIER.sub("", tidy(text)))
    if ends is None:
        return None
    low, high = number_in(ends["low"], decimal), number_in(ends["high"], decimal)
    if low is None or high is None or low >= high:
        return None
    unit = ends["unit"] or ends["own"] or ""
    return f"{ends['low']} {unit}".strip(), f"{ends['high']} {unit}".strip()


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


def quantity_in(text: str, decimal: Decimal = ".") -> Quantity | None:
    """Return the number and unit in ``text`` ("1,5 kg", "2h 10m"), or None."""
    text = _QUALIFIER.sub("", tidy(text))
    parts = [*_QUANTITY.finditer(text)]
    if not parts or "".join(text.split()) != "".join("".join(p[0].split()) for p in parts):
        return None
    found: list[Quantity] = []
    for part in parts:
        number = number_in(part["number"].strip(), decimal)
        unit = part["unit"].casefold()
        unit = unit.replace(" ", "") if "/" in unit else unit
        unit = _UNIT_WORDS.get(unit, unit)
        unit = "min" if unit == "m" and found and found[0].unit == "h" else unit
        if number is None or not unit_family([unit]):
            return None
        found.append(Quantity(number, unit))
    if len(found) == 1:
        return found[0]
    times = UNITS["time"]
    if any(q.unit not in times for q in found):
        return None
    return Quantity(sum(q.number * times[q.unit] for q in found) / 60, "min")


def measure_in(text: str, decimal: Decimal = ".") -> Quantity | None:
    """Return the number of a cell in any form, without a unit where it has none: "9", "um 1905", "1.2万+", "84,5 m²"; of a range the lower end."""
    text = tidy(text)
    plain = number_in(_QUALIFIER.sub("", text), decimal)
    if plain is None:
        plain = scaled_number(text, decimal)
    if plain is not None:
        return Quantity(plain, "")
    if (found := quantity_in(text, decimal)) is not None:
        return Quantity(found.number, "") if found.unit == AT_LEAST else found
    ends = lowest(text, decimal)
    return None if ends is None else measure_in(ends[0], decimal)


def unit_called(word: str) -> str:
    """Return the unit that a word or a sign names ("minutes", "Zoll", "m2"), or an empty string."""
    word = word.casefold()
    unit = _UNIT_WORDS.get(word, word)
    return unit if unit_family([unit]) else ""


def unit_family(units: Iterable[str]) -> str:
    """Return the family of measures that all ``units`` belong to, or an empty string."""
    wanted = set(units)
    return next((name for name, family in UNITS.items() if wanted <= family.keys()), "") if wanted else ""


def in_unit(quantity: Quantity, unit: str) -> float | None:
    """Return the number of ``quantity`` in ``unit``, or None when they do not measure the same."""
    if quantity.unit == unit:
        return quantity.number
    if quantity.unit == "m" and unit in UNITS["time"]:
        quantity = Quantity(quantity.number, "min")
    family = UNITS.get(unit_family([quantity.unit, unit]), {})
    if not family:
        return None
    return round(quantity.number * family[quantity.unit] / family[unit], 9)
