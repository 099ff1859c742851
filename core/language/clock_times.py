"""Read times of day and parts of the day: "8:30 pm", "20 Uhr", "noon", "in the evening", 晚上8点半."""

from __future__ import annotations

import re
from collections.abc import Sequence

from .moment_forms import Moment, longest, words_of_moments
from .tokens import Token

_HAN_HOURS = {c: n for n, c in enumerate("零一二三四五六七八九十")} | {"两": 2}
NOON, DAY_HOURS = 12, 24
_NAMED_TIMES = {"noon": (12, 0), "midday": (12, 0), "midnight": (23, 59), "mitternacht": (23, 59)}


def clock_at(tokens: Sequence[Token], i: int) -> Moment | None:
    """Read "8 pm", "8:30pm", "20:00", "20 Uhr", "noon", 晚上8点半."""
    if tokens[i].text in _NAMED_TIMES:
        return _time(*_NAMED_TIMES[tokens[i].text], i + 1)
    part = part_at(tokens, i) if tokens[i].kind == "han" else None
    j = part.end if part else i
    if j >= len(tokens):
        return None
    if tokens[j].kind == "han":
        return _han_clock(tokens, *_han_hour(tokens, j), 0, part)
    match = re.fullmatch(r"(\d{1,2})(?:[.](\d\d))?", tokens[j].text) if tokens[j].kind == "number" else None
    if match is None or int(match[1]) > DAY_HOURS:
        return None
    hour, minute, k = int(match[1]), int(match[2] or 0), j + 1
    colon = k + 1 < len(tokens) and tokens[k].text in (":", "：") and re.fullmatch(r"[0-5]\d", tokens[k + 1].text)
    if colon:
        minute, k = int(tokens[k + 1].text), k + 2
    if k < len(tokens) and tokens[k].text in ("点", "时"):
        return _han_clock(tokens, hour, k, minute, part)
    return _western_clock(tokens, hour, minute, k) or (_time(hour, minute, k) if colon else None)


def part_at(tokens: Sequence[Token], i: int) -> Moment | None:
    """Return a part of the day that is named at token ``i``: "in the evening", 晚上."""
    found = longest(words_of_moments("parts"), tokens, i)
    if found is None:
        return None
    low, high = found[0].split()
    return Moment("time", low, high, found[1])


def _western_clock(tokens: Sequence[Token], hour: int, minute: int, k: int) -> Moment | None:
    words = [t.text for t in tokens[k : k + 4]]
    half = 1 if words[:1] in (["am"], ["pm"]) else 0
    if words[:3] in (["a", ".", "m"], ["p", ".", "m"]):
        half = 4 if words[3:] == ["."] else 3
    if half and hour <= NOON:
        return _time(hour % NOON + (NOON if words[0][0] == "p" else 0), minute, k + half)
    named = next((n for n in (1, 2) if "".join(t.text for t in tokens[k : k + n]) in ("uhr", "oclock")), 0)
    return _time(hour, minute, k + named) if named else None


def _han_hour(tokens: Sequence[Token], j: int) -> tuple[int | None, int]:
    hour, k = _HAN_HOURS.get(tokens[j].text), j + 1
    if hour == 10 and k < len(tokens) and tokens[k].text in ("一", "二"):
        return 10 + _HAN_HOURS[tokens[k].text], k + 1
    return hour, k


def _han_clock(tokens: Sequence[Token], hour: int | None, k: int, minute: int, part: Moment | None) -> Moment | None:
    if hour is None or k >= len(tokens) or tokens[k].text not in ("点", "时"):
        return None
    k += 1
    if k < len(tokens) and tokens[k].text == "半":
        minute, k = 30, k + 1
    elif k < len(tokens) and tokens[k].text in ("钟", "整"):
        k += 1
    late = part is not None and part.low >= "12:00" and hour < NOON
    return _time(hour + (NOON if late else 0), minute, k)


def _time(hour: int, minute: int, end: int) -> Moment:
    low = f"{min(hour, 24):02}:{minute:02}"
    return Moment("time", low, low + "~", end)
