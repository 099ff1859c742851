"""The lists of sentences beside this module, and what is wrong with how a line of them is read.

A line is ``shop|what is said|what is read``; turns of one conversation are parted by ``>>``. What is read are parts between semicolons, all that there is and no more:

- a condition: ``price < 20``, ``wax in Soy, Tin``, ``vegan = True``; ``~`` before it where it is only preferred; ``{-5}`` is the year five years ago
- an order: ``price up``, ``price down from 2`` for the second dearest, ``rating down, price up`` for the cheapest of the best
- ``?word``: the word is named as not applied; ``?`` alone: something is; ``!``: nothing is
- ``?word=condition``: the word is named, or the condition is read instead
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

from tastemaker.agents.understanding.by_rules import understand
from tastemaker.agents.understanding.reader import read
from tastemaker.core.language.catalogue_language import CatalogueLanguage
from tastemaker.core.schemas import Condition, Constraint, Predicate, Reading, ThreadMemory

from ..shops.loader import SHOPS

FOLDER = Path(__file__).parent / "sentences"
_WAYS = ("up", "down")
_YEARS_AGO = re.compile(r"\{-(\d+)\}")


class Told(NamedTuple):
    """What was understood after the last turn: conditions and order in short, and the words named as not applied."""

    read: frozenset[str]
    named: tuple[str, ...]


def rows(name: str) -> list[list[str]]:
    """Return the lines of a list, cut at their bars."""
    lines = (FOLDER / name).read_text(encoding="utf-8").splitlines()
    return [line.split("|") for line in lines if line and not line.startswith("#")]


def lists_of(language: str) -> list[str]:
    """Return the names of the lists of a language."""
    return sorted(path.name for path in FOLDER.glob(f"{language}_*.txt"))


def faults(name: str) -> list[str]:
    """Return every line of a list that is read otherwise, with how it is read."""
    return [found for shop, text, expected in rows(name) if (found := fault(shop, text, expected))]


def fault(shop: str, text: str, expected: str) -> str:
    """Return how a text is read, where it is read otherwise than expected, or an empty string."""
    told = understood(text, SHOPS[shop])
    parts = [p for p in _YEARS_AGO.sub(lambda m: str(datetime.now(UTC).year - int(m[1])), expected).split(";") if p]
    may = {word: said for p in parts if p[0] == "?" for word, _, said in [p[1:].partition("=")] if word}
    instead = {said for said in may.values() if {said, f"~{said}"} & told.read}
    conditions = {p for p in parts if p[0] not in "?!"}
    right = told.read - instead - {f"~{said}" for said in instead} == conditions - instead
    named = " ".join(told.named).casefold()
    missed = [word for word, said in may.items() if word.casefold() not in named and said not in instead]
    some = ("?" not in parts or named) and ("!" not in parts or not named)
    return "" if right and not missed and some else f"{shop}: {text!r} is read {sorted(told.read)}, named {told.named}"


def understood(text: str, shop: CatalogueLanguage) -> Told:
    """Return what is understood of a text, or of turns parted by ``>>``."""
    if ">>" in text:
        return _after_turns(text.split(">>"), shop)
    reading = read(text, shop)
    return Told(frozenset({*map(in_short, reading.conditions), *_order(reading)}), reading.not_applied)


def _after_turns(turns: Iterable[str], shop: CatalogueLanguage) -> Told:
    memory, named = ThreadMemory(), tuple[str, ...]()
    for turn in turns:
        found = understand(turn.strip(), [], shop.schema, memory, language=shop)
        memory = ThreadMemory(
            turn=memory.turn + 1, query=found.query, constraints=found.constraints, preferences=found.preferences
        )
        named = (*found.reading.not_applied, *found.unparsed)
    return Told(frozenset(map(in_short, memory.constraints)), named)


def in_short(condition: Condition | Constraint) -> str:
    """Return a condition as the lists write it."""
    either = "".join(f" or {_predicate(e)}" for e in condition.either or ())
    return f"{'' if getattr(condition, 'must', True) else '~'}{_predicate(condition)}{either}"


def _predicate(said: Condition | Constraint | Predicate) -> str:
    if isinstance(said.value, list | tuple):
        value = ", ".join(sorted(map(str, said.value)))
    else:
        value = f"{said.value:g}" if isinstance(said.value, float) else str(said.value)
    return f"{said.field} {said.op} {value}"


def _order(reading: Reading) -> list[str]:
    """Return the order as the lists write it: where it begins if not at the first, and what orders items of one value."""
    order = reading.order
    if order is None:
        return []
    start = f" from {order.rank}" if order.rank > 1 else ""
    then = f", {order.then_field} {_WAYS[order.then_descending]}" if order.then_field else ""
    return [f"{order.field} {_WAYS[order.descending]}{start}{then}"]
