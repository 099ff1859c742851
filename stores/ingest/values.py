"""Read truths, dates and lists from cells as people write them, and find what separates a column's lists."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Literal

from .numbers import number_in, tidy

DayOrder = Literal["dmy", "mdy"]
_NULLS = frozenset({"", "nan", "null", "n/a", "#n/a", "\\n", "-", "--", "–", "—", "?"})
UNKNOWN = frozenset({"", "na", "n/a", "nan", "null", "none", "nil", "-", "--", "–", "—", "?", "unknown", "#n/a", "\\n", "无数据", "暂无", "未知", "不详", "k. a.", "k.a.", "keine angabe", "n. a.", "n.a.", "o. j.", "tba", "tbd", "(no genres listed)"})  # fmt: skip
_TRUE = frozenset({
    "true", "yes", "t", "y", "on", "ja", "oui", "si", "sí", "sì", "sim", "да", "是", "有", "はい", "예", "in stock",
    "in_stock", "instock", "available", "in store", "auf lager", "lieferbar", "verfügbar", "en stock", "disponible",
    "disponibile", "有货", "有貨", "现货", "在庫あり", "あり", "있음", "в наличии", "tak", "ano", "limited availability", "limitedavailability", "onlineonly",
    "instoreonly", "✓", "✔", "☑", "✅", "wahr", "vrai", "verdadero", "verdadeiro", "vero", "waar", "истина", "prawda", "真", "包邮", "支持",
})  # fmt: skip
_FALSE = frozenset({
    "false", "no", "f", "n", "off", "nein", "non", "não", "нет", "否", "无", "無", "いいえ", "아니요", "out of stock",
    "out_of_stock", "outofstock", "sold out", "soldout", "unavailable", "not available", "discontinued",
    "nicht auf lager", "ausverkauft", "nicht verfügbar", "en rupture", "rupture", "rupture de stock", "agotado",
    "esaurito", "esgotado", "缺货", "缺貨", "售罄", "在庫なし", "なし", "없음", "нет в наличии", "nie", "preorder", "pre_order", "backorder", "back_order",
    "available for order", "✗", "✘", "✕", "✖", "❌", "falsch", "faux", "falso", "onwaar", "ложь", "fałsz", "假", "不是", "没有", "不包邮", "不支持",
})  # fmt: skip
TICKS, CROSSES = frozenset("✓✔☑✅x●•"), frozenset("✗✘✕✖❌×☐")
"""Marks of a column that is ticked where something holds: where no cell says anything else, a dash or an empty cell says that it does not."""
_ERRORS = re.compile(
    r"#(?:REF!?|DIV/0!|VALUE!|NAME\?|NULL!|NUM!|ERROR!|SPILL!|CALC!|BEZUG!|WERT!|ZAHL!)|Loading\.\.\.", re.IGNORECASE
)
LATER = frozenset({"preorder", "pre_order", "backorder", "back_order", "available for order"})
"""Words for what can be ordered and is not in stock."""
_ORG = re.compile(r"^https?://schema\.org/", re.IGNORECASE)
SEPARATORS = ("|", ";", "、", "\n", "¦", "·", ">", ",", "，", "/", "&", "+")
_STRONG = frozenset("|;、\n¦>")
_TURNED = frozenset(",/")
_SPACED = frozenset("&+·")
_JOINING = frozenset("&·")
"""What stands within a name too: Moth & Moon."""
LISTED = 0.05
"""Share of a column's cells that must hold a separator of lists, where the members do not come again alone."""
MEMBER_CHARS, MEMBER_WORDS = 60, 4
RECURRING, RECURRING_SPACED = 0.5, 0.3
"""Share of the members that must come again in other cells; of those between which the mark stands with spaces."""
MIN_TURNED = 8
"""Names of two parts that must differ, and so must what stands behind their commas, before a column holds names turned round."""
_SIZE = re.compile(r"(?:\d{1,3}(?:[.,]5)?|\d?x{0,4}[sml]|x{1,4}[sml]?|one size|os|\d{1,2}[a-h]{1,2})", re.IGNORECASE)
_FRACTION = re.compile(r"(?:\d+[ -])?\d/\d")
"""A size of its own, such as that of a violin or of a shoe (38 2/3), and no list of two."""
_PER_UNIT = re.compile(r".*\d\s*[^\W\d_]{1,5}\s?/\s?(?:\d+\s?)?[^\W\d_]{1,3}\.?")
"""A measure for a unit of another, such as 18,2 g/l."""
_SIZES = re.compile(r"(\d{1,2})\s*[-–]\s*(\d{1,2})")
MAX_SIZE_RANGE = 20
EXCEL_EPOCH = datetime(1899, 12, 30, tzinfo=UTC)
MILLISECONDS_FROM, MICROSECONDS_FROM = 1e11, 1e14
"""A number of at least so much is a time in milliseconds, or in microseconds: 1e11 s is the year 5138, 1e11 ms is 1973."""
SECONDS_FROM, SERIALS = 1e8, (10_000.0, 80_000.0)
"""Numbers from here are seconds since 1970 (1973 on); those within ``SERIALS`` are days of Excel, from 1927 to 2119."""
_NUMERIC_DATE = re.compile(r"(\d{1,4})([./-])(\d{1,2})\2(\d{2,4}|(?<=\d{4}.\d.)\d|(?<=\d{4}.\d\d.)\d)(?:[ T,]+(.+))?")
_CHINESE_DATE = re.compile(r"(\d{4})年(\d{1,2})月(\d{1,2})日?\s*(.*)")
_NAMED_FORMATS = ("%a %b %d %H:%M:%S %Y", "%b %d, %Y", "%B %d, %Y", "%d %b %Y", "%d %B %Y", "%d-%b-%Y", "%b %d %Y", "%a %b %d %H:%M:%S %z %Y", "%a, %d %b %Y %H:%M:%S %z")  # fmt: skip
_CLOCK_CELL = re.compile(
    r"(?P<hour>\d{1,2})(?:[:.h](?P<minute>\d{2})(?::\d{2})?)?\s*(?:(?P<half>[ap]\.?m\.?)|(?P<word>uhr|h|点))?"
)
_CLOCKS = ("%H:%M", "%H:%M:%S", "%H:%M:%S.%f", "%I:%M %p", "%I:%M:%S %p")


