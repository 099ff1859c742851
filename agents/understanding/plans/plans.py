"""Tell which wishes of a plan belong to one part of it and which to the whole, and take its total budget out of the text.

In "a dog and a city, all in oak, no people, 100 euros in total" dog and city are wishes of one part each, oak frames, the
refusal of people and the total hold for the whole.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from ....core.text.catalogue_values import singular
from ..numbers_and_money import Number
from ..turns.turn_phrases import asks_to_compare, asks_to_plan
from ..utterance import WINDOW, Utterance
from .wish_parts import TOGETHER, read_budget, split_wish

_TOTAL = re.compile(rf"\b(?:{TOGETHER}|budget of)\b")
_FOR_ALL = re.compile(r"\b(?:all|each|every|both|everything|whole)\b")
_EDGE = re.compile(r"[,;:.!?&+]|\b(?:and|plus|then)\b")
_LEAD = re.compile(
    r"(?:\b(?:for|within|with|under|below|up to|at most|less than|no more than|not more than|max(?:imum)?|spend(?:ing)?|have|"
    r"my|our|the|a|is|of|total|overall|whole|budget|costing|about|around|only|all)\b[\s:]*)+$"
)
_TAIL = re.compile(rf"(?:\s*,?\s*(?:{TOGETHER}|budget|to spend|max(?:imum)?|at most|or less)\b)+")


@dataclass(frozen=True)
class Plan:
    """A wish for several things: the word stems of each part, its total budget and the amounts of single parts."""

    parts: tuple[frozenset[str], ...]
    budget: Number | None = None
    of_parts: tuple[Number, ...] = ()

    def is_local(self, u: Utterance, start: int, end: int) -> bool:
        """Tell whether the value named at a span belongs to some of the parts only."""
        words = {singular(w) for w in re.findall(r"[^\W\d_]+", u.plain[start:end])}
        shares = [bool(words & part) for part in self.parts]
        return any(shares) and not all(shares) and not _FOR_ALL.search(_piece(u, start, end))


def read_plan(u: Utterance) -> Plan | None:
    """Return the plan that an utterance states: at least two parts, and a word of planning, of a total or of comparison.

    A comparison has parts but no total: "two prints under 40 euros" bounds each of them.
    """
    plans, compares = asks_to_plan(u.plain), asks_to_compare(u.plain)
    if not (plans or compares or _TOTAL.search(u.plain)):
        return None
    parts = split_wish(u.text)
    if len(parts) < 2:
        return None
    budget, of_parts = (None, ()) if compares and not plans else read_budget(u.text)
    if not plans and not compares and budget is None:
        return None
    words = tuple(frozenset(singular(w) for w in f"{p.label} {p.query}".split()) for p in parts)
    return Plan(words, budget, of_parts)


def take_amount(u: Utterance, number: Number) -> str:
    """Take an amount with the words that belong to it ("within a budget of 100 euros in total"); return them."""
    before = _LEAD.search(u.before(number.start))
    after = _TAIL.match(u.after(number.end))
    start = number.start - (len(before[0]) if before else 0)
    return u.take(start, number.end + (after.end() if after else 0))


def _piece(u: Utterance, start: int, end: int) -> str:
    """Return the words around a span up to the nearest comma or "and" on either side."""
    before = u.plain[max(0, start - WINDOW) : start]
    edge = max((m.end() for m in _EDGE.finditer(before)), default=0)
    stop = _EDGE.search(u.plain, end, end + WINDOW)
    return before[edge:] + u.plain[start : stop.start() if stop else end + WINDOW]
