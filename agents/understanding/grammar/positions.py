"""Look at the segments around a position without running over the ends of the text."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from .segments import Segment

EDGE = Segment(-1, -1, -1, -1, "", mark="\0", used="edge")
"""What stands before the first segment and after the last: a mark, used, without words or roles. Never changed."""


def at(segments: Sequence[Segment], i: int) -> Segment:
    """Return the segment at ``i``, or ``EDGE`` beyond the ends of the text."""
    return segments[i] if 0 <= i < len(segments) else EDGE


def past(segments: Sequence[Segment], i: int, over: Callable[[Segment], object], step: int = 1) -> int:
    """Return the first position from ``i`` on, by ``step``, at which ``over`` does not hold; -1 or the length beyond the ends."""
    while 0 <= i < len(segments) and over(segments[i]):
        i += step
    return i
