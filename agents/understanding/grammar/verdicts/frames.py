"""Refuse the value that words stand around: "keep mint out of it", "lass die Minze weg", 与其喝菊花不如喝绿茶."""

from __future__ import annotations

from .....core.language.keys import joined, key_of
from .....core.language.word_groups import frame_openers, frames
from ..refusals.refuse_before import listed_with
from ..sentence import COMMAS, Sentence
from .settle import mark, name, refuse

AROUND = 4
"""Segments before and after a value among which its frame stands."""
REACH = 12
"""Segments after the opening words of a frame among which the last of its values stands."""


def framed(sentence: Sentence) -> None:
    """Refuse the values in the frames that refuse, and name those in the frames that only compare."""
    opens = frame_openers()
    opened = [i for i, s in enumerate(sentence.segments) if not s.used and key_of(s.text).split(" ")[-1] in opens]
    near = {k for i in opened for k in range(i + 1, min(i + REACH, len(sentence.segments)))}
    for k in sorted(near):
        if not sentence.segments[k].used and sentence.value_at(k):
            _settle(sentence, min(listed_with(sentence, k)), k)


def _settle(sentence: Sentence, first: int, last: int) -> None:
    """Settle the values at ``first`` to ``last`` by the first frame that stands around them."""
    for role, pairs in frames().items():
        for pair in pairs:
            around = _around(sentence, first, last, pair)
            if around is None:
                continue
            inside = sentence.segments[slice(*around)]
            if role == "refused":
                refuse(sentence, sentence.segments[first : last + 1], inside[0])
                mark(inside, "refused")
            else:
                name(sentence, inside)
            return


def _around(sentence: Sentence, first: int, last: int, frame: tuple[str, str]) -> tuple[int, int] | None:
    """Return the positions ``start:end`` of the words of a frame with what they stand around; nothing but glue stands between."""
    start, end = first - 1, last + 1
    while start > first - AROUND and start >= 0 and _may_skip(sentence, start, frame[0]):
        start -= 1
    while end < min(last + AROUND, len(sentence.segments)) and _may_skip(sentence, end, frame[1]):
        end += 1
    if start < 0 or end >= len(sentence.segments):
        return None
    after = _ends_of(sentence, end, frame[1])
    if after is None or not _opens(sentence, start, frame[0]):
        return None
    return None if any(sentence.segments[i].used for i in (start, *range(end, after))) else (start, after)


def _may_skip(sentence: Sentence, i: int, wanted: str) -> bool:
    s = sentence.segments[i]
    between = s.is_glue or "want" in s.roles or s.mark in COMMAS
    said = key_of(s.text)
    opens = said in (wanted, *wanted.split(" ")) or (not wanted.isascii() and wanted.startswith(said))
    return between and not s.used and not opens


def _opens(sentence: Sentence, i: int, wanted: str) -> bool:
    """Tell whether the words before the value end at ``i``."""
    said = key_of(sentence.segments[i].text)
    return said == wanted or said.endswith(f" {wanted}")


def _ends_of(sentence: Sentence, i: int, wanted: str) -> int | None:
    """Return the position after the words that stand behind the value from ``i`` on, or None where others do."""
    said = ""
    for j in range(i, min(i + AROUND, len(sentence.segments))):
        said = joined([*said.split(" "), key_of(sentence.segments[j].text)]).strip()
        if said == wanted or said.startswith(f"{wanted} ") or (not wanted.isascii() and said.startswith(wanted)):
            return j + 1
    return None
