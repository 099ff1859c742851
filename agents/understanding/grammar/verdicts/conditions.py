"""Read a condition with the verdict on it: "if there's mint in it, forget it", "I'm out if it's over 300", "ohne Pool? dann nicht", 超过三百就算了."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from ..bounds.bound import Bound
from ..bounds.bounds_on_fields import OPPOSITE
from ..refusals.words import LINKS
from ..segments import Segment
from ..sentence import COMMAS, Sentence
from .clause import clause_around, is_one, plays
from .settle import mark, refuse

REACH = 16
"""Segments after "if" among which the verdict stands."""


def conditionals(sentence: Sentence) -> None:
    """Refuse what a rejected condition speaks of, want what it lacks, and name it where that cannot be told."""
    segments = sentence.segments
    for i, s in enumerate(segments):
        if s.used or s.entries:
            continue
        if ("conditional" in s.roles or is_one(s, "whenever")) and not s.roles & {"not", "except"}:
            span = _judged_after(sentence, i) or _judged_before(sentence, i)
            if span is not None:
                _settle(sentence, i, *span)
        elif "rejects" in s.roles and i and is_one(segments[i - 1], "otherwise"):
            mark(segments[i - 1 : i + 1], "settled")  # "dogs allowed, otherwise forget it"
        elif "rejects" in s.roles and i > 1 and "and" in segments[i - 1].roles:
            _consequence(sentence, i)


def _consequence(sentence: Sentence, i: int) -> None:
    """Settle what the verdict at ``i`` follows from: "more than 5 km and I won't go", "one drop of oud and I'm out"."""
    start = clause_around(sentence, i - 1).start
    asked = any(plays(s, "want", "demand") for s in sentence.segments[start : i - 1])
    if start < i - 1 and not asked:
        _settle(sentence, i - 1, start, i - 1, i)


def _judged_after(sentence: Sentence, i: int) -> tuple[int, int, int] | None:
    """Return the start and end of the condition that "if" at ``i`` opens, with the position of the verdict behind it."""
    for k in range(i + 1, min(i + REACH, len(sentence.segments))):
        if _rejects(sentence.segments[k]):
            return i + 1, k, k
        if sentence.stops(k):
            return None
    return None


def _judged_before(sentence: Sentence, i: int) -> tuple[int, int, int] | None:
    """Return the same where the verdict stands before the "if" at ``i``."""
    j = i - 1
    while j >= 0 and (sentence.segments[j].mark in COMMAS or sentence.segments[j].is_glue):
        j -= 1
    if j < 0 or not _rejects(sentence.segments[j]):
        return None
    return i + 1, clause_around(sentence, i).end, j


def _rejects(s: Segment) -> bool:
    return "rejects" in s.roles and not s.used


def _settle(sentence: Sentence, i: int, start: int, end: int, verdict: int) -> None:
    """Give what stands in a rejected condition at ``start:end`` its sign."""
    inside = sentence.segments[start:end]
    values = [k for k in range(start, end) if sentence.value_at(k)]
    bounds = [b for b in sentence.found.bounds if inside and inside[0].start <= b.start < inside[-1].end]
    if not values and not bounds:
        return
    denied = [s for s in inside if plays(s, "not", "not_after", "except") and not s.used]
    sure = _is_sure(inside, denied, len(values), len(bounds))
    if sure and bounds:
        sure = _turn(sentence, bounds)
    elif sure:
        _take(sentence, values, refused=not denied)
    said = (sentence.segments[i], *inside, sentence.segments[verdict])
    if not sure:
        sentence.found.bounds = [b for b in sentence.found.bounds if b not in bounds]
        sentence.found.unmet.append((min(said[0].start, inside[0].start), inside[-1].end))
    mark(said, "not" if sure else "unmet", over=False)


def _is_sure(inside: Iterable[Segment], denied: Sequence[Segment], values: int, bounds: int) -> bool:
    """Tell whether the sign of a condition is plain: one negation at most, of one value, and no "and"."""
    linked = {r for s in inside for r in s.roles & LINKS if not s.entries}
    once = len(denied) <= (0 if values + bounds > 1 or bounds else 1)
    return once and "and" not in linked and not any("averse" in s.roles for s in denied) and not (values and bounds)


def _take(sentence: Sentence, values: Sequence[int], *, refused: bool) -> None:
    if refused:
        refuse(sentence, (sentence.segments[k] for k in values))
        return
    for k in values:
        sentence.want(k)


def _turn(sentence: Sentence, bounds: Sequence[Bound]) -> bool:
    """Turn one comparison round; return whether it is one that has an opposite."""
    if len(bounds) != 1 or bounds[0].op not in OPPOSITE or bounds[0].op == "=":
        return False
    turned = replace(bounds[0], op=OPPOSITE[bounds[0].op], turned=True)
    sentence.found.bounds = [turned if b is bounds[0] else b for b in sentence.found.bounds]
    return True
