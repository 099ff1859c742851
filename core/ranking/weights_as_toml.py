"""Write the weights of candidate sources as a file that people edit, and read it back."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from types import MappingProxyType
from typing import get_args

from .weights import SOURCES, Kind

MOST = 10.0
Weights = Mapping[str, Mapping[Kind, float]]
_HEAD = """\
# How much each source of candidates counts, by kind of request; 0: not at all. A source or a kind that is left out counts 0.
# What each kind means is said in core/ranking/weights.py.
"""


def shipped_weights() -> str:
    """Return the weights of the code as a file."""
    tables = []
    for name, row in SOURCES.items():
        if row.weights:
            lines = "\n".join(f"{kind} = {weight}" for kind, weight in row.weights.items())
            tables.append(f"[{name}]\n{lines}\n")
    return _HEAD + "\n" + "\n".join(tables)


def read_weights(text: str) -> tuple[Weights | None, list[str]]:
    """Return the weights in a file, or None and its problems in plain words with the line."""
    try:
        tables = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        found = re.search(r"at line (\d+)", str(error))
        return None, [f"line {found[1] if found else 1} cannot be read; write lines such as said = 1.0"]
    problems: list[str] = []
    for source, kinds in tables.items():
        if source not in SOURCES or not SOURCES[source].weights:
            known = ", ".join(name for name, row in SOURCES.items() if row.weights)
            problems.append(f"{_line(text, f'[{source}]')}there is no source {source!r}; the sources are {known}")
        elif not isinstance(kinds, dict):
            problems.append(f"{_line(text, source)}{source} must be a heading [{source}] with lines below it")
        else:
            problems += [f"{_line(text, kind, source)}{p}" for kind, w in kinds.items() if (p := _wrong(kind, w))]
    if problems:
        return None, problems
    return MappingProxyType({source: MappingProxyType(kinds) for source, kinds in tables.items()}), []


def _wrong(kind: str, weight: object) -> str:
    if kind not in get_args(Kind):
        return f"there is no kind of request {kind!r}; the kinds are {', '.join(get_args(Kind))}"
    if isinstance(weight, bool) or not isinstance(weight, int | float) or not 0 <= weight <= MOST:
        return f"{kind} must be a number from 0 to {MOST:g}, not {weight!r}"
    return ""


def _line(text: str, start: str, below: str = "") -> str:
    inside = not below
    for number, line in enumerate(text.splitlines(), 1):
        inside = inside or line.strip() == f"[{below}]"
        if inside and line.strip().startswith(start):
            return f"line {number}: "
    return ""
