"""Read days and times of day as people say them: "next weekend", "5 December", "before Christmas", "after 8 pm", 下周六, "ab Januar".

A moment is a half-open span of ISO texts, so that it compares with the dates of a catalogue as text: days as ``2026-12-05``, times of day as
``20:30``. What depends on today is told from the day that is given. Feasts that move have a table in the word list.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from datetime import date, datetime, timedelta

from .clock_times import clock_at
from .moment_forms import Moment, longest, table_of_moments, words_of_moments
from .tokens import Token

ALSO_WORDS = frozenset(("may", "mar", "march", "sun", "sat", "jan", "sep", "day", "new", "das", "am"))
"""What is a month or a day only with a number, a year or a preposition beside it."""
_ORDINAL = frozenset(("st", "nd", "rd", "th", "."))
_STAGES = {
    "early": 0, "beginning": 0, "start": 0, "anfang": 0, "初": 0, "mid": 1, "middle": 1, "mitte": 1, "中": 1, "late": 2, "end": 2, "ende": 2, "底": 2,
}  # fmt: skip
_STAGE_DAYS = ((1, 11), (11, 21), (21, 0))
_COUNTED = {"day": 1, "days": 1, "tage": 1, "tagen": 1, "天": 1, "week": 7, "weeks": 7, "woche": 7, "wochen": 7, "周": 7, "month": 30, "months": 30, "monate": 30, "monaten": 30}  # fmt: skip
_SMALL = {w: n for n, w in enumerate(["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten"])} | {"couple": 2, "few": 4, "zwei": 2, "drei": 3, "vier": 4, "一": 1, "两": 2, "三": 3, "几": 4}  # fmt: skip
_EVERY = frozenset(("a", "any", "every", "each", "einem", "einen", "jeden", "jedem", "每"))
EVENING = "17:00 24:00"


Nearest = Callable[[int, int], int]
"""Returns the year that a month and a day without a year are in."""


def moment_at(tokens: Sequence[Token], i: int, today: date, nearest: Nearest) -> Moment | None:
    """Return the day or the time of day that is named at token ``i``, the longest reading first."""
    ways = [way(tokens, i, today, nearest) for way in _WAYS]
    found = [m for m in (*ways, clock_at(tokens, i)) if m is not None]
    best = max(found, key=lambda m: m.end, default=None)
    return _with_part(tokens, best) if best is not None and best.kind == "date" else best


def _with_part(tokens: Sequence[Token], moment: Moment) -> Moment:
    """Join the part of the day that stands beside a day, or within its last word: "tomorrow night", "samstagabend", 今晚."""
    beside = longest(words_of_moments("beside"), tokens, moment.end)
    if beside is not None:
        return moment._replace(part=beside[0], end=beside[1])
    last = tokens[moment.end - 1].text
    return (
        moment._replace(part=EVENING)
        if last == "tonight" or (last.endswith(("abend", "晚")) and last != "heiligabend")
        else moment
    )


def nearest_year(low: str, high: str, today: date) -> Nearest:
    """Return how to tell the year of a day without one: the next such day that ``low`` to ``high`` holds, else the last one before."""

    def year(month: int, day: int) -> int:
        ahead = today.year + ((month, day) < (today.month, today.day))
        first, last = int(low[:4] or ahead), int(high[:4] or ahead)
        held = [y for y in range(first, last + 1) if low[:7] <= f"{y}-{month:02}" <= high[:7]]
        later = [y for y in held if y >= ahead]
        return later[0] if later else held[-1] if held else ahead

    return year


def _iso(tokens: Sequence[Token], i: int, _: date, __: Nearest) -> Moment | None:
    text = "".join(t.text for t in tokens[i : i + 5])
    match = re.fullmatch(r"(\d{4})-(\d{1,2})-(\d{1,2})", text)
    return _day(i + 5, int(match[1]), int(match[2]), int(match[3])) if match else None


def _relative(tokens: Sequence[Token], i: int, today: date, _: Nearest) -> Moment | None:
    found = longest(words_of_moments("days"), tokens, i)
    return _days(today + timedelta(days=found[0]), 1, found[1]) if found else None


def _weekday(tokens: Sequence[Token], i: int, today: date, _: Nearest) -> Moment | None:
    which = longest(words_of_moments("which"), tokens, i)
    start, ahead = (which[1], which[0]) if which else (i, 0)
    found = longest(words_of_moments("weekdays"), tokens, start)
    if found is None:
        return None
    day, end = found
    monday = today - timedelta(days=today.weekday())
    is_han = tokens[start].kind == "han"
    at = (
        monday + timedelta(days=day + 7 * ahead)
        if is_han and which
        else today + timedelta(days=(day - today.weekday()) % 7)
    )
    if not is_han and ahead:
        at = at + timedelta(days=7 * (ahead if ahead < 0 or at == today else 0))
    every = which is None and (tokens[end - 1].text.endswith("s") or (i > 0 and tokens[i - 1].text in _EVERY))
    return _days(at, 1, end)._replace(weekdays=(day,) if every else ())


def _recurring(tokens: Sequence[Token], i: int, today: date, _: Nearest) -> Moment | None:
    """Read "weekends", "unter der Woche"."""
    found = longest(words_of_moments("recurring"), tokens, i)
    return _days(today, 1, found[1])._replace(weekdays=tuple(map(int, found[0].split()))) if found else None


def _span(tokens: Sequence[Token], i: int, today: date, _: Nearest) -> Moment | None:
    """Read "this weekend", "next week", 下个月."""
    which = longest(words_of_moments("which"), tokens, i)
    found = longest(words_of_moments("spans"), tokens, which[1]) if which else None
    if which is None or found is None:
        return _bare_weekend(tokens, i, today)
    ahead, unit, end = which[0], *found
    if tokens[i].text in ("das", "am", "on", "at", "over", "for") and unit != "weekend":
        return None
    if unit == "weekend":
        return _weekend(today, ahead, end)
    if unit == "week":
        return _days(today - timedelta(days=today.weekday() - 7 * ahead), 7, end)
    if unit == "month":
        return _months(today.year, today.month + ahead, 1, end)
    return _months(today.year + ahead, 1, 12, end) if unit == "year" else None


def _bare_weekend(tokens: Sequence[Token], i: int, today: date) -> Moment | None:
    found = longest(words_of_moments("spans"), tokens, i)
    if found is None or found[0] != "weekend" or tokens[i].text == "we":
        return None
    return _weekend(today, 0, found[1])


def _weekend(today: date, ahead: int, end: int) -> Moment:
    saturday = today + timedelta(days=(5 - today.weekday()) % 7 if today.weekday() < 6 else -1)
    return _days(saturday + timedelta(days=7 * ahead), 2, end)


def _month(tokens: Sequence[Token], i: int, _: date, nearest: Nearest) -> Moment | None:
    """Read "december", "dec 5th", "december 2026", "5. Dezember", "early december", 12月5日."""
    stage, start = None, i
    if tokens[i].text in _STAGES:
        stage, i = _STAGES[tokens[i].text], i + 1
        i += i < len(tokens) and tokens[i].text in ("-", "of")
    day, j = day_of_month(tokens, i)
    found = longest(words_of_moments("months"), tokens, j) if j < len(tokens) else None
    if found is None or (stage is not None and day):
        return _han_month(tokens, start, nearest)
    month, end = found
    named = end - 1
    if not day and end < len(tokens):
        day, after = day_of_month(tokens, end)
        end = after if day else end
    year, end = _year(tokens, end)
    sure = bool(day or year or stage is not None) or tokens[named].text not in ALSO_WORDS
    year = year or nearest(month, day or 1)
    if stage is not None:
        return _stage(year, month, stage, end)
    moment = _day(end, year, month, day) if day else _months(year, month, 1, end)
    return moment._replace(sure=sure) if moment else None


def _stage(year: int, month: int, stage: int, end: int) -> Moment:
    first, last = _STAGE_DAYS[stage]
    high = f"{year}-{month:02}-{last:02}" if last else _next_month(year, month)
    return Moment("date", f"{year}-{month:02}-{first:02}", high, end)


def day_of_month(tokens: Sequence[Token], i: int) -> tuple[int, int]:
    """Return the day of a month at ``i`` and the token after it: "5", "5th", "5.", "the 5th of"; 0 for none."""
    start = i
    i += i < len(tokens) and tokens[i].text in ("the", "dem", "den")
    if (
        i >= len(tokens)
        or tokens[i].kind != "number"
        or not tokens[i].text.isdigit()
        or not 1 <= int(tokens[i].text) <= 31
    ):
        return 0, start
    day, i = int(tokens[i].text), i + 1
    if i < len(tokens) and tokens[i].text in _ORDINAL and tokens[i].glued:
        i += 1
    i += i + 1 < len(tokens) and tokens[i].text == "of"
    return day, i


def _year(tokens: Sequence[Token], i: int) -> tuple[int, int]:
    j = i + (i + 1 < len(tokens) and tokens[i].text == ",")
    if j < len(tokens) and re.fullmatch(r"(?:19|20|21)\d\d", tokens[j].text):
        return int(tokens[j].text), j + 1
    return 0, i


def _han_month(tokens: Sequence[Token], i: int, nearest: Nearest) -> Moment | None:
    text = "".join(t.text for t in tokens[i : i + 8])
    match = re.match(r"(?:(\d{4})年)?(\d{1,2})月(?:(\d{1,2})[日号]?|(初|中|底|份))?", text)
    if match is None or not 1 <= int(match[2]) <= 12:
        return None
    end, size = i, 0
    while size < len(match[0]):
        size += len(tokens[end].text)
        end += 1
    month, day = int(match[2]), int(match[3] or 0)
    year = int(match[1] or 0) or nearest(month, day or 1)
    if match[4] in _STAGES:
        return _stage(year, month, _STAGES[match[4]], end)
    return _day(end, year, month, day) if day else _months(year, month, 1, end)


def _feast(tokens: Sequence[Token], i: int, _: date, nearest: Nearest) -> Moment | None:
    if found := longest(words_of_moments("feasts"), tokens, i):
        first, last = (tuple(map(int, part.split("-"))) for part in found[0].split())
        year, end = _year(tokens, found[1])
        year = year or nearest(*last)
        return Moment("date", f"{year}-{first[0]:02}-{first[1]:02}", _after(date(year, *last)), end)
    if found := longest(words_of_moments("moving"), tokens, i):
        year, end = _year(tokens, found[1])
        return _moving(found[0], year or nearest(4, 1), end)
    return None


def _moving(name: str, year: int, end: int) -> Moment | None:
    """Return a feast that moves: Easter from Good Friday to Monday, the lunar new year's first week; None past the table."""
    first = table_of_moments()[name].get(year)
    if first is None:
        return None
    day = date.fromisoformat(f"{year}-{first}")
    return _days(day - timedelta(days=2), 4, end) if name == "easter days" else _days(day, 7, end)