def is_unknown(value: Any) -> bool:
    """Return whether a cell says nothing: empty, or a word such as ``n/a``."""
    if value is None or value in ([], {}) or (isinstance(value, float) and math.isnan(value)):
        return True
    return isinstance(value, str) and value.strip().lower() in UNKNOWN


def is_error(value: Any) -> bool:
    """Return whether a cell holds what a spreadsheet shows where a formula failed: ``#REF!``, ``#DIV/0!``, ``Loading...``."""
    return isinstance(value, str) and (value[:1] == "#" or value[:1] in "Ll") and bool(_ERRORS.fullmatch(value.strip()))


def is_blank(value: Any, *, words: bool = True) -> bool:
    """Return whether a cell of words says nothing: empty, or with ``words`` what programs write for that, such as ``null``.

    Other cells may say "none" or "NA" and mean it: North America, no allergens.
    """
    if isinstance(value, str):
        return value.strip().lower() in (_NULLS if words else ("",))
    return is_unknown(value)


def truth_in(value: Any) -> bool | None:
    """Return the truth that a cell tells in one of many words, or None."""
    if isinstance(value, bool):
        return value
    if not isinstance(value, str):
        return None
    word = _ORG.sub("", tidy(value)).casefold()
    return True if word in _TRUE else False if word in _FALSE else None


def day_order(texts: Iterable[str]) -> tuple[DayOrder, bool]:
    """Return whether a column's dates such as 05/01/2024 begin with the day or the month, and whether that was a guess."""
    orders: Counter[DayOrder] = Counter()
    doubtful = False
    for text in texts:
        match = _NUMERIC_DATE.fullmatch(tidy(text))
        if match is None or len(match[1]) == 4 or match[2] == ".":
            continue
        first, second = int(match[1]), int(match[3])
        orders["dmy"] += first > 12
        orders["mdy"] += second > 12
        doubtful = doubtful or (first <= 12 and second <= 12 and first != second)
    if not orders["dmy"] and not orders["mdy"]:
        return "dmy", doubtful
    return ("mdy" if orders["mdy"] > orders["dmy"] else "dmy"), False


def decided_order(texts: Iterable[str]) -> DayOrder | None:
    """Return which of day and month a column's dates begin with, where one of them leaves no doubt."""
    kept = [
        t
        for t in texts
        if (m := _NUMERIC_DATE.fullmatch(tidy(t))) and len(m[1]) < 4 and (int(m[1]) > 12 or int(m[3]) > 12)
    ]
    return day_order(kept)[0] if kept else None


