"""Compare what is printed in a photo, on a label or a box, with what a text claims: sizes with their units, and names.

A size in the text and another one of the same measure in the photo contradict each other, unless the photo shows many, as a table of
nutrition does. Words of the text that are read in the photo bear it out. What is not printed is no evidence.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Sequence
from functools import cache

from ...core.errors import BackEndError
from ...core.language.keys import key_of
from ...core.language.measure_words import units
from ...core.schemas import Tag, VerdictState
from ...core.text.words import tokens
from ...models.captions.text_in_pictures import PictureText

SOURCE = "PP-OCR (Du et al. 2020), by rapidocr"
LIMITS = "Reads upright Chinese and English print; not handwriting, not curved or tiny letters, and no claim that is not printed."
MEASURES = ("volume", "mass", "data", "length")
"""Measures that labels print; a unit of several, such as g, is of the first."""
ALIKE, MOST_SIZES, LEAST_LETTERS, LEAST_WORDS = 0.03, 2, 4, 2
READ_S = 30.0
"""Seconds that reading one photo may take, the first with opening the models."""
SURE = 0.8
"""Confidence from which a line counts as read."""
_SIZE = re.compile(r"(?<![A-Za-z0-9.,])(\d+(?:[.,]\d+)?)\s?([A-Za-zäöüß]+|[\u4e00-\u9fff]{1,2})")
Size = tuple[str, float, str]


class PrintedText:
    """Read photos and compare them with texts.

    Args:
        read: reads the lines in a photo.
    """

    def __init__(self, read: PictureText) -> None:
        self._read = read

    async def __call__(self, path: str, text: str) -> tuple[VerdictState, str]:
        """Return the state and why, in plain words."""
        try:
            lines = await asyncio.wait_for(asyncio.to_thread(self._read.read, path), READ_S)
        except TimeoutError:
            return "no evidence", f"Not read: it took longer than {READ_S:g} seconds."
        except BackEndError:
            return "no evidence", "The photo cannot be read."
        if self._read.missing:
            return "no evidence", "Not read: it needs the extra ocr (pip install 'tastemaker[ocr]')."
        return compare(text, surely(lines))


def compare(text: str, lines: Sequence[str]) -> tuple[VerdictState, str]:
    """Return whether the lines read in a photo bear out what ``text`` claims or contradict it, and why."""
    if not lines:
        return "no evidence", "No words were read in the photo."
    claimed, shown = sizes(text), sizes(" \n ".join(lines))
    for measure in MEASURES:
        left, right = ([s for s in some if s[0] == measure] for some in (claimed, shown))
        if 0 < len(left) <= MOST_SIZES and 0 < len(right) <= MOST_SIZES and not _shared(left, right):
            return "conflict", f"The text says {left[0][2]}, but {right[0][2]} is printed in the photo."
    equal = _shared(claimed, shown)
    words = _words(text) & _words(" ".join(lines))
    if equal or len(words) >= LEAST_WORDS:
        said = ", ".join(repr(one) for one in [*equal, *sorted(words)][:3])
        return "verified", f"What the text says is printed in the photo: {said}."
    return "no evidence", "The words that were read in the photo say nothing of what the text claims."


def sizes(text: str) -> list[Size]:
    """Return each number with a unit of a measure that labels print: the measure, the number in base units, and as written."""
    found: dict[tuple[str, float], str] = {}
    for number, unit in _SIZE.findall(text):
        measure = _measures().get(key_of(unit))
        if measure is not None:
            name, factor = measure
            found.setdefault((name, round(float(number.replace(",", ".")) * factor, 6)), f"{number} {unit}")
    return [(name, value, written) for (name, value), written in found.items() if value > 0]


@cache
def _measures() -> dict[str, tuple[str, float]]:
    found = {}
    for unit, measures in units().items():
        known = sorted((m for m in measures if m[0] in MEASURES), key=lambda m: MEASURES.index(m[0]))
        if known:
            found[unit] = known[0]
    return found


def _shared(left: Sequence[Size], right: Sequence[Size]) -> list[str]:
    return [
        written
        for measure, value, written in left
        if any(measure == m and abs(value - v) <= ALIKE * max(value, v) for m, v, _ in right)
    ]


def _words(text: str) -> set[str]:
    return {word.lower() for word in tokens(text) if len(word) >= LEAST_LETTERS and word.isalpha()}


def surely(lines: Sequence[Tag]) -> list[str]:
    """Return the lines that were read surely."""
    return [line.label for line in lines if line.confidence >= SURE]
