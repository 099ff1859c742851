"""Hold a moment, and the words for days, months, feasts and parts of the day (``data/moments.yaml``)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from importlib.resources import files
from typing import Any, Literal, NamedTuple

import yaml

from .tokens import Token, tokenise

Kind = Literal["date", "time"]
Forms = Mapping[tuple[str, ...], Any]
LONGEST = 6
"""Tokens of the longest form in the word list."""


class Moment(NamedTuple):
    """A span ``low <= x < high`` of days or times of day, or every one of ``weekdays``; it ends before token ``end``.

    ``part`` is the part of the day that its words name too: ``17:00 24:00`` of "tonight".
    ``sure`` says that it is one without a preposition beside it. The span of one minute ends in ``~``.
    """

    kind: Kind
    low: str
    high: str
    end: int
    sure: bool = True
    weekdays: tuple[int, ...] = ()
    part: str = ""


def words_of_moments(part: str) -> Forms:
    """Return form, as a tuple of tokens -> meaning, of one part of the word list."""
    return _forms()[part]


def longest(forms: Forms, tokens: Sequence[Token], i: int) -> tuple[Any, int] | None:
    """Return the meaning of the longest form at token ``i``, and the token after it."""
    for n in range(min(LONGEST, len(tokens) - i), 0, -1):
        key = tuple(t.text for t in tokens[i : i + n])
        if key in forms:
            return forms[key], i + n
    return None


@cache
def table_of_moments() -> Mapping[str, Any]:
    """Return the whole word list, by part."""
    return dict(yaml.safe_load(files(__package__).joinpath("data/moments.yaml").read_text(encoding="utf-8")))


@cache
def _forms() -> Mapping[str, Forms]:
    found: dict[str, dict[tuple[str, ...], Any]] = {}
    for part, entries in table_of_moments().items():
        rows = {"": entries} if isinstance(entries, list) else entries
        found[part] = {
            key: meaning for meaning, forms in rows.items() if isinstance(forms, list) for key in _keys(forms)
        }
    return found


def _keys(forms: Sequence[str]) -> Iterator[tuple[str, ...]]:
    for form in forms:
        yield tuple(t.text for t in tokenise(form))
