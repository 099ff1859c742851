"""Read numbers beside a word that no unit of measure is: "40 pp.", "12岁", "300 Mbit/s", "4.5/5", "Grade 6" in a column called grade."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import NamedTuple

from ...core.text.field_names import words_of
from .numbers import Decimal, number_in, tidy

FEWEST_NUMBERS = 3
"""Different numbers that a column must hold for a word beside them to say nothing: 4G and 5G are names."""
_BESIDE = re.compile(
    r"(?P<before>[^\W\d_]{2,15}\.?)?\s*(?P<number>\d[\d.,]*)(?P<space>\s*)(?P<after>[^\d\s(][^\d(]{0,14})?"
)
_OF_THE_BEST = re.compile(r"(?P<number>\d[\d.,]*)\s*(?:/|(?:out )?of|von|sur)\s*(?P<best>5|10|20|100)", re.IGNORECASE)
"""A mark on a scale: "3/5", "8 out of 10"."""
_POINTS_IN_TIME = frozenset(
    ("uhr", "am", "pm", "a.m", "p.m", "点", "點", "时", "時", "月", "日", "号", "st", "nd", "rd", "th")
)
"""What makes a number a point in time, or a place in a row."""
_NAMES = frozenset(
    (
        "type",
        "typ",
        "model",
        "modell",
        "version",
        "series",
        "serie",
        "part",
        "teil",
        "line",
        "linie",
        "gate",
        "zone",
        "group",
        "gruppe",
        "set",
        "no",
        "nr",
    )
)
"""What is called by a number and has no more or less of it: a plug of type 2."""


class NumberAndWord(NamedTuple):
    """A number and the word before or after it, without its full stop."""

    number: float
    word: str
    leads: bool


def beside(text: str, decimal: Decimal = ".") -> NumberAndWord | None:
    """Return the number of a cell that has one word, or the best mark of a scale ("/5"), beside it, or None."""
    if (mark := _OF_THE_BEST.fullmatch(tidy(text))) is not None:
        number = number_in(mark["number"], decimal)
        return (
            NumberAndWord(number, f"/{mark['best']}", False)
            if number is not None and number <= int(mark["best"])
            else None
        )
    match = _BESIDE.fullmatch(tidy(text))
    if match is None or bool(match["before"]) == bool(match["after"]):
        return None
    said = match["before"] or match["after"]
    number = number_in(match["number"].rstrip(".,"), decimal)
    word = said.strip(" .")
    letter = len(word) == 1 and word.isascii() and not match["space"]
    return None if number is None or letter or not word else NumberAndWord(number, word, bool(match["before"]))


def word_beside(name: str, texts: Mapping[str, int], share: float, decimal: Decimal = ".") -> str:
    """Return the word that stands beside the number in at least ``share`` of a column's cells (text -> how often), or an empty string.

    After the number any word will do; before it only one that the column is called by: a model "Nova 7" is a name.
    """
    found = {text: seen for text in texts if (seen := beside(text, decimal)) is not None}
    if len({seen.number for seen in found.values()}) < FEWEST_NUMBERS:
        return ""
    counts: dict[tuple[str, bool], int] = {}
    for text, seen in found.items():
        key = (seen.word, seen.leads)
        counts[key] = counts.get(key, 0) + texts[text]
    (word, leads), _ = max(counts.items(), key=lambda kv: kv[1])
    alike = sum(n for (other, side), n in counts.items() if side == leads and is_same(word, other))
    called = {w.casefold() for w in words_of(name)} - _NAMES
    if (
        alike < share * sum(texts.values())
        or word.casefold() in _POINTS_IN_TIME
        or (leads and word.casefold() not in called)
    ):
        return ""
    return word


def number_beside(text: str, word: str, decimal: Decimal = ".") -> float | None:
    """Return the number of a cell that stands beside ``word``, or None."""
    seen = beside(text, decimal)
    return seen.number if seen is not None and is_same(word, seen.word) else None


def is_same(one: str, other: str) -> bool:
    """Tell whether two words are the same but for an ending: seat and seats."""
    short, long = sorted((one.casefold(), other.casefold()), key=len)
    return short == long or (len(short) > 2 and long.startswith(short) and len(long) <= len(short) + 2)
