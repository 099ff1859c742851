"""Read a later turn beside what earlier ones asked for: "red is fine after all", "I don't need the mirror", a preference for another value.

Who tolerates what was refused, or needs no more what was wanted, asks for neither: the condition ends, and its opposite is not made.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache

from ...core.language.follow_up_words import follow_ups
from ...core.schemas import Condition, Constraint, Reading
from .constraint_merge import REFUSED, WANTED, texts_of, values_of
from .grammar.segments import Segment

_STOP = re.compile(r"[,.!?;:，。！？；：\n]")
Said = tuple[str, str]
"""A field and a value, in lower case."""


def beside_earlier(reading: Reading, segments: Sequence[Segment], earlier: Sequence[Constraint], text: str) -> Reading:
    """Return the reading of a later turn, with releases of what it tolerates or needs no more, and preferences that change a wish."""
    if not earlier:
        return reading
    fine = any(s.roles & {"fine", "also", "permits"} and not s.entries for s in segments)
    wanted = {(c.field, v) for c in earlier if c.op in WANTED for v in values_of(c)}
    refused = {(c.field, v) for c in earlier if c.op in REFUSED for v in values_of(c)}
    tolerated = _said_of(segments, text, "tolerating") | _said_of(segments, text, "at_ease")
    unneeded, rather = _said_of(segments, text, "unneeded"), _said_of(segments, text, "rather")
    kept: list[Condition] = []
    freed: list[tuple[str, str]] = sorted(
        {
            (e.field, v)
            for s in segments
            for e in s.entries
            for v in e.wanted
            if (e.field, v.lower()) in refused & tolerated
        }
    )
    named = {s.text for s in segments for e in s.entries for v in e.wanted if (e.field, v) in freed}
    for c in reading.conditions:
        if c.words in named and c.op in WANTED:
            continue
        said = {(c.field, v.lower()) for v in texts_of(c)}
        allowed = c.op in WANTED and said <= refused and (fine or said <= tolerated)
        if said and (allowed or (c.op in REFUSED and said <= wanted & unneeded)):
            freed += [(c.field, v) for v in texts_of(c)]
        else:
            changes = c.op in WANTED and bool(said) and (c.field in {name for name, _ in wanted} or said <= rather)
            kept.append(c.model_copy(update={"must": c.must or changes}))
    return reading.model_copy(update={"conditions": tuple(kept), "released": (*reading.released, *freed)})


def _said_of(segments: Sequence[Segment], text: str, name: str) -> set[Said]:
    """Return the values beside which the same clause says something of the list ``name``, on the side where that is said."""
    before, after = name != "tolerating", name in ("tolerating", "unneeded")
    found = set[Said]()
    if not _pattern(name).search(text.lower().replace("’", "'")):
        return found
    for s in segments:
        if not s.entries:
            continue
        start = max((m.end() for m in _STOP.finditer(text[: s.start])), default=0)
        stop = _STOP.search(text, s.end)
        end = stop.start() if stop else len(text)
        clause = f"{text[start : s.start] if before else ''} \0 {text[s.end : end] if after else ''}"
        if _pattern(name).search(clause.lower().replace("’", "'")):
            found |= {(e.field, v.lower()) for e in s.entries for v in (*e.wanted, *e.refused)}
    return found


@cache
def _pattern(name: str) -> re.Pattern[str]:
    phrases = sorted(follow_ups()[name], key=len, reverse=True)
    spaced = "|".join(re.escape(p) for p in phrases if p[0].isascii())
    return re.compile(rf"\b(?:{spaced})\b|{'|'.join(p for p in phrases if not p[0].isascii())}")
