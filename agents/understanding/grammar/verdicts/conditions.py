"""Read a condition with the verdict on it: "if there's mint in it, forget it", "I'm out if it's over 300", "no pool? then no deal"."""

from __future__ import annotations

from dataclasses import replace

from .....core.language.keys import key_of
from .....core.language.value_entry import BROADER
from ..bounds.bound import Bound
from ..bounds.bounds_of_phrases import OPPOSITE
from ..refused_values import LINKS
from ..sentence import COMMAS, Sentence, Wish

REACH = 16
"""Segments after "if" among which the verdict stands."""
_WHENEVER = frozenset(("when", "whenever"))
_ELSE = frozenset("otherwise else or sonst ansonsten 否则 不然".split())  # noqa: SIM905
"""Words before a verdict on everything but what was asked for: "dogs allowed, otherwise forget it"."""


def conditionals(sentence: Sentence) -> None:
    """Refuse what a rejected condition speaks of, want what it lacks, and name it where that cannot be told."""
    segments = sentence.segments
    for i, s in enumerate(segments):
        if s.used or s.entries:
            continue
        if ("conditional" in s.roles or key_of(s.text) in _WHENEVER) and not s.roles & {"not", "except"}:
            span = _judged_after(sentence, i) or _judged_before(sentence, i)
            if span is not None:
                _settle(sentence, i, *span)
        elif "rejects" in s.roles and i and key_of(segments[i - 1].text) in _ELSE:
            s.used = segments[i - 1].used = "settled"
        elif "rejects" in s.roles and i > 1 and "and" in segments[i - 1].roles:
            _consequence(sentence, i)


def _consequence(sentence: Sentence, i: int) -> None:
    """Settle what the verdict at ``i`` follows from: "more than 5 km and I won't go", "one drop of oud and I'm out"."""
    start = i - 1
    while start and not sentence.stops(start - 1) and sentence.segments[start - 1].mark not in COMMAS:
        start -= 1
    asked = any(s.roles & {"want", "demand"} and not s.entries for s in sentence.segments[start : i - 1])
    if start < i - 1 and not asked:
        _settle(sentence, i - 1, start, i - 1, i)


def _judged_after(sentence: Sentence, i: int) -> tuple[int, int, int] | None:
    """Return the start and end of the condition that "if" at ``i`` opens, with the position of the verdict behind it."""
    for k in range(i + 1, min(i + REACH, len(sentence.segments))):
        if sentence.segments[k].roles & {"rejects"} and not sentence.segments[k].used:
            return i + 1, k, k
        if sentence.stops(k):
            return None
    return None


def _judged_before(sentence: Sentence, i: int) -> tuple[int, int, int] | None:
    """Return the same where the verdict stands before the "if" at ``i``."""
    j = i - 1
    while j >= 0 and (sentence.segments[j].mark in COMMAS or sentence.segments[j].is_glue):
        j -= 1
    if j < 0 or "rejects" not in sentence.segments[j].roles or sentence.segments[j].used:
        return None
    end = i + 1
    while end < len(sentence.segments) and not sentence.stops(end) and sentence.segments[end].mark not in COMMAS:
        end += 1
    return i + 1, end, j


def _settle(sentence: Sentence, i: int, start: int, end: int, verdict: int) -> None:
    """Give what stands in a rejected condition at ``start:end`` its sign."""
    inside = sentence.segments[start:end]
    values = [k for k in range(start, end) if sentence.value_at(k)]
    bounds = [b for b in sentence.found.bounds if inside and inside[0].start <= b.start < inside[-1].end]
    denied = [s for s in inside if s.roles & {"not", "not_after", "except"} and not (s.used or s.entries)]
    if not values and not bounds:
        return
    linked = {r for s in inside for r in s.roles & LINKS if not s.entries}
    sure = len(denied) <= (0 if len(values) + len(bounds) > 1 or bounds else 1) and "and" not in linked
    sure = sure and not any("averse" in s.roles for s in denied) and not (values and bounds)
    if sure and bounds:
        sure = _turn(sentence, bounds)
    elif sure:
        _take(sentence, values, refused=not denied)
    if not sure:
        sentence.found.bounds = [b for b in sentence.found.bounds if b not in bounds]
        sentence.found.unmet.append((min(sentence.segments[i].start, inside[0].start), inside[-1].end))
    for s in (sentence.segments[i], *inside, sentence.segments[verdict]):
        s.used = s.used or ("not" if sure else "unmet")


def _take(sentence: Sentence, values: list[int], *, refused: bool) -> None:
    for k in values:
        if not refused:
            sentence.want(k)
            continue
        value = sentence.segments[k]
        entries = [e for e in value.entries if e.rank < BROADER and sentence.evident(value, e)]
        sentence.found.wishes += [Wish(e, [value], refused=True) for e in entries]
        value.used = "refused"


def _turn(sentence: Sentence, bounds: list[Bound]) -> bool:
    """Turn one comparison round; return whether it is one that has an opposite."""
    if len(bounds) != 1 or bounds[0].op not in OPPOSITE or bounds[0].op == "=":
        return False
    turned = replace(bounds[0], op=OPPOSITE[bounds[0].op], turned=True)
    sentence.found.bounds = [turned if b is bounds[0] else b for b in sentence.found.bounds]
    return True