def clock_in(value: Any) -> str | None:
    """Return the time of day in a cell as ``09:30``, or None: "9:30", "9:30 PM", "20.30 Uhr", "8 pm", "20:30:00"."""
    match = _CLOCK_CELL.fullmatch(tidy(str(value)).casefold())
    if match is None or not (match["minute"] or match["half"] or match["word"]):
        return None
    hour, minute = int(match["hour"]), int(match["minute"] or 0)
    if match["half"]:
        if not 1 <= hour <= 12:
            return None
        hour = hour % 12 + (12 if match["half"][0] == "p" else 0)
    return f"{hour:02}:{minute:02}" if hour < 24 and minute < 60 else None


def time_in(value: Any, order: DayOrder = "dmy", *, numeric: bool = True) -> datetime | None:
    """Return the time in a cell, in UTC where it names no zone, or None.

    Read are ISO 8601, dates with numbers or names of months, and with ``numeric`` seconds, milli- and microseconds since
    1970, ``20240105`` and the days that Excel counts.
    """
    if isinstance(value, datetime):
        return _utc(value)
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return None
    text = tidy(str(value))
    try:
        if (number := number_in(text)) is not None:
            return _of_number(number, text) if numeric else None
        return _of_text(text, order)
    except (ValueError, OverflowError, OSError):
        return None


def _of_number(number: float, text: str) -> datetime | None:
    if len(text) == 8 and text.isdigit() and 1000 <= int(text[:4]) <= 2999 and 1 <= int(text[4:6]) <= 12:
        return datetime.strptime(text, "%Y%m%d").replace(tzinfo=UTC)
    if SERIALS[0] <= number <= SERIALS[1]:
        return EXCEL_EPOCH + timedelta(days=number)
    if abs(number) < SECONDS_FROM:
        return None
    scale = 1e6 if abs(number) >= MICROSECONDS_FROM else 1e3 if abs(number) >= MILLISECONDS_FROM else 1
    return datetime.fromtimestamp(number / scale, tz=UTC)


def _of_text(text: str, order: DayOrder) -> datetime | None:
    text = re.sub(r"\s*(?:UTC|GMT)$", "+00:00", text)
    try:
        return _utc(datetime.fromisoformat(text))
    except ValueError:
        pass
    if match := _CHINESE_DATE.fullmatch(text):
        return _at(int(match[1]), int(match[2]), int(match[3]), match[4])
    if match := _NUMERIC_DATE.fullmatch(text):
        first, second, last = int(match[1]), int(match[3]), int(match[4])
        if len(match[1]) == 4:
            return _at(first, second, last, match[5])
        year = last if len(match[4]) == 4 else 2000 + last if last < 70 else 1900 + last
        if match[2] != "." and ((order == "mdy" and first <= 12) or second > 12):
            first, second = second, first
        return _at(year, second, first, match[5])
    for form in _NAMED_FORMATS:
        try:
            return _utc(datetime.strptime(text, form))
        except ValueError:
            continue
    return None


def _at(year: int, month: int, day: int, clock: str | None) -> datetime | None:
    date = datetime(year, month, day, tzinfo=UTC)
    if not clock or not clock.strip():
        return date
    for form in _CLOCKS:
        try:
            found = datetime.strptime(clock.strip(), form)
        except ValueError:
            continue
        return date.replace(hour=found.hour, minute=found.minute, second=found.second, microsecond=found.microsecond)
    return None


def _utc(at: datetime) -> datetime:
    return (at if at.tzinfo else at.replace(tzinfo=UTC)).astimezone(UTC)


def iso(at: datetime) -> str:
    """Return a time in ISO 8601, only the date at midnight."""
    return at.date().isoformat() if (at.hour, at.minute, at.second, at.microsecond) == (0, 0, 0, 0) else at.isoformat()


def split(text: str, separators: Sequence[str], *, sizes: bool = False) -> list[str]:
    """Return the members of a list, each once, in order; of sizes, ranges such as 40-44 with every size between."""
    parts = re.split(_pattern(separators), text) if separators else [text]
    members = [part.strip().strip(",;|").strip() for part in parts]
    if sizes:
        members = [size for member in members for size in _sizes(member)]
    return [*dict.fromkeys(member for member in members if member)]


def _pattern(separators: Sequence[str]) -> str:
    spaced = "".join(re.escape(s) for s in separators if s in _SPACED)
    plain = [s for s in separators if s not in _SPACED]
    choices = [re.escape(s) for s in plain if len(s) > 1] + ([f"[{''.join(map(re.escape, plain))}]"] if plain else [])
    return "|".join([f"\\s*(?:{c})\\s*" for c in choices] + ([f"\\s+[{spaced}]\\s+"] if spaced else []))


