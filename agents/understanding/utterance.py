"""Hold one sentence while rules take their spans out of it; what is left is the query."""

from __future__ import annotations

import re

from ...core.text.catalogue_values import TAKEN
from .numbers_and_money import NUMBER_MARK, Number, find_numbers, mark_numbers, normalise

NUMBER = f"(?<!{NUMBER_MARK})({NUMBER_MARK}++)"
WINDOW = 80
"""Characters on either side of a phrase that can change its meaning; bounds the work on hostile text."""


class Utterance:
    """A typed text or a transcript. ``low`` has the same length as ``text``: lower case, numbers and taken spans marked."""

    def __init__(self, text: str, source: str = "text", confidence: float = 1.0) -> None:
        self.text = text
        self.source = source
        self.confidence = confidence
        self.plain = normalise(text)
        numbers = find_numbers(self.plain)
        self.numbers: dict[int, Number] = {n.start: n for n in numbers}
        self.low = mark_numbers(self.plain, numbers)
        self._gone = bytearray(len(text))

    def take(self, start: int, end: int) -> str:
        """Remove ``start:end`` from further rules and from the query; return its original words."""
        self.low = self.low[:start] + TAKEN * (end - start) + self.low[end:]
        self._gone[start:end] = b"\x01" * (end - start)
        return self.text[start:end].strip()

    def mark(self, start: int, end: int) -> None:
        """Remove ``start:end`` from further rules, but keep it in the query."""
        self.low = self.low[:start] + TAKEN * (end - start) + self.low[end:]

    def number(self, match: re.Match[str], group: int) -> Number:
        """Return the number marked by ``group`` of a match on ``low``."""
        return self.numbers[match.start(group)]

    def remainder(self, without: tuple[tuple[int, int], ...] = ()) -> str:
        """Return the words no rule has taken, leaving out the spans in ``without`` too."""
        gone = bytearray(self._gone)
        for start, end in without:
            gone[start:end] = b"\x01" * (end - start)
        return "".join(" " if hidden else char for char, hidden in zip(self.text, gone, strict=True))

    def before(self, position: int) -> str:
        """Return the words of the sentence just before ``position``, taken spans marked."""
        return self.low[max(self.clause(position)[0], position - WINDOW) : position]

    def before_in(self, position: int) -> str:
        """Return the words of the sentence just before ``position``, as they were said."""
        return self.plain[max(self.clause(position)[0], position - WINDOW) : position]

    def after(self, position: int) -> str:
        """Return the words of the sentence just after ``position``, taken spans marked."""
        return self.low[position : min(self.clause(position)[1], position + WINDOW)]

    def clause(self, position: int) -> tuple[int, int]:
        """Return the span of the sentence around ``position``."""
        start = max((m.end() for m in re.finditer(r"[.!?;。！？]\s|\n", self.plain[:position])), default=0)
        stop = re.search(r"[.!?;。！？](?:\s|$)|\n", self.plain[position:])
        return start, position + stop.start() if stop else len(self.plain)