def _within(tokens: Sequence[Token], i: int, today: date, _: Nearest) -> Moment | None:
    """Read "in the next two weeks", "within 10 days", "in den nächsten 3 Tagen", 未来三天, 两周内."""
    words = [t.text for t in tokens[i : i + 7]]
    text = " ".join(words)
    match = re.match(
        r"(?:(?:in|within|over|for)(?: the)? (?:next|coming) |within |in den (?:nachsten|kommenden) |未 来 )(?:a )?(\w+) (?:of )?(?:个 )?(\w+)",
        text,
    )
    match = match or re.match(r"(\w+) (?:个 )?(天|周|月) (?:之 )?内", text)
    if match is None:
        return None
    n = int(match[1]) if match[1].isdigit() else _SMALL.get(match[1], 0)
    unit = _COUNTED.get(match[2], 30 if match[2] == "月" else 0)
    return _days(today, min(n * unit, 3660) + 1, i + len(match[0].split())) if n and unit else None


_WAYS = (_iso, _relative, _weekday, _recurring, _span, _month, _feast, _within)


def _days(first: date, n: int, end: int) -> Moment:
    return Moment("date", first.isoformat(), (first + timedelta(days=n)).isoformat(), end)


def _day(end: int, year: int, month: int, day: int) -> Moment | None:
    try:
        return _days(date(year, month, day), 1, end)
    except ValueError:
        return None


def _months(year: int, month: int, n: int, end: int) -> Moment:
    year, month = year + (month - 1) // 12, (month - 1) % 12 + 1
    last = year + (month + n - 2) // 12, (month + n - 2) % 12 + 1
    return Moment("date", f"{year}-{month:02}-01", _next_month(*last), end)


def _next_month(year: int, month: int) -> str:
    return f"{year + month // 12}-{month % 12 + 1:02}-01"


def _after(day: date) -> str:
    return (day + timedelta(days=1)).isoformat()


def today() -> date:
    """Return the day it is on this machine."""
    return datetime.now().astimezone().date()