def _sizes(member: str) -> list[str]:
    if (match := _SIZES.fullmatch(member)) and 0 < int(match[2]) - int(match[1]) <= MAX_SIZE_RANGE:
        return [str(n) for n in range(int(match[1]), int(match[2]) + 1)]
    return [re.sub(r"(?<=\d)[.,]0$", "", member)]


def separators_of(cells: Mapping[str, int], *, sizes: bool = False, listed: bool = False) -> tuple[str, ...]:
    """Return what separates the members of a column's lists (cell -> how often), or nothing where it holds no lists.

    A bar, a semicolon or a line break separates where a part of the cells has it; a comma, a slash or "&" only where the
    members come again in other cells, or are all sizes: "Red, Blue" beside "Red" is a list, "Berlin, rear building" is none.
    In a column that is called a list (``listed``) a comma always separates; in one of names turned round it never does.
    """
    multi = {s: [c for c in cells if len(split(c, [s])) > 1] for s in SEPARATORS}
    multi["/"] = [c for c in multi["/"] if not (_FRACTION.fullmatch(c.strip()) or _PER_UNIT.fullmatch(c))]
    used = [s for s in SEPARATORS if multi[s] and _short(multi[s], s, cells)]
    counts = Counter(m.casefold() for cell, times in cells.items() for m in set(split(cell, used)))
    total = sum(cells.values())
    found = []
    for mark in used:
        members = [m for cell in multi[mark] for m in split(cell, used)]
        again = sum(counts[m.casefold()] > 1 for m in members) / max(1, len(members))
        share = sum(cells[c] for c in multi[mark]) / max(1, total)
        is_sizes = sizes and all(_SIZE.fullmatch(m) or _SIZES.fullmatch(m) for m in members)
        needed = (
            1.0 if mark in _JOINING else RECURRING_SPACED if all(f" {mark} " in c for c in multi[mark]) else RECURRING
        )
        strong = mark in _STRONG or (listed and mark == ",")
        if (
            mark in _TURNED
            and not (is_sizes or listed)
            and turned_round(cells, [m for m in used if m in _STRONG], mark)
        ):
            continue
        if is_sizes or again >= needed or (strong and share >= LISTED):
            found.append(mark)
    return tuple(found)


def turned_round(cells: Mapping[str, int], others: Sequence[str] = (), mark: str = ",") -> str:
    """Return a cell if the column holds names turned round, or one place within another, else an empty string.

    "Zapotec, Ayoquesco", "Smith, John", "Lyon, France" and "Europe/Paris" have two parts, and what stands behind a comma never stands before
    one or alone, as the members of lists do in a column of many.

    Args:
        cells: cell -> how often it comes.
        others: what separates several such names in one cell.
        mark: what stands between the parts, a comma or a slash.
    """
    names = {name for cell in cells for name in (split(cell, others) if others else [cell.strip()])}
    parts = [[p.strip() for p in name.split(mark)] for name in names]
    pairs = [p for p in parts if len(p) == 2 and all(p)]
    if len(pairs) < MIN_TURNED or sum(len(p) > 2 for p in parts) > 0.1 * len(pairs):
        return ""
    first = {p[0].casefold() for p in parts}
    behind = sum(p[1].casefold() in first for p in pairs)
    capital = sum(p[0][:1].isupper() and (p[1][:1].isupper() or p[1][:1].isdigit()) for p in pairs)
    if behind > 0.05 * len(pairs) or capital < 0.9 * len(pairs):
        return ""
    if len({p[1].casefold() for p in pairs}) < MIN_TURNED:  # so few: what goes with everything, as elastane does
        return ""
    return next(name for name in names if name.count(mark) == 1)


def _short(cells: Sequence[str], mark: str, counts: Mapping[str, int]) -> bool:
    """Return whether the members are short enough for values: no prose, and with a comma or a slash only few words."""
    members = [member for cell in cells for member in split(cell, [mark])]
    if mark in _STRONG:
        return sum(len(m) > MEMBER_CHARS for m in members) <= 0.02 * len(members)
    wordy = sum(len(m) > MEMBER_CHARS // 2 or len(m.split()) > MEMBER_WORDS for m in members)
    return wordy <= 0.02 * len(members)
