"""Part Chinese that is written or dictated without marks into clauses: "绿茶吧 珍珠不要", 珍珠不要椰果可以."""

from __future__ import annotations

from collections.abc import Sequence

from .....core.language.keys import key_of
from .....core.language.word_groups import around_han
from .....core.text.chinese import is_han
from ..refusals.words import LACKING
from ..segments import Segment
from ..sentence import COMMAS
from .clause import is_one

_REFUSING = frozenset(("not", "not_after"))
_LEADING = frozenset(
    "not not_after except want only soft and or nor either both also under at_most over at_least between from to around in than too conditional release wanted_double".split()  # noqa: SIM905
)
"""Roles of words that lead on to what follows them."""
_ASKED = frozenset(("fine", "want", "also", "soft"))


def parted(segments: Sequence[Segment]) -> list[Segment]:
    """Return the segments with a comma wherever a Chinese clause ends and none is written."""
    found: list[Segment] = []
    for n, s in enumerate(segments):
        if s.mark in COMMAS and _hesitates(segments, n):
            continue
        if found and _parts(segments, n):
            end = found[-1].end
            found.append(Segment(s.first, s.first, end, end, "，", mark=","))
        found.append(s)
    return found


def _parts(segments: Sequence[Segment], n: int) -> bool:
    before, s = segments[n - 1], segments[n]
    if not (_ends_in_han(before) and s.text and is_han(s.text[0])) or before.mark or s.mark:
        return False
    if before.entries:
        return bool(s.entries) and n > 1 and bool(segments[n - 2].roles & _REFUSING) and _is_answered(segments, n)
    opens = bool(s.entries) or bool(s.roles & {"want", "instead", "not"}) or is_one(s, "opening_anew")
    if not opens:
        return False
    if before.roles & _REFUSING and n > 1 and segments[n - 2].text == "的" and _lacks(segments, n - 2):
        return True
    if before.roles & _REFUSING and n > 1 and _is_topic(segments, n - 2):
        return _is_apart(before, s) or _is_answered(segments, n)
    closes = before.text in around_han()["closings"] and n > 1 and not segments[n - 2].mark
    if before.roles & _LEADING and not closes:
        return False
    return closes or (_is_apart(before, s) and not before.fields and before.text != "的")


def _lacks(segments: Sequence[Segment], k: int) -> bool:
    """Tell whether what ends at ``k`` says what a thing lacks: 没有电梯的, which the next 不要 refuses."""
    while k > 0 and not segments[k].mark and not segments[k].roles & _REFUSING:
        k -= 1
    return key_of(segments[k].text) in LACKING


def _hesitates(segments: Sequence[Segment], n: int) -> bool:
    """Tell whether the comma at ``n`` stands beside a word of hesitation behind one that leads on: 也不要，嗯，白色."""
    hesitations = around_han()["hesitations"]
    k = n - 1
    while k >= 0 and (segments[k].mark in COMMAS or segments[k].text in hesitations):
        k -= 1
    beside = any(s.text in hesitations for s in (segments[n - 1], *segments[n + 1 : n + 2]))
    return beside and k >= 0 and bool(segments[k].roles & _LEADING) and not segments[k].entries


def _ends_in_han(s: Segment) -> bool:
    return bool(s.text) and is_han(s.text[-1])


def _is_apart(before: Segment, s: Segment) -> bool:
    """Tell whether a blank stands between two segments."""
    return before.end < s.start


def _is_topic(segments: Sequence[Segment], k: int) -> bool:
    """Tell whether a value, with no more than words that take it up again, ends at ``k`` and is joined to what follows."""
    while k > 0 and segments[k].is_glue and not segments[k].mark and not _is_apart(segments[k], segments[k + 1]):
        k -= 1
    return bool(segments[k].entries) and not _is_apart(segments[k], segments[k + 1])


def _is_answered(segments: Sequence[Segment], n: int) -> bool:
    """Tell whether the value at ``n`` is said to be welcome: 可以, 要, 行."""
    n = n + 1 if segments[n + 1 : n + 2] and segments[n + 1].text in ("就", "也", "倒") else n
    following = segments[n + 1] if n + 1 < len(segments) else None
    if following is None or not following.roles & _ASKED or following.entries:
        return False
    after = segments[n + 2] if n + 2 < len(segments) else None
    return after is None or bool(after.mark) or not after.entries
