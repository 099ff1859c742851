"""Read numbers with a unit as shops write them: "1,5 kg", "2h 10m", "55 - 110 m²", "up to 13 h"."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import NamedTuple

from .numbers import DIGITS, Decimal, number_in, scaled_number, tidy

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
    rf"(?P<number>[+-]?{DIGITS})\s*(?P<unit>km/h|m?g\s?/\s?(?:l|dl|100\s?g|100\s?ml)|l\s?/\s?100\s?km|[^\W\d_]+(?: oz)?[²2]?|[%％\"″+])\.?",
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


class Quantity(NamedTuple):
    """A number with its unit."""

    number: float
    unit: str


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
